"""The book of identities: which subject a document names, found or entered."""

from collections.abc import Sequence

from dspace_core.crypto import LOOKUP_PURPOSE, KeyId, KeyProvider, Secret, SubjectIdentity, lookup_digest, seal
from dspace_core.evidence.keyring import Keyring
from dspace_core.identifiers import SubjectId
from dspace_core.identity import tables
from dspace_core.identity.tables import Identity
from dspace_core.stores import Pool, transaction
from dspace_core.values import Subject, random_id


class IdentityBook:
    """Finds subjects by their documents. Needs the root keys, for the digest is keyed."""

    def __init__(self, db: Pool, keyring: Keyring, provider: KeyProvider) -> None:
        self._db = db
        self._keyring = keyring
        self._provider = provider
        self._keys: dict[KeyId, Secret] = {}

    async def subject_of(self, document: SubjectId) -> Subject:
        """The subject of a document; a new random one if nobody asked for it before.

        Whoever asks at the same time, here or in another process, gets the same. Raises what `stores` refuses with.

        (1) the rows that stand name the subject, or a new one is thought of  (2) its key is durable, before the row that
        needs it  (3) the missing rows are entered, unless another process was first: then again, with its subject;
        the key made in vain belongs to nobody and opens nothing.
        No session of the main cluster is held during (2): however slow the keys are, who is known is found.
        """
        lookups = self._lookups(document)
        subject = Subject(random_id())
        while True:
            found = await tables.find(self._db, list(lookups.values()))  # 1
            if len(found) == len(lookups):
                return found[0].subject
            if found:
                subject = found[0].subject
            key = await self._keyring.of_subject(SubjectIdentity(subject))  # 2
            rows = [
                Identity(lookup, root, subject, seal(key, document.message, bound_to(subject, lookup)))
                for root, lookup in lookups.items()
            ]
            if await self._entered(rows):  # 3
                return subject

    async def _entered(self, rows: Sequence[Identity]) -> bool:
        """Enter those that are missing; False, and nothing is, where one that stands names another subject."""
        lookups = [row.lookup for row in rows]
        async with transaction(self._db) as db:
            # The oldest root is the one that every process holds, also while another has just added a new one.
            await tables.wait_for_turn(db, lookups[-1])
            if any(held.subject != rows[0].subject for held in await tables.find(db, lookups)):
                return False
            await tables.add(db, rows)
            return True

    def _lookups(self, document: SubjectId) -> dict[KeyId, bytes]:
        """The digest of a document under each root held, the current one first."""
        for root in self._provider.key_ids:
            if root not in self._keys:
                self._keys[root] = self._provider.derive(LOOKUP_PURPOSE, root)
        return {root: lookup_digest(self._keys[root], document.type, document.value) for root in self._provider.key_ids}


def bound_to(subject: Subject, lookup: bytes) -> bytes:
    """What a sealed document is bound to: its row."""
    return b"identity" + subject.bytes + lookup
