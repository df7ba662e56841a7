"""The SQL source on real databases: the subject's rows, the asked columns, and nothing that could be written."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from dspace_core.catalog import STARTER, Catalogue, DataCategory, Edition, FieldRef
from dspace_core.errors import Refusal
from dspace_core.identifiers import SubjectId
from dspace_core.machine.addresses import Store, embedded_url
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.sources import (
    AUTHORITIES,
    DataSource,
    Label,
    Loaded,
    Population,
    Registers,
    SqlSource,
    create_database,
    generate,
    lay_schema,
    load_registers,
    open_sql_source,
    registers_of,
    role_of,
)
from dspace_core.sources.population import Person
from dspace_core.stores import Connection, connect
from dspace_core.testing.registers import views_of
from dspace_core.testing.servers import settings_for
from dspace_core.values import DataLevel

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Authorities(msgspec.Struct, frozen=True):
    """Where each authority is, the sessions of its owner, and what was written there."""

    folder: Path
    names: dict[str, str]
    owners: dict[str, Connection]
    population: Population
    registers: Registers
    loaded: Loaded

    def url(self, authority: str) -> str:
        return embedded_url(Home(settings_for(self.folder)), Store.MAIN, role_of(authority), self.names[authority])

    def password(self, authority: str) -> str:
        return Home(settings_for(self.folder)).secret(f"main/{role_of(authority)}", make=True)

    async def enter(self, authority: str) -> Connection:
        """A session of the authority's read-only role."""
        return await connect(self.url(authority), password=self.password(authority))


@pytest.fixture(scope="module")
async def authorities(server_folder: Path) -> AsyncIterator[Authorities]:
    home = Home(settings_for(server_folder))
    secret = home.secret(f"main/{SUPERUSER}", make=False)
    names = {authority: f"s_{secrets.token_hex(6)}" for authority in AUTHORITIES}
    async with AsyncExitStack() as stack:

        async def superuser(database: str) -> Connection:
            session = await connect(embedded_url(home, Store.MAIN, SUPERUSER, database), password=secret)
            stack.push_async_callback(session.close)
            return session

        admin = await superuser("postgres")
        owners = {}
        for authority, name in names.items():
            password = home.secret(f"main/{role_of(authority)}", make=True)
            await create_database(admin, authority, password=password, name=name)
            owners[authority] = await superuser(name)
            await lay_schema(owners[authority], authority)
        population = generate(1, NOW.date())
        registers = registers_of(population)
        loaded = await load_registers(registers, owners, NOW)
        yield Authorities(server_folder, names, owners, population, registers, loaded)


@pytest.fixture(scope="module")
def edition() -> Edition:
    return Catalogue.from_file(STARTER).editions[0]


@pytest.fixture(scope="module")
async def sources(authorities: Authorities) -> AsyncIterator[dict[str, SqlSource]]:
    """One source per authority, as a gate would open it."""
    opened = {
        authority: await open_sql_source(
            authority, authorities.url(authority), password=authorities.password(authority), setting="SOURCE"
        )
        for authority in AUTHORITIES
    }
    yield opened
    for source in opened.values():
        await source.close()


def subject(person: Person) -> SubjectId:
    return SubjectId("111", person.citizen_id)


def retired(authorities: Authorities) -> Person:
    """Somebody alive, of sixty or more, with a pension record, a marriage and an account that is open."""
    known = {
        name: {row[at] for row in authorities.registers.table(name).rows}
        for name, at in (("pension", 0), ("marriage", 1))
    }
    accounts = {row[1] for row in authorities.registers.table("account").rows if row[4] and row[5] == "active"}
    return next(
        one
        for one in authorities.population.people
        if one.died is None
        and one.age(NOW.date()) >= 60
        and all(one.citizen_id in numbers for numbers in (*known.values(), accounts))
    )


def child(authorities: Authorities) -> Person:
    return next(one for one in authorities.population.people if one.age(NOW.date()) < 16)


