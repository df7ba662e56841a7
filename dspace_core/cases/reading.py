"""Reading cases: the person's own, opened under the key of each. One whose key was erased still says that it was."""

from dspace_core.cases import keys, tables
from dspace_core.cases.model import Case
from dspace_core.cases.refusals import CaseUnknown
from dspace_core.cases.tables import Row
from dspace_core.evidence.keyring import Keyring
from dspace_core.stores import Connection, Pool
from dspace_core.values import CaseId, Subject


async def find(db: Pool | Connection, keyring: Keyring, subject: Subject, case: CaseId) -> Case:
    """One case of one subject. Raises CaseUnknown, also for another subject's."""
    row = await tables.find(db, subject, case)
    if row is None:
        raise CaseUnknown
    return await _opened(row, keyring)


async def of_subject(db: Pool | Connection, keyring: Keyring, subject: Subject) -> tuple[Case, ...]:
    """Every case of one subject, whatever became of it, the newest first."""
    return tuple([await _opened(row, keyring) for row in await tables.of_subject(db, subject)])


async def _opened(row: Row, keyring: Keyring) -> Case:
    key = await keys.held(keyring, row.case.subject, row.case.id)
    return row.opened(None if key is None else key.open_content(row.sealed))
