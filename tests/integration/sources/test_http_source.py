"""The HTTP source against a department that answers, fails and lies: each conduct has its refusal, and no value is in one."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from dspace_core.catalog import STARTER, Catalogue, DataCategory, FieldRef
from dspace_core.errors import Refusal
from dspace_core.identifiers import SubjectId
from dspace_core.sources import DataSource, Label, generate, registers_of
from dspace_core.sources.breaker import FIRST_OPEN, LONGEST_OPEN, Breaker
from dspace_core.sources.endpoint import Endpoint, read_endpoint
from dspace_core.sources.exchange import Exchange, Limits
from dspace_core.sources.http_source import HttpSource, open_http_source
from dspace_core.testing.canaries import Canaries
from dspace_core.testing.department import Conduct, Department
from dspace_core.testing.registers import views_of
from dspace_core.translation import Department as DepartmentTranslator
from dspace_core.translation import HttpRequest, HttpResponse, SourceAnswer, SourceAsk, SourceTranslator
from dspace_core.values import DataLevel

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
VIEWS = views_of(registers_of(generate(1, NOW.date())))
CATEGORIES = Catalogue.from_file(STARTER).editions[0].contents.categories
POPULATION = CATEGORIES["population.record"]
HASTY = Limits(attempt=0.3, backoff=0.001)
"""For those whose department is not going to answer."""
NUMBER = next(
    number
    for number, row in VIEWS["population.record"].items()
    if number not in VIEWS["death.record"]
    and all(number in VIEWS[one] for one in ("pension.record", "bank.account", "marriage.record"))
    and isinstance(row["birth_date"], date)
    and row["birth_date"] < date(1960, 1, 1)
)
WHO = SubjectId("111", NUMBER)
ASKED = frozenset({"full_name", "birth_date", "aged_60"})
Opener = Callable[..., Awaitable[HttpSource]]


class Clock:
    """The breaker's clock, and the pauses of the exchange, which pass on it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
async def department() -> AsyncIterator[Department]:
    async with Department(VIEWS, NOW) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def opened() -> AsyncIterator[Opener]:
    """Opens sources that are closed after the test."""
    async with AsyncExitStack() as stack:

        async def open_(
            authority: str, origin: str, limits: Limits | None = None, clock: Clock | None = None, **other: object
        ) -> HttpSource:
            translator = other.get("translator", DepartmentTranslator())
            assert isinstance(translator, SourceTranslator)
            clock = clock or Clock()
            way = read_endpoint(authority, Endpoint(origin=origin))
            exchange = Exchange(authority, way, Breaker(clock), limits or Limits(), pause=clock.pause)
            source = HttpSource(authority, translator, exchange)
            stack.push_async_callback(source.close)
            return source

        yield open_


@pytest.fixture
async def source(department: Department, opened: Opener, clock: Clock) -> HttpSource:
    return await opened("public_security", department.origin, clock=clock)


async def refused(act: Awaitable[object]) -> tuple[str, object]:
    """The code of the refusal, and its reason or flaw."""
    with pytest.raises(Refusal) as no:
        await act
    return no.value.code, no.value.values.get("reason", no.value.values.get("flaw"))


def asking(
    source: HttpSource, fields: frozenset[str] = ASKED, category: DataCategory = POPULATION
) -> Awaitable[object]:
    return source.fetch(WHO, category, fields, NOW)


# What it gives


async def test_it_gives_the_asked_fields_of_the_subject_and_no_other(source: HttpSource) -> None:
    port: DataSource = source
    given = await port.fetch(WHO, POPULATION, ASKED, NOW)
    row = VIEWS["population.record"][NUMBER]
    assert set(given) == ASKED
    assert (given["full_name"].value, given["birth_date"].value) == (row["full_name"], row["birth_date"])
    assert given["aged_60"].value is True


