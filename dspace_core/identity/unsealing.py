"""The way back from a subject to a document. Only the gate imports this module, to ask a source (a test walks all others)."""

from dspace_core.crypto import SubjectIdentity, unseal
from dspace_core.evidence.keyring import Keyring
from dspace_core.identifiers import SubjectId
from dspace_core.identity import tables
from dspace_core.identity.book import bound_to
from dspace_core.identity.refusals import SubjectUnknown
from dspace_core.stores import Connection, Pool
from dspace_core.values import Subject


async def documents_of(db: Pool | Connection, keyring: Keyring, subject: Subject) -> tuple[SubjectId, ...]:
    """The documents by which a subject is known to sources, each once.

    Refuses with `SubjectUnknown`, and with `KeyErased` when the subject was erased.
    """
    rows = await tables.of_subject(db, subject)
    if not rows:
        raise SubjectUnknown
    key = await keyring.held(SubjectIdentity(subject))
    messages = {unseal(key, row.sealed, bound_to(subject, row.lookup)) for row in rows}
    return tuple(SubjectId(kind, value) for kind, value in map(_parts, sorted(messages)))


def _parts(message: bytes) -> tuple[str, str]:
    """Type and number again: a type has three digits."""
    text = message.decode()
    return text[:3], text[3:]
