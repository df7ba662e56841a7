"""Every code that a route documents is provoked on that route, or says here why it cannot be.

`way` names what provokes one; a code without its row fails. What any route may answer besides (no proof, an accident, a
store that is away) has no code of its own in the description and is tested with the guard and with the stores.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from dspace_backend.api import ROUTES
from dspace_backend.limits import LimitExceeded
from dspace_backend.openapi import refusals_of
from dspace_backend.problems import MEDIA_TYPE, status_of
from dspace_backend.refusals import StaffOnly
from dspace_backend.routes.cases import BY_GATE, BY_SCENARIO
from dspace_backend.routing import Route
from dspace_backend.testing import Person, served
from dspace_backend.wiring import Parts
from dspace_core import Refusal, Text
from dspace_core.calendar import legal_day
from dspace_core.cases import Closure, Intake, attempts
from dspace_core.catalog import Catalogue
from dspace_core.crypto import SubjectCase, SubjectYear
from dspace_core.evidence.erasure import Eraser
from dspace_core.evidence.keyring import Keyring
from dspace_core.gate.refusals import EvidenceStale, LeaseLost
from dspace_core.scenario import Prefill, Question
from dspace_core.sources.refusals import (
    AnswerOnly,
    AnswerUnfit,
    NoRecord,
    RecordAmbiguous,
    SourceStale,
    SourceUnavailable,
)
from dspace_core.testing.claims import ACCOUNT, claim_of
from dspace_core.testing.counter import Counter, outcome
from dspace_core.testing.space import CLAIM, ScratchSpace, SpaceProcess
from dspace_core.values import CaseId, Subject

pytestmark = pytest.mark.xdist_group("api-codes")
DESK = {"x-staff": "human_resources reviewer"}
"""Who decides cases of the pension."""
UNSERVED = "1244000045585999793440514002000"
SOURCES = (NoRecord, RecordAmbiguous, SourceStale, SourceUnavailable, AnswerOnly, AnswerUnfit)
LOOK = {"fields": ["account_no"]}
MEANWHILE = "only what waits is found, so it would have to be moved between being found and being locked"
IMPOSSIBLE = {
    ("ask_for_supplement", "cases.move_refused"): MEANWHILE,
    ("decide_referred", "cases.move_refused"): MEANWHILE,
    ("answer_asked", "corrections.answered"): MEANWHILE,
    (
        "answer_asked",
        "corrections.words_unfit",
    ): "the form of the body refuses words that say nothing, or too much, before",
    (
        "issue_notice",
        "grants.offer_malformed",
    ): "the catalogue refuses at its start whatever would make an offer malformed",
}
"""Codes that stay documented and that nothing in this process can bring about, each with the reason."""


class Stage(msgspec.Struct, frozen=True):
    """What a way has at hand."""

    person: Person
    parts: Parts
    process: SpaceProcess
    space: ScratchSpace
    monkeypatch: pytest.MonkeyPatch

    @property
    def subject(self) -> Subject:
        return Subject(msgspec.convert(self.person.headers["x-subject"], Subject))

    @asynccontextmanager
    async def with_parts(self, **changes: Any) -> AsyncIterator[Person]:
        """The same person at an API with other parts."""
        async with served(msgspec.structs.replace(self.parts, **changes)) as http:
            yield Person(http, self.subject)

    @asynccontextmanager
    async def scripted(self, counter: Counter | None = None, **changes: Any) -> AsyncIterator[tuple[Person, Counter]]:
        """The same person, where a scenario is asked that answers as it is told."""
        counter = counter or Counter(self.process, self.subject)
        means = msgspec.structs.replace(counter.means, **changes)
        intake = Intake(means, Closure(means))
        async with self.with_parts(intake=intake, keyring=means.keyring) as person:
            yield person, counter

    async def numbered(self) -> None:
        """Wait until whatever is recorded is numbered and signed."""
        async with self.space.ledger.session("notary") as session, session.notary() as notary:
            while await notary.step():
                continue

    async def erase(self, scope: SubjectCase | SubjectYear) -> None:
        """Destroy a key, with a notary at work."""
        await self.numbered()
        ledger, asked = self.space.ledger, asyncio.Event()
        async with ledger.session("notary") as clerk, clerk.notary() as notary:
            task = asyncio.create_task(notary.run(asked))
            await Eraser(clerk.db, clerk.keyring, ledger.place / "erasures", timedelta(days=7)).erase(scope)
            asked.set()
            await task

    async def grant(self) -> str:
        """A grant that is live."""
        return f"/v1/grants/{(await claim_of(self.process, self.subject)).grant.id}"


Way = Callable[[Stage], Awaitable[httpx.Response]]
WAYS: dict[tuple[str, str], Way] = {}


def way(route: str, *codes: str) -> Callable[[Way], Way]:
    """Name what provokes a code on a route."""

    def named(provoke: Way) -> Way:
        for code in codes:
            assert (route, code) not in WAYS
            WAYS[route, code] = provoke
        return provoke

    return named


def filled(refusal: type[Refusal]) -> Refusal:
    """A refusal of a kind, with a value for each place in its words."""
    words = f"{refusal.says.zh} {refusal.says.en} {refusal.remedy.zh} {refusal.remedy.en}"
    return refusal(**dict.fromkeys(re.findall(r"\{(\w+)\}", words), "x"))


# What every route refuses by its form, and by who asks


def path_of(route: Route) -> str:
    return re.sub(r"\{\w+:\w+\}", lambda _: str(uuid4()), route.path)


def of_form(route: Route) -> dict[str, Way]:
    path, body = path_of(route), msgspec.to_builtins(route.example)
    key = {"idempotency-key": "one"}

    asks = DESK if StaffOnly in route.turns_away else {}

    async def invalid(stage: Stage) -> httpx.Response:
        return await stage.person.post(path, {"unknown": 1}, **key, **asks)

    async def media(stage: Stage) -> httpx.Response:
        return await stage.person.http.post(path, content=b"{}", headers={**stage.person.headers, **key, **asks})

    async def query(stage: Stage) -> httpx.Response:
        return await stage.person.get(f"{path}?unknown=1", **asks)

    async def header(stage: Stage) -> httpx.Response:
        return await stage.person.post(path, body)

    async def staff(stage: Stage) -> httpx.Response:
        who = {"x-staff": "human_resources", **key}
        return await (stage.person.get(path, **who) if route.method == "GET" else stage.person.post(path, body, **who))

    async def person(stage: Stage) -> httpx.Response:
        return await (stage.person.get(path) if route.method == "GET" else stage.person.post(path, body))

    ways: dict[str, Way] = (
        {"query.invalid": query} if route.method == "GET" else {"body.invalid": invalid, "body.media_type": media}
    )
    if route.keyed:
        ways["header.invalid"] = header
    for refusal in route.turns_away:
        ways[refusal.code] = person if refusal is StaffOnly else staff
    return ways


for one in ROUTES:
    for form_code, form_way in of_form(one).items():
        way(one.name, form_code)(form_way)


# Sessions, catalogue, notices


@way("session", "login.session_over")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.get("/v1/session")


@way("show_item", "catalog.item_unknown")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.get("/v1/catalogue/items/none")


@way("issue_notice", "catalog.item_unknown")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.post("/v1/notices", {"item": "none"})


@way("issue_notice", "cases.item_unserved")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.post("/v1/notices", {"item": UNSERVED})


@way("issue_notice", "cases.contact_missing")
async def _(stage: Stage) -> httpx.Response:
    async with stage.scripted(contacts={}) as (person, _):
        return await person.post("/v1/notices", {"item": CLAIM})


@way("issue_notice", "login.step_up_needed")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.post("/v1/notices", {"item": CLAIM}, **{"x-level": "1"})


# Filing


@way("file_case", "catalog.item_unknown")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.tap(await stage.person.notice(), item="none")


@way("file_case", "cases.item_unserved")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.tap(await stage.person.notice(), item=UNSERVED)


@way("file_case", "login.step_up_needed")
async def _(stage: Stage) -> httpx.Response:
    began = await stage.person.notice()
    return await Person(stage.person.http, stage.subject, 1).tap(began)


@way("file_case", "cases.filing_malformed")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.tap(await stage.person.notice(), answers={"No Name": "x"})


@way("file_case", "cases.notice_needed")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.tap(await stage.person.notice(), notice=None)


@way("file_case", "cases.notice_unfit")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.tap(await stage.person.notice(), case=str(uuid4()))


@way("file_case", "grants.notice_unknown")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.tap(await stage.person.notice(), notice=str(uuid4()))


@way("file_case", "grants.notice_expired")
async def _(stage: Stage) -> httpx.Response:
    began, held = await stage.person.notice(), stage.process.session
    later = Keyring(held.keyring.keys, held.provider, lambda: datetime.now(UTC) + timedelta(minutes=16))
    async with stage.scripted(keyring=later) as (person, _):
        return await person.tap(began)


@way("file_case", "grants.notice_used")
async def _(stage: Stage) -> httpx.Response:
    async with stage.scripted() as (person, counter):
        began = await person.notice()
        counter.script.answers["decide"] = NoRecord(source="x", category="x")
        assert (await person.tap(began)).status_code == 404
        return await person.tap(began, acts=[])


@way("file_case", "grants.act_not_offered")
async def _(stage: Stage) -> httpx.Response:
    began = await stage.person.notice()
    more = {"recipient": "civil_affairs", "category": "bank.account"}
    return await stage.person.tap(began, acts=[*began["notice"]["acts"], more])


@way("file_case", "grants.separate_consent_missing")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.tap(await stage.person.notice(), acts=[])


@way("file_case", "grants.decline_refused")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.tap(await stage.person.notice(), declined=["bank.account.account_no"])


@way("file_case", "cases.needs_input")
async def _(stage: Stage) -> httpx.Response:
    async with stage.scripted() as (person, counter):
        word = Text("电话", "telephone")
        counter.script.answers["prefill"] = Prefill(filled=(), questions=(Question(name="tel", label=word, why=word),))
        answer = await person.tap(await person.notice())
        assert [one["name"] for one in answer.json()["questions"]] == ["tel"]
        return answer


@way("file_case", "cases.answer_unasked")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.tap(await stage.person.notice(), answers={"tel": "1"})


@way("file_case", "cases.key_reused")
async def _(stage: Stage) -> httpx.Response:
    key = str(uuid4())
    await stage.person.tap(await stage.person.notice(), key)
    return await stage.person.tap(await stage.person.notice(), key)


@way("file_case", "cases.in_progress")
async def _(stage: Stage) -> httpx.Response:
    stage.monkeypatch.setattr(attempts, "PATIENCE", 0.05)
    async with stage.scripted() as (person, counter):
        began, key, inside, go_on = await person.notice(), str(uuid4()), asyncio.Event(), asyncio.Event()

        async def hold(_: str) -> None:
            inside.set()
            await go_on.wait()

        counter.script.before = hold
        first = asyncio.create_task(person.tap(began, key))
        await inside.wait()
        second = await person.tap(began, key)
        go_on.set()
        assert (await first).status_code == 201
        return second


@way("file_case", "cases.already_filed")
async def _(stage: Stage) -> httpx.Response:
    began = await stage.person.notice()
    await stage.person.tap(began)
    return await stage.person.tap(began)


@way("file_case", "cases.answer_gone")
async def _(stage: Stage) -> httpx.Response:
    began, key = await stage.person.notice(), str(uuid4())
    case = (await stage.person.tap(began, key)).json()["case"]
    await stage.erase(SubjectCase(stage.subject, CaseId(msgspec.convert(case, CaseId))))
    return await stage.person.tap(began, key)


def refused_within(refusal: type[Refusal]) -> Way:
    """The scenario ends the filing with a refusal, of its own or of the gate's."""

    async def provoke(stage: Stage) -> httpx.Response:
        async with stage.scripted() as (person, counter):
            counter.script.answers["decide"] = filled(refusal)
            return await person.tap(await person.notice())

    return provoke


