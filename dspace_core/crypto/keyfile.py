"""The root key file: how it is laid out, who may have touched it, and how it changes without ever being half there.

Layout (docs/formats/keys.md): magic, suite byte, number of roots, the roots (newest first), SHA-256 of all before it.
The checksum finds damage, not malice: whoever can write the file already holds the keys.
"""

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NewType

import msgspec

from dspace_core.crypto.refusals import (
    KeyFileCorrupt,
    KeyFileExists,
    KeyFileExposed,
    KeyFileFolder,
    KeyFileIrregular,
    KeyFileMissing,
    KeyFileNotWritten,
    KeyFileOwner,
    KeyFileUnreadable,
)
from dspace_core.crypto.secret import KEY_BYTES, Secret
from dspace_core.crypto.suites import Suite, suite
from dspace_core.errors import Refusal

KeyId = NewType("KeyId", str)
"""The public name of a root key: 16 hexadecimal digits, random, telling nothing about the key."""

ID_BYTES = 8
_MAGIC = b"DSPKEYS1"
_SUM_BYTES = 32
_ROOT_BYTES = ID_BYTES + KEY_BYTES
_FRONT_BYTES = len(_MAGIC) + 3
_FIXED_BYTES = _FRONT_BYTES + _SUM_BYTES
_MOST_ROOTS = 2**16 - 1
_CLOEXEC_NOFOLLOW = os.O_CLOEXEC | os.O_NOFOLLOW


class Root(msgspec.Struct, frozen=True):
    """One root key and its public name."""

    id: KeyId
    secret: Secret


class Contents(msgspec.Struct, frozen=True):
    """What a key file holds: its suite, and at least one root, the newest first."""

    suite: Suite
    roots: tuple[Root, ...]


def read(path: Path) -> Contents:
    """The contents of a key file that nobody else could have read or swapped. The checks are made on the open file."""
    try:
        with _folder(path) as folder:
            file = os.open(path.name, os.O_RDONLY | os.O_NONBLOCK | _CLOEXEC_NOFOLLOW, dir_fd=folder)
            try:
                _check_file(os.fstat(file))
                return _decode(_all_bytes(file))
            finally:
                os.close(file)
    except OSError as error:
        raise _read_refusal(path, error) from None


def create(path: Path, contents: Contents) -> None:
    """Write a new file. Refuses where anything stands at the path, even a dangling link."""
    try:
        with _folder(path, alone=True) as folder:
            if os.path.lexists(path):
                raise KeyFileExists
            _replace(folder, path.name, _encode(contents))
    except OSError as error:
        raise KeyFileNotWritten(errno=error.errno or 0) from None


def prepend(path: Path, root: Root) -> Contents:
    """Put a root in front of those the file holds *now*, and return the new contents.

    After this returns the file is durable; if the process dies before, the file is the old one, whole.
    """
    try:
        with _folder(path, alone=True) as folder:
            held = read(path)
            contents = Contents(held.suite, (root, *held.roots))
            _replace(folder, path.name, _encode(contents))
            return contents
    except OSError as error:
        raise KeyFileNotWritten(errno=error.errno or 0) from None


@contextmanager
def _folder(path: Path, *, alone: bool = False) -> Iterator[int]:
    """The open folder of the file; `alone` keeps other writers out until the end, or until this process dies."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = os.fstat(folder)
        if found.st_uid not in (0, os.geteuid()) or found.st_mode & 0o022:
            raise KeyFileFolder
        if alone:
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(folder)


def _check_file(found: os.stat_result) -> None:
    """(1) a plain file with one name  (2) ours  (3) closed to everybody else."""
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:  # 1
        raise KeyFileIrregular
    if found.st_uid != os.geteuid():  # 2
        raise KeyFileOwner
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:  # 3
        raise KeyFileExposed(mode=f"{mode:04o}")


def _read_refusal(path: Path, error: OSError) -> Refusal:
    if path.is_symlink():
        return KeyFileIrregular()
    if isinstance(error, FileNotFoundError):
        return KeyFileMissing()
    return KeyFileUnreadable(errno=error.errno or 0)


def _replace(folder: int, name: str, written: bytes) -> None:
    """Temporary file, fsync, rename, fsync of the folder. A leftover of a writer that died is swept first."""
    temporary = f".{name}.new"
    with suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=folder)
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CLOEXEC_NOFOLLOW, 0o600, dir_fd=folder)
    try:
        os.fchmod(file, 0o600)  # an odd umask may have taken our own rights
        while written:
            written = written[os.write(file, written) :]
        os.fsync(file)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise
    finally:
        os.close(file)
    os.fsync(folder)


def _all_bytes(file: int) -> bytes:
    most = _FIXED_BYTES + _MOST_ROOTS * _ROOT_BYTES + 1
    read_so_far = b""
    while len(read_so_far) < most and (more := os.read(file, most - len(read_so_far))):
        read_so_far += more
    return read_so_far


def _encode(contents: Contents) -> bytes:
    roots = b"".join(bytes.fromhex(root.id) + root.secret.reveal() for root in contents.roots)
    body = _MAGIC + bytes((contents.suite.number,)) + len(contents.roots).to_bytes(2, "big") + roots
    return body + hashlib.sha256(body).digest()


def _decode(stored: bytes) -> Contents:
    """(1) the magic  (2) at least one root and the exact length  (3) the checksum  (4) a suite we have  (5) no id twice."""
    body, checksum = stored[:-_SUM_BYTES], stored[-_SUM_BYTES:]
    if len(stored) < _FIXED_BYTES or not body.startswith(_MAGIC):  # 1
        raise KeyFileCorrupt
    number, count = body[len(_MAGIC)], int.from_bytes(body[len(_MAGIC) + 1 : _FRONT_BYTES], "big")
    if count == 0 or len(stored) != _FIXED_BYTES + count * _ROOT_BYTES:  # 2
        raise KeyFileCorrupt
    if hashlib.sha256(body).digest() != checksum:  # 3
        raise KeyFileCorrupt
    found = suite(number)  # 4
    packed = body[_FRONT_BYTES:]
    roots = tuple(_root(packed[at : at + _ROOT_BYTES]) for at in range(0, len(packed), _ROOT_BYTES))
    if len({root.id for root in roots}) != count:  # 5
        raise KeyFileCorrupt
    return Contents(found, roots)


def _root(packed: bytes) -> Root:
    return Root(KeyId(packed[:ID_BYTES].hex()), Secret(packed[ID_BYTES:]))
