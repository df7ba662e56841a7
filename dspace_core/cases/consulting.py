"""Asking the scenario about one case. It sees names made for this case alone, and each ask of its goes to the gate."""

from datetime import date

import msgspec

from dspace_core.cases.keys import CaseKey
from dspace_core.cases.means import Means
from dspace_core.cases.model import QuestionName
from dspace_core.cases.refusals import AnswerUnasked, FormUnfit, NeedsInput
from dspace_core.gate import Release, Wanted
from dspace_core.identifiers import Hidden
from dspace_core.scenario import (
    DECIDE,
    PREFILL,
    SETTLE,
    Case,
    HookUnanswered,
    Outcome,
    Prefill,
    Question,
    Settlement,
    Use,
)
from dspace_core.values import CaseId, GrantId, Subject

HOOK_WITHIN = 5.0
"""Seconds that a scenario has for one answer."""


class Matter(Hidden, frozen=True, kw_only=True):
    """What a scenario is asked about."""

    subject: Subject
    case: CaseId
    plugin: str
    edition: int
    item: str
    grants: tuple[GrantId, ...]
    accepted: date
    answers: dict[str, str]


class Consultation:
    """The scenario of one case."""

    def __init__(self, means: Means, matter: Matter, key: CaseKey) -> None:
        self._means = means
        self._matter = matter
        self._case = Case(
            id=key.name("case"),
            item=matter.item,
            subject=key.name("subject"),
            accepted=matter.accepted,
            answers=matter.answers,
        )

    async def form(self) -> Prefill:
        """The form, with every question answered; empty if the scenario has none.

        Raises NeedsInput, AnswerUnasked, FormUnfit, and what the scenario or the gate refuses with.
        """
        plugin, answers = self._matter.plugin, self._matter.answers
        try:
            form = await self._means.plugins.call(plugin, PREFILL, self._case, self._answer, HOOK_WITHIN)
        except HookUnanswered:
            form = Prefill(filled=())
        names = [question.name for question in form.questions]
        if len(set(names)) != len(names) or not all(map(_plain, form.questions)):
            raise FormUnfit(plugin=plugin)
        open_questions = tuple(question for question in form.questions if not answers.get(question.name, "").strip())
        if open_questions:
            raise NeedsInput(open_questions)
        if unasked := answers.keys() - set(names):
            raise AnswerUnasked(count=len(unasked))
        return form

    async def outcome(self) -> Outcome:
        """The decision. Raises what the scenario or the gate refuses with."""
        return await self._means.plugins.call(self._matter.plugin, DECIDE, self._case, self._answer, HOOK_WITHIN)

    async def settlement(self, outcome: Outcome) -> Settlement:
        """What follows from the decision; nothing if the scenario does not say. Raises as `outcome` does."""
        decided = msgspec.structs.replace(self._case, outcome=outcome)
        try:
            return await self._means.plugins.call(self._matter.plugin, SETTLE, decided, self._answer, HOOK_WITHIN)
        except HookUnanswered:
            return Settlement()

    async def _answer(self, hook: str, use: Use, release: Release) -> None:
        matter = self._matter
        wanted = Wanted(
            subject=matter.subject,
            plugin=matter.plugin,
            edition=matter.edition,
            item=matter.item,
            case=matter.case,
            hook=hook,
            use=use,
            grants=matter.grants,
        )
        await self._means.gate.use(wanted, release)


def _plain(question: Question) -> bool:
    try:
        msgspec.convert(question.name, QuestionName)
    except msgspec.ValidationError:
        return False
    return True
