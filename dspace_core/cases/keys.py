"""K_case at work: one key each for sealing, for digests and for the names that a plugin sees (docs/formats/case.md).

All three are derived, so erasing K_case erases the content, makes every digest unguessable and every name meaningless.
"""

from typing import TypeVar

import msgspec

from dspace_core.cases.model import Content, Filed, Filing
from dspace_core.crypto import INTERNATIONAL, Secret, SubjectCase, seal, unseal
from dspace_core.crypto.encoding import join
from dspace_core.evidence import canonical
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.ledger_refusals import KeyErased
from dspace_core.values import CaseId, Subject

_SEAL, _DIGEST, _NAME = b"dspace/v1/case-seal", b"dspace/v1/case-digest", b"dspace/v1/case-name"
_NAME_BYTES = 16
_ENCODER = msgspec.json.Encoder(order="sorted")
T = TypeVar("T", Content, Filed)


class CaseKey:
    """The key of one case of one subject."""

    def __init__(self, subject: Subject, case: CaseId, secret: Secret) -> None:
        self._bound = subject.bytes + case.bytes
        self._sealing, self._digests, self._names = (
            Secret(INTERNATIONAL.hash.hmac(secret, label)) for label in (_SEAL, _DIGEST, _NAME)
        )

    def seal_content(self, content: Content) -> bytes:
        """The sealed content of the case."""
        return self._seal(b"content", content)

    def open_content(self, sealed: bytes) -> Content:
        """The content of the case. Refuses as `crypto.unseal` does."""
        return self._open(b"content", sealed, Content)

    def seal_answer(self, key: bytes, filed: Filed) -> bytes:
        """The sealed answer to the filing of an idempotency key, which is given by its digest."""
        return self._seal(join(b"answer", key), filed)

    def open_answer(self, key: bytes, sealed: bytes) -> Filed:
        """The answer to the filing. Refuses as `crypto.unseal` does."""
        return self._open(join(b"answer", key), sealed, Filed)

    def body(self, filing: Filing) -> bytes:
        """What tells one filing from another under one idempotency key: all that was sent but client and key."""
        sent = msgspec.to_builtins(filing, order="sorted", str_keys=True)
        return self._digest(b"body", canonical({name: sent[name] for name in sent if name not in ("client", "key")}))

    def digest(self, content: Content) -> str:
        """What the evidence says of the content, in hexadecimal."""
        return self._digest(b"content", _ENCODER.encode(content)).hex()

    def name(self, kind: str) -> str:
        """The name of the case, or of its subject, as its plugin sees it: another in every case."""
        return INTERNATIONAL.hash.hmac(self._names, kind.encode("ascii"))[:_NAME_BYTES].hex()

    def _digest(self, kind: bytes, message: bytes) -> bytes:
        return INTERNATIONAL.hash.hmac(self._digests, join(kind, message))

    def _seal(self, kind: bytes, value: Content | Filed) -> bytes:
        return seal(self._sealing, _ENCODER.encode(value), join(kind, self._bound))

    def _open(self, kind: bytes, sealed: bytes, form: type[T]) -> T:
        return msgspec.json.decode(unseal(self._sealing, sealed, join(kind, self._bound)), type=form)


async def make(keyring: Keyring, subject: Subject, case: CaseId) -> CaseKey:
    """The key of a case, made if there never was one. Refuses with `KeyErased`."""
    return CaseKey(subject, case, await keyring.of_subject(SubjectCase(subject, case)))


async def held(keyring: Keyring, subject: Subject, case: CaseId) -> CaseKey | None:
    """The key of a case that has one; None once it was erased."""
    try:
        return CaseKey(subject, case, await keyring.held(SubjectCase(subject, case)))
    except KeyErased:
        return None