for within in (*BY_SCENARIO, *BY_GATE):
    way("file_case", within.code)(refused_within(within))


# Cases that stand


@way("show_case", "cases.unknown")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.get(f"/v1/cases/{uuid4()}")


@way("withdraw_case", "cases.unknown")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.post(f"/v1/cases/{uuid4()}/withdrawal")


@way("withdraw_case", "cases.move_refused")
async def _(stage: Stage) -> httpx.Response:
    case = (await stage.person.tap(await stage.person.notice())).json()["case"]
    return await stage.person.post(f"/v1/cases/{case}/withdrawal")


@way("withdraw_case", "cases.erased")
async def _(stage: Stage) -> httpx.Response:
    async with stage.scripted() as (person, counter):
        counter.script.answers["decide"] = outcome(None)  # a human decides, so that it could still be withdrawn
        case = (await person.tap(await person.notice())).json()["case"]
        await stage.erase(SubjectCase(stage.subject, CaseId(msgspec.convert(case, CaseId))))
        return await person.post(f"/v1/cases/{case}/withdrawal")


# Grants


@way("show_grant", "grants.missing")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.get(f"/v1/grants/{uuid4()}")


def missing(act: str, body: object) -> Way:
    async def provoke(stage: Stage) -> httpx.Response:
        return await stage.person.post(f"/v1/grants/{uuid4()}/{act}", body)

    return provoke


