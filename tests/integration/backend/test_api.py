"""The API of /v1 over a whole space in this process: one tap, looking, withdrawing, and what is refused."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import httpx
import msgspec
import pytest

from dspace_backend.testing import Person, in_one_task, parts_of, served
from dspace_core.catalog import STARTER, Catalogue
from dspace_core.catalog.search import MOST, Kind, search
from dspace_core.cli.main import main
from dspace_core.testing.claims import PLUGIN
from dspace_core.testing.space import CLAIM, ScratchSpace, SpaceProcess

STARTER_EDITION = Catalogue.from_file(STARTER).editions[0]
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def space(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ScratchSpace:
    return ScratchSpace.create(server_folder, tmp_path_factory.mktemp("space"))


@pytest.fixture(scope="module")
async def process(space: ScratchSpace) -> AsyncIterator[SpaceProcess]:
    async with space.process() as running:
        yield running


@pytest.fixture(scope="module")
async def http(space: ScratchSpace, process: SpaceProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with in_one_task(lambda: parts_of(space, process)) as parts, served(parts) as client:
        yield client


@pytest.fixture
async def person(http: httpx.AsyncClient, space: ScratchSpace, process: SpaceProcess) -> Person:
    return Person(http, await process.subject(space.claimants()[0]))


@pytest.fixture
async def stranger(http: httpx.AsyncClient, space: ScratchSpace, process: SpaceProcess) -> Person:
    return Person(http, await process.subject(space.claimants()[1]))


async def test_one_tap_files_a_case_that_explains_itself(person: Person) -> None:
    began = await person.notice()
    answer = await person.tap(began)
    filed = answer.json()
    assert answer.status_code == 201
    assert filed["decision"]["verdict"] == "approve"
    assert {reason["held"] for reason in filed["decision"]["reasons"]} == {True}
    assert filed["promised_date"]
    assert len(filed["receipts"]) == 3
    shown = (await person.get(f"/v1/cases/{filed['case']}")).json()
    assert shown["state"] == "closed"
    assert shown["next_steps"]
    assert [line["name"] for line in shown["form"]]


async def test_the_same_tap_again_gets_the_same_answer(person: Person) -> None:
    began, key = await person.notice(), str(uuid4())
    first, second = await person.tap(began, key), await person.tap(began, key)
    assert first.json() == second.json()
    another = await person.tap(await person.notice(), key)
    assert (another.status_code, another.json()["code"]) == (409, "cases.key_reused")


async def test_a_notice_is_shown_as_it_was_digested(person: Person) -> None:
    answer = await person.post("/v1/notices", {"item": CLAIM, "language": "en", "mode": "elder"})

    class Outer(msgspec.Struct):
        notice: dict[str, msgspec.Raw]

    notice = msgspec.json.decode(answer.content, type=Outer).notice
    assert hashlib.sha256(notice["shown"]).hexdigest() == answer.json()["notice"]["digest"]
    assert answer.json()["notice"]["shown"]["language"] == "en"


async def test_a_grant_is_withdrawn_and_the_time_to_stop_is_told(person: Person) -> None:
    await person.tap(await person.notice())
    listed = (await person.get("/v1/grants")).json()["grants"]
    ended = [grant for grant in listed if grant["condition"] == "ended"]
    answer = await person.post(f"/v1/grants/{ended[0]['grant']}/withdrawal")
    assert answer.status_code == 200
    assert answer.json()["stop_ms"] >= 0
    assert answer.json()["grant"]["condition"] == "ended"


async def test_the_trail_says_what_happened_and_where_it_goes_on(person: Person) -> None:
    await person.tap(await person.notice())
    first = (await person.get("/v1/trail?most=5")).json()
    kinds = [line["kind"] for line in first["lines"]]
    assert len(kinds) == 5
    assert "case-closed" in kinds
    second = (await person.get(f"/v1/trail?most=5&before={first['before']}")).json()
    assert {line["evidence"] for line in first["lines"]}.isdisjoint(line["evidence"] for line in second["lines"])


async def test_a_proof_is_there_once_the_notary_came(
    person: Person, space: ScratchSpace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filed = (await person.tap(await person.notice())).json()
    entry = filed["receipts"][1]["evidence"]
    early = await person.get(f"/v1/evidence/{entry}/bundle")
    assert (early.status_code, early.json()["code"]) == (409, "evidence.not_numbered")
    assert early.headers["retry-after"] == "1"
    async with space.ledger.session("notary") as session, session.notary() as notary:
        while await notary.step():
            continue
    assert (await person.get(f"/v1/evidence/{entry}")).json()["state"] == "signed"
    bundle = await person.get(f"/v1/evidence/{entry}/bundle")
    file = tmp_path / "act.bundle"
    file.write_bytes(bundle.content)
    assert main(["verify", str(file), "--vkey", space.ledger.vkey()]) == 0
    assert capsys.readouterr().out


async def test_my_data_are_masked_until_i_ask_for_them_whole(http: httpx.AsyncClient, person: Person) -> None:
    masked = (await person.post("/v1/data/bank.account", {"fields": ["account_no"]})).json()["values"][0]
    assert masked["masked"] is True
    assert "*" in masked["value"]
    whole = (await person.post("/v1/data/bank.account", {"fields": ["account_no"], "whole": True})).json()["values"][0]
    assert whole["value"].startswith("00")
    person.headers["x-level"] = "2"
    refused = await person.post("/v1/data/bank.account", {"fields": ["account_no"], "whole": True})
    assert (refused.status_code, refused.json()["code"]) == (401, "login.step_up_needed")


async def test_each_look_is_recorded(person: Person) -> None:
    looked = (await person.post("/v1/data/population.record", {"fields": ["full_name"]})).json()
    lines = (await person.get("/v1/trail?most=1")).json()["lines"]
    assert [(line["evidence"], line["kind"]) for line in lines] == [(looked["evidence"], "subject-access")]


async def test_the_space_is_told_in_numbers(person: Person) -> None:
    await person.tap(await person.notice())
    shown = (await person.get("/v1/space")).json()
    assert shown["cases"] >= 1
    assert shown["open_cases"] == 0


@pytest.mark.parametrize("query", ["失业保险金申领", "失业", "shiyebaoxian", "sybxjsl", "unemployment"])
async def test_the_catalogue_is_searched_as_people_type(person: Person, query: str) -> None:
    found = (await person.get(f"/v1/catalogue?q={quote(query)}")).json()
    assert found["items"][0]["title"]["zh"] == "失业保险金申领"


async def test_what_fits_better_comes_first_and_what_does_not_fit_is_not_there(person: Person) -> None:
    whole = (await person.get("/v1/catalogue")).json()
    found = (await person.get(f"/v1/catalogue?q={quote('养老')}")).json()
    expected = search(STARTER_EDITION, "养老", MOST)
    assert [one["code"] for one in found["items"]] == [one.id for one in expected if one.kind is Kind.ITEM]
    assert [one["id"] for one in found["categories"]] == [one.id for one in expected if one.kind is Kind.CATEGORY]
    assert 0 < len(found["items"]) + len(found["categories"]) < len(whole["items"]) + len(whole["categories"])
    nothing = (await person.get("/v1/catalogue?q=null")).json()
    assert (nothing["items"], nothing["categories"]) == ([], [])


async def test_a_search_longer_than_any_title_is_refused(person: Person) -> None:
    answer = await person.get(f"/v1/catalogue?q={'a' * 65}")
    assert (answer.status_code, answer.json()["code"]) == (400, "query.invalid")


async def test_a_decision_is_advised(person: Person) -> None:
    body = {
        "plugin": PLUGIN,
        "item": CLAIM,
        "case": str(uuid4()),
        "category": "bank.account",
        "fields": ["account_no"],
        "purpose": "将养老金发放到您本人的账户",
        "grants": [],
    }
    assert (await person.post("/v1/decide", body)).json() == {"allowed": False, "code": "grants.missing"}
    by_law = {**body, "category": "death.record", "fields": ["deceased"], "purpose": "核对申领人仍健在"}
    assert (await person.post("/v1/decide", by_law)).json() == {"allowed": True, "code": None}


async def test_a_wrong_record_is_told_once(person: Person, stranger: Person) -> None:
    body = {"id": str(uuid4()), "category": "population.record", "field": "address", "says": "地址已变更"}
    first, again = await person.post("/v1/corrections", body), await person.post("/v1/corrections", body)
    assert first.status_code == 201
    assert first.json() == again.json()
    assert [one["id"] for one in (await person.get("/v1/corrections")).json()["corrections"]] == [body["id"]]
    assert (await person.get(f"/v1/corrections/{body['id']}")).json()["says"] == "地址已变更"
    assert (await stranger.get(f"/v1/corrections/{body['id']}")).status_code == 404


async def test_nobody_reaches_what_is_another_persons(person: Person, stranger: Person) -> None:
    filed = (await person.tap(await person.notice())).json()
    case, grant = filed["case"], filed["grants"][0]
    evidence = filed["receipts"][0]["evidence"]
    began = await person.notice()
    for answer in [
        await stranger.get(f"/v1/cases/{case}"),
        await stranger.post(f"/v1/cases/{case}/withdrawal"),
        await stranger.get(f"/v1/grants/{grant}"),
        await stranger.post(f"/v1/grants/{grant}/withdrawal"),
        await stranger.post(f"/v1/grants/{grant}/pause"),
        await stranger.post(f"/v1/grants/{grant}/resumption"),
        await stranger.post(f"/v1/grants/{grant}/amendment", {"version": 1, "uses": 1}),
        await stranger.get(f"/v1/evidence/{evidence}"),
        await stranger.get(f"/v1/evidence/{evidence}/bundle"),
        await stranger.tap(began),
    ]:
        assert answer.status_code == 404, answer.request.url
        assert case not in answer.text
        assert grant not in answer.text


@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        ({"content-type": "text/plain"}, b'{"item": "x"}', 415, "body.media_type"),
        (JSON, b'{"item": "x", "item": "y"}', 400, "body.invalid"),
        (JSON, b'{"item": 1}', 400, "body.invalid"),
        (JSON, b'{"item": "x", "more": 1}', 400, "body.invalid"),
        (JSON, b'{"item": "x", "mode": "loud"}', 400, "body.invalid"),
        (JSON, b"[" * 50_000, 400, "body.invalid"),
        (JSON, b"x" * 70_000, 413, "http.413"),
        (JSON, b'{"item": "no such item"}', 404, "catalog.item_unknown"),
    ],
)
async def test_bad_input_is_a_problem_and_writes_nothing(
    person: Person, headers: dict[str, str], content: bytes, status: int, code: str
) -> None:
    before = len((await person.get("/v1/trail?most=100")).json()["lines"])
    answer = await person.http.post("/v1/notices", content=content, headers={**person.headers, **headers})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert len((await person.get("/v1/trail?most=100")).json()["lines"]) == before


async def test_a_tap_without_its_key_or_its_consent_is_refused(person: Person) -> None:
    began = await person.notice()
    body = {"case": began["case"], "item": CLAIM, "notice": began["notice"]["id"], "acts": []}
    bare = await person.post("/v1/cases", body)
    assert (bare.status_code, bare.json()["code"]) == (400, "header.invalid")
    refused = await person.post("/v1/cases", body, **{"idempotency-key": str(uuid4())})
    assert (refused.status_code, refused.json()["code"]) == (422, "grants.separate_consent_missing")


@pytest.mark.parametrize("query", ["most=0", "most=101", "most=x", "before=x", "more=1", "most=1&most=2"])
async def test_a_query_that_no_route_takes_is_refused(person: Person, query: str) -> None:
    answer = await person.get(f"/v1/trail?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "query.invalid")
