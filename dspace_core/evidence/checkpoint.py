"""Checkpoints (C2SP tlog-checkpoint): how large the tree is and what its root is, said by the log, seen by witnesses."""

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec

from dspace_core.crypto import Signer
from dspace_core.evidence.merkle import HASH_BYTES, MAX_SIZE, Frontier
from dspace_core.evidence.note import (
    TIME_BYTES,
    Note,
    SignatureKind,
    VKey,
    cosigned_message,
    from_base64,
    is_key_name,
    open_note,
    signature_line,
    to_base64,
)
from dspace_core.evidence.refusals import CheckpointMalformed, NoteUnsigned
from dspace_core.values import to_ms

_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([^\n]+)\n(?:[^\n]+\n)*")


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree of a log: the origin (which is also the name of the log's key), size and root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        well_formed = is_key_name(self.origin) and 0 <= self.size < MAX_SIZE and len(self.root) == HASH_BYTES
        if not well_formed or (self.size == 0 and self.root != Frontier().root()):
            raise CheckpointMalformed

    def body(self) -> str:
        """The three lines that are signed. We write no extension lines: witnesses need not agree on them."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, body: str) -> "Checkpoint":
        """Read a body; extension lines are passed over. Refuses with `CheckpointMalformed`."""
        found = _BODY.fullmatch(body)
        if found is None:
            raise CheckpointMalformed
        return cls(found[1], int(found[2]), from_base64(found[3]) or b"")


class Cosignature(msgspec.Struct, frozen=True):
    """A witness saw this tree, as the largest consistent one of its log, at that time."""

    witness: str
    at: datetime


def log_vkey(origin: str, public: bytes) -> VKey:
    """The verifier key by which a log's checkpoints are trusted."""
    return VKey(origin, SignatureKind.ED25519, public)


def witness_vkey(name: str, public: bytes) -> VKey:
    """The verifier key by which a witness is trusted."""
    return VKey(name, SignatureKind.COSIGNATURE, public)


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The signed note of a checkpoint, by the log's own Ed25519 key."""
    body = checkpoint.body()
    line = signature_line(log_vkey(checkpoint.origin, signer.public), signer.sign(body.encode()))
    return f"{body}\n{line}".encode()


def verify_checkpoint(note: bytes | str, vkeys: Iterable[VKey | str]) -> Checkpoint:
    """The checkpoint of a note: (1) it is a note  (2) every line of a known key verifies  (3) the text is a checkpoint
    (4) one of the lines is the log's: Ed25519, named like the origin.

    Refuses with a `ProofError`.
    """
    return _signed_checkpoint(open_note(note, vkeys))


def signing_vkey(note: bytes | str, vkeys: Iterable[VKey | str]) -> VKey:
    """By which of the keys the log itself signed. Refuses what `verify_checkpoint` refuses."""
    opened = open_note(note, vkeys)
    return _signed_by_log(opened, _signed_checkpoint(opened))[0]


def cosign(note: bytes | str, vkeys: Iterable[VKey | str], witness: str, signer: Signer, at: datetime) -> bytes:
    """The line by which a witness cosigns a checkpoint (v1, to the second), to be put at the end of the note.

    `vkeys` holds the log's key: what the log did not sign is not cosigned. That the tree grew out of the one cosigned
    before is the caller's to verify first (`verify_consistency`).
    """
    opened = open_note(note, vkeys)
    _signed_checkpoint(opened)
    seconds = to_ms(at) // 1000
    signature = seconds.to_bytes(TIME_BYTES, "big") + signer.sign(cosigned_message(opened.text, seconds))
    return signature_line(witness_vkey(witness, signer.public), signature).encode()


def cosignatures(note: bytes | str, vkeys: Iterable[VKey | str]) -> tuple[Cosignature, ...]:
    """Which of the known witnesses cosigned, each once at its latest. `vkeys` holds the log's key and theirs.

    Refuses what `verify_checkpoint` refuses.
    """
    opened = open_note(note, vkeys)
    _signed_checkpoint(opened)
    latest: dict[bytes, Cosignature] = {}  # by key and not by name: one witness under two names is still one
    for signed in opened.signatures:
        held = latest.get(signed.vkey.public)
        if signed.at is not None and (held is None or held.at < signed.at):
            latest[signed.vkey.public] = Cosignature(signed.vkey.name, signed.at)
    return tuple(latest.values())


def _signed_checkpoint(note: Note) -> Checkpoint:
    checkpoint = Checkpoint.parse(note.text)
    if not _signed_by_log(note, checkpoint):
        raise NoteUnsigned
    return checkpoint


def _signed_by_log(note: Note, checkpoint: Checkpoint) -> list[VKey]:
    signers = (signed.vkey for signed in note.signatures)
    return [vkey for vkey in signers if vkey.kind is SignatureKind.ED25519 and vkey.name == checkpoint.origin]
