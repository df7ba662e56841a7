"""The desk over HTTP: every cell of route, role and authority; what is shown of a person, and that each look is recorded."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from dspace_backend.api import HANDLERS, ROUTES
from dspace_backend.app import application
from dspace_backend.principal import Principal, Staff
from dspace_backend.roles import ROLES, Role
from dspace_backend.wiring import Parts
from dspace_core.cases import Filed, State, find
from dspace_core.catalog import TrustLevel
from dspace_core.corrections import Asking, Correction
from dspace_core.corrections import ask as ask_correction
from dspace_core.corrections import find as find_correction
from dspace_core.errors import Text
from dspace_core.evidence.record import Actor
from dspace_core.evidence.trail import Line, read_page
from dspace_core.scenario import Fact, Filled, Prefill
from dspace_core.stores import connect, transaction
from dspace_core.testing.counter import Counter, outcome
from dspace_core.testing.space import ScratchSpace, SpaceProcess
from dspace_core.values import EvidenceId, Subject, random_id

DESK = UUID(int=70)
ACCOUNT = "6222021234567890123"
NAME = "张伟"
CASES = {"list_referred", "look_at_referred", "ask_for_supplement", "decide_referred"}
BODIES: dict[str, Any] = {
    "ask_for_supplement": {"asks": ["请补充银行卡正面照片"]},
    "decide_referred": {"verdict": "approve", "reason": "经人工核实, 符合条件"},
    "answer_asked": {"accepted": True, "says": "已更正"},
}
STAFF = [route for route in ROUTES if route.path.startswith("/v1/staff/")]


class Somebody:
    """Lets a request be of the member of staff, or of the person, that the test says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            authority, _, roles = dict(scope["headers"])[b"x-staff"].decode().partition(" ")
            scope["user"] = None
            scope["auth"] = (
                Staff(DESK, DESK, authority, frozenset(roles.split()), "k")
                if authority
                else Principal(Subject(DESK), DESK, "dev.phone", TrustLevel.FOUR, "k")
            )
        await self._app(scope, receive, send)


class Member:
    """A member of an authority's staff at a desk; one of no authority is a person."""

    def __init__(self, http: httpx.AsyncClient, authority: str, *roles: str) -> None:
        self.http = http
        self.headers = {"x-staff": f"{authority} {' '.join(roles)}"}

    async def call(self, name: str, key: str = "", body: object = None, query: str = "") -> httpx.Response:
        """Call a route by its name, about the case or the correction of a key."""
        route = next(one for one in STAFF if one.name == name)
        path = route.path.replace("{number:str}", key).replace("{ticket:str}", key) + query
        if route.method == "GET":
            return await self.http.get(path, headers=self.headers)
        return await self.http.post(path, json=BODIES[name] if body is None else body, headers=self.headers)