async def test_a_datum_says_where_it_comes_from_and_how_long_it_holds(source: HttpSource) -> None:
    datum = (await source.fetch(WHO, POPULATION, frozenset({"full_name"}), NOW))["full_name"]
    assert (datum.source, datum.field, datum.label) == (
        "public_security",
        FieldRef("population.record", "full_name"),
        Label.AUTHORITATIVE,
    )
    assert (datum.fetched_at, datum.validity.end) == (NOW, NOW + timedelta(days=7))
    assert datum.holds


async def test_every_field_that_ships_can_be_fetched(department: Department, opened: Opener) -> None:
    for category in CATEGORIES.values():
        source = await opened(category.source, department.origin)
        asked = frozenset(field.id for field in category.fields)
        columns = [field.column for field in category.fields if field.predicate is None]
        view = VIEWS[category.id].items()
        number = next(number for number, row in view if all(row[column] is not None for column in columns))
        who = SubjectId("001" if category.subject_column == "uscc" else "111", number)
        assert set(await source.fetch(who, category, asked, NOW)) == asked


async def test_a_predicate_gives_the_answer_and_the_value_does_not_cross(
    department: Department, source: HttpSource
) -> None:
    assert (await source.predicate(WHO, POPULATION, "aged_60", NOW)).value is True
    assert department.seen[0].query.fields == []
    young = next(number for number, row in VIEWS["population.record"].items() if str(row["birth_date"]) > "2000")
    assert (await source.predicate(SubjectId("111", young), POPULATION, "aged_60", NOW)).value is False


async def test_age_turns_on_the_birthday_by_the_legal_day(source: HttpSource) -> None:
    """The legal day begins at 16:00 UTC of the day before."""
    number, born = next(
        (number, born)
        for number, row in VIEWS["population.record"].items()
        if isinstance(born := row["birth_date"], date) and date(1966, 3, 2) < born < date(1967, 1, 1)
    )
    birthday = datetime(2026, born.month, born.day, tzinfo=UTC) - timedelta(hours=8)
    category = msgspec.structs.replace(POPULATION, max_age_days=400)
    ask = partial(source.predicate, SubjectId("111", number), category, "aged_60")
    before, after = await ask(birthday - timedelta(seconds=1)), await ask(birthday)
    assert (before.value, after.value) == (False, True)


async def test_without_a_death_record_the_answer_is_no(department: Department, opened: Opener) -> None:
    source = await opened("health", department.origin)
    category = CATEGORIES["death.record"]
    dead = SubjectId("111", next(iter(VIEWS["death.record"])))
    assert (await source.predicate(WHO, category, "deceased", NOW)).value is False
    assert (await source.predicate(dead, category, "deceased", NOW)).value is True


async def test_what_the_record_does_not_say_is_left_out(opened: Opener) -> None:
    sparse = {"population.record": {NUMBER: {**VIEWS["population.record"][NUMBER], "birth_date": None}}}
    async with Department(sparse, NOW) as department:
        source = await opened("public_security", department.origin)
        assert set(await source.fetch(WHO, POPULATION, ASKED, NOW)) == {"full_name"}
        assert (await refused(source.predicate(WHO, POPULATION, "aged_60", NOW)))[0] == "source.no_record"


async def test_it_states_its_freshness(source: HttpSource) -> None:
    assert await source.freshness(POPULATION) == NOW


async def test_asking_for_nothing_asks_nobody(department: Department, source: HttpSource) -> None:
    assert await source.fetch(WHO, POPULATION, frozenset(), NOW) == {}
    assert department.seen == []


async def test_many_ask_at_once_and_each_gets_their_own(department: Department, source: HttpSource) -> None:
    people = list(VIEWS["population.record"])[:60]
    asked = frozenset({"full_name", "birth_date"})
    given = await asyncio.gather(*(source.fetch(SubjectId("111", one), POPULATION, asked, NOW) for one in people))
    rows = [VIEWS["population.record"][one] for one in people]
    assert [(one["full_name"].value, one["birth_date"].value) for one in given] == [
        (row["full_name"], row["birth_date"]) for row in rows
    ]
    assert department.connections <= Limits().connections


