"""The translator against a department that speaks the gateway's dialect, honestly and otherwise."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from dspace_core import HttpResponse, Refusal, SourceAsk, Unreadable, Who, YesNo, YesNoKind
from dspace_core.catalog import STARTER, Catalogue
from dspace_core.identifiers import SubjectId
from dspace_core.sources.endpoint import Endpoint
from dspace_core.sources.http_source import HttpSource, open_http_source
from dspace_core.testing.department import Conduct, Department, Query, Reply
from dspace_core.testing.registers import Row
from dspace_core.values import random_id
from dspace_example_gateway import Gateway

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
CATEGORY = Catalogue.from_file(STARTER).editions[0].category("pension.record")
WHO = SubjectId("111", "440100199003070011")
RECORD: Row = {
    "scheme": "resident",
    "enrolled_on": date(2011, 7, 1),
    "contribution_months": 181,
    "receiving": False,
}
ITEMS = {"XZ": "scheme", "CBRQ": "enrolled_on", "LJYS": "contribution_months", "SFLQ": "receiving"}
KINDS = {"LE": "not_after", "GE": "at_least", "EQ": "is"}


class GatewayDialect:
    """The gateway as its own documentation describes it."""

    def read(self, path: str, body: bytes) -> Query:
        assert path == "/gateway/query"
        said = json.loads(body)
        who = {"type": said["ZJLX"], "number": said["ZJHM"]} if "ZJHM" in said else None
        questions = [
            {"field": one["AS"], "kind": KINDS[one["OP"]], "of": ITEMS[one["ITEM"]], "operand": int(one["VAL"])}
            for one in said["TESTS"]
        ]
        return Query(said["LSH"], "pension.record", who, [ITEMS[name] for name in said["ITEMS"]], questions)

    def write(self, reply: Reply) -> bytes:
        at = "" if reply.as_of is None else f"{reply.as_of.replace(tzinfo=None):%Y%m%d%H%M%S}"
        said: dict[str, object] = {"CODE": "0000", "LSH": reply.request, "SJSJ": at}
        if reply.subject is not None:
            said |= {"ZJLX": reply.subject["type"], "ZJHM": reply.subject["number"]}
        names = {ours: theirs for theirs, ours in ITEMS.items()}
        said["ROWS"] = [
            {names.get(name, name): written(value) for name, value in record.items()} for record in reply.records
        ]
        return json.dumps(said).encode()


def written(value: object) -> str:
    match value:
        case bool():
            return str(int(value))
        case date():
            return f"{value:%Y%m%d}"
        case "resident":
            return "2"
        case _:
            return "" if value is None else str(value)


@pytest.fixture
async def department() -> AsyncIterator[Department]:
    views = {"pension.record": {WHO.value: dict(RECORD)}}
    async with Department(views, NOW, dialect=GatewayDialect()) as running:
        yield running


@pytest.fixture
async def source(department: Department) -> AsyncIterator[HttpSource]:
    opened = await open_http_source("human_resources", Endpoint(origin=department.origin), Gateway())
    yield opened
    await opened.close()


async def test_every_field_of_the_category_comes_with_its_type(source: HttpSource) -> None:
    given = await source.fetch(WHO, CATEGORY, frozenset({*RECORD, "paid_180_months"}), NOW)
    assert {name: datum.value for name, datum in given.items()} == {**RECORD, "paid_180_months": True}


async def test_a_question_is_answered_and_the_value_stays_where_it_is(
    department: Department, source: HttpSource
) -> None:
    assert (await source.predicate(WHO, CATEGORY, "paid_180_months", NOW)).value is True
    assert department.seen[0].query.fields == []


async def test_local_time_gets_its_offset(source: HttpSource) -> None:
    """The gateway wrote eight o'clock and meant Beijing."""
    assert await source.freshness(CATEGORY) == datetime(2026, 3, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("conduct", "code"),
    [
        (Conduct.OTHER_SUBJECT, "source.answer_unfit"),
        (Conduct.FURTHER_FIELD, "source.answer_unfit"),
        (Conduct.MALFORMED, "source.answer_unfit"),
        (Conduct.TWO_RECORDS, "source.ambiguous"),
        (Conduct.NO_RECORD, "source.no_record"),
        (Conduct.REFUSES_LOGIN, "source.unavailable"),
    ],
    ids=lambda one: getattr(one, "name", None),
)
async def test_a_misbehaviour_is_refused(
    department: Department, source: HttpSource, conduct: Conduct, code: str
) -> None:
    department.always = conduct
    with pytest.raises(Refusal) as no:
        await source.fetch(WHO, CATEGORY, frozenset(RECORD), NOW)
    assert no.value.code == code


REPLY: dict[str, object] = {"CODE": "0000", "LSH": str(random_id()), "SJSJ": "20260301080000", "ROWS": []}


@pytest.mark.parametrize(
    "changed",
    [
        {"CODE": "9999"},
        {"SJSJ": "20260230080000"},
        {"SJSJ": ""},
        {"MORE": "1"},
        {"ROWS": [{"XZ": "3"}]},
        {"ROWS": [{"SFLQ": "2"}]},
        {"ROWS": [{"LJYS": "x"}]},
        {"ROWS": [{"LJYS": 5}]},
    ],
)
def test_what_is_not_clear_is_not_guessed(changed: dict[str, object]) -> None:
    with pytest.raises((Unreadable, KeyError, ValueError)):
        Gateway().decode(HttpResponse(body=json.dumps(REPLY | changed).encode()))


def test_a_question_that_the_gateway_cannot_answer_is_not_sent() -> None:
    ask = SourceAsk(
        request=random_id(),
        category="pension.record",
        who=Who(type="111", number=WHO.value),
        questions=(YesNo(field="insured", kind=YesNoKind.RECORDED),),
    )
    with pytest.raises(KeyError):
        Gateway().encode(ask)
