"""A whole space on scratch servers: ledger, authorities with a made population, registered duties, and processes that
run the gate as `web` does. Another process makes the same space from the same names.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Self

import msgspec

from dspace_core.calendar import legal_day
from dspace_core.catalog import STARTER, Catalogue, ServiceItem
from dspace_core.evidence.coalesced import Coalesced
from dspace_core.evidence.keyring import Clock
from dspace_core.gate import Duty, Gate, Lease, durably, duties
from dspace_core.grants import field_key, use_key
from dspace_core.identifiers import SubjectId
from dspace_core.identity import IdentityBook
from dspace_core.machine.addresses import Store, embedded_url
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.sources import (
    AUTHORITIES,
    DataSource,
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
from dspace_core.stores import Connection, ValkeyEphemeral, connect, open_pool, transaction
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.testing.servers import settings_for, valkey_url_of
from dspace_core.values import Basis, Subject, random_id

PEOPLE = 1_000
CLAIM = "1244000045585999793440514001000"
"""The code of item A3 in the starter catalogue."""


def _now() -> datetime:
    return datetime.now(UTC)


class SpaceProcess(msgspec.Struct, frozen=True):
    """What one process of the space runs with."""

    session: Session
    lease: Lease
    gate: Gate
    book: IdentityBook
    catalogue: Catalogue

    @property
    def item(self) -> ServiceItem:
        """Item A3."""
        return self.catalogue.editions[0].item(CLAIM)

    async def subject(self, citizen_id: str) -> Subject:
        """The subject of a person of the population."""
        return await self.book.subject_of(SubjectId("111", citizen_id))


class ScratchSpace(msgspec.Struct, frozen=True):
    """A space by the names of its parts."""

    ledger: ScratchLedger
    databases: Mapping[str, str]
    """Of the authorities."""
    born: date
    """The day the population was made for."""
    people: int

    @classmethod
    def create(cls, servers: Path, place: Path, *, people: int = PEOPLE) -> Self:
        """A fresh one. Call it outside a running event loop."""
        ledger = ScratchLedger.create(servers, place)
        names = {authority: f"s_{secrets.token_hex(6)}" for authority in AUTHORITIES}
        space = cls(ledger, names, legal_day(_now()), people)
        asyncio.run(space._fill())
        return space

    @property
    def servers(self) -> Path:
        """The folder of the servers."""
        return self.ledger.main.folder

    @property
    def registers(self) -> Registers:
        """What the authorities know."""
        return registers_of(generate(1, self.born, self.people))

    def claimants(self) -> list[str]:
        """The citizen numbers of those who can claim a pension and have not: living, 60, 180 months, an active account."""
        tables = self.registers
        dead = {row[0] for row in tables.table("death").rows}
        names = {row[0]: row[1] for row in tables.table("person").rows}
        old = {row[0] for row in tables.table("person").rows if _aged_60(row[3], self.born)}
        paid = {row[0] for row in tables.table("pension").rows if row[1] == "resident" and _paid(row[3]) and not row[4]}
        paid_to = {
            row[1] for row in tables.table("account").rows if row[4] and row[5] == "active" and row[2] == names[row[1]]
        }
        return sorted(str(one) for one in (old & paid & paid_to) - dead)

    def holders(self) -> list[str]:
        """The citizen numbers of everybody with an account of a social security card that is not closed."""
        return sorted({str(row[1]) for row in self.registers.table("account").rows if row[4] and row[5] != "closed"})

    async def _fill(self) -> None:
        home = Home(settings_for(self.servers))
        secret = home.secret(f"main/{SUPERUSER}", make=False)
        async with AsyncExitStack() as stack:

            async def superuser(database: str) -> Connection:
                session = await connect(embedded_url(home, Store.MAIN, SUPERUSER, database), password=secret)
                stack.push_async_callback(session.close)
                return session

            admin = await superuser("postgres")
            owners = {}
            for authority, name in self.databases.items():
                password = home.secret(f"main/{role_of(authority)}", make=True)
                await create_database(admin, authority, password=password, name=name)
                owners[authority] = await superuser(name)
                await lay_schema(owners[authority], authority)
            await load_registers(self.registers, owners, _now())
        async with self.ledger.session("migrate") as session, transaction(session.db) as db:
            for duty in duties_of(Catalogue.from_file(STARTER).editions[0].item(CLAIM), self.born):
                await duties.propose(db, duty, "proposer", _now())
                for approver in ("first", "second"):
                    await duties.approve(db, duty.id, approver, _now(), session.keyring)

    @asynccontextmanager
    async def process(
        self,
        clock: Clock = _now,
        *,
        hears: bool = True,
        gate: type[Gate] = Gate,
        sessions: int = 12,
        served: Mapping[str, DataSource] = MappingProxyType({}),
    ) -> AsyncIterator[SpaceProcess]:
        """One process with a gate. `hears`: whether it learns of stops by announcement, or only when it renews.

        `served`: sources of authorities that are asked in place of their databases.
        """
        catalogue = Catalogue.from_file(STARTER)
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(self.ledger.session("app", clock, size=sessions))
            ephemeral = None
            if hears:
                ephemeral = await stack.enter_async_context(await ValkeyEphemeral.open(valkey_url_of(self.servers)))
            own = await open_pool(self.ledger.main.url("app"), password=self.ledger.main.password("app"), size=2)
            await stack.enter_async_context(own)
            lease = await stack.enter_async_context(Lease(own, ephemeral))
            mark = self.ledger.place / f"refusals-{random_id()}"
            door = gate(
                session.db,
                lease,
                session.keyring,
                catalogue=lambda: catalogue,
                sources={
                    authority: served.get(authority) or await self._source(stack, authority)
                    for authority in self.databases
                },
                refusals=Coalesced(durably(session.db, session.keyring), mark, clock),
                use_key=use_key(session.provider),
                ephemeral=ephemeral,
            )
            await stack.enter_async_context(door)
            yield SpaceProcess(
                session, lease, door, IdentityBook(session.db, session.keyring, session.provider), catalogue
            )

    async def _source(self, stack: AsyncExitStack, authority: str) -> SqlSource:
        home = Home(settings_for(self.servers))
        source = await open_sql_source(
            authority,
            embedded_url(home, Store.MAIN, role_of(authority), self.databases[authority]),
            password=home.secret(f"main/{role_of(authority)}", make=True),
            setting="SOURCE",
        )
        stack.push_async_callback(source.close)
        return source


def duties_of(item: ServiceItem, first: date) -> list[Duty]:
    """The duties that an item's uses by law rest on, one for each purpose, for a year."""
    by_purpose: dict[str, set[str]] = {}
    for use in item.uses:
        if use.basis is Basis.STATUTORY_DUTY:
            by_purpose.setdefault(use.purpose, set()).add(field_key(use.field.category, use.field.field))
    return [
        Duty(
            id=random_id(),
            authority=item.authority,
            law="a law made up for tests, article 1",
            items=frozenset({item.code.value}),
            fields=frozenset(fields),
            purpose=purpose,
            starts_on=first,
            ends_on=first.replace(year=first.year + 1),
        )
        for purpose, fields in by_purpose.items()
    ]


def _aged_60(birth: object, on: date) -> bool:
    return isinstance(birth, date) and (on.year - birth.year, on.month, on.day) >= (60, birth.month, birth.day)


def _paid(months: object) -> bool:
    return isinstance(months, int) and months >= 180