# What it refuses without asking anybody


@pytest.mark.parametrize("field", ["citizen_id", "nothing", 'x" FROM person --', ""])
async def test_a_field_that_the_catalogue_lacks_is_not_asked_for(
    department: Department, source: HttpSource, field: str
) -> None:
    assert (await refused(asking(source, frozenset({"full_name", field}))))[0] == "source.field_unknown"
    assert (await refused(source.predicate(WHO, POPULATION, "birth_date", NOW)))[0] == "source.field_unknown"
    assert department.seen == []


async def test_a_category_of_another_authority_is_refused(department: Department, opened: Opener) -> None:
    source = await opened("bank", department.origin)
    assert (await refused(asking(source)))[0] == "source.field_unknown"
    assert department.seen == []


async def test_of_level_four_only_an_answer_leaves(department: Department, source: HttpSource) -> None:
    fields = tuple(msgspec.structs.replace(one, level=DataLevel.L4) for one in POPULATION.fields)
    category = msgspec.structs.replace(POPULATION, fields=fields)
    assert (await refused(asking(source, frozenset({"birth_date"}), category)))[0] == "source.answer_only"
    assert department.seen == []
    assert (await source.predicate(WHO, category, "aged_60", NOW)).value is True


# Each misbehaviour and its refusal

ONCE, THRICE = 1, 3
REFUSALS = [
    (Conduct.SILENT, "source.unavailable", "timeout", THRICE),
    (Conduct.DRIPS, "source.unavailable", "timeout", THRICE),
    (Conduct.LATE, "source.unavailable", "timeout", THRICE),
    (Conduct.HANGS_UP, "source.unavailable", "connection_lost", THRICE),
    (Conduct.CUTS, "source.unavailable", "connection_lost", THRICE),
    (Conduct.FAILS, "source.unavailable", "status_500", THRICE),
    (Conduct.OVERLOADED, "source.unavailable", "status_429", THRICE),
    (Conduct.AWAY_FOR_HOURS, "source.unavailable", "status_503", ONCE),
    (Conduct.REFUSES_LOGIN, "source.unavailable", "status_401", ONCE),
    (Conduct.REDIRECTS, "source.unavailable", "status_307", ONCE),
    (Conduct.REPEATS_OLD, "source.answer_unfit", "request", ONCE),
    (Conduct.OTHER_SUBJECT, "source.answer_unfit", "subject", ONCE),
    (Conduct.NO_SUBJECT, "source.answer_unfit", "subject", ONCE),
    (Conduct.OTHER_TYPE, "source.answer_unfit", "type", ONCE),
    (Conduct.FURTHER_FIELD, "source.answer_unfit", "fields", ONCE),
    (Conduct.TWO_RECORDS, "source.ambiguous", None, ONCE),
    (Conduct.NO_RECORD, "source.no_record", None, ONCE),
    (Conduct.STALE, "source.stale", None, ONCE),
    (Conduct.STATES_NOTHING, "source.stale", None, ONCE),
    (Conduct.AHEAD_OF_TIME, "source.answer_unfit", "as_of", ONCE),
    (Conduct.NOT_HTTP, "source.answer_unfit", "not_http", ONCE),
    (Conduct.MANY_HEADERS, "source.answer_unfit", "not_http", ONCE),
    (Conduct.OTHER_MEDIA, "source.answer_unfit", "media_type", ONCE),
    (Conduct.OTHER_CHARSET, "source.answer_unfit", "media_type", ONCE),
    (Conduct.COMPRESSED, "source.answer_unfit", "encoding", ONCE),
    (Conduct.HUGE, "source.answer_unfit", "too_large", ONCE),
    (Conduct.ENDLESS, "source.answer_unfit", "too_large", ONCE),
    (Conduct.DEEP, "source.answer_unfit", "unreadable", ONCE),
    (Conduct.KEY_TWICE, "source.answer_unfit", "unreadable", ONCE),
    (Conduct.MALFORMED, "source.answer_unfit", "unreadable", ONCE),
]


