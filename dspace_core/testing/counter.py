"""A counter at which the cases of one subject are taken in, in a process of a scratch space; and a scenario that asks
and answers as a test tells it to.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec

from dspace_core import grants
from dspace_core.calendar import WorkingCalendar
from dspace_core.cases import Answer, Closure, Filed, Filing, Intake, Means, Plugins, Prepared
from dspace_core.errors import Text
from dspace_core.scenario import Case, Hook, Outcome, Prefill, Reason, Settlement, Use
from dspace_core.testing.claims import ACCOUNT, PLUGIN, Sent
from dspace_core.testing.space import CLAIM, SpaceProcess
from dspace_core.values import EvidenceId, Subject, random_id

CONTACTS: Mapping[str, Text] = {"human_resources": Text("12333", "12333")}
R = TypeVar("R", bound=msgspec.Struct)


def outcome(held: bool | None = True) -> Outcome:
    """A decision of one reason: it holds, it fails, or it does not tell."""
    says = Text("年满60周岁", "aged 60 or over")
    return Outcome((Reason(rule="a3.age", version="1", facts=(), held=held, says=says),))


class Script:
    """A scenario that answers as it is told, and keeps what it was called with and what it was given."""

    def __init__(self) -> None:
        self.answers: dict[str, msgspec.Struct | Exception] = {
            "prefill": Prefill(filled=()),
            "decide": outcome(),
            "settle": Settlement(next_steps=(Text("次月起发放", "paid from next month on"),)),
        }
        self.asks: dict[str, tuple[Use, ...]] = {}
        self.called: list[tuple[str, Case]] = []
        self.given = Sent()
        self.before: Callable[[str], Awaitable[None]] | None = None
        """Done in each hook before it asks."""

    async def call(self, plugin: str, hook: Hook[R], case: Case, answer: Answer, within: float) -> R:
        """Ask, then answer or fail as told."""
        assert (plugin, within > 0) == (PLUGIN, True)  # noqa: S101
        self.called.append((hook.name, case))
        if self.before is not None:
            await self.before(hook.name)
        for use in self.asks.get(hook.name, ()):
            await answer(hook.name, use, self.given)
        told = self.answers[hook.name]
        if isinstance(told, Exception):
            raise told
        return msgspec.convert(told, hook.gives)


class Counter:
    """Where cases are taken in. Without a citizen it is somebody of whom no source knows anything."""

    def __init__(self, process: SpaceProcess, subject: Subject | None = None, plugins: Plugins | None = None) -> None:
        self.process = process
        self.db = process.session.db
        self.keyring = process.session.keyring
        self.subject = subject or Subject(random_id())
        self.script = Script()
        if subject is not None:
            self.script.asks["decide"] = (ACCOUNT,)
        self.catalogue = process.catalogue
        """What the intake reads; the gate reads that of the process."""
        self.means = Means(
            db=self.db,
            keyring=self.keyring,
            catalogue=lambda: self.catalogue,
            calendar=WorkingCalendar.load(),
            contacts=CONTACTS,
            gate=process.gate,
            lease=process.lease,
            plugins=plugins or self.script,
        )
        self.closure = Closure(self.means)
        self.intake = Intake(self.means, self.closure)

    def another(self, subject: Subject | None = None) -> "Counter":
        """A counter of this process for somebody else."""
        return Counter(self.process, subject)

    async def prepare(self) -> Prepared:
        """Begin a tap of the subject."""
        return await self.intake.prepare(self.subject, CLAIM)

    def filing(self, prepared: Prepared, **changes: object) -> Filing:
        """A yes to all that was prepared, changed as the test says."""
        notice = prepared.notice
        made = Filing(
            client="dev.phone",
            key=str(random_id()),
            subject=self.subject,
            item=CLAIM,
            case=prepared.case,
            notice=None if notice is None else notice.id,
            acts=frozenset() if notice is None else notice.boxes,
        )
        return msgspec.structs.replace(made, **changes)

    async def file(self, **changes: object) -> Filed:
        """A whole tap."""
        return await self.intake.file(self.filing(await self.prepare(), **changes))

    async def withdraw(self, grant: grants.Grant) -> None:
        """Withdraw a grant, as the person does."""
        change = grants.Change(
            subject=grant.subject,
            grant=grant.id,
            by=grants.By.SUBJECT,
            at=self.keyring.clock(),
            evidence=EvidenceId(random_id()),
            act=random_id(),
        )
        await self.process.gate.withdraw(change)
