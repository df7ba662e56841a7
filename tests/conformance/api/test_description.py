"""The served description against the service: schemathesis makes requests by it, good and bad, and reads every answer by it.

Who asks is settled by the test, so the description's security is left out here; `test_guard.py` and the login tests have it.
DSPACE_API_REQUESTS says how many requests are made at least; `make fuzz` makes 10,000.
"""

import asyncio
import json
import os
import re
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dspace_backend.api import ROUTES
from dspace_backend.problems import MEDIA_TYPE
from dspace_backend.routing import Route
from dspace_backend.strict import BODY_LIMIT
from dspace_backend.testing import Person
from dspace_core.errors import family
from dspace_core.testing.claims import ACCOUNT, IDENTITY, PLUGIN, claim_of
from dspace_core.testing.space import CLAIM, ScratchSpace, SpaceProcess

pytestmark = pytest.mark.xdist_group("api-description")
GOOD = GenerationMode.POSITIVE
REQUESTS = int(os.environ.get("DSPACE_API_REQUESTS", "2500"))
VARIED = [
    route for route in ROUTES if route.method == "POST" or "{" in route.path or msgspec.structs.fields(route.takes)
]
"""The routes that are given anything; the others have one request only."""
ANY = {"show_item", "look_at_referred", "look_at_asked"}
"""Routes whose path takes any text, so that no request is bad."""
PAIRS = [(route, mode) for route in VARIED for mode in GenerationMode if mode is GOOD or route.name not in ANY]
ENDS_EARLY = {"withdraw_case", "look_at_referred", "ask_for_supplement", "decide_referred"}
"""Routes on which no good request goes all the way: every case here is decided at once. `test_codes.py` has the rest."""
EACH = -(-REQUESTS // len(PAIRS))
AWAY = "gate.lease_lost"
"""The one 503 that a busy machine brings about: the process could not renew its lease within its second."""
DESK = {"x-staff": "human_resources reviewer"}
FORM = {"body.invalid", "body.media_type", "query.invalid", "header.invalid"}
"""What a request that keeps to the description is never refused with."""
MADE_HERE = {("show_trail", "before"), ("list_asked", "after"), ("advise", "purpose")}
"""What nobody can make up: where a page begins. A purpose is one line, of which Python and JSON Schema differ at U+001C to
U+001F."""
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
Words = dict[str, list[Any]]


@pytest.fixture(scope="module")
async def description(person: Person) -> Any:
    told = (await person.get("/openapi.json")).json()
    del told["security"], told["components"]["securitySchemes"]
    return schemathesis.openapi.from_dict(told)


@pytest.fixture
async def words(person: Person, stranger: Person, process: SpaceProcess, space: ScratchSpace) -> Words:
    """By the name of a part of a request: what stands in this space, so that some requests go all the way."""
    filed = await filed_by(person)
    theirs = await filed_by(stranger)
    await person.post("/v1/corrections", {"id": str(UUID(int=9)), **CORRECTION})
    subject = await process.subject(space.claimants()[0])
    live = [str((await claim_of(process, subject)).grant.id) for _ in range(12)]
    for _ in range(12):
        wrong = {"id": str(uuid4()), "category": "pension.record", "field": "scheme", "says": "不是这个险种"}
        await person.post("/v1/corrections", wrong)
    waiting = (await person.get("/v1/staff/corrections?most=100", **DESK)).json()["corrections"]
    tickets = [one["ticket"] for one in waiting]
    for grant in live[:5]:
        await person.post(f"/v1/grants/{grant}/pause")
    async with space.ledger.session("notary") as session, session.notary() as notary:
        while await notary.step():
            continue
    began = [await person.notice() for _ in range(3)]
    return {
        "case": [filed["case"], theirs["case"], *(one["case"] for one in began)],
        "notice": [one["notice"]["id"] for one in began],
        "grant": [filed["grants"][0], theirs["grants"][0], *live],
        "grants": [filed["grants"], live[:2], []],
        "evidence": [one["evidence"] for one in filed["receipts"]],
        "correction": [str(UUID(int=9))],
        "item": [CLAIM, "1244000045585999793440514002000"],
        "category": [ACCOUNT.item, IDENTITY.item, "death.record"],
        "field": ["address", "full_name"],
        "fields": [sorted(ACCOUNT.fields), sorted(IDENTITY.fields), ["bank.account.account_no"]],
        "purpose": [ACCOUNT.purpose],
        "plugin": [PLUGIN],
        "acts": [one["notice"]["acts"] for one in began],
        "version": [1, 2],
        "uses": [1, 5, None],
        "file_case": [tap_of(one) for one in began],
        "amend_grant": [{"version": 1, "uses": 5}],
        "live": live[5:],
        "ticket": tickets,
        "after": tickets[:1],
        "before": [(await person.get("/v1/trail?most=1")).json()["before"]],
    }


async def filed_by(person: Person) -> Any:
    """A whole tap; again where the machine is too busy for a first one."""
    answer = await person.tap(await person.notice())
    if answer.status_code == 503:
        await asyncio.sleep(float(answer.headers["retry-after"]))
        answer = await person.tap(await person.notice())
    assert answer.status_code == 201, answer.text
    return answer.json()


def tap_of(began: Any) -> dict[str, Any]:
    """The body that files what a notice began."""
    return {"case": began["case"], "item": CLAIM, "notice": began["notice"]["id"], "acts": began["notice"]["acts"]}


CORRECTION = {"category": "population.record", "field": "address", "says": "地址已变更"}


def cases(description: Any, route: Route, mode: GenerationMode, words: Words) -> list[schemathesis.Case[Any]]:
    """So many requests of one route, the same ones each time. It takes seconds: call it in a thread, or the lease is lost."""
    operation = description.find_operation_by_id(route.name)
    made: list[schemathesis.Case[Any]] = []

    @settings(
        max_examples=EACH,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(mode), pick=st.randoms(use_true_random=False))
    def make(case: schemathesis.Case[Any], pick: Any) -> None:
        for part in (case.path_parameters, case.query, case.body):
            if isinstance(part, dict) and mode is GOOD:
                for name in part.keys() & words.keys() - ({"after"} if route.name == "list_referred" else set()):
                    if (route.name, name) in MADE_HERE or pick.random() < 0.6:
                        part[name] = pick.choice(words[name])
        if route.name in words and mode is GOOD and pick.random() < 0.1:  # all parts have to belong together
            case.body = pick.choice(words[route.name])
            if route.name == "amend_grant":
                case.path_parameters["grant"] = pick.choice(words["live"])
        made.append(case)

    make()
    return made


async def send(person: Person, case: schemathesis.Case[Any]) -> httpx.Response:
    told = case.as_transport_kwargs(base_url="http://space.test")
    told.pop("timeout", None)
    who = DESK if is_desk(case.operation.path) else person.headers
    ready = requests.Request(**told).prepare()
    assert ready.url is not None
    headers = {name: str(value) for name, value in ready.headers.items() if not name.lower().startswith("x-s")}
    assert ready.body is None or isinstance(ready.body, str | bytes)
    body = ready.body.encode() if isinstance(ready.body, str) else ready.body
    sent = httpx.Request(str(ready.method), ready.url, headers={**headers, **who}, content=body or b"")
    answer = await person.http.send(sent)
    if answer.status_code == 503 and answer.json()["code"] == AWAY:
        await asyncio.sleep(float(answer.headers["retry-after"]))
        answer = await person.http.send(sent)
    return answer


def check_answer(answer: httpx.Response) -> str:
    """Its code, or its status where it is no problem. A refusal is a problem of a known code and of its own status."""
    if answer.is_success:
        return str(answer.status_code)
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["code"] in family() or problem["code"] == f"http.{answer.status_code}"
    assert answer.status_code < 500, problem
    return str(problem["code"])


@pytest.mark.parametrize(("route", "mode"), PAIRS, ids=lambda part: getattr(part, "value", None) or part.name)
async def test_what_is_described_is_served(
    description: Any, words: Words, person: Person, route: Route, mode: GenerationMode
) -> None:
    made = await asyncio.to_thread(cases, description, route, mode, words)
    assert len(made) == EACH
    reached = set()
    for case in made:
        answer = await send(person, case)
        reached.add(answer.is_success)
        code = check_answer(answer)
        case.validate_response(answer, checks=CHECKS if mode is GOOD else [*CHECKS, negative_data_rejection])
        assert mode is not GOOD or code not in FORM, case.as_curl_command()
    assert True in reached or mode is not GOOD or route.name in ENDS_EARLY


@pytest.mark.parametrize("route", [route for route in ROUTES if route not in VARIED], ids=lambda route: route.name)
async def test_what_is_asked_with_nothing_is_answered_as_described(
    description: Any, person: Person, route: Route
) -> None:
    case = description.find_operation_by_id(route.name).Case()
    answer = await send(person, case)
    assert check_answer(answer) in {"200", "login.session_over"}
    case.validate_response(answer, checks=CHECKS)


def is_desk(path: str) -> bool:
    """Whether a member of staff asks here."""
    return path.startswith("/v1/staff/")


WRITES = [route for route in ROUTES if route.method == "POST"]
GOOD_TYPE = {"content-type": "application/json"}


def spoiled(body: bytes) -> list[tuple[str, bytes, dict[str, str], int, str]]:
    """An example of a body, made wrong in each way in which a body can be wrong before it means anything."""
    inner = body[1:-1]
    comma = b"," if inner else b""
    return [
        ("unknown field", b'{"unknown":1' + comma + inner + b"}", GOOD_TYPE, 400, "body.invalid"),
        ("key twice", b'{"a":1,"a":1' + comma + inner + b"}", GOOD_TYPE, 400, "body.invalid"),
        ("deep", b'{"a":' + b"[" * 40 + b"]" * 40 + comma + inner + b"}", GOOD_TYPE, 400, "body.invalid"),
        ("cut", body[:-1], GOOD_TYPE, 400, "body.invalid"),
        ("more after it", body + b"{}", GOOD_TYPE, 400, "body.invalid"),
        ("array", b"[" + body + b"]", GOOD_TYPE, 400, "body.invalid"),
        ("no number", b'{"a":NaN' + comma + inner + b"}", GOOD_TYPE, 400, "body.invalid"),
        ("no text", b'{"\xff":1' + comma + inner + b"}", GOOD_TYPE, 400, "body.invalid"),
        ("a mark before it", b"\xef\xbb\xbf" + body, GOOD_TYPE, 400, "body.invalid"),
        ("nothing", b"", GOOD_TYPE, 400, "body.invalid"),
        ("large", body + b" " * BODY_LIMIT, GOOD_TYPE, 413, "http.413"),
        ("no type", body, {}, 415, "body.media_type"),
        ("form", body, {"content-type": "application/x-www-form-urlencoded"}, 415, "body.media_type"),
        ("text", body, {"content-type": "text/plain"}, 415, "body.media_type"),
        ("charset", body, {"content-type": "application/json; charset=gbk"}, 415, "body.media_type"),
    ]


@pytest.mark.parametrize("route", WRITES, ids=lambda route: route.name)
async def test_a_body_that_is_none_is_refused_before_it_means_anything(person: Person, route: Route) -> None:
    path = path_of(route, str(UUID(int=5)))
    for name, body, headers, status, code in spoiled(msgspec.json.encode(route.example)):
        sent = {**person.headers, **desk(route), "idempotency-key": "one", **headers}
        answer = await person.http.post(path, content=body, headers=sent)
        assert (answer.status_code, check_answer(answer)) == (status, code), name


@pytest.mark.parametrize("route", WRITES, ids=lambda route: route.name)
async def test_no_field_takes_another_type(person: Person, route: Route) -> None:
    path, example = path_of(route, str(UUID(int=5))), msgspec.to_builtins(route.example)
    for name, value in [(name, value) for name, value in example.items() if value is not None]:
        for wrong in ([value], {"a": value}, 1.5, *([] if isinstance(value, bool) else [True]), lax(value)):
            answer = await person.post(path, {**example, name: wrong}, **{"idempotency-key": "one"}, **desk(route))
            assert (answer.status_code, check_answer(answer)) == (400, "body.invalid"), (name, wrong)
            assert answer.json()["values"]["at"].startswith(f"$.{name}")


EDGES: list[object] = [
    *(-1, 0, 1, 2**31 - 1, 2**31, 2**63, 2**70),
    *("", " ", "\0", "a\0b", "\ud800", "x" * 64, "x" * 5000, "\U0010ffff" * 60, "' --", "%00", "{0}", "../x"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00", "2026-06-30T23:59:60Z"),
    *([], [""], ["\0"], ["x"] * 200, {}, {"a": "\0"}, {"": ""}, {"\0": "a"}, {"a" * 200: "b"}, None, True),
]
"""Values at which something ends: of integers, of texts, of time."""


@pytest.mark.parametrize("route", WRITES, ids=lambda route: route.name)
async def test_a_value_at_an_edge_is_taken_or_refused_but_breaks_nothing(
    person: Person, process: SpaceProcess, space: ScratchSpace, route: Route
) -> None:
    subject = await process.subject(space.claimants()[0])
    began = await person.notice()
    ids = {"case": began["case"], "notice": began["notice"]["id"], "acts": began["notice"]["acts"]}
    fields = msgspec.structs.fields(route.takes)
    example = {**msgspec.to_builtins(route.example), "id": str(uuid4()), **ids}
    example = {field.name: example[field.name] for field in fields if field.name in example}
    for field in fields:
        for value in EDGES:
            name = str(uuid4())
            if "{grant:" in route.path:  # one that is live, in its first version
                name = str((await claim_of(process, subject)).grant.id)
            body = json.dumps({**example, field.name: value}).encode()
            headers = {**person.headers, **desk(route), **GOOD_TYPE, "idempotency-key": str(uuid4())}
            answer = await person.http.post(path_of(route, name), content=body, headers=headers)
            check_answer(answer)


NAMES = [r"x", "%00", "%0A", "%2F", "%2e%2e", "%ff", "%F0%9F%98%80", "x" * 4000, "'", "%25", "null", "0" * 32]


@pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route.path], ids=lambda route: route.name)
async def test_a_name_in_a_path_may_be_anything(person: Person, route: Route) -> None:
    body = msgspec.to_builtins(route.example)
    for name in NAMES:
        path = path_of(route, name)
        answer = await (
            person.get(path, **desk(route)) if route.method == "GET" else person.post(path, body, **desk(route))
        )
        check_answer(answer)


def desk(route: Route) -> dict[str, str]:
    return DESK if is_desk(route.path) else {}


def path_of(route: Route, name: str) -> str:
    return re.sub(r"\{\w+:\w+\}", lambda _: name, route.path)


def lax(value: object) -> object:
    """The same in another type, as a lax decoder takes it."""
    return str(value) if isinstance(value, bool | int) else 1