def test_every_conduct_has_its_refusal() -> None:
    assert {conduct for conduct, *_ in REFUSALS} == set(Conduct) - {Conduct.HONEST, Conduct.CONTRADICTS}


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case[0].name)
async def test_article_9_a_misbehaviour_is_refused_and_tells_nothing(
    department: Department,
    opened: Opener,
    caplog: pytest.LogCaptureFixture,
    case: tuple[Conduct, str, str | None, int],
) -> None:
    conduct, code, why, sent = case
    row = VIEWS["population.record"][NUMBER]
    watch = Canaries(
        {"number": NUMBER, "reversed": NUMBER[::-1], "name": f"{row['full_name']}", "address": f"{row['address']}"}
    )
    source = await opened("public_security", department.origin, HASTY if why == "timeout" else None)
    asked = ASKED | {"address"}
    with caplog.at_level(logging.DEBUG):
        if conduct is Conduct.REPEATS_OLD:
            await asking(source, asked)
            department.seen.clear()
        department.always = conduct
        with pytest.raises(Refusal) as no:
            await asking(source, asked)
    assert (no.value.code, no.value.values.get("reason", no.value.values.get("flaw"))) == (code, why)
    assert len(department.seen) == sent
    told = "".join(traceback.format_exception(no.value)) + repr(no.value) + str(no.value.values) + caplog.text
    assert watch.found(told.encode()) == []
    assert [watch.found(one.head) for one in department.seen] == [[]] * sent
    assert all(one.head.startswith(b"POST /v1/records HTTP/1.1\r\n") for one in department.seen)
    assert len({one.query.request for one in department.seen}) == 1


async def test_a_record_that_says_there_is_none_is_refused(department: Department, opened: Opener) -> None:
    source = await opened("health", department.origin)
    dead = SubjectId("111", next(iter(VIEWS["death.record"])))
    department.always = Conduct.CONTRADICTS
    act = source.predicate(dead, CATEGORIES["death.record"], "deceased", NOW)
    assert await refused(act) == ("source.answer_unfit", "contradiction")


async def test_data_older_than_the_catalogue_allows_are_stale(source: HttpSource) -> None:
    last = NOW + timedelta(days=7)
    assert await source.fetch(WHO, POPULATION, ASKED, last - timedelta(seconds=1))
    assert (await refused(source.fetch(WHO, POPULATION, ASKED, last)))[0] == "source.stale"


async def test_of_freshness_too_lies_are_refused(department: Department, source: HttpSource) -> None:
    await source.freshness(POPULATION)
    department.arrange(Conduct.STATES_NOTHING, Conduct.REPEATS_OLD, Conduct.MALFORMED)
    assert await refused(source.freshness(POPULATION)) == ("source.stale", None)
    assert await refused(source.freshness(POPULATION)) == ("source.answer_unfit", "request")
    assert await refused(source.freshness(POPULATION)) == ("source.answer_unfit", "unreadable")
    assert {one.head.split(b" ")[1] for one in department.seen} == {b"/v1/status"}


async def test_a_department_that_is_not_there_is_unavailable(department: Department, source: HttpSource) -> None:
    await department.close()
    assert await refused(asking(source)) == ("source.unavailable", "not_reached")


