"""The hooks a scenario plugin may answer. Frozen structs in, one struct out; the host checks every result again.

A new wish becomes a field with a default in one of the structs, never another parameter, so old plugins keep working.
"""

from datetime import date
from typing import Annotated, Generic, TypeVar

import msgspec
import pluggy

from dspace_core.errors import Text
from dspace_core.scenario.data import Data
from dspace_core.scenario.outcome import Fact, Outcome
from dspace_core.scenario.refusals import HookUnanswered
from dspace_core.scenario.use import Use

PROJECT = "dspace"
_hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a method of a Scenario as an answer to a hook."""

R = TypeVar("R", bound=msgspec.Struct)
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One case (办件) as a plugin sees it: by names that hold within this case and mean nothing outside."""

    id: _Name
    """The case, by an id made for this plugin; not its printed number."""
    item: _Name
    """The code of the service item (事项) applied for."""
    subject: _Name
    """Whom it is about, by a name made for this case; another case of the same person has another."""
    accepted: date
    """The legal day (Asia/Shanghai) on which the case was taken in: the day rules reckon from."""
    answers: dict[str, str] = {}
    """What the person entered for the questions of the prefilled form, by question name."""
    outcome: Outcome | None = None
    """What was decided, once it was: present in `settle`."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What will be asked for in this case, and the sentence with which a consent screen begins."""

    says: Text
    uses: tuple[Use, ...]


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the form that the data already answers."""

    name: _Name
    label: Text
    value: str
    fact: Fact


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the form that only the person can answer, and why it has to be asked."""

    name: _Name
    label: Text
    why: Text


class Prefill(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a case: what is known and what remains to be asked. Best with no question at all."""

    filled: tuple[Filled, ...]
    questions: tuple[Question, ...] = ()


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What the person should know, and may have to do, now that the decision stands."""

    next_steps: tuple[Text, ...] = ()


class Scenario:
    """What a scenario plugin answers. Subclass it and mark each answer with `@hookimpl`; leave out what does not apply.

    Named by an entry point of the group `dspace.plugins`, made without arguments, and called for many cases at once.
    It holds nothing between calls: whatever a case needs is in the case or is asked for again.
    """

    @_hookspec(firstresult=True)
    async def preview(self, case: Case) -> Preview:
        """Say what this case will ask for. Called before any consent, so there is no data."""
        raise HookUnanswered(hook="preview")

    @_hookspec(firstresult=True)
    async def prefill(self, case: Case, data: Data) -> Prefill:
        """Fill the form from data, so that the person confirms and does not type."""
        raise HookUnanswered(hook="prefill")

    @_hookspec(firstresult=True)
    async def decide(self, case: Case, data: Data) -> Outcome:
        """Decide the case and give the reasons. Ask for data through `data`; nothing else is within reach."""
        raise HookUnanswered(hook="decide")

    @_hookspec(firstresult=True)
    async def settle(self, case: Case, data: Data) -> Settlement:
        """Say what follows, now that `case.outcome` stands. May be called again after a crash."""
        raise HookUnanswered(hook="settle")


class Hook(msgspec.Struct, Generic[R], frozen=True):
    """A hook by name, with the struct that its result must be."""

    name: str
    gives: type[R]


PREVIEW: Hook[Preview] = Hook("preview", Preview)
PREFILL: Hook[Prefill] = Hook("prefill", Prefill)
DECIDE: Hook[Outcome] = Hook("decide", Outcome)
SETTLE: Hook[Settlement] = Hook("settle", Settlement)

HOOKS: dict[str, Hook[Preview] | Hook[Prefill] | Hook[Outcome] | Hook[Settlement]] = {
    hook.name: hook for hook in (PREVIEW, PREFILL, DECIDE, SETTLE)
}
"""Every hook there is, by name."""
