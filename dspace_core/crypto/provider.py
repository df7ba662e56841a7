"""Where root keys live: a port, and its file. A root key wraps other keys and derives purpose keys; it does nothing else.

The PKCS#11 token answers the same port. The root is never in the environment, a log, a database or a repr.
"""

import logging
import secrets
from pathlib import Path
from typing import Protocol

import msgspec

from dspace_core.crypto import keyfile
from dspace_core.crypto.encoding import join, name
from dspace_core.crypto.keyfile import KeyId, Root
from dspace_core.crypto.refusals import KeyFileInsideHome, RecordMalformed, RootUnknown
from dspace_core.crypto.sealing import seal, unseal
from dspace_core.crypto.secret import KEY_BYTES, Secret
from dspace_core.crypto.suites import INTERNATIONAL, Suite

_log = logging.getLogger("dspace.crypto")
_LABEL = b"dspace/v1/root"


class KeyProvider(Protocol):
    """Holds root keys and lets none out."""

    @property
    def key_ids(self) -> tuple[KeyId, ...]:
        """The roots held, the current one first."""
        ...

    def wrap(self, key: Secret, context: bytes) -> bytes:
        """The key under the current root, bound to the context."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> Secret:
        """The key again, under whichever root wrapped it.

        Refuses with `RootUnknown`, `RecordMalformed`, or with `UnsealFailed` for another context or changed bytes.
        """
        ...

    def derive(self, purpose: str, key_id: KeyId) -> Secret:
        """The key of one purpose under the root named.

        Another root gives another key: whoever stores what was made under it stores the root's id beside it.
        """
        ...


class _Wrapping(msgspec.Struct, frozen=True):
    """One root together with the key derived from it for wrapping."""

    root: Root
    key: Secret


class FileKeyProvider:
    """Root keys in one file of mode 0600: for development, and in production only outside `home`, with a warning.

    Make one with `create` or `load`.
    """

    def __init__(self, path: Path, contents: keyfile.Contents) -> None:
        self._path = path
        self._take(contents)

    @classmethod
    def create(cls, path: Path, *, home: Path, production: bool, suite: Suite = INTERNATIONAL) -> "FileKeyProvider":
        """Write a new file with one random root. Refuses where anything stands at the path already."""
        _check_place(path, home, production=production)
        contents = keyfile.Contents(suite, (_fresh_root(),))
        keyfile.create(path, contents)
        return cls(path, contents)

    @classmethod
    def load(cls, path: Path, *, home: Path, production: bool) -> "FileKeyProvider":
        """Read the file. Refuses links, foreign owners, open modes and damage: each has its own `crypto.key_file_*`."""
        _check_place(path, home, production=production)
        return cls(path, keyfile.read(path))

    @property
    def key_ids(self) -> tuple[KeyId, ...]:
        """The roots held, the current one first."""
        return tuple(self._wrappings)

    def rotate(self) -> KeyId:
        """Put a new root in front, durably, and return its id. The old ones still unwrap.

        Other processes go on wrapping under the root they know, and read the file again when they meet the new id.
        """
        fresh = _fresh_root()
        self._take(keyfile.prepend(self._path, fresh))
        return fresh.id

    def wrap(self, key: Secret, context: bytes) -> bytes:
        """The id of the current root (8 bytes), then the key sealed under it and bound to the context."""
        current = next(iter(self._wrappings.values()))
        root_id = bytes.fromhex(current.root.id)
        return root_id + seal(current.key, key.reveal(), join(root_id, context), self._suite)

    def unwrap(self, wrapped: bytes, context: bytes) -> Secret:
        """The key again, under whichever root wrapped it."""
        root_id, record = wrapped[: keyfile.ID_BYTES], wrapped[keyfile.ID_BYTES :]
        if len(root_id) != keyfile.ID_BYTES:
            raise RecordMalformed
        held = self._held(KeyId(root_id.hex()))
        return Secret(unseal(held.key, record, join(root_id, context), self._suite))

    def derive(self, purpose: str, key_id: KeyId) -> Secret:
        """The key of one purpose under the root named."""
        info = join(_LABEL, b"purpose", name(purpose))
        return Secret(self._suite.hash.derive(self._held(key_id).root.secret, b"", info, KEY_BYTES))

    def _held(self, key_id: KeyId) -> _Wrapping:
        """The root of that id; the file is read once more, for another process may have rotated it."""
        if key_id not in self._wrappings:
            self._take(keyfile.read(self._path))
        held = self._wrappings.get(key_id)
        if held is None:
            raise RootUnknown
        return held

    def _take(self, contents: keyfile.Contents) -> None:
        info = join(_LABEL, b"wrap")
        derive = contents.suite.hash.derive
        self._suite = contents.suite
        self._wrappings = {
            root.id: _Wrapping(root, Secret(derive(root.secret, b"", info, KEY_BYTES))) for root in contents.roots
        }


def _fresh_root() -> Root:
    return Root(KeyId(secrets.token_hex(keyfile.ID_BYTES)), Secret.random())


def _check_place(path: Path, home: Path, *, production: bool) -> None:
    """Production only: the file may not share the fate of the data, and even outside a file is the weaker choice."""
    if not production:
        return
    if (path.parent.resolve() / path.name).is_relative_to(home.resolve()):
        raise KeyFileInsideHome
    _log.warning("root keys are held in a file; in production prefer a hardware token")