async def test_a_credential_is_shown_and_a_wrong_one_is_not_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "token"
    file.touch(0o600)
    async with Department(VIEWS, NOW, token="right-7f3a9c51") as department:
        for written, outcome in (("right-7f3a9c51", None), ("wrong-7f3a9c51", ("source.unavailable", "status_401"))):
            file.write_text(written)
            endpoint = Endpoint(origin=department.origin, credential=file)
            source = await open_http_source("public_security", endpoint, DepartmentTranslator())
            try:
                if outcome is None:
                    await asking(source)
                else:
                    assert await refused(asking(source)) == outcome
            finally:
                await source.close()
        assert len(department.seen) == 2
    assert "7f3a9c51" not in caplog.text


# Attempts


async def test_a_fault_that_passes_is_not_noticed(department: Department, source: HttpSource) -> None:
    department.arrange(Conduct.FAILS, Conduct.CUTS)
    assert await asking(source)
    assert len(department.seen) == 3


async def test_a_late_answer_is_not_taken_for_the_next_one(department: Department, opened: Opener) -> None:
    source = await opened("public_security", department.origin, HASTY)
    department.late = 2 * HASTY.attempt
    department.arrange(Conduct.LATE)
    other = next(number for number in VIEWS["population.record"] if number != NUMBER)
    assert await asking(source)
    given = await source.fetch(SubjectId("111", other), POPULATION, frozenset({"full_name"}), NOW)
    assert given["full_name"].value == VIEWS["population.record"][other]["full_name"]
    assert department.connections == 2


async def test_pauses_grow_and_are_spread(department: Department, opened: Opener, clock: Clock) -> None:
    source = await opened("public_security", department.origin, Limits(backoff=0.4), clock)
    department.always = Conduct.FAILS
    await refused(asking(source))
    assert len(clock.pauses) == 2
    assert 0.2 <= clock.pauses[0] <= 0.4 <= clock.pauses[1] <= 0.8


async def test_a_source_that_asks_for_rest_is_left_alone_for_that_long(
    department: Department, source: HttpSource, clock: Clock
) -> None:
    department.arrange(Conduct.OVERLOADED)
    assert await asking(source)
    assert len(clock.pauses) == 1
    assert clock.pauses[0] > 1.0


async def test_a_source_that_asks_for_more_rest_than_there_is_time_is_not_waited_for(
    department: Department, source: HttpSource, clock: Clock
) -> None:
    department.arrange(Conduct.AWAY_FOR_HOURS)
    assert await refused(asking(source)) == ("source.unavailable", "status_503")
    assert await refused(asking(source)) == ("source.unavailable", "circuit_open")
    assert (len(department.seen), clock.pauses) == (1, [])
    clock.now += LONGEST_OPEN
    assert await asking(source)


class Careful(DepartmentTranslator):
    """Its requests are not to be repeated."""

    def encode(self, ask: SourceAsk) -> HttpRequest:
        return msgspec.structs.replace(super().encode(ask), repeatable=False)


async def test_what_is_not_repeatable_is_sent_once(department: Department, opened: Opener) -> None:
    source = await opened("public_security", department.origin, translator=Careful())
    department.always = Conduct.HANGS_UP
    assert await refused(asking(source)) == ("source.unavailable", "connection_lost")
    assert len(department.seen) == 1


# The circuit


