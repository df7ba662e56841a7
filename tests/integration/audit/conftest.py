"""Books of a few hundred entries, kept by the rooms themselves; and a superuser who plants what they would never write."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from dspace_core.audit import Receipts, Released, Stopped
from dspace_core.errors import Text
from dspace_core.evidence import Act, Actor, Draft, Event, Who
from dspace_core.evidence.pending import attest, attest_all
from dspace_core.grants import (
    ActKind,
    Approval,
    Attest,
    Attestation,
    By,
    Category,
    Change,
    Claim,
    Grant,
    Minted,
    Narrowing,
    NoticeId,
    Offer,
    OfferedField,
    Party,
    admit,
    amend,
    approve,
    issue,
    withdraw,
)
from dspace_core.machine.addresses import Store, embedded_url
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.stores import Connection, connect, transaction
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.testing.servers import settings_for
from dspace_core.values import CaseId, DataLevel, EvidenceId, GrantId, Subject, UseId, random_id, to_ms

PEOPLE = 36
_ACTS = {
    ActKind.APPROVED: Act.GRANT_APPROVED,
    ActKind.AMENDED: Act.GRANT_AMENDED,
    ActKind.WITHDRAWN: Act.GRANT_WITHDRAWN,
}
# What fills a column that a test does not speak of.
_FILL = {"text": "''", "uuid": "gen_random_uuid()", "date": "'2026-05-06'", "bytea": "sha256('')", "ARRAY": "'{}'"}


class Books:
    """A ledger, and who writes in it as the serving processes do."""

    def __init__(self, ledger: ScratchLedger) -> None:
        self.ledger = ledger
        self.now = datetime.now(UTC)
        self.has_cases = False

    @classmethod
    def filled(cls, servers: Path, place: Path) -> "Books":
        """Books in which several hundred acts are numbered, and some wait."""
        books = cls(ScratchLedger.create(servers, place))
        asyncio.run(books._fill())
        return books

    async def superuser(self) -> Connection:
        """Somebody whom no right and no trigger holds."""
        home = Home(settings_for(self.ledger.main.folder))
        url = embedded_url(home, Store.MAIN, SUPERUSER, self.ledger.main.name)
        session = await connect(url, password=home.secret(f"main/{SUPERUSER}", make=False))
        await session.execute("SET session_replication_role = replica")
        return session

    async def number(self) -> None:
        """Number all that waits."""
        async with self.ledger.session("notary") as clerk, clerk.notary() as notary:
            while await notary.step():
                pass

    async def person(self, app: Session, number: int) -> None:
        """One person's acts: two grants, uses of both, one narrowed or withdrawn, and a look at the own data."""
        subject, case = Subject(random_id()), CaseId(random_id())
        budgeted = await self._give(app, subject, case, 5)
        plain = await self._give(app, subject, case, None)
        await self._use(app, budgeted, 2)
        await self._use(app, plain, 4)
        if number % 2:
            await self._narrow(app, budgeted)
        if number % 3:
            await self._withdraw(app, plain)
        if self.has_cases:
            await self.file(app, subject, case, (budgeted.id, plain.id))
        await self.look(app, subject, 1)

    async def look(self, app: Session, subject: Subject | None, count: int) -> None:
        """Entries that no row of another room holds."""
        drafts = [
            Draft(who=Who(actor=Actor.SUBJECT, subject=subject), meta=self._event(Act.SUBJECT_ACCESS))
            for _ in range(count)
        ]
        async with transaction(app.db) as db:
            await attest_all(db, drafts, app.keyring)

    async def file(self, app: Session, subject: Subject, case: CaseId, grants: tuple[GrantId, ...]) -> None:
        """A case, and the answer under its key."""
        draft = Draft(who=Who(actor=Actor.SUBJECT, subject=subject), meta=self._event(Act.CASE_FILED))
        async with transaction(app.db) as db:
            entry = (await attest(db, draft, app.keyring)).evidence_id
            known = {
                "subject_id": f"'{subject}'",
                "case_id": f"'{case}'",
                "grant_ids": f"'{{{','.join(map(str, grants))}}}'",
                "filed_evidence_id": f"'{entry}'",
                "evidence_id": f"'{entry}'",
            }
            await db.execute(await insertion(db, "cases", state="'accepted'", **known))
            key = {"state": "'done'", "answer": "'x'", "key": f"sha256('{case}')"}
            await db.execute(
                await insertion(db, "idempotency", **{name: known[name] for name in ("subject_id", "case_id")}, **key)
            )

    async def receipts(self) -> Receipts:
        """What somebody would have stamped who watched all uses, and then all withdrawals."""
        async with self.ledger.session("app") as app:
            uses = await app.db.fetch("SELECT subject_id, use_id, grant_id, evidence_id FROM use")
            ended = await app.db.fetch("SELECT subject_id, grant_id FROM grants WHERE state = 'withdrawn'")
        released = [Released(row[3], row[1], row[0], row[2], at) for at, row in enumerate(uses)]
        return Receipts(tuple(released), tuple(Stopped(row[0], row[1], len(uses)) for row in ended))

    async def _fill(self) -> None:
        async with self.ledger.session("app") as app:
            await app.keyring.today()  # a transaction that waits for it too long is ended
            self.has_cases = await app.db.fetchval("SELECT to_regclass('cases') IS NOT NULL")
            for number in range(PEOPLE - 3):
                await self.person(app, number)
            await self.look(app, None, 3)
            await self.number()
            for number in range(3):
                await self.person(app, number)

    async def _give(self, app: Session, subject: Subject, case: CaseId, uses: int | None) -> Grant:
        minted = Minted(GrantId(random_id()), EvidenceId(random_id()))
        async with transaction(app.db) as db:
            notice = await issue(db, subject, NoticeId(random_id()), [_offer(case, uses)], self.now)
            approval = Approval(subject=subject, notice=notice.id, acts=notice.boxes, act=random_id(), minted=(minted,))
            return (await approve(db, approval, self.now, self._attest(app))).grants[0]

    async def _use(self, app: Session, grant: Grant, count: int) -> None:
        drafts = [
            Draft(who=Who(actor=Actor.PLUGIN, subject=grant.subject), meta=self._event(Act.USE_RELEASED))
            for _ in range(count)
        ]
        claims = [
            Claim(
                subject=grant.subject,
                use=UseId(random_id()),
                grant=grant.id,
                version=grant.version,
                budgeted=grant.uses_left is not None,
                evidence=draft.meta.entry,
            )
            for draft in drafts
        ]
        async with transaction(app.db) as db:
            await admit(db, claims, self.now)
            await attest_all(db, drafts, app.keyring)

    async def _narrow(self, app: Session, grant: Grant) -> None:
        async with transaction(app.db) as db:
            await amend(db, self._change(grant), Narrowing(version=1, uses=1), self._attest(app))

    async def _withdraw(self, app: Session, grant: Grant) -> None:
        async with transaction(app.db) as db:
            await withdraw(db, self._change(grant), self._attest(app))

    def _change(self, grant: Grant) -> Change:
        return Change(
            subject=grant.subject,
            grant=grant.id,
            by=By.SUBJECT,
            at=self.now + timedelta(seconds=1),
            evidence=EvidenceId(random_id()),
            act=random_id(),
        )

    def _attest(self, app: Session) -> Attest:
        async def record(db: Connection, act: Attestation) -> str:
            event = msgspec.structs.replace(self._event(_ACTS[act.kind]), entry=act.entry)
            draft = Draft(who=Who(actor=Actor.SUBJECT, subject=act.grant.subject), meta=event)
            return (await attest(db, draft, app.keyring)).digest

        return record

    def _event(self, kind: Act) -> Event:
        return Event(kind=kind, entry=EvidenceId(random_id()), act=random_id(), at=to_ms(self.now))


