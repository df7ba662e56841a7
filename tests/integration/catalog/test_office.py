"""Import, proposal and approval on a real database; and what the tables themselves refuse."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime

import asyncpg
import pytest

from dspace_core.catalog import (
    STARTER,
    Catalogue,
    Proposal,
    SignedDocument,
    approve,
    decode_document,
    decode_proposal,
    digest_of,
    import_published,
    load,
    propose,
    sign,
    tables,
)
from dspace_core.crypto import Ed25519Signer, Secret
from dspace_core.errors import Refusal
from dspace_core.stores import Pool, open_pool, transaction
from dspace_core.testing import ScratchDatabase

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
CODE = "1244000045585999793440514001000"
SIGNER = Ed25519Signer(Secret(b"\x07" * 32))
TEXT = STARTER.read_text("utf-8")
WIDER_BASIS = """
    UPDATE catalog_document SET content = convert_to(
        replace(convert_from(content, 'UTF8'), '"basis":"grant"', '"basis":"statutory_duty"'), 'UTF8')
"""


class Published:
    """An item management system that holds what a test gives it."""

    def __init__(self, *signed: SignedDocument) -> None:
        self._signed = signed

    async def published(self, after: int) -> Sequence[SignedDocument]:
        return [one for one in self._signed if one.document.version > after]


def signed(version: int, effective: str = "2026-01-01", publisher: str = "province") -> SignedDocument:
    text = TEXT.replace("version = 1\n", f"version = {version}\n", 1).replace("2026-01-01", effective, 1)
    return sign(decode_document(text.encode()), publisher, SIGNER)


def proposal(field: str = "married") -> Proposal:
    return decode_proposal(
        f"""