async def test_the_circuit_opens_and_recovers(
    department: Department, source: HttpSource, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    department.always = Conduct.FAILS
    with caplog.at_level(logging.WARNING, "dspace.sources"):
        assert await refused(asking(source)) == ("source.unavailable", "status_500")
        assert await refused(asking(source)) == ("source.unavailable", "status_500")
    assert len(department.seen) == 5
    assert caplog.messages == ["source public_security is left alone for a while (status_500)"]
    assert await refused(asking(source)) == ("source.unavailable", "circuit_open")
    assert len(department.seen) == 5
    clock.now += FIRST_OPEN
    assert await refused(asking(source)) == ("source.unavailable", "status_500")
    assert len(department.seen) == 6
    department.always = Conduct.HONEST
    assert await refused(asking(source)) == ("source.unavailable", "circuit_open")
    clock.now += 2 * FIRST_OPEN
    assert await asking(source)
    assert await asking(source)


async def test_a_lie_is_no_outage(department: Department, source: HttpSource) -> None:
    department.arrange(*[Conduct.OTHER_SUBJECT] * 10)
    for _ in range(10):
        assert (await refused(asking(source)))[0] == "source.answer_unfit"
    assert await asking(source)


async def test_only_one_finds_out_whether_a_source_is_back(
    department: Department, source: HttpSource, clock: Clock
) -> None:
    department.arrange(*[Conduct.FAILS] * 5)
    await refused(asking(source))
    await refused(asking(source))
    clock.now += FIRST_OPEN
    found = await asyncio.gather(*(asking(source) for _ in range(8)), return_exceptions=True)
    assert len(department.seen) == 6
    assert sum(isinstance(one, Refusal) for one in found) == 7


# Giving up


async def arrived(department: Department, many: int) -> None:
    while len(department.seen) < many:
        await asyncio.sleep(0.001)


async def test_an_ask_can_be_given_up_and_the_next_one_is_served(department: Department, source: HttpSource) -> None:
    department.arrange(Conduct.SILENT)
    given_up = asyncio.ensure_future(asking(source))
    await arrived(department, 1)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await asking(source)
    assert department.connections == 2


async def test_giving_up_while_finding_out_lets_the_next_one_find_out(
    department: Department, source: HttpSource, clock: Clock
) -> None:
    department.arrange(*[Conduct.FAILS] * 5, Conduct.SILENT)
    await refused(asking(source))
    await refused(asking(source))
    clock.now += FIRST_OPEN
    given_up = asyncio.ensure_future(asking(source))
    await arrived(department, 6)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await asking(source)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_whatever_happens_no_descriptor_is_left_open() -> None:
    async def round_of_all() -> None:
        async with Department(VIEWS, NOW) as department:
            department.late = 1.0
            way = read_endpoint("public_security", Endpoint(origin=department.origin))
            for conduct in Conduct:
                clock = Clock()
                exchange = Exchange(
                    "public_security", way, Breaker(clock), Limits(attempt=0.05, backoff=0.001), pause=clock.pause
                )
                source = HttpSource("public_security", DepartmentTranslator(), exchange)
                department.always = conduct
                await asyncio.gather(*(asking(source) for _ in range(3)), return_exceptions=True)
                given_up = asyncio.ensure_future(asking(source))
                await asyncio.sleep(0)
                given_up.cancel()
                await asyncio.gather(given_up, return_exceptions=True)
                await source.close()

    await round_of_all()
    before = descriptors()
    await round_of_all()
    for _ in range(1_000):  # a transport closes its socket in a later turn of the loop
        if descriptors() <= before:
            break
        await asyncio.sleep(0)
    assert descriptors() <= before


# A translator that is not to be trusted


class Bent(DepartmentTranslator):
    """Does one thing otherwise than it should."""

    def __init__(
        self,
        encode: Callable[[HttpRequest], object] | None = None,
        decode: Callable[[SourceAnswer], object] | None = None,
    ) -> None:
        self._encode = encode or (lambda request: request)
        self._decode = decode or (lambda answer: answer)

    def encode(self, ask: SourceAsk) -> HttpRequest:
        return self._encode(super().encode(ask))  # type: ignore[return-value]

    def decode(self, response: HttpResponse) -> SourceAnswer:
        return self._decode(super().decode(response))  # type: ignore[return-value]


def raises(about: object) -> object:
    raise ValueError(NUMBER, about)


@pytest.mark.parametrize(
    "encode",
    [
        raises,
        lambda _: None,
        lambda request: msgspec.structs.replace(request, path=f"/v1/records/{NUMBER}"),
        lambda request: msgspec.structs.replace(request, path=f"/v1/records?number={NUMBER}"),
        lambda request: msgspec.structs.replace(request, body=b" " * 20_000),
        lambda request: msgspec.structs.replace(request, media=f"text/{NUMBER}"),
        lambda request: {"path": "/v1/records", "body": "", "url": "https://other.example"},
    ],
)
async def test_a_request_that_the_host_would_not_send_is_not_sent(
    department: Department, opened: Opener, encode: Callable[[HttpRequest], object]
) -> None:
    source = await opened("public_security", department.origin, translator=Bent(encode=encode))
    with pytest.raises(Refusal) as no:
        await asking(source)
    assert (no.value.code, no.value.values["reason"]) == ("source.unavailable", "translator")
    assert NUMBER not in "".join(traceback.format_exception(no.value))
    assert department.seen == []


async def test_a_path_declared_after_the_ask_is_not_taken(department: Department, opened: Opener) -> None:
    def late(request: HttpRequest) -> HttpRequest:
        translator.paths = frozenset({f"/{NUMBER}"})  # type: ignore[misc]
        return msgspec.structs.replace(request, path=f"/{NUMBER}")

    translator = Bent(encode=late)
    source = await opened("public_security", department.origin, translator=translator)
    assert await refused(asking(source)) == ("source.unavailable", "translator")
    assert department.seen == []


@pytest.mark.parametrize(
    "decode",
    [
        raises,
        lambda _: None,
        lambda answer: msgspec.structs.replace(answer, as_of=datetime(2026, 3, 1)),  # noqa: DTZ001
        lambda answer: msgspec.structs.replace(answer, records=({"full_name": ["a"]},)),
        lambda answer: msgspec.structs.replace(answer, records=({"full_name": 1.5},)),
        lambda answer: msgspec.structs.replace(answer, records=({"full_name": "\ud800"},)),
        lambda answer: msgspec.structs.replace(answer, records=({"Full Name": "a"},)),
        lambda answer: msgspec.structs.replace(answer, records=({},) * 20),
        lambda answer: msgspec.structs.replace(answer, request="0"),
    ],
)
async def test_what_a_translator_makes_of_an_answer_is_checked_again(
    department: Department, opened: Opener, decode: Callable[[SourceAnswer], object]
) -> None:
    source = await opened("public_security", department.origin, translator=Bent(decode=decode))
    with pytest.raises(Refusal) as no:
        await asking(source)
    assert (no.value.code, no.value.values["flaw"]) == ("source.answer_unfit", "unreadable")
    assert NUMBER not in "".join(traceback.format_exception(no.value))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth_date", "1950-1-1"),
        ("birth_date", "19500101"),
        ("birth_date", "1950-W01-1"),
        ("birth_date", "1950-02-30"),
        ("birth_date", 19500101),
        ("full_name", 5),
        ("full_name", True),
        ("aged_60", 1),
        ("aged_60", "true"),
    ],
)
async def test_a_value_that_resembles_the_catalogue_s_type_is_not_of_it(
    department: Department, opened: Opener, field: str, value: object
) -> None:
    def decode(answer: SourceAnswer) -> SourceAnswer:
        return msgspec.structs.replace(answer, records=({**answer.records[0], field: value},))

    source = await opened("public_security", department.origin, translator=Bent(decode=decode))
    with pytest.raises(Refusal) as no:
        await asking(source)
    assert no.value.code == "source.answer_unfit"
    assert no.value.values["about"] == f"population.record.{field}"


@pytest.mark.parametrize("months", [2**53, -(2**53), True, "180"])
async def test_an_integer_is_one_that_every_reader_keeps(
    department: Department, opened: Opener, months: object
) -> None:
    def decode(answer: SourceAnswer) -> SourceAnswer:
        return msgspec.structs.replace(answer, records=({"contribution_months": months},))

    source = await opened("human_resources", department.origin, translator=Bent(decode=decode))
    asked = frozenset({"contribution_months"})
    assert await refused(asking(source, asked, CATEGORIES["pension.record"])) == ("source.answer_unfit", "type")
