"""Another person's ids on every route: what is answered is what an id that nobody has is answered, and nothing changes.

A route with an id in its path or in its body has to stand in `WITH_IDS`; one that is added and is not fails here.
"""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from dspace_backend.api import ROUTES
from dspace_backend.routing import Route
from dspace_backend.testing import Person
from dspace_core.stores import connect
from dspace_core.testing.claims import ACCOUNT, PLUGIN, claim
from dspace_core.testing.space import CLAIM, ScratchSpace, SpaceProcess

DESK = "/v1/staff/"
"""Of its routes `test_staff.py` walks each with every role and with another authority's numbers."""
pytestmark = pytest.mark.xdist_group("api-foreign-ids")
Ids = Mapping[str, str]
IDS = ("case", "notice", "grant", "evidence", "correction", "filed", "held")

WITH_IDS: dict[str, tuple[str, ...]] = {
    "file_case": ("case", "notice"),
    "show_case": ("filed",),
    "withdraw_case": ("filed",),
    "show_grant": ("grant",),
    "withdraw_grant": ("grant",),
    "pause_grant": ("grant",),
    "resume_grant": ("grant",),
    "amend_grant": ("grant",),
    "show_evidence": ("evidence",),
    "download_bundle": ("evidence",),
    "show_correction": ("correction",),
    "ask_correction": ("correction",),
    "advise": ("held", "grant"),
}
"""Each route that takes ids, and which of another person's it is given, in the order in which it takes them."""
ANSWERED = {"ask_correction": (201, None), "advise": (200, None)}
"""Routes that answer an id of another person with no 404: to them it is a new id, or one that covers nothing."""


def takes_ids(route: Route) -> bool:
    """Whether a path or a body or a query holds an id."""
    fields = msgspec.structs.fields(route.takes)
    return ":uuid" in route.path or any("UUID" in str(field.type) for field in fields)


def body_of(route: Route, ids: Ids, acts: object) -> Any:
    if route.name == "file_case":
        return {"case": ids["case"], "item": CLAIM, "notice": ids["notice"], "acts": acts}
    if route.name == "ask_correction":
        return {"id": ids["correction"], "category": "population.record", "field": "address", "says": "不对"}
    if route.name == "advise":
        use = {"category": ACCOUNT.item, "fields": sorted(ACCOUNT.fields), "purpose": ACCOUNT.purpose}
        return {"plugin": PLUGIN, "item": CLAIM, "case": ids["held"], "grants": [ids["grant"]], **use}
    if route.name == "amend_grant":
        return {"version": 1, "fields": ["bank.account.account_no"]}
    return msgspec.to_builtins(route.example)


async def ask(who: Person, route: Route, ids: Ids, acts: object) -> httpx.Response:
    named = WITH_IDS[route.name][0] if ":uuid" in route.path else ""
    path = re.sub(r"\{\w+:uuid\}", lambda _: ids[named], route.path)
    if route.method == "GET":
        return await who.get(path)
    return await who.post(path, body_of(route, ids, acts), **{"idempotency-key": str(uuid4())})


class Victim(msgspec.Struct):
    """Somebody with one of everything, and the tables as they stand."""

    ids: dict[str, str]
    acts: object


@pytest.fixture
async def victim(person: Person, process: SpaceProcess, space: ScratchSpace) -> Victim:
    filed = (await person.tap(await person.notice())).json()
    began = await person.notice()
    claimed = await claim(process, space.claimants()[0])
    correction = {"id": str(uuid4()), "category": "population.record", "field": "address", "says": "地址已变更"}
    assert (await person.post("/v1/corrections", correction)).status_code == 201
    ids = {
        "case": began["case"],
        "notice": began["notice"]["id"],
        "grant": str(claimed.grant.id),
        "held": str(claimed.case),
        "evidence": filed["receipts"][0]["evidence"],
        "filed": filed["case"],
        "correction": correction["id"],
    }
    return Victim(ids, began["notice"]["acts"])


