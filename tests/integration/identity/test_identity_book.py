"""A document leads to one subject, whoever asks and when; the database tells nobody who that is."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
import pytest

from dspace_core.crypto import FileKeyProvider, Secret, SubjectIdentity
from dspace_core.crypto.refusals import UnsealFailed
from dspace_core.evidence.ledger_refusals import KeyErased
from dspace_core.identifiers import Sex, SubjectId, citizen_id
from dspace_core.identity import IdentityBook
from dspace_core.identity.refusals import SubjectUnknown
from dspace_core.identity.unsealing import documents_of
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.values import Subject, random_id

PEOPLE = 24


def person(number: int = 0) -> SubjectId:
    return SubjectId("111", citizen_id.fixture(date(1990, 3, 7), Sex.MALE, number=number).value)


def book(session: Session) -> IdentityBook:
    return IdentityBook(session.db, session.keyring, session.provider)


async def test_the_same_document_leads_to_the_same_subject(app: Session, ledger: ScratchLedger) -> None:
    subject = await book(app).subject_of(person())
    async with ledger.session("app") as other:
        assert await book(other).subject_of(person()) == subject
    assert subject.version == 4
    assert await app.db.fetchval("SELECT count(*) FROM identity") == 1


async def test_another_document_leads_to_another_subject(app: Session) -> None:
    subjects = {await book(app).subject_of(person(number)) for number in range(5)}
    assert len(subjects) == 5


async def test_two_processes_that_ask_at_once_get_one_subject(ledger: ScratchLedger, app: Session) -> None:
    script = Path(__file__).with_name("book_process.py")
    arguments = [str(ledger.main.folder), ledger.main.name, ledger.keys.name, str(ledger.place), str(PEOPLE)]
    racers = [
        await asyncio.create_subprocess_exec(sys.executable, str(script), *arguments, stdin=PIPE, stdout=PIPE)
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert await racer.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(racer.communicate(b"go\n") for racer in racers))
    one, two = (msgspec.json.decode(out, type=list[UUID]) for out, _ in told)
    assert one == two
    assert len(set(one)) == PEOPLE == await app.db.fetchval("SELECT count(*) FROM identity")
    for subject in one:
        (document,) = await documents_of(app.db, app.keyring, Subject(subject))
        assert await book(app).subject_of(document) == subject


async def test_who_is_known_is_found_while_the_keys_of_newcomers_take_long(
    app: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await book(app).subject_of(person())
    of_subject = app.keyring.of_subject
    asked, answered = asyncio.Semaphore(0), asyncio.Event()

    async def slow(scope: SubjectIdentity) -> Secret:
        asked.release()
        await answered.wait()
        return await of_subject(scope)

    monkeypatch.setattr(app.keyring, "of_subject", slow)
    newcomers = [asyncio.create_task(book(app).subject_of(person(1 + each // 2))) for each in range(8)]
    async with asyncio.timeout(10):
        for _ in range(4):  # as many as there are sessions
            await asked.acquire()
        assert await book(app).subject_of(person()) == known
        answered.set()
        subjects = await asyncio.gather(*newcomers)
    assert subjects[::2] == subjects[1::2]
    assert len(set(subjects)) == 4


async def test_the_gate_finds_the_way_back(app: Session) -> None:
    subject = await book(app).subject_of(person())
    assert await documents_of(app.db, app.keyring, subject) == (person(),)


async def test_a_subject_that_nobody_is_cannot_be_named(app: Session) -> None:
    with pytest.raises(SubjectUnknown) as refused:
        await documents_of(app.db, app.keyring, Subject(random_id()))
    assert (refused.value.code, refused.value.values) == ("identity.subject_unknown", {})


async def test_a_root_that_was_added_changes_nobodys_subject(app: Session, ledger: ScratchLedger) -> None:
    subject = await book(app).subject_of(person())
    FileKeyProvider.load(ledger.place / "root.keys", home=ledger.place, production=False).rotate()
    async with ledger.session("app") as rotated:
        assert await book(rotated).subject_of(person()) == subject
        newcomer = await book(rotated).subject_of(person(1))
        assert await documents_of(rotated.db, rotated.keyring, subject) == (person(),)
    assert await book(app).subject_of(person(1)) == newcomer  # this process knows the older root only
    assert await app.db.fetchval("SELECT count(DISTINCT root_id) FROM identity WHERE subject_id = $1", subject) == 2


async def test_neither_cluster_shows_a_number(app: Session, ledger: ScratchLedger) -> None:
    documents = [person(number) for number in range(3)]
    for document in documents:
        await book(app).subject_of(document)
    async with ledger.session("migrate") as owner:
        rows = [*await owner.db.fetch("SELECT * FROM identity"), *await owner.keyring.keys.fetch("TABLE subject_key")]
    cells = [cell for row in rows for cell in row.values()]
    held = b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)
    for document in documents:
        assert document.value.encode() not in held
        assert document.value[:17].encode() not in held
    assert len(held) > 500


async def test_a_row_that_was_moved_to_another_subject_does_not_open(app: Session, ledger: ScratchLedger) -> None:
    one, two = await book(app).subject_of(person(1)), await book(app).subject_of(person(2))
    async with ledger.session("migrate") as owner:
        await owner.db.execute("UPDATE identity SET subject_id = $1 WHERE subject_id = $2", one, two)
    with pytest.raises(UnsealFailed):
        await documents_of(app.db, app.keyring, one)


async def test_an_erased_identity_leaves_nobody_to_name(app: Session, ledger: ScratchLedger) -> None:
    subject = await book(app).subject_of(person())
    async with ledger.session("migrate") as owner:
        await owner.keyring.keys.execute("UPDATE subject_key SET wrapped = NULL")
    with pytest.raises(KeyErased):
        await documents_of(app.db, app.keyring, subject)
    with pytest.raises(KeyErased):
        await app.keyring.of_subject(SubjectIdentity(subject))


async def test_the_request_path_neither_changes_nor_removes_an_identity(app: Session) -> None:
    for statement in ("UPDATE identity SET subject_id = gen_random_uuid()", "DELETE FROM identity"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.db.execute(statement)