plugin = "social_security"
[[items]]
code = "{CODE}"
version = 1
uses = [{{ category = "marriage.record", fields = ["{field}"], basis = "grant", purpose = "核对婚姻状况" }}]
""".encode()
    )


@pytest.fixture(scope="module")
def migrated(database: ScratchDatabase) -> ScratchDatabase:
    return database.migrate()


@pytest.fixture(scope="module")
async def opened(migrated: ScratchDatabase) -> AsyncIterator[Pool]:
    async with await open_pool(migrated.url("migrate"), password=migrated.password("migrate"), size=3) as pool:
        yield pool


@pytest.fixture(scope="module")
async def app(migrated: ScratchDatabase) -> AsyncIterator[Pool]:
    async with await open_pool(migrated.url("app"), password=migrated.password("app"), size=2) as pool:
        yield pool


@pytest.fixture
async def pool(opened: Pool) -> Pool:
    """A catalogue of nothing, with one publisher."""
    await opened.execute("TRUNCATE catalog_edition, catalog_proposal, catalog_document, catalog_publisher")
    async with transaction(opened) as db:
        await tables.register_publisher(db, "province", SIGNER.public, AT)
    return opened


async def refused(act: object) -> str:
    with pytest.raises(Refusal) as caught:
        await act  # type: ignore[misc]
    return caught.value.code


async def test_what_was_imported_is_what_the_app_role_loads(pool: Pool, app: Pool) -> None:
    imported = await import_published(pool, Published(signed(1), signed(2, "2026-03-01")), AT)
    loaded = await load(app)
    assert loaded == imported
    assert [(one.number, one.version, one.effective) for one in loaded.editions] == [
        (1, 1, date(2026, 1, 1)),
        (2, 2, date(2026, 3, 1)),
    ]
    row = await pool.fetchrow("SELECT * FROM catalog_document WHERE version = 2")
    assert row is not None
    assert row["digest"] == digest_of(signed(2, "2026-03-01").document)
    assert row["publisher"] == "province"


async def test_an_empty_catalogue_has_no_edition(pool: Pool) -> None:
    assert await load(pool) == Catalogue(())
    assert await refused(propose(pool, proposal(), "vendor", AT)) == "catalog.edition_unknown"


async def test_importing_again_changes_nothing(pool: Pool) -> None:
    first = await import_published(pool, Published(signed(1)), AT)
    assert await import_published(pool, Published(signed(1)), AT) == first


async def test_one_bad_document_among_several_leaves_none(pool: Pool) -> None:
    system = Published(signed(1), signed(2, "2025-12-31"))
    assert await refused(import_published(pool, system, AT)) == "catalog.version_backwards"
    assert await pool.fetchval("SELECT count(*) FROM catalog_document") == 0


async def test_a_stranger_and_a_publisher_that_ended_import_nothing(pool: Pool) -> None:
    assert await refused(import_published(pool, Published(signed(1, publisher="stranger")), AT)) == (
        "catalog.publisher_unknown"
    )
    await import_published(pool, Published(signed(1)), AT)
    async with transaction(pool) as db:
        assert await tables.end_publisher(db, "province", AT)
        assert not await tables.end_publisher(db, "province", AT)
    assert await refused(import_published(pool, Published(signed(2)), AT)) == "catalog.publisher_unknown"
    assert len((await load(pool)).editions) == 1


async def test_a_proposal_is_inert_until_somebody_else_approves_it(pool: Pool, app: Pool) -> None:
    await import_published(pool, Published(signed(1)), AT)
    digest = await propose(pool, proposal(), "vendor", AT)
    assert len((await load(app)).editions) == 1
    edition = await approve(pool, digest, "province", date(2026, 2, 1), AT)
    catalogue = await load(app)
    assert catalogue.editions[-1] == edition
    assert len(catalogue.on(date(2026, 1, 31)).item(CODE).uses) == 11
    assert len(catalogue.on(date(2026, 2, 1)).item(CODE).uses) == 12


async def test_nobody_approves_their_own_proposal(pool: Pool) -> None:
    await import_published(pool, Published(signed(1)), AT)
    digest = await propose(pool, proposal(), "vendor", AT)
    assert await refused(approve(pool, digest, "vendor", date(2026, 2, 1), AT)) == "catalog.self_approval"
    # Filing it again under another name does not make the first proposer a second party.
    assert await propose(pool, proposal(), "somebody", AT) == digest
    assert await refused(approve(pool, digest, "vendor", date(2026, 2, 1), AT)) == "catalog.self_approval"


async def test_the_table_itself_refuses_a_proposer_who_approves(pool: Pool) -> None:
    await import_published(pool, Published(signed(1)), AT)
    digest = await propose(pool, proposal(), "vendor", AT)
    insert = """INSERT INTO catalog_edition (number, effective, opened_at, proposal, proposer, approver)
        VALUES (2, '2026-02-01', 0, $1, $2, $3)"""
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute(insert, digest, "vendor", "vendor")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await pool.execute(insert, digest, "another", "vendor")
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute(insert, digest, "vendor", None)


async def test_a_proposal_is_approved_once_and_only_if_it_was_filed(pool: Pool) -> None:
    await import_published(pool, Published(signed(1)), AT)
    digest = await propose(pool, proposal(), "vendor", AT)
    assert await refused(approve(pool, b"\0" * 32, "province", date(2026, 2, 1), AT)) == "catalog.proposal_unknown"
    await approve(pool, digest, "province", date(2026, 2, 1), AT)
    assert await refused(approve(pool, digest, "province", date(2026, 2, 1), AT)) == "catalog.proposal_settled"


async def test_a_proposal_that_oversteps_is_not_even_filed(pool: Pool) -> None:
    await import_published(pool, Published(signed(1)), AT)
    assert await refused(propose(pool, proposal("nothing"), "vendor", AT)) == "catalog.field_unknown"
    assert await pool.fetchval("SELECT count(*) FROM catalog_proposal") == 0


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (WIDER_BASIS, "catalog.record_differs"),
        ("UPDATE catalog_document SET content = 'no file'", "catalog.record_differs"),
        ("UPDATE catalog_document SET signature = decode(repeat('00', 64), 'hex')", "catalog.signature_refused"),
        ("UPDATE catalog_publisher SET public_key = decode(repeat('11', 32), 'hex')", "catalog.signature_refused"),
        ("UPDATE catalog_edition SET number = 7", "catalog.record_differs"),
        ("UPDATE catalog_edition SET effective = '2027-01-01'", "catalog.record_differs"),
    ],
    ids=["content", "rubbish", "signature", "key", "number", "day"],
)
async def test_a_tampered_row_is_found_when_loading(pool: Pool, damage: str, code: str) -> None:
    await import_published(pool, Published(signed(1)), AT)
    await pool.execute(damage)
    assert await refused(load(pool)) == code


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO catalog_publisher VALUES ('x', decode(repeat('11', 32), 'hex'), 0, NULL)",
        "UPDATE catalog_document SET version = 9",
        "DELETE FROM catalog_edition",
        "INSERT INTO catalog_proposal VALUES ('x', 'x', 'x', 'x', 0)",
    ],
)
async def test_a_serving_process_cannot_change_the_catalogue(app: Pool, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement)


async def test_the_notary_does_not_see_the_catalogue(migrated: ScratchDatabase) -> None:
    async with await open_pool(migrated.url("notary"), password=migrated.password("notary"), size=1) as notary:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await notary.fetch("SELECT * FROM catalog_document")
