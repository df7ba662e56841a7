"""Corrections on real servers: asked, answered once, sealed, recorded, and another's business for nobody."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from dspace_core.catalog import STARTER, Catalogue, Edition
from dspace_core.corrections import Answering, Asking, Correction, State, answer, ask, find, of_subject
from dspace_core.crypto import SubjectCase
from dspace_core.errors import Refusal
from dspace_core.evidence import Act
from dspace_core.evidence.erasure import Eraser
from dspace_core.evidence.trail import read_page
from dspace_core.stores import connect, transaction
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.values import CaseId, EvidenceId, Subject, random_id

NOW = datetime(2026, 5, 6, tzinfo=UTC)
WORDS = "我的地址是东街七号, 不是西街"


@pytest.fixture(scope="module")
def ledger(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ScratchLedger:
    return ScratchLedger.create(server_folder, tmp_path_factory.mktemp("ledger"))


@pytest.fixture
async def app(ledger: ScratchLedger) -> AsyncIterator[Session]:
    async with ledger.session("app", lambda: NOW) as session:
        yield session


@pytest.fixture(scope="module")
def edition() -> Edition:
    return Catalogue.from_file(STARTER).editions[0]


def asking(**changes: object) -> Asking:
    made = Asking(
        subject=Subject(random_id()),
        id=random_id(),
        category="population.record",
        field="address",
        says=WORDS,
        at=NOW,
        evidence=EvidenceId(random_id()),
    )
    return msgspec.structs.replace(made, **changes)


def answering(one: Correction, **changes: object) -> Answering:
    made = Answering(
        subject=one.subject,
        id=one.id,
        authority=one.authority,
        acted=random_id(),
        accepted=True,
        says="已更正",
        at=NOW + timedelta(days=1),
        evidence=EvidenceId(random_id()),
    )
    return msgspec.structs.replace(made, **changes)


async def asked(app: Session, edition: Edition, **changes: object) -> Correction:
    async with transaction(app.db) as db:
        return await ask(db, app.keyring, edition, asking(**changes))


async def answered(app: Session, made: Answering) -> Correction:
    async with transaction(app.db) as db:
        return await answer(db, app.keyring, made)


async def test_what_is_asked_reaches_the_authority_that_holds_the_record(app: Session, edition: Edition) -> None:
    one = await asked(app, edition)
    assert (one.authority, one.state) == ("public_security", State.ASKED)
    found = await find(app.db, app.keyring, one.subject, one.id)
    assert found == one
    assert found.content is not None
    assert found.content.says == WORDS


async def test_an_answer_stands_beside_the_question_and_both_are_recorded(app: Session, edition: Edition) -> None:
    one = await asked(app, edition)
    done = await answered(app, answering(one, accepted=False, says="经核实, 登记无误"))
    (found,) = await of_subject(app.db, app.keyring, one.subject)
    assert found == done
    assert (found.state, found.content and found.content.answer) == (State.DECLINED, "经核实, 登记无误")
    page = await read_page(app.db, app.keyring, one.subject)
    kinds = [line.record.meta.kind for line in page.lines if line.record is not None]
    assert kinds == [Act.CORRECTION_ANSWERED, Act.CORRECTION_ASKED]


async def test_the_same_again_is_one(app: Session, edition: Edition) -> None:
    made = asking()
    both = []
    for _ in range(2):
        async with transaction(app.db) as db:
            both.append(await ask(db, app.keyring, edition, made))
    assert both[0] == both[1]
    assert await of_subject(app.db, app.keyring, made.subject) == (both[0],)
    page = await read_page(app.db, app.keyring, made.subject)
    assert len(page.lines) == 1


async def test_a_correction_is_answered_once_whoever_is_first(app: Session, edition: Edition) -> None:
    one = await asked(app, edition)
    done = await asyncio.gather(*(answered(app, answering(one)) for _ in range(4)), return_exceptions=True)
    codes = [each.code for each in done if isinstance(each, Refusal)]
    assert codes == ["corrections.answered"] * 3


@pytest.mark.parametrize("changes", [{"authority": "health"}, {"subject": Subject(random_id())}, {"id": random_id()}])
async def test_nobody_answers_what_is_anothers(app: Session, edition: Edition, changes: dict[str, object]) -> None:
    one = await asked(app, edition)
    with pytest.raises(Refusal, match=r"corrections\.unknown"):
        await answered(app, answering(one, **changes))


async def test_nobody_reads_what_is_anothers(app: Session, edition: Edition) -> None:
    one = await asked(app, edition)
    with pytest.raises(Refusal, match=r"corrections\.unknown"):
        await find(app.db, app.keyring, Subject(random_id()), one.id)


@pytest.mark.parametrize("changes", [{"category": "no.such"}, {"field": "no_such"}])
async def test_a_field_that_is_not_there_cannot_be_wrong(
    app: Session, edition: Edition, changes: dict[str, object]
) -> None:
    with pytest.raises(Refusal, match=r"corrections\.field_unknown"):
        await asked(app, edition, **changes)


@pytest.mark.parametrize("says", ["", "  \n", "字" * 1001])
async def test_nothing_and_too_much_are_not_taken_in(app: Session, edition: Edition, says: str) -> None:
    with pytest.raises(Refusal, match=r"corrections\.words_unfit"):
        await asked(app, edition, says=says)


async def test_article_9_no_word_stands_in_clear_anywhere(
    app: Session, edition: Edition, ledger: ScratchLedger
) -> None:
    await asked(app, edition)
    owner = await connect(ledger.main.url("migrate"), password=ledger.main.password("migrate"))
    rows = [row for name in ("correction", "evidence_pending") for row in await owner.fetch(f"SELECT * FROM {name}")]  # noqa: S608
    await owner.close()
    stored = [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
    assert rows
    assert WORDS.encode() not in b" ".join(stored)


async def test_an_erased_correction_says_that_it_was_and_no_word(
    app: Session, edition: Edition, ledger: ScratchLedger
) -> None:
    one = await asked(app, edition)
    async with ledger.session("notary", lambda: NOW) as clerk:
        eraser = Eraser(clerk.db, clerk.keyring, ledger.place / "erasures", timedelta(days=7))
        await eraser.erase(SubjectCase(one.subject, CaseId(one.id)))
    found = await find(app.db, app.keyring, one.subject, one.id)
    assert (found.state, found.content) == (State.ASKED, None)


async def test_a_serving_process_cannot_take_an_answer_back(app: Session, edition: Edition) -> None:
    one = await asked(app, edition)
    await answered(app, answering(one))
    with pytest.raises(Exception, match="answered once"):
        await app.db.execute(
            "UPDATE correction SET state = 'asked', answered_at = NULL WHERE correction_id = $1", one.id
        )
    with pytest.raises(Exception, match="permission denied"):
        await app.db.execute("DELETE FROM correction")