@pytest.fixture(scope="module")
def space(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ScratchSpace:
    return ScratchSpace.create(server_folder, tmp_path_factory.mktemp("space"))


@pytest.fixture(scope="module")
async def process(space: ScratchSpace) -> AsyncIterator[SpaceProcess]:
    async with space.process() as running:
        yield running


@pytest.fixture
async def counter(process: SpaceProcess) -> Counter:
    """A counter whose scenario hands every case over to a human."""
    made = Counter(process)
    made.script.answers["decide"] = outcome(held=None)
    fact = Fact("bank.account", "account_no")
    lines = (
        Filled(name="full_name", label=Text("姓名", "name"), value=NAME, fact=Fact("population.record", "full_name")),
        Filled(name="account_no", label=Text("账号", "account"), value=ACCOUNT, fact=fact),
    )
    made.script.answers["prefill"] = Prefill(filled=lines)
    return made


@pytest.fixture
async def http(process: SpaceProcess, counter: Counter) -> AsyncIterator[httpx.AsyncClient]:
    """The routes over what they use of the parts, and nothing else."""
    nothing = cast("Any", None)
    parts = Parts(
        **{name: nothing for name in Parts.__struct_fields__ if name != "searches"}
        | {
            "main": process.session.db,
            "keyring": process.session.keyring,
            "catalogue": lambda: process.catalogue,
            "calendar": counter.means.calendar,
        }
    )
    app = application(lambda: Opened(parts), HANDLERS, [Somebody])
    up, over = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            up.set()
            await over.wait()

    living = asyncio.create_task(live())
    await up.wait()
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://space.test") as client:
        yield client
    over.set()
    await living


class Opened:
    """Parts that somebody else opened and closes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __aenter__(self) -> Parts:
        return self._parts

    async def __aexit__(self, *_: object) -> None: ...


@pytest.fixture
def clerk(http: httpx.AsyncClient) -> Member:
    return Member(http, "human_resources", "clerk")


@pytest.fixture
def reviewer(http: httpx.AsyncClient) -> Member:
    return Member(http, "human_resources", "reviewer")


@pytest.fixture
async def filed(counter: Counter) -> Filed:
    return await counter.file()


async def asked(counter: Counter, says: str = "地址已变更") -> tuple[Correction, str]:
    """A correction of a record of the police, and its ticket."""
    asking = Asking(
        subject=counter.subject,
        id=random_id(),
        category="population.record",
        field="address",
        says=says,
        at=counter.keyring.clock(),
        evidence=EvidenceId(random_id()),
    )
    async with transaction(counter.db) as db:
        one = await ask_correction(db, counter.keyring, counter.catalogue.editions[0], asking)
    return one, f"{int(one.asked_at.timestamp() * 1000 + 0.5)}-{one.evidence.hex}"


async def lines(counter: Counter) -> tuple[Line, ...]:
    return (await read_page(counter.db, counter.keyring, counter.subject)).lines


# The table


def test_every_route_of_the_desk_stands_in_the_table_and_nothing_else() -> None:
    assert {route.name for route in STAFF} == set(ROLES)
    assert {route.name for route in ROUTES if route.tag == "staff"} == set(ROLES)
    assert all(allowed for allowed in ROLES.values())


@pytest.mark.parametrize("other", [False, True], ids=["same", "other"])
@pytest.mark.parametrize("role", ["clerk", "reviewer", "operator", "Clerk"])
@pytest.mark.parametrize("name", sorted(ROLES))
async def test_every_cell_of_route_role_and_authority(
    http: httpx.AsyncClient, counter: Counter, name: str, role: str, other: bool
) -> None:
    may = {"clerk": {*ROLES} - {"decide_referred", "answer_asked"}, "reviewer": {*ROLES}}.get(role, set())
    own = "human_resources" if name in CASES else "public_security"
    key = (await counter.file()).number if name in CASES else (await asked(counter))[1]
    before = await lines(counter)
    answer = await Member(http, "health" if other else own, role).call(name, key, query="?most=100" * ("list" in name))
    if name not in may:
        assert (answer.status_code, answer.json()["code"]) == (403, "login.role_missing")
    elif "list" in name:
        assert answer.status_code == 200
        assert (key in answer.text) is not other
    elif other:
        assert answer.status_code == 404
        assert answer.json()["code"] in {"cases.unknown", "corrections.unknown"}
    else:
        assert answer.status_code == 200
    wrote = name in may and not other and "list" not in name
    assert len(await lines(counter)) == len(before) + wrote


@pytest.mark.parametrize("name", sorted(ROLES))
async def test_a_person_has_no_desk(http: httpx.AsyncClient, filed: Filed, name: str) -> None:
    answer = await Member(http, "").call(name, filed.number)
    assert (answer.status_code, answer.json()["code"]) == (403, "login.staff_only")


async def test_who_may_do_nothing_is_refused_before_his_body_is_read(http: httpx.AsyncClient, filed: Filed) -> None:
    answer = await Member(http, "human_resources", "clerk").call("decide_referred", filed.number, {"no": "sense"})
    assert answer.json()["code"] == "login.role_missing"


# What is seen


async def test_a_look_shows_what_decides_the_case_and_no_identifier(
    clerk: Member, counter: Counter, filed: Filed
) -> None:
    shown = await clerk.call("look_at_referred", filed.number)
    assert shown.json()["line"]["case_no"] == filed.number
    assert [line["value"] for line in shown.json()["form"]] == [NAME, "******"]
    assert shown.json()["decision"]["verdict"] == "refer"
    for hidden in (ACCOUNT, str(counter.subject), counter.subject.hex, str(filed.case), *map(str, filed.grants)):
        assert hidden not in shown.text


async def test_the_list_opens_nothing(clerk: Member, counter: Counter, filed: Filed) -> None:
    before = await lines(counter)
    shown = await clerk.call("list_referred", query="?most=100")
    assert filed.number in shown.text
    assert NAME not in shown.text
    assert await lines(counter) == before


async def test_each_look_is_recorded_with_who_looked(clerk: Member, counter: Counter, filed: Filed) -> None:
    one, ticket = await asked(counter)
    await clerk.call("look_at_referred", filed.number)
    police = Member(clerk.http, "public_security", "clerk")
    assert (await police.call("look_at_asked", ticket)).json()["says"] == "地址已变更"
    told = [line.record for line in (await lines(counter))[:2] if line.record is not None]
    assert [record.meta.kind.value for record in told] == ["correction-viewed", "case-viewed"]
    assert {(record.who.actor, record.who.acted) for record in told} == {(Actor.STAFF, DESK)}
    assert [record.who.authority for record in told] == [one.authority, "human_resources"]
    assert all(record.what.digest for record in told)


async def test_numbers_in_the_persons_words_are_hidden(http: httpx.AsyncClient, counter: Counter) -> None:
    _, ticket = await asked(counter, f"应为 12 号, 账号 {ACCOUNT}, 电话 13900000000")
    says = (await Member(http, "public_security", "clerk").call("look_at_asked", ticket)).json()["says"]
    assert says == "应为 12 号, 账号 ******, 电话 ******"


async def test_pages_hold_each_that_waits_once(clerk: Member, counter: Counter) -> None:
    expected = {(await counter.file()).number for _ in range(3)}
    seen: list[str] = []
    after = ""
    while True:
        page = (await clerk.call("list_referred", query=f"?most=2&after={after}")).json()
        seen += [one["case_no"] for one in page["cases"]]
        if page["after"] is None:
            break
        after = page["after"]
    assert expected <= set(seen)
    assert seen == sorted(set(seen))


async def test_pages_of_corrections_go_on_behind_the_last(http: httpx.AsyncClient, counter: Counter) -> None:
    tickets = [(await asked(counter))[1] for _ in range(3)]
    police = Member(http, "public_security", "clerk")
    page = (await police.call("list_asked", query=f"?most=1&after={tickets[0]}")).json()
    assert page["after"] == page["corrections"][0]["ticket"] != tickets[0]
    bad = await police.call("list_asked", query="?after=nowhere")
    assert (bad.status_code, bad.json()["code"]) == (400, "query.invalid")


@pytest.mark.parametrize("key", ["0", "%00", "x" * 60, "1-2", "0-" + "0" * 32, "٣"])
async def test_what_is_no_number_is_not_found(clerk: Member, key: str) -> None:
    assert (await clerk.call("look_at_referred", key)).json()["code"] == "cases.unknown"
    assert (await clerk.call("look_at_asked", key)).json()["code"] == "corrections.unknown"


# What is done


@pytest.mark.parametrize(("verdict", "state"), [("approve", State.APPROVED), ("refuse", State.REFUSED)])
async def test_a_decision_stands_with_its_reason_and_is_closed_by_the_sweep(
    reviewer: Member, counter: Counter, filed: Filed, verdict: str, state: State
) -> None:
    done = await reviewer.call("decide_referred", filed.number, {"verdict": verdict, "reason": " 经核实 "})
    assert done.json()["state"] == state.value
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert case.content is not None
    assert [reason.says for reason in case.content.outcome.reasons] == [Text("经核实", "经核实")]
    again = await reviewer.call("decide_referred", filed.number)
    assert (again.status_code, again.json()["code"]) == (404, "cases.unknown")
    await counter.closure.finish_waiting()
    assert (await find(counter.db, counter.keyring, counter.subject, filed.case)).state is State.CLOSED


async def test_what_is_missing_is_asked_for_and_the_case_leaves_the_list(
    clerk: Member, counter: Counter, filed: Filed
) -> None:
    assert (await clerk.call("ask_for_supplement", filed.number)).json()["state"] == "supplement"
    assert filed.number not in (await clerk.call("list_referred", query="?most=100")).text
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert case.content is not None
    assert case.content.supplements[0].asks[0].zh == "请补充银行卡正面照片"


async def test_a_correction_is_answered_once(http: httpx.AsyncClient, counter: Counter) -> None:
    one, ticket = await asked(counter)
    police = Member(http, "public_security", "reviewer")
    assert (await police.call("answer_asked", ticket)).json()["state"] == "accepted"
    assert (await police.call("answer_asked", ticket)).status_code == 404
    found = await find_correction(counter.db, counter.keyring, one.subject, one.id)
    assert found.content is not None
    assert found.content.answer == "已更正"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("decide_referred", {"verdict": "refer", "reason": "x"}),
        ("decide_referred", {"verdict": "approve", "reason": "  "}),
        ("decide_referred", {"verdict": "approve"}),
        ("ask_for_supplement", {"asks": []}),
        ("answer_asked", {"accepted": 1, "says": "x"}),
    ],
)
async def test_a_decision_without_sense_is_refused(reviewer: Member, filed: Filed, name: str, body: object) -> None:
    answer = await reviewer.call(name, filed.number, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "body.invalid")


async def test_what_waits_is_found_by_index(space: ScratchSpace) -> None:
    owner = await connect(space.ledger.main.url("migrate"), password=space.ledger.main.password("migrate"))
    try:
        await owner.execute("SET enable_seqscan = off")
        for query, index in (
            ("SELECT * FROM cases WHERE authority_id = 'a' AND state = 'referred' AND number > ''", "cases_referred"),
            ("SELECT * FROM correction WHERE authority_id = 'a' AND state = 'asked'", "correction_asked"),
        ):
            plan = await owner.fetch(f"EXPLAIN {query}")
            assert index in " ".join(row[0] for row in plan)
    finally:
        await owner.close()


def test_the_roles_are_named_as_the_provider_names_them() -> None:
    assert [role.value for role in Role] == ["clerk", "reviewer"]
    assert msgspec.json.encode(Role.CLERK) == b'"clerk"'
