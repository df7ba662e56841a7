"""The space itself: who is here, how surely, and what there is to look at."""

import msgspec

from dspace_backend.routing import Call, Nothing, Routes
from dspace_core import Text
from dspace_core.cases import of_subject as cases_of
from dspace_core.grants import Condition, condition
from dspace_core.grants import of_subject as grants_of

space = Routes("space")


class SpaceShown(msgspec.Struct, frozen=True):
    """The person's digital space in numbers; no value of theirs."""

    trust_level: int
    live_grants: int
    cases: int
    open_cases: int


@space.read("/v1/space", Text("我的数字空间", "My digital space"), takes=Nothing, gives=SpaceShown)
async def show_space(call: Call[Nothing]) -> SpaceShown:
    """How the space stands."""
    parts, subject = call.parts, call.who.subject
    now = parts.keyring.clock()
    held = await grants_of(parts.main, subject)
    filed = await cases_of(parts.main, parts.keyring, subject)
    return SpaceShown(
        trust_level=call.who.level.value,
        live_grants=sum(condition(grant, now) is Condition.LIVE for grant in held),
        cases=len(filed),
        open_cases=sum(not case.released for case in filed),
    )