way("withdraw_grant", "grants.missing")(missing("withdrawal", {}))
way("pause_grant", "grants.missing")(missing("pause", {}))
way("resume_grant", "grants.missing")(missing("resumption", {}))
way("amend_grant", "grants.missing")(missing("amendment", {"version": 1}))


@way("pause_grant", "grants.move_refused")
async def _(stage: Stage) -> httpx.Response:
    grant = await stage.grant()
    assert (await stage.person.post(f"{grant}/pause")).status_code == 200
    return await stage.person.post(f"{grant}/pause")


@way("resume_grant", "grants.move_refused")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.post(f"{await stage.grant()}/resumption")


@way("amend_grant", "grants.move_refused")
async def _(stage: Stage) -> httpx.Response:
    grant = await stage.grant()
    assert (await stage.person.post(f"{grant}/withdrawal")).status_code == 200
    return await stage.person.post(f"{grant}/amendment", {"version": 1, "uses": 1})


def amended(**body: object) -> Way:
    async def provoke(stage: Stage) -> httpx.Response:
        return await stage.person.post(f"{await stage.grant()}/amendment", {"version": 1, **body})

    return provoke


way("amend_grant", "grants.changed")(amended(version=2))
way("amend_grant", "grants.wider_needs_notice")(amended(fields=["population.record.full_name"]))
way("amend_grant", "grants.nothing_changed")(amended())
way("amend_grant", "grants.malformed")(amended(fields=[]))
way("amend_grant", "values.period_reversed")(amended(until="2000-01-01T00:00:00Z"))
way("amend_grant", "values.instant_out_of_range")(amended(until="0001-01-01T00:00:00+14:00"))


