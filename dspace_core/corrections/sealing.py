"""The words of a correction under a key of their own, kept beside those of cases, which erases them for good."""

import msgspec

from dspace_core.corrections.model import Content, Correction
from dspace_core.crypto import INTERNATIONAL, Secret, SubjectCase, seal, unseal
from dspace_core.crypto.encoding import join
from dspace_core.evidence.keyring import Keyring
from dspace_core.values import CaseId

_SEAL, _DIGEST = b"dspace/v1/correction-seal", b"dspace/v1/correction-digest"
_ENCODER = msgspec.json.Encoder(order="sorted")


async def seal_content(keyring: Keyring, one: Correction, content: Content) -> bytes:
    """The sealed words. Refuses with `KeyErased`."""
    key = await keyring.of_subject(_scope(one))
    return seal(_derived(key, _SEAL), _ENCODER.encode(content), _bound(one))


async def open_content(keyring: Keyring, one: Correction, sealed: bytes) -> Content:
    """The words. Refuses with `KeyErased`, and as `crypto.unseal` does."""
    key = await keyring.held(_scope(one))
    return msgspec.json.decode(unseal(_derived(key, _SEAL), sealed, _bound(one)), type=Content)


async def digest(keyring: Keyring, one: Correction, content: Content) -> str:
    """What the evidence says of the words: nothing, to whoever has not their key."""
    key = await keyring.held(_scope(one))
    return INTERNATIONAL.hash.hmac(_derived(key, _DIGEST), _ENCODER.encode(content)).hex()


def _scope(one: Correction) -> SubjectCase:
    return SubjectCase(one.subject, CaseId(one.id))


def _derived(key: Secret, label: bytes) -> Secret:
    return Secret(INTERNATIONAL.hash.hmac(key, label))


def _bound(one: Correction) -> bytes:
    return join(b"correction", one.subject.bytes, one.id.bytes)
