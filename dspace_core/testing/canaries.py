"""Canaries: values that must not get anywhere, and finding them in bytes, also in the disguises that values get by accident."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec


class Canary(msgspec.Struct, frozen=True):
    """One value and one of its disguises."""

    name: str
    form: str
    bytes: bytes


class Canaries:
    """Values by name. Finds each raw, in hexadecimal, in base64 and by its SHA-256, however that is written."""

    def __init__(self, values: dict[str, str]) -> None:
        """`values`: each long and odd enough that it stands nowhere by chance."""
        self._all = [Canary(name, form, written) for name, value in values.items() for form, written in _forms(value)]

    def found(self, content: bytes) -> list[str]:
        """`name as form` of each value that stands in the content; upper and lower case count as one."""
        folded = content.lower()
        return [
            f"{one.name} as {one.form}"
            for one in self._all
            if one.bytes in content or (one.form.endswith("hex") and one.bytes in folded)
        ]

    def found_under(self, folder: Path) -> list[str]:
        """The same for every file of a folder, with its name."""
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return [f"{path.relative_to(folder)}: {one}" for path in files for one in self.found(path.read_bytes())]


def _forms(value: str) -> Iterator[tuple[str, bytes]]:
    raw = value.encode()
    digest = hashlib.sha256(raw).digest()
    yield "raw", raw
    if not value.isascii():
        yield "escaped", value.encode("ascii", "backslashreplace")
    yield "hex", raw.hex().encode()
    yield from (("base64", one) for one in _base64(raw))
    yield "sha256", digest
    yield "sha256 hex", digest.hex().encode()
    yield from (("sha256 base64", one) for one in _base64(digest))


def _base64(raw: bytes) -> Iterable[bytes]:
    """The part that is the same wherever the value stands in what was encoded, for each of three offsets."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            # Characters that mix bits of the value with those around it are cut off.
            written = encode(b"\0" * offset + raw)
            start = -(-offset * 8 // 6)
            yield written[start : (offset + len(raw)) * 8 // 6]