async def insertion(db: Connection, table: str, **known: str) -> str:
    """An INSERT with these values, as SQL, and something that fits in every other column that needs one."""
    rows = await db.fetch(
        """
        SELECT column_name, data_type FROM information_schema.columns
        WHERE table_name = $1 AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
        """,
        table,
    )
    values = {row[0]: _FILL.get(row[1], "1") for row in rows} | known
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"  # noqa: S608


def _offer(case: CaseId, uses: int | None) -> Offer:
    household = Category("household.record", Text("户籍", "Household"), Text("公安", "the police"))
    return Offer(
        plugin="social_security",
        recipient=Party("human_resources", Text("人社局", "Human resources"), Text("12333", "12333")),
        item="440111000001",
        item_version=3,
        item_title=Text("养老待遇申领", "Pension claim"),
        fields=(OfferedField(category=household, id="district", title=Text("所在区", "District"), level=DataLevel.L2),),
        purpose="发放养老待遇",
        otherwise=Text("可到窗口提交材料", "bring the papers to the counter"),
        case=case,
        uses=uses,
    )


@pytest.fixture(scope="module")
def books(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Books:
    return Books.filled(server_folder, tmp_path_factory.mktemp("books") / "ledger")


@pytest.fixture
async def auditor(books: Books) -> AsyncIterator[Session]:
    """The role that audits, with the keys."""
    async with books.ledger.session("app") as session:
        yield session


@pytest.fixture
async def planter(books: Books) -> AsyncIterator[Connection]:
    """A transaction in which anything can be planted, and which nobody else will ever see."""
    session = await books.superuser()
    await session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    yield session
    await session.close()