async def rows_of(space: ScratchSpace, subject: str) -> dict[str, list[str]]:
    """Every row of the main database in which a subject stands, by table."""
    main = space.ledger.main
    db = await connect(main.url("migrate"), password=main.password("migrate"))
    try:
        tables = await db.fetch(
            "SELECT DISTINCT table_schema || '.' || table_name AS name FROM information_schema.columns"
            " WHERE column_name = 'subject_id' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        found = {}
        for name in sorted(str(row["name"]) for row in tables):
            rows = await db.fetch(f"SELECT t::text AS row FROM {name} t WHERE subject_id = $1", UUID(subject))  # noqa: S608
            found[name] = sorted(str(row["row"]) for row in rows)
        return found
    finally:
        await db.close()


def test_every_route_that_takes_an_id_is_walked() -> None:
    assert {route.name for route in ROUTES if takes_ids(route)} == set(WITH_IDS)


def test_no_id_hides_in_a_text_of_a_path() -> None:
    texts = {
        name
        for route in ROUTES
        if not route.path.startswith(DESK)
        for name, kind in re.findall(r"\{(\w+):(\w+)\}", route.path)
        if kind != "uuid"
    }
    assert texts == {"item", "category"}  # names of the catalogue, which is everybody's


@pytest.mark.parametrize("name", WITH_IDS)
async def test_another_persons_id_is_like_one_that_nobody_has(
    name: str, victim: Victim, person: Person, stranger: Person, space: ScratchSpace
) -> None:
    route = next(route for route in ROUTES if route.name == name)
    subject = person.headers["x-subject"]
    before = await rows_of(space, subject)
    assert sum(map(len, before.values())) > 10
    answer = await ask(stranger, route, victim.ids, victim.acts)
    assert await rows_of(space, subject) == before
    nobodys = {kind: str(uuid4()) for kind in victim.ids}
    unknown = await ask(stranger, route, nobodys, victim.acts)
    assert answer.status_code == unknown.status_code == ANSWERED.get(name, (404, None))[0]
    sent = {victim.ids[kind] for kind in WITH_IDS[name]}
    shown = answer.text + repr(answer.headers.multi_items())
    theirs = {one for one in {*victim.ids.values(), subject} if one in shown}
    if name == "ask_correction":  # the new correction of one's own bears the id that one gave it
        theirs -= sent
        told = (await person.get(f"/v1/corrections/{victim.ids['correction']}")).json()
        assert told["says"] == "地址已变更"
        return
    assert not theirs
    assert answer.content == unknown.content


@pytest.mark.parametrize("name", [route.name for route in ROUTES if not takes_ids(route) and route.method == "GET"])
async def test_what_is_listed_is_ones_own(name: str, victim: Victim, person: Person, stranger: Person) -> None:
    route = next(route for route in ROUTES if route.name == name)
    path = route.path.replace("{item:str}", CLAIM)
    shown = await stranger.get(path)
    listed = shown.text + repr(shown.headers.multi_items())
    assert not {one for one in {*victim.ids.values(), person.headers["x-subject"]} if one in listed}


async def test_anothers_case_under_ones_own_notice_is_like_a_case_that_nobody_has(
    victim: Victim, person: Person, stranger: Person, space: ScratchSpace
) -> None:
    before = await rows_of(space, person.headers["x-subject"])
    began = await stranger.notice()
    answers = [await stranger.tap(began, case=case) for case in (victim.ids["case"], victim.ids["filed"], str(uuid4()))]
    assert {(answer.status_code, answer.content) for answer in answers} == {(422, answers[2].content)}
    assert await rows_of(space, person.headers["x-subject"]) == before


async def test_a_page_of_anothers_trail_is_a_page_of_ones_own(victim: Victim, person: Person, stranger: Person) -> None:
    place = (await person.get("/v1/trail?most=3")).json()["before"]
    theirs = {line["evidence"] for line in (await person.get("/v1/trail?most=100")).json()["lines"]}
    shown = (await stranger.get(f"/v1/trail?most=100&before={place}")).json()["lines"]
    assert theirs.isdisjoint(line["evidence"] for line in shown)
