"""Somebody who claims item A3 in a scratch space: the grant that they give, what the plugin asks, what goes out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic_ns

import msgspec

from dspace_core.errors import Text
from dspace_core.gate import Wanted, recorder
from dspace_core.grants import Approval, Category, Grant, Minted, NoticeId, Offer, OfferedField, Party, approve, issue
from dspace_core.scenario import Use
from dspace_core.stores import transaction
from dspace_core.testing.space import CLAIM, SpaceProcess
from dspace_core.values import CaseId, EvidenceId, GrantId, Subject, random_id

PLUGIN = "social_security"
ACCOUNT = Use(
    item="bank.account",
    fields=frozenset({"account_no", "holder_name", "bank_name", "account_active"}),
    purpose="将养老金发放到您本人的账户",
)
"""What A3 asks for on consent."""
IDENTITY = Use(
    item="population.record",
    fields=frozenset({"full_name", "aged_60", "household_division"}),
    purpose="核对申领人身份、年龄和户籍地",
)
"""What A3 asks for by duty."""


class Claim(msgspec.Struct, frozen=True):
    """A person with a case and the grant given for it."""

    subject: Subject
    case: CaseId
    grant: Grant

    def wants(self, use: Use = ACCOUNT, *, hook: str = "decide") -> Wanted:
        """What a hook of the plugin asks for."""
        return Wanted(
            subject=self.subject,
            plugin=PLUGIN,
            edition=1,
            item=CLAIM,
            case=self.case,
            hook=hook,
            use=use,
            grants=(self.grant.id,),
        )


class Sent:
    """A release into memory: it keeps what was let through."""

    def __init__(self) -> None:
        self.values: list[object] = []

    async def __call__(self, value: object, before_send: Callable[[], None]) -> int:
        """See `gate.Release`."""
        before_send()
        self.values.append(value)
        return monotonic_ns()


async def claim(process: SpaceProcess, citizen_id: str, *, uses: int | None = None) -> Claim:
    """Let a person of the population give the grant of A3, as the phone does."""
    return await claim_of(process, await process.subject(citizen_id), uses=uses)


async def claim_of(process: SpaceProcess, subject: Subject, *, uses: int | None = None) -> Claim:
    """The same for somebody whose subject is known."""
    case, now = CaseId(random_id()), datetime.now(UTC)
    async with transaction(process.session.db) as db:
        notice = await issue(db, subject, NoticeId(random_id()), [_offer(process, case, uses)], now)
        approval = Approval(
            subject=subject,
            notice=notice.id,
            acts=notice.boxes,
            act=random_id(),
            minted=(Minted(GrantId(random_id()), EvidenceId(random_id())),),
        )
        approved = await approve(db, approval, now, recorder(process.session.keyring))
    return Claim(subject, case, approved.grants[0])


def _offer(process: SpaceProcess, case: CaseId, uses: int | None) -> Offer:
    held = process.catalogue.editions[0].category(ACCOUNT.item)
    category = Category(held.id, held.title, Text("银行", "Banks"))
    return Offer(
        plugin=PLUGIN,
        recipient=Party("human_resources", Text("人社部门", "Human resources"), Text("12333", "12333")),
        item=CLAIM,
        item_version=process.item.version,
        item_title=process.item.title,
        fields=tuple(
            OfferedField(
                category=category, id=one.id, title=one.title, level=one.level, answer=one.predicate is not None
            )
            for one in held.fields
            if one.id in ACCOUNT.fields
        ),
        purpose=ACCOUNT.purpose,
        otherwise=Text("可到窗口办理", "Go to a window"),
        case=case,
        uses=uses,
        until=datetime.now(UTC) + timedelta(days=30),
    )