# The trail and the evidence


@way("show_trail", "evidence.chain_broken")
async def _(stage: Stage) -> httpx.Response:
    other = Person(stage.person.http, await stage.process.subject(stage.space.claimants()[2]))
    for _ in range(4):
        assert (await other.post("/v1/data/bank.account", LOOK)).status_code == 200
    await stage.numbered()
    async with stage.space.ledger.session("migrate") as owner:
        subject = msgspec.convert(other.headers["x-subject"], Subject)
        await owner.db.execute("DELETE FROM evidence WHERE subject_id = $1 AND seq = 2", subject)
    return await other.get("/v1/trail")


def no_such_entry(end: str) -> Way:
    async def provoke(stage: Stage) -> httpx.Response:
        return await stage.person.get(f"/v1/evidence/{uuid4()}{end}")

    return provoke


def entry_erased(end: str, number: int) -> Way:
    async def provoke(stage: Stage) -> httpx.Response:
        other = Person(stage.person.http, await stage.process.subject(stage.space.claimants()[number]))
        entry = (await other.post("/v1/data/bank.account", LOOK)).json()["evidence"]
        subject = Subject(msgspec.convert(other.headers["x-subject"], Subject))
        await stage.erase(SubjectYear(subject, legal_day(datetime.now(UTC)).year))
        return await other.get(f"/v1/evidence/{entry}{end}")

    return provoke


