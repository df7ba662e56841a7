"""Sealed records: authenticated encryption that commits to its key. The bytes are fixed in docs/formats/sealed.md.

Every record derives its own cipher key, nonce and commitment from the sealing key and a random 24-byte salt, so no
nonce is ever used twice under one key, and a record opens under one key and one associated text only.
"""

import hmac
import secrets

import msgspec

from dspace_core.crypto.encoding import join
from dspace_core.crypto.refusals import RecordMalformed, UnsealFailed
from dspace_core.crypto.secret import KEY_BYTES, Secret
from dspace_core.crypto.suites import INTERNATIONAL, Suite

VERSION = 1
SALT_BYTES = 24
NONCE_BYTES = 12
COMMITMENT_BYTES = 32
HEADER_BYTES = 2 + SALT_BYTES + COMMITMENT_BYTES
TAG_BYTES = 16
OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES
"""How much longer a record is than its plaintext: 74 bytes."""

_LABEL = b"dspace/v1/seal"


class _RecordKeys(msgspec.Struct, frozen=True):
    cipher: Secret
    nonce: bytes
    commitment: bytes


def _record_keys(key: Secret, salt: bytes, associated: bytes, suite: Suite) -> _RecordKeys:
    info = join(_LABEL, bytes((VERSION, suite.number)), suite.hash.digest(associated))
    drawn = suite.hash.derive(key, salt, info, KEY_BYTES + NONCE_BYTES + COMMITMENT_BYTES)
    nonce_at = KEY_BYTES + NONCE_BYTES
    return _RecordKeys(Secret(drawn[:KEY_BYTES]), drawn[KEY_BYTES:nonce_at], drawn[nonce_at:])


def seal(key: Secret, plaintext: bytes, associated: bytes, suite: Suite = INTERNATIONAL) -> bytes:
    """The record of the plaintext, bound to the associated bytes, which are not stored in it."""
    salt = secrets.token_bytes(SALT_BYTES)
    keys = _record_keys(key, salt, associated, suite)
    header = bytes((VERSION, suite.number)) + salt + keys.commitment
    return header + suite.aead.encrypt(keys.cipher, keys.nonce, plaintext, header)


def unseal(key: Secret, record: bytes, associated: bytes, suite: Suite = INTERNATIONAL) -> bytes:
    """The plaintext of a record: (1) shape  (2) suite  (3) commitment  (4) cipher.

    Refuses with `RecordMalformed`, with a suite refusal, or with `UnsealFailed` for every reason that depends on the
    key, the associated bytes or the content. Steps 3 and 4 differ in time only as the position of the change does,
    which whoever changed the record knows already.
    """
    if len(record) < OVERHEAD_BYTES or record[0] != VERSION:  # 1
        raise RecordMalformed
    suite.admit(record[1])  # 2
    header, ciphertext = record[:HEADER_BYTES], record[HEADER_BYTES:]
    salt, commitment = header[2 : 2 + SALT_BYTES], header[2 + SALT_BYTES :]
    keys = _record_keys(key, salt, associated, suite)
    if not hmac.compare_digest(commitment, keys.commitment):  # 3: before any decryption, for GCM does not commit
        raise UnsealFailed
    plaintext = suite.aead.decrypt(keys.cipher, keys.nonce, ciphertext, header)  # 4
    if plaintext is None:
        raise UnsealFailed
    return plaintext
