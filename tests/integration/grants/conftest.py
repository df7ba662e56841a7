"""A database with the schema, entered as the serving role, and a desk at which one subject's grants are given and changed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
import pytest

from dspace_core.errors import Text
from dspace_core.grants import (
    Approval,
    Approved,
    Attestation,
    By,
    Category,
    Change,
    Grant,
    Minted,
    Notice,
    NoticeId,
    Offer,
    OfferedField,
    Party,
    approve,
    issue,
)
from dspace_core.stores import Connection, Pool, connect, open_pool, transaction
from dspace_core.testing.servers import ScratchDatabase
from dspace_core.values import CaseId, DataLevel, EvidenceId, GrantId, Subject, random_id

Done = TypeVar("Done")
NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def ready(database: ScratchDatabase) -> ScratchDatabase:
    return database.migrate()


@pytest.fixture(scope="module")
async def owner(ready: ScratchDatabase) -> AsyncIterator[Connection]:
    """The migrating role: it may look at everything."""
    session = await connect(ready.url("migrate"), password=ready.password("migrate"))
    await session.execute("CREATE TABLE IF NOT EXISTS notebook (entry uuid PRIMARY KEY, kind text NOT NULL)")
    await session.execute("GRANT SELECT, INSERT ON notebook TO dspace_app")
    yield session
    await session.close()


@pytest.fixture(scope="module")
async def pool(ready: ScratchDatabase, owner: Connection) -> AsyncIterator[Pool]:
    """The serving role. Tests hold transactions open on purpose, so without the limit on idle ones."""
    session = {"idle_in_transaction_session_timeout": "0"}
    async with await open_pool(ready.url("app"), password=ready.password("app"), size=12, session=session) as opened:
        yield opened


class Desk:
    """What a test does to one subject's grants, each act in a transaction of its own."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.now = NOW
        self.subject = Subject(random_id())
        self.acts: list[Attestation] = []

    async def attest(self, db: Connection, act: Attestation) -> str:
        """In the evidence's place: a table of the test's own, so that it commits or not with the change."""
        await db.execute("INSERT INTO notebook VALUES ($1, $2)", act.entry, act.kind.value)
        self.acts.append(act)
        return f"digest of {act.kind.value}"

    def offer(self, **changes: object) -> Offer:
        """An ordinary required, a sensitive required and an ordinary optional field."""
        bank = Category("bank.account", Text("银行账户", "Bank account"), Text("银行", "the bank"))
        household = Category("household.record", Text("户籍", "Household"), Text("公安", "the police"))
        ordinary = OfferedField(category=household, id="district", title=Text("所在区", "District"), level=DataLevel.L2)
        fields = (
            ordinary,
            OfferedField(category=bank, id="number", title=Text("账号", "Account"), level=DataLevel.L3),
            msgspec.structs.replace(ordinary, id="street", title=Text("街道", "Street"), required=False),
        )
        made = Offer(
            plugin="social_security",
            recipient=Party("human_resources", Text("人社局", "Human resources"), Text("12333", "12333")),
            item="440111000001",
            item_version=3,
            item_title=Text("养老待遇申领", "Pension claim"),
            fields=fields,
            purpose="发放养老待遇",
            otherwise=Text("可到窗口提交材料", "bring the papers to the counter"),
            case=CaseId(random_id()),
        )
        return msgspec.structs.replace(made, **changes)

    async def show(self, *offers: Offer) -> Notice:
        """Issue a notice of these offers."""
        async with transaction(self.pool) as db:
            return await issue(db, self.subject, NoticeId(random_id()), offers, self.now)

    def approval(self, shown: Notice, /, *grants: GrantId, **changes: object) -> Approval:
        """A yes to all that the notice asks for, changed as the test says."""
        made = Approval(
            subject=shown.subject,
            notice=shown.id,
            acts=shown.boxes,
            act=random_id(),
            minted=tuple(Minted(grant, EvidenceId(random_id())) for grant in grants or (GrantId(random_id()),)),
        )
        return msgspec.structs.replace(made, **changes)

    async def approve(self, shown: Notice, /, *grants: GrantId, at: datetime = NOW, **changes: object) -> Approved:
        """Approve a notice; without ids for the grants, fresh ones."""
        async with transaction(self.pool) as db:
            return await approve(db, self.approval(shown, *grants, **changes), at, self.attest)

    def wider(self, grant: Grant, **changes: object) -> Offer:
        """An offer that would amend this grant."""
        return self.offer(**{"case": grant.case, "amends": grant.id, **changes})

    async def give(self, **changes: object) -> Grant:
        """A grant in force, of the usual offer changed as the test says."""
        approved = await self.approve(await self.show(self.offer(**changes)))
        return approved.grants[0]

    def change(self, grant: Grant, by: By = By.SUBJECT) -> Change:
        """A change of this grant, one minute later."""
        return Change(
            subject=grant.subject,
            grant=grant.id,
            by=by,
            at=self.now + timedelta(minutes=1),
            evidence=EvidenceId(random_id()),
            act=random_id(),
        )

    async def do(self, act: Callable[..., Awaitable[Done]], grant: Grant, by: By = By.SUBJECT, *more: object) -> Done:
        """Pause, resume, withdraw, revoke, end or amend."""
        async with transaction(self.pool) as db:
            return await act(db, self.change(grant, by), *more, self.attest)


@pytest.fixture
def desk(pool: Pool) -> Desk:
    return Desk(pool)
