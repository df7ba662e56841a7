"""The advisory decision: whether a use would be covered now. It authorises nothing and is not recorded as a use."""

from typing import Annotated
from uuid import UUID

import msgspec

from dspace_backend.outside import Code, Outside
from dspace_backend.routing import Call, Routes
from dspace_core import Text
from dspace_core.catalog.refusals import EditionUnknown
from dspace_core.gate import Wanted
from dspace_core.scenario import Use
from dspace_core.scenario.use import Purpose
from dspace_core.values import CaseId, GrantId

decide = Routes("decide")


class DecideRequest(Outside, frozen=True, kw_only=True):
    """A use that a plugin might make in a case, under grants of the person."""

    plugin: Code
    item: Code
    case: UUID
    category: Code
    fields: Annotated[list[Code], msgspec.Meta(min_length=1, max_length=64)]
    purpose: Purpose
    grants: Annotated[list[UUID], msgspec.Meta(max_length=16)]


class Decision(msgspec.Struct, frozen=True):
    """Whether it would be covered; if not, the code of what the gate would refuse with."""

    allowed: bool
    code: str | None


_EXAMPLE = DecideRequest(
    plugin="social_security",
    item="1244000045585999793440514001000",
    case=UUID(int=1),
    category="bank.account",
    fields=["account_no"],
    purpose="将养老金发放到您本人的账户",
    grants=[UUID(int=3)],
)


@decide.write(
    "/v1/decide",
    Text("预判一次用数是否获准", "Would this use be covered"),
    takes=DecideRequest,
    gives=Decision,
    refuses=(EditionUnknown,),
    example=_EXAMPLE,
)
async def advise(call: Call[DecideRequest]) -> Decision:
    """Decide on what this process knows, and on what stands where that would refuse."""
    asked, parts = call.taken, call.parts
    wanted = Wanted(
        subject=call.who.subject,
        plugin=asked.plugin,
        edition=parts.edition_today(),
        item=asked.item,
        case=CaseId(asked.case),
        hook="decide",
        use=Use(item=asked.category, fields=frozenset(asked.fields), purpose=asked.purpose),
        grants=tuple(map(GrantId, asked.grants)),
    )
    why = await parts.gate.advise(wanted)
    return Decision(why is None, None if why is None else why.code)