def dead(authorities: Authorities) -> Person:
    return next(one for one in authorities.population.people if one.died is not None)


async def refused(act: Awaitable[object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await act
    return caught.value


# What a source gives


async def test_a_source_gives_the_asked_fields_of_the_subject_and_no_other(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    person, category = retired(authorities), edition.category("population.record")
    asked = frozenset({"full_name", "birth_date", "aged_60"})
    given = await sources["public_security"].fetch(subject(person), category, asked, NOW)
    assert set(given) == asked
    assert (given["full_name"].value, given["birth_date"].value) == (person.name, person.birth)
    assert given["aged_60"].value is True


async def test_a_datum_says_where_it_comes_from_and_how_long_it_holds(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category = edition.category("bank.account")
    given = await sources["bank"].fetch(subject(retired(authorities)), category, frozenset({"bank_name"}), NOW)
    datum = given["bank_name"]
    assert (datum.source, datum.field, datum.label) == (
        "bank",
        FieldRef("bank.account", "bank_name"),
        Label.AUTHORITATIVE,
    )
    assert (datum.fetched_at, datum.validity.end) == (NOW, NOW + timedelta(days=7))
    assert datum.holds


async def test_every_field_that_ships_can_be_fetched(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    for category in edition.contents.categories.values():
        columns = sorted({field.column for field in category.fields if field.predicate is None})
        known = " AND ".join(f"{column} IS NOT NULL" for column in columns) or "true"
        number = await authorities.owners[category.source].fetchval(
            f"SELECT {category.subject_column} FROM {category.relation} WHERE {known} LIMIT 1"  # noqa: S608
        )
        who = SubjectId("001" if category.subject_column == "uscc" else "111", number)
        asked = frozenset(field.id for field in category.fields)
        assert set(await sources[category.source].fetch(who, category, asked, NOW)) == asked


async def test_the_views_in_memory_show_what_the_views_of_the_databases_show(
    authorities: Authorities, edition: Edition
) -> None:
    views = views_of(authorities.registers)
    assert views.keys() == edition.contents.categories.keys()
    for category in edition.contents.categories.values():
        columns = [category.subject_column, *(one.column for one in category.fields if one.predicate is None)]
        statement = f"SELECT {', '.join(columns)} FROM {category.relation}"  # noqa: S608
        stored = await authorities.owners[category.source].fetch(statement)
        shown = {row[0]: tuple(row.values()) for row in stored}
        assert len(shown) == len(stored)
        assert shown == {
            number: tuple(row[column] for column in columns) for number, row in views[category.id].items()
        }, category.id


async def test_a_company_is_known_by_its_code_and_by_no_persons_number(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category, source = edition.category("legal_person.record"), sources["market_regulation"]
    company = authorities.population.companies[0]
    asked = frozenset({"name", "active", "representative_id"})
    given = await source.fetch(SubjectId("001", company.uscc), category, asked, NOW)
    representative = authorities.population.people[company.representative]
    assert (given["name"].value, given["representative_id"].value) == (company.name, representative.citizen_id)
    assert given["active"].value is company.active
    refusal = await refused(source.fetch(subject(representative), category, asked, NOW))
    assert refusal.code == "source.no_record"


async def test_somebody_without_a_number_that_registers_know_has_no_record(
    sources: dict[str, SqlSource], edition: Edition
) -> None:
    who, category = SubjectId("113", "A1"), edition.category("custody.record")
    refusal = await refused(sources["justice"].fetch(who, category, frozenset({"imprisoned"}), NOW))
    assert refusal.code == "source.no_record"


async def test_a_parents_children_are_counted_from_the_certificates(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category, source = edition.category("childbearing.record"), sources["health"]
    births = list(authorities.registers.table("birth").rows)
    for parent in {str(row[2]) for row in births[:20]} | {str(row[3]) for row in births[:20]}:
        given = await source.fetch(SubjectId("111", parent), category, frozenset({"children", "last_born_on"}), NOW)
        own = [row[1] for row in births if parent in (row[2], row[3])]
        assert (given["children"].value, given["last_born_on"].value) == (
            len(own),
            max(day for day in own if isinstance(day, date)),
        )


async def test_of_several_homes_the_number_is_told_and_the_last_registered_one(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category, source = edition.category("housing.record"), sources["natural_resources"]
    owners = [str(row[1]) for row in authorities.registers.table("owner").rows]
    rich = next(one for one in owners if owners.count(one) == 2)
    homes = [
        home for home, owner in zip(authorities.registers.table("property").rows, owners, strict=True) if owner == rich
    ]
    given = await source.fetch(SubjectId("111", rich), category, frozenset({"properties", "registered_on"}), NOW)
    assert given["properties"].value == 2
    assert given["registered_on"].value == max(row[4] for row in homes if isinstance(row[4], date))


async def test_two_people_never_see_each_others_records(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category, source = edition.category("population.record"), sources["public_security"]
    people = authorities.population.people[:50]
    for person in people:
        given = await source.fetch(subject(person), category, frozenset({"full_name", "birth_date"}), NOW)
        assert (given["full_name"].value, given["birth_date"].value) == (person.name, person.birth)


async def test_a_predicate_gives_the_answer_and_not_the_value(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category, source = edition.category("population.record"), sources["public_security"]
    for person, answer in ((retired(authorities), True), (child(authorities), False)):
        datum = await source.predicate(subject(person), category, "aged_60", NOW)
        assert datum.value is answer


async def test_age_turns_on_the_birthday_by_the_legal_day(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    """The legal day begins at 16:00 UTC of the day before."""
    turned = next(one for one in authorities.population.people if date(1966, 3, 2) < one.birth < date(1967, 1, 1))
    birthday = datetime(2026, turned.birth.month, turned.birth.day, tzinfo=UTC) - timedelta(hours=8)
    category = msgspec.structs.replace(edition.category("population.record"), max_age_days=400)
    ask = sources["public_security"].predicate
    before = await ask(subject(turned), category, "aged_60", birthday - timedelta(seconds=1))
    after = await ask(subject(turned), category, "aged_60", birthday)
    assert (before.value, after.value) == (False, True)


async def test_without_a_death_record_the_answer_is_no(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category, source = edition.category("death.record"), sources["health"]
    for person, answer in ((retired(authorities), False), (dead(authorities), True)):
        assert (await source.predicate(subject(person), category, "deceased", NOW)).value is answer


async def test_what_the_record_does_not_say_is_left_out(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    person, owner = retired(authorities), authorities.owners["human_resources"]
    await owner.execute(
        "CREATE VIEW sparse AS SELECT citizen_id, scheme, NULL::integer AS contribution_months FROM pension;"
        "GRANT SELECT ON sparse TO dspace_src_human_resources"
    )
    category = msgspec.structs.replace(edition.category("pension.record"), relation="sparse")
    source, asked = sources["human_resources"], frozenset({"scheme", "contribution_months", "paid_180_months"})
    assert set(await source.fetch(subject(person), category, asked, NOW)) == {"scheme"}
    refusal = await refused(source.predicate(subject(person), category, "paid_180_months", NOW))
    assert refusal.code == "source.no_record"


async def test_asking_for_nothing_asks_nobody(sources: dict[str, SqlSource], edition: Edition) -> None:
    who = SubjectId("111", "440100199003070011")
    assert await sources["bank"].fetch(who, edition.category("bank.account"), frozenset(), NOW) == {}


async def test_a_source_states_its_freshness(sources: dict[str, SqlSource], edition: Edition) -> None:
    source: DataSource = sources["health"]
    assert await source.freshness(edition.category("death.record")) == NOW


# What it refuses


async def test_somebody_without_a_record_is_told_so(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category, source = edition.category("pension.record"), sources["human_resources"]
    asked = frozenset({"scheme"})
    assert (await refused(source.fetch(subject(child(authorities)), category, asked, NOW))).code == "source.no_record"
    firm = SubjectId("001", "91440100MA90002650")
    assert (await refused(source.fetch(firm, category, asked, NOW))).code == "source.no_record"


@pytest.mark.parametrize("field", ["citizen_id", "nothing", "full_name, birth_date", 'x" FROM person --', ""])
async def test_a_field_that_the_catalogue_lacks_is_not_selected(
    sources: dict[str, SqlSource], edition: Edition, field: str
) -> None:
    who, category = SubjectId("111", "440100199003070011"), edition.category("population.record")
    refusal = await refused(sources["public_security"].fetch(who, category, frozenset({"full_name", field}), NOW))
    assert refusal.code == "source.field_unknown"
    assert "FROM" not in str(refusal)


async def test_a_category_of_another_authority_is_refused(sources: dict[str, SqlSource], edition: Edition) -> None:
    who, category = SubjectId("111", "440100199003070011"), edition.category("population.record")
    assert (await refused(sources["bank"].fetch(who, category, frozenset({"full_name"}), NOW))).code == (
        "source.field_unknown"
    )


async def test_a_value_is_no_predicate(sources: dict[str, SqlSource], edition: Edition) -> None:
    who, category = SubjectId("111", "440100199003070011"), edition.category("population.record")
    refusal = await refused(sources["public_security"].predicate(who, category, "birth_date", NOW))
    assert refusal.code == "source.field_unknown"


def with_level(category: DataCategory, name: str, level: DataLevel) -> DataCategory:
    fields = tuple(
        msgspec.structs.replace(field, level=level) if field.id == name else field for field in category.fields
    )
    return msgspec.structs.replace(category, fields=fields)


async def test_of_level_four_only_an_answer_leaves(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    who, source = subject(dead(authorities)), sources["health"]
    category = with_level(edition.category("death.record"), "died_on", DataLevel.L4)
    assert (await refused(source.fetch(who, category, frozenset({"died_on"}), NOW))).code == "source.answer_only"
    category = with_level(category, "deceased", DataLevel.L4)
    assert (await source.predicate(who, category, "deceased", NOW)).value is True


async def test_data_older_than_the_catalogue_allows_are_stale(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    who, category, source = subject(retired(authorities)), edition.category("bank.account"), sources["bank"]
    asked, last = frozenset({"bank_name"}), NOW + timedelta(days=7)
    assert await source.fetch(who, category, asked, last - timedelta(seconds=1))
    assert (await refused(source.fetch(who, category, asked, last))).code == "source.stale"


async def test_a_source_that_states_nothing_is_stale(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    who, category, source = subject(retired(authorities)), edition.category("marriage.record"), sources["civil_affairs"]
    owner = authorities.owners["civil_affairs"]
    await owner.execute("DELETE FROM exchange")
    try:
        assert (await refused(source.fetch(who, category, frozenset({"married"}), NOW))).code == "source.stale"
        assert (await refused(source.freshness(category))).code == "source.stale"
    finally:
        await owner.execute("INSERT INTO exchange (as_of) VALUES ($1)", NOW)


async def test_two_records_where_one_can_be_are_refused(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    await authorities.owners["health"].execute(
        "CREATE VIEW twice AS SELECT * FROM death_record UNION ALL SELECT * FROM death_record;"
        "GRANT SELECT ON twice TO dspace_src_health"
    )
    category = msgspec.structs.replace(edition.category("death.record"), relation="twice")
    refusal = await refused(sources["health"].fetch(subject(dead(authorities)), category, frozenset({"died_on"}), NOW))
    assert refusal.code == "source.ambiguous"


async def test_an_answer_of_another_type_is_refused(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category = edition.category("bank.account")
    fields = tuple(msgspec.structs.replace(field, column="holder_name") for field in category.fields)
    bent = msgspec.structs.replace(category, fields=fields)
    numbers = edition.category("pension.record").field("contribution_months")
    assert numbers is not None
    bent = msgspec.structs.replace(bent, fields=(msgspec.structs.replace(numbers, column="holder_name"),))
    refusal = await refused(
        sources["bank"].fetch(subject(retired(authorities)), bent, frozenset({"contribution_months"}), NOW)
    )
    assert refusal.code == "source.answer_unfit"
    assert retired(authorities).name not in str(refusal)


async def test_a_slow_source_is_ended_by_the_database_and_told_as_unavailable(
    authorities: Authorities, edition: Edition
) -> None:
    owner = authorities.owners["bank"]
    await owner.execute(
        "CREATE VIEW waits AS SELECT citizen_id, (SELECT 'x' FROM pg_sleep(60)) AS bank_name FROM account;"
        "GRANT SELECT ON waits TO dspace_src_bank"
    )
    source = await open_sql_source(
        "bank",
        authorities.url("bank"),
        password=authorities.password("bank"),
        setting="SOURCE",
        statement_timeout=timedelta(milliseconds=50),
    )
    category = msgspec.structs.replace(edition.category("bank.account"), relation="waits")
    refusal = await refused(source.fetch(subject(retired(authorities)), category, frozenset({"bank_name"}), NOW))
    await source.close()
    assert refusal.code == "source.unavailable"
    assert refusal.values == {"source": "bank", "reason": "QueryCanceledError"}
    assert refusal.__cause__ is None
    assert refusal.__context__ is None


async def test_a_source_out_of_sessions_is_unavailable(authorities: Authorities, edition: Edition) -> None:
    source = await open_sql_source(
        "bank", authorities.url("bank"), password=authorities.password("bank"), setting="SOURCE", size=1
    )
    await source.close()
    who, category = subject(retired(authorities)), edition.category("bank.account")
    assert (await refused(source.fetch(who, category, frozenset({"bank_name"}), NOW))).code == "source.unavailable"


async def test_a_relation_that_is_not_there_is_unavailable_and_named_by_kind_only(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category = msgspec.structs.replace(edition.category("bank.account"), relation="nowhere")
    refusal = await refused(
        sources["bank"].fetch(subject(retired(authorities)), category, frozenset({"bank_name"}), NOW)
    )
    assert refusal.values == {"source": "bank", "reason": "UndefinedTableError"}


# What the role may do


@pytest.mark.parametrize(
    ("authority", "tables"),
    [
        ("public_security", ("person", "household")),
        ("civil_affairs", ("marriage", "place", "resident", "assistance")),
        ("health", ("birth", "death")),
        ("human_resources", ("pension", "employment", "unemployment")),
        ("bank", ("account",)),
        ("medical_insurance", ("insurance",)),
        ("market_regulation", ("company", "officer")),
        ("taxation", ("income", "company_tax")),
        ("disabled_persons", ("certificate",)),
        ("education", ("education",)),
        ("natural_resources", ("property", "owner")),
        ("credit", ("listing", "grade")),
        ("justice", ("custody",)),
        ("provident_fund", ("fund",)),
    ],
)
async def test_the_role_reads_its_views_and_no_table_and_writes_nothing(
    authorities: Authorities, authority: str, tables: tuple[str, ...]
) -> None:
    session = await authorities.enter(authority)
    await session.execute("SET default_transaction_read_only = off")  # the rights must hold without it
    hostile = [
        *(f"TABLE {table}" for table in tables),
        *(f"INSERT INTO {table} DEFAULT VALUES" for table in tables),
        *(f"TRUNCATE {table}" for table in tables),
        *(() if authority == "public_security" else ("TABLE made",)),  # which tells the seed, and of nobody
        "DELETE FROM made",
        "UPDATE exchange SET as_of = now()",
        "DELETE FROM exchange",
        "CREATE TABLE mine (n int)",
        "CREATE TEMP TABLE mine (n int)",
        "CREATE SCHEMA mine",
        "SELECT * FROM pg_authid",
        "COPY exchange TO PROGRAM 'true'",
    ]
    for statement in hostile:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(statement)
    await session.close()


async def test_the_role_does_not_write_through_a_view(authorities: Authorities) -> None:
    session = await authorities.enter("health")
    await session.execute("SET default_transaction_read_only = off")
    for statement in ("DELETE FROM death_record", "UPDATE death_record SET died_on = died_on"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(statement)
    await session.close()


async def test_the_sessions_of_the_role_are_read_only_and_short_by_themselves(authorities: Authorities) -> None:
    session = await authorities.enter("health")
    assert await session.fetchval("SHOW default_transaction_read_only") == "on"
    assert await session.fetchval("SHOW statement_timeout") == "2s"
    await session.close()


async def test_the_role_enters_no_other_authoritys_database(authorities: Authorities) -> None:
    url = authorities.url("health").replace(authorities.names["health"], authorities.names["bank"])
    assert (await refused(connect(url, password=authorities.password("health")))).code == "stores.login_refused"


async def test_the_statement_that_reaches_the_server_lists_the_asked_columns_only(
    authorities: Authorities, edition: Edition
) -> None:
    source = await open_sql_source(
        "bank", authorities.url("bank"), password=authorities.password("bank"), setting="SOURCE", size=1
    )
    who, category = subject(retired(authorities)), edition.category("bank.account")
    async with authorities.owners["bank"].transaction():
        await authorities.owners["bank"].execute("LOCK TABLE account")
        asking = asyncio.create_task(source.fetch(who, category, frozenset({"bank_name"}), NOW))
        statement = None
        while statement is None and not asking.done():
            await asyncio.sleep(0)
            statement = await authorities.owners["health"].fetchval(
                "SELECT query FROM pg_stat_activity WHERE datname = $1 AND usename = $2 AND wait_event_type = 'Lock'",
                authorities.names["bank"],
                role_of("bank"),
            )
    await asking
    await source.close()
    assert statement is not None
    assert 'SELECT true AS _found, "bank_name" AS "bank_name" FROM "account_record"' in statement
    assert "account_no" not in statement
    assert who.value not in statement


# What was written


async def test_everything_that_was_generated_stands_in_the_databases(authorities: Authorities) -> None:
    for table in authorities.registers.tables:
        stored = await authorities.owners[table.authority].fetch(f"TABLE {table.table}")
        assert len(stored) == len(table.rows)
    assert authorities.loaded.rows == sum(len(table.rows) for table in authorities.registers.tables)
    assert authorities.loaded.rate > 0


async def test_provisioning_again_leaves_what_is_there(authorities: Authorities, server_folder: Path) -> None:
    home = Home(settings_for(server_folder))
    admin = await connect(
        embedded_url(home, Store.MAIN, SUPERUSER, "postgres"),
        password=home.secret(f"main/{SUPERUSER}", make=False),
    )
    await create_database(admin, "health", password=authorities.password("health"), name=authorities.names["health"])
    await lay_schema(authorities.owners["health"], "health")
    await admin.close()
    assert await authorities.owners["health"].fetchval("SELECT count(*) FROM death") > 0


async def test_marital_status_follows_the_latest_registration(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category, source = edition.category("marriage.record"), sources["civil_affairs"]
    codes = {None: "20", "divorce": "40", "death": "30"}
    for row in list(authorities.registers.table("marriage").rows)[:40]:
        who = SubjectId("111", str(row[1]))
        given = await source.fetch(who, category, frozenset({"marital_status", "registered_on", "married"}), NOW)
        ending = row[5] if isinstance(row[5], str) else None
        assert given["marital_status"].value == codes[ending]
        assert given["registered_on"].value == row[3]
        assert given["married"].value is (ending is None)


async def test_many_asks_at_once_get_each_their_own(
    authorities: Authorities, sources: dict[str, SqlSource], edition: Edition
) -> None:
    category, source = edition.category("population.record"), sources["public_security"]
    people = authorities.population.people[:200]
    given = await asyncio.gather(
        *(source.fetch(subject(one), category, frozenset({"birth_date"}), NOW) for one in people)
    )
    assert [one["birth_date"].value for one in given] == [one.birth for one in people]