way("show_evidence", "evidence.entry_unknown")(no_such_entry(""))
way("download_bundle", "evidence.entry_unknown")(no_such_entry("/bundle"))
way("show_evidence", "evidence.entry_erased")(entry_erased("", 3))
way("download_bundle", "evidence.entry_erased")(entry_erased("/bundle", 4))


@way("download_bundle", "evidence.not_numbered")
async def _(stage: Stage) -> httpx.Response:
    entry = (await stage.person.post("/v1/data/bank.account", LOOK)).json()["evidence"]
    return await stage.person.get(f"/v1/evidence/{entry}/bundle")


# Data and corrections


@way("look_at_data", "gate.field_unknown")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.post("/v1/data/bank.account", {"fields": ["none"]})


@way("look_at_data", "login.step_up_needed")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.post("/v1/data/bank.account", {**LOOK, "whole": True}, **{"x-level": "2"})


@way("look_at_data", "identity.subject_unknown")
async def _(stage: Stage) -> httpx.Response:
    return await Person(stage.person.http, Subject(uuid4())).post("/v1/data/bank.account", LOOK)


@way("look_at_data", "gate.source_missing")
async def _(stage: Stage) -> httpx.Response:
    stage.monkeypatch.setattr(stage.process.gate, "_sources", {})
    return await stage.person.post("/v1/data/bank.account", LOOK)


def source_refuses(refusal: type[Refusal]) -> Way:
    async def provoke(stage: Stage) -> httpx.Response:
        class Source:
            async def fetch(self, *_: object) -> object:
                raise filled(refusal)

        sources = dict.fromkeys(stage.space.databases, Source())
        stage.monkeypatch.setattr(stage.process.gate, "_sources", sources)
        return await stage.person.post("/v1/data/bank.account", LOOK)

    return provoke


for source in SOURCES:
    way("look_at_data", source.code)(source_refuses(source))


def lease_refuses(refusal: type[Refusal]) -> Way:
    async def provoke(stage: Stage) -> httpx.Response:
        def enter(*_: object, **__: object) -> None:
            raise filled(refusal)

        stage.monkeypatch.setattr(stage.process.lease, "enter", enter)
        return await stage.person.post("/v1/data/bank.account", LOOK)

    return provoke


for lease in (LeaseLost, EvidenceStale):
    way("look_at_data", lease.code)(lease_refuses(lease))


def correction(**changes: object) -> Way:
    async def provoke(stage: Stage) -> httpx.Response:
        body = {"id": str(uuid4()), "category": "population.record", "field": "address", "says": "地址已变更"}
        return await stage.person.post("/v1/corrections", {**body, **changes})

    return provoke


way("ask_correction", "corrections.field_unknown")(correction(field="none"))
way("ask_correction", "corrections.words_unfit")(correction(says="  "))


@way("show_correction", "corrections.unknown")
async def _(stage: Stage) -> httpx.Response:
    return await stage.person.get(f"/v1/corrections/{uuid4()}")


@way("advise", "catalog.edition_unknown")
async def _(stage: Stage) -> httpx.Response:
    async with stage.with_parts(catalogue=lambda: Catalogue(())) as person:
        body = {"plugin": "x", "item": CLAIM, "case": str(uuid4()), "category": ACCOUNT.item}
        return await person.post("/v1/decide", {**body, "fields": ["account_no"], "purpose": "x", "grants": []})


