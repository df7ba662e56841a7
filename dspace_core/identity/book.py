"""The book of identities: which subject a document names, found or entered."""

from dspace_core.crypto import LOOKUP_PURPOSE, KeyId, KeyProvider, Secret, SubjectIdentity, lookup_digest, seal
from dspace_core.evidence.keyring import Keyring
from dspace_core.identifiers import SubjectId
from dspace_core.identity import tables
from dspace_core.identity.tables import Identity
from dspace_core.stores import Connection, Pool, transaction
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
        """
        lookups = self._lookups(document)
        found = await tables.find(self._db, list(lookups.values()))
        if len(found) == len(lookups):
            return found[0].subject
        async with transaction(self._db) as db:
            # The oldest root is the one that every process holds, also while another has just added a new one.
            await tables.wait_for_turn(db, list(lookups.values())[-1])
            return await self._enter(db, document, lookups)

    async def _enter(self, db: Connection, document: SubjectId, lookups: dict[KeyId, bytes]) -> Subject:
        """Enter the rows that are missing; nobody else enters this document meanwhile."""
        found = {row.root: row for row in await tables.find(db, list(lookups.values()))}
        subject = next(iter(found.values())).subject if found else Subject(random_id())
        missing = [(root, lookup) for root, lookup in lookups.items() if root not in found]
        if missing:
            key = await self._keyring.of_subject(SubjectIdentity(subject))  # durable before the row that needs it
            await tables.add(
                db,
                [
                    Identity(lookup, root, subject, seal(key, document.message, bound_to(subject, lookup)))
                    for root, lookup in missing
                ],
            )
        return subject

    def _lookups(self, document: SubjectId) -> dict[KeyId, bytes]:
        """The digest of a document under each root held, the current one first."""
        for root in self._provider.key_ids:
            if root not in self._keys:
                self._keys[root] = self._provider.derive(LOOKUP_PURPOSE, root)
        return {root: lookup_digest(self._keys[root], document.type, document.value) for root in self._provider.key_ids}


def bound_to(subject: Subject, lookup: bytes) -> bytes:
    """What a sealed document is bound to: its row."""
    return b"identity" + subject.bytes + lookup
