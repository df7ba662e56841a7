"""Signed notes (C2SP signed-note) and verifier keys: a text, an empty line, and lines of signatures.

Two kinds of signature are known: Ed25519 over the text, and the timestamped Ed25519 cosignature of a witness (C2SP
tlog-cosignature, v1). A line of any other key is passed over, for it proves nothing to whoever does not know the key.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum

import msgspec

from dspace_core.crypto import INTERNATIONAL
from dspace_core.crypto.refusals import KeyMalformed, SignatureInvalid
from dspace_core.evidence.refusals import NoteForged, NoteMalformed, VKeyMalformed
from dspace_core.values import InstantOutOfRange, from_ms

NOTE_BYTES = 1 << 20
LINES = 100
"""How large a note may be, and how many signatures it may carry: more than any honest one."""
KEY_BYTES = 32
SIGNATURE_BYTES = 64
TIME_BYTES = 8
_ID_BYTES = 4
_DASH = "— "
_LINE = re.compile(_DASH + r"(\S+) (\S+)")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+(\S+)")
_FORBIDDEN = re.compile(r"[+\x00-\x1f\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class SignatureKind(IntEnum):
    """The kinds of signature that are verified here, by their byte."""

    ED25519 = 1
    COSIGNATURE = 4


class VKey(msgspec.Struct, frozen=True):
    """A verifier key: whose signature of which kind is trusted. Its text is `name+id+key`."""

    name: str
    kind: SignatureKind
    public: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name) or len(self.public) != KEY_BYTES:
            raise VKeyMalformed

    @classmethod
    def parse(cls, text: str) -> "VKey":
        """Read the text. Refuses another kind, a key of another length and an id that is not the key's."""
        found = _VKEY.fullmatch(text)
        if found is None:
            raise VKeyMalformed
        name, key_id, encoded = found.groups()
        key = from_base64(encoded)
        if not key or key[0] not in tuple(SignatureKind):
            raise VKeyMalformed
        vkey = cls(name, SignatureKind(key[0]), key[1:])
        if vkey.id.hex() != key_id:
            raise VKeyMalformed
        return vkey

    @property
    def id(self) -> bytes:
        """The four bytes that name the key beside its name."""
        held = self.name.encode() + b"\n" + bytes((self.kind,)) + self.public
        return INTERNATIONAL.hash.digest(held)[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes((self.kind,)) + self.public)}"


class Signed(msgspec.Struct, frozen=True):
    """One signature that holds: by which key, and for a cosignature when it was made."""

    vkey: VKey
    at: datetime | None = None


class Note(msgspec.Struct, frozen=True):
    """A note of which every line by a known key holds. There may be none: who trusts the text asks for a line."""

    text: str
    signatures: tuple[Signed, ...]


def open_note(note: bytes | str, vkeys: Iterable[VKey | str]) -> Note:
    """Read a note and verify every line of a known key.

    Refuses with `NoteMalformed`, and with `NoteForged` if a line bears a known name and id and does not verify.
    """
    known = {(vkey.name, vkey.id): vkey for vkey in map(_vkey, vkeys)}
    text, lines = _read(note)
    return Note(
        text,
        tuple(_verified(known[name, key_id], text, rest) for name, key_id, rest in lines if (name, key_id) in known),
    )


def signature_line(vkey: VKey, signature: bytes) -> str:
    """The line of one signature, with its newline."""
    return f"{_DASH}{vkey.name} {to_base64(vkey.id + signature)}\n"


def cosigned_message(text: str, seconds: int) -> bytes:
    """What a v1 cosignature signs."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def is_key_name(name: str) -> bool:
    """Whether the name can stand in a line: not empty, no space of any script, no plus, no control character."""
    return bool(name) and not any(_FORBIDDEN.match(each) or each.isspace() for each in name)


def to_base64(held: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(held).decode("ascii")


def from_base64(text: str) -> bytes | None:
    """The bytes, or None where the text is not exactly what `to_base64` writes: one value, one form."""
    try:
        held = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return held if to_base64(held) == text else None


def _vkey(given: VKey | str) -> VKey:
    return VKey.parse(given) if isinstance(given, str) else given


def _read(note: bytes | str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text, and name, key id and signature of each line."""
    try:
        held = note.encode() if isinstance(note, str) else note
        whole = held.decode()
    except UnicodeError:
        raise NoteMalformed from None
    text, parted, signatures = whole.rpartition("\n\n")
    lines = signatures.split("\n")
    if len(held) > NOTE_BYTES or _CONTROL.search(whole) or not parted or lines.pop() or not 0 < len(lines) <= LINES:
        raise NoteMalformed
    return text + "\n", [_line(line) for line in lines]


def _line(line: str) -> tuple[str, bytes, bytes]:
    found = _LINE.fullmatch(line)
    signature = from_base64(found[2]) if found else None
    if found is None or not is_key_name(found[1]) or signature is None or len(signature) <= _ID_BYTES:
        raise NoteMalformed
    return found[1], signature[:_ID_BYTES], signature[_ID_BYTES:]


def _verified(vkey: VKey, text: str, signature: bytes) -> Signed:
    message, at = text.encode(), None
    if vkey.kind is SignatureKind.COSIGNATURE:
        seconds, signature = int.from_bytes(signature[:TIME_BYTES], "big"), signature[TIME_BYTES:]
        message, at = cosigned_message(text, seconds), _instant(seconds)
    if len(signature) != SIGNATURE_BYTES:
        raise NoteForged
    try:
        INTERNATIONAL.verifier(vkey.public).verify(message, signature)
    except KeyMalformed:
        raise VKeyMalformed from None
    except SignatureInvalid:
        raise NoteForged from None
    return Signed(vkey, at)


def _instant(seconds: int) -> datetime:
    try:
        return from_ms(seconds * 1000)
    except InstantOutOfRange:
        raise NoteForged from None