# The desk


async def referred(stage: Stage) -> tuple[str, SubjectCase]:
    """The number of a case that a human decides, and the scope of its key."""
    counter = Counter(stage.process, stage.subject)
    counter.script.answers["decide"] = outcome(None)
    filed = await counter.file()
    return f"/v1/staff/cases/{filed.number}", SubjectCase(stage.subject, filed.case)


async def asked(stage: Stage) -> tuple[str, SubjectCase]:
    """A correction that waits for the authority of the pension, and the scope of its key."""
    body = {"id": str(uuid4()), "category": "pension.record", "field": "scheme", "says": "不是这个险种"}
    assert (await stage.person.post("/v1/corrections", body)).status_code == 201
    waiting = (await stage.person.get("/v1/staff/corrections?most=100", **DESK)).json()["corrections"]
    scope = SubjectCase(stage.subject, msgspec.convert(body["id"], CaseId))
    return f"/v1/staff/corrections/{waiting[-1]['ticket']}", scope


Waiting = Callable[[Stage], Awaitable[tuple[str, SubjectCase]]]
AT_THE_DESK: dict[str, tuple[Waiting, str, Any]] = {
    "look_at_referred": (referred, "", None),
    "ask_for_supplement": (referred, "/supplement", {"asks": ["请补充材料"]}),
    "decide_referred": (referred, "/decision", {"verdict": "refuse", "reason": "不符合条件"}),
    "look_at_asked": (asked, "", None),
    "answer_asked": (asked, "/answer", {"accepted": True, "says": "已更正"}),
}
"""What each route of the desk is about, where it is, and what it is given."""


async def at_desk(stage: Stage, path: str, body: object) -> httpx.Response:
    return await (stage.person.get(path, **DESK) if body is None else stage.person.post(path, body, **DESK))


def not_there(kind: Waiting, end: str, body: object) -> Way:
    async def provoke(stage: Stage) -> httpx.Response:
        path, _ = await kind(stage)
        return await at_desk(stage, f"{path[:-6]}ZZZZZZ{end}", body)

    return provoke


def gone(kind: Waiting, end: str, body: object) -> Way:
    async def provoke(stage: Stage) -> httpx.Response:
        path, scope = await kind(stage)
        await stage.erase(scope)
        return await at_desk(stage, f"{path}{end}", body)

    return provoke


for desk_route, (kind, end, given) in AT_THE_DESK.items():
    room = "cases" if kind is referred else "corrections"
    way(desk_route, f"{room}.unknown")(not_there(kind, end, given))
    way(desk_route, "cases.erased" if kind is referred else "evidence.key_erased")(gone(kind, end, given))


@pytest.fixture
def stage(
    person: Person, parts: Parts, process: SpaceProcess, space: ScratchSpace, monkeypatch: pytest.MonkeyPatch
) -> Stage:
    return Stage(person, parts, process, space, monkeypatch)


DOCUMENTED = [
    (route.name, refusal.code) for route in ROUTES for refusal in refusals_of(route) if refusal is not LimitExceeded
]
"""All but what the guard answers on every route alike, before the route: `test_limits.py` has that."""


def test_every_documented_code_has_its_row_and_no_other() -> None:
    assert sorted(DOCUMENTED) == sorted([*WAYS, *IMPOSSIBLE])
    assert all(IMPOSSIBLE.values())


@pytest.mark.parametrize(("route", "code"), sorted(WAYS), ids=lambda name: name)
async def test_a_documented_code_is_reached(route: str, code: str, stage: Stage) -> None:
    answer = await WAYS[route, code](stage)
    assert (answer.status_code, answer.headers["content-type"]) == (status_of(code), MEDIA_TYPE)
    problem = answer.json()
    assert (problem["code"], problem["status"]) == (code, answer.status_code)
    assert problem["title"]["zh"] != problem["title"]["en"]
    assert "{" not in problem["title"]["en"]
