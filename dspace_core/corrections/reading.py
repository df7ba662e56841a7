"""Reading corrections: the person's own, opened."""

from uuid import UUID

import msgspec

from dspace_core.corrections import tables
from dspace_core.corrections.model import Correction
from dspace_core.corrections.refusals import CorrectionUnknown
from dspace_core.corrections.sealing import open_content
from dspace_core.corrections.tables import Row
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.ledger_refusals import KeyErased
from dspace_core.stores import Connection, Pool
from dspace_core.values import Subject


async def find(db: Pool | Connection, keyring: Keyring, subject: Subject, correction: UUID) -> Correction:
    """One correction of one subject. Raises CorrectionUnknown, also for another subject's."""
    row = await tables.find(db, subject, correction)
    if row is None:
        raise CorrectionUnknown
    return await opened(row, keyring)


async def of_subject(db: Pool | Connection, keyring: Keyring, subject: Subject) -> tuple[Correction, ...]:
    """Every correction of one subject, the newest first."""
    return tuple([await opened(row, keyring) for row in await tables.of_subject(db, subject)])


async def opened(row: Row, keyring: Keyring) -> Correction:
    """A correction with its words, or without them where they were erased."""
    try:
        content = await open_content(keyring, row.correction, row.sealed)
    except KeyErased:
        return row.correction
    return msgspec.structs.replace(row.correction, content=content)
