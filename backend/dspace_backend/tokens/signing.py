"""The keys that sign access tokens: files in the home that `web` alone opens, and their rotation.

A file is named by the moment from which its key signs and by its id. A new key is published before it signs, and an old
one stays published until the last token that it signed is over: who caches our key set is never surprised.
"""

import fcntl
import logging
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from dspace_backend.tokens.jose import ALGORITHM, PublicJwk
from dspace_backend.tokens.refusals import SigningKeyUnfit
from dspace_core.crypto import P256Signer, P256Verifier, Secret
from dspace_core.crypto.refusals import KeyMalformed
from dspace_core.machine.home import own_folder, write_whole
from dspace_core.values import from_ms, to_ms

PUBLISHED_BEFORE = timedelta(minutes=10)
"""How long a key is in the key set before it signs."""
PUBLISHED_AFTER = timedelta(minutes=5)
"""How long it stays there after its successor signs: more than the life of a token."""
ROTATED_EVERY = timedelta(days=30)
_LOOK_EVERY = timedelta(seconds=5)
_LOOK_AT_MOST_EVERY = timedelta(seconds=1)
_NAME = re.compile(r"(\d{13})\.((?:dev\.)?[A-Za-z0-9_-]{43})\.key", re.ASCII)
_log = logging.getLogger("dspace.web")


class SigningKey(msgspec.Struct, frozen=True, eq=False):
    """One key: its id (the thumbprint; `dev.` before it in development), from when it signs, and both halves."""

    kid: str
    signs_from: datetime
    signer: P256Signer
    verifier: P256Verifier
    jwk: PublicJwk


class _Published(msgspec.Struct, frozen=True):
    kty: str
    crv: str
    x: str
    y: str
    kid: str
    use: str = "sig"
    alg: str = ALGORITHM


class _KeySet(msgspec.Struct, frozen=True):
    keys: list[_Published]


class SigningKeys:
    """The keys of one folder. Another process's rotation is noticed within seconds, or when its key is met."""

    def __init__(self, folder: Path, *, development: bool, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._mark = "dev." if development else ""
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        self._looked = from_ms(0)

    @classmethod
    def open(cls, folder: Path, *, development: bool, clock: Callable[[], datetime]) -> "SigningKeys":
        """The keys of a folder, with a first one made where there is none. Raises SigningKeyUnfit, HomeUnusable."""
        keys = cls(folder, development=development, clock=clock)
        own_folder(folder, 0o700)
        with keys._alone():
            if not keys._files():
                keys._make(clock())
        keys._look()
        return keys

    @property
    def current(self) -> SigningKey:
        """The key that signs now."""
        self._look_sometimes(_LOOK_EVERY)
        now = self._clock()
        return max((key for key in self._keys if key.signs_from <= now), key=_age, default=self._keys[0])

    def verifier(self, kid: str) -> P256Verifier | None:
        """What checks signatures of the key with this id; None for one that is not, or no longer, ours."""
        found = self._published_of(kid)
        if found is None:
            self._look_sometimes(_LOOK_AT_MOST_EVERY)
            found = self._published_of(kid)
        return None if found is None else found.verifier

    def key_set(self) -> bytes:
        """The public keys as JSON (RFC 7517 section 5), the newest first."""
        self._look_sometimes(_LOOK_EVERY)
        shown = [
            _Published(key.jwk.kty, key.jwk.crv, key.jwk.x, key.jwk.y, key.kid)
            for key in sorted(self._published(), key=_age, reverse=True)
        ]
        return msgspec.json.encode(_KeySet(shown))

    def shared_secret(self) -> Secret:
        """A secret that all processes of the deployment share, for nonces and for names in the ephemeral store."""
        path = self._folder / "proofs"
        with self._alone():
            if not path.exists():
                write_whole(path, Secret.random().reveal().hex().encode())
        try:
            return Secret(bytes.fromhex(_closed_text(path)))
        except (KeyMalformed, ValueError, OSError):
            raise SigningKeyUnfit(path=path) from None

    def rotate(self, *, at_once: bool = False) -> str:
        """Make a new key and answer its id; remove those whose tokens are all over.

        `at_once` is for a key that others may have seen: the new one signs now and all others are removed, with the
        tokens that they signed.
        """
        with self._alone():
            self._look()
            return self._rotated(at_once=at_once)

    def keep(self) -> None:
        """Rotate when the newest key is older than `ROTATED_EVERY`, once among all processes; call it now and then."""
        with self._alone():
            self._look()
            if max(key.signs_from for key in self._keys) + ROTATED_EVERY <= self._clock():
                self._rotated(at_once=False)

    def _rotated(self, *, at_once: bool) -> str:
        now = self._clock()
        gone = self._keys if at_once else [key for key in self._keys if key not in self._published()]
        kid = self._make(now if at_once else now + PUBLISHED_BEFORE)
        for key in gone:
            (self._folder / _file_name(key.kid, key.signs_from)).unlink(missing_ok=True)
        self._look()
        _log.warning("signing key %s made, %d removed", kid, len(gone))
        return kid

    def _published_of(self, kid: str) -> SigningKey | None:
        return next((key for key in self._published() if key.kid == kid), None)

    def _published(self) -> list[SigningKey]:
        """Every key but those whose successor has signed for long enough."""
        over = self._clock() - PUBLISHED_AFTER
        begun = [key for key in self._keys if key.signs_from <= over]
        newest = max(begun, key=_age, default=None)
        return [key for key in self._keys if key is newest or key not in begun]

    def _look_sometimes(self, every: timedelta) -> None:
        if abs(self._clock() - self._looked) >= every:
            self._look()

    def _look(self) -> None:
        held = {key.kid: key for key in self._keys}
        found = []
        for path, signs_from, kid in self._files():
            key = held.get(kid)
            found.append(key if key is not None else self._read(path, signs_from, kid))
        if found:  # between the two steps of somebody else's rotation there is always one
            self._keys = tuple(found)
        self._looked = self._clock()

    def _files(self) -> list[tuple[Path, datetime, str]]:
        found = []
        for path in sorted(self._folder.glob("*.key")):
            named = _NAME.fullmatch(path.name)
            if named is None or named[2].startswith("dev.") is not bool(self._mark):
                raise SigningKeyUnfit(path=path)
            found.append((path, from_ms(int(named[1])), named[2]))
        return found

    def _read(self, path: Path, signs_from: datetime, kid: str) -> SigningKey:
        try:
            key = _key(Secret(bytes.fromhex(_closed_text(path))), signs_from, self._mark)
        except (KeyMalformed, ValueError, OSError):
            raise SigningKeyUnfit(path=path) from None
        if key.kid != kid:
            raise SigningKeyUnfit(path=path)
        return key

    def _make(self, signs_from: datetime) -> str:
        scalar, key = _fresh_key(signs_from, self._mark)
        write_whole(self._folder / _file_name(key.kid, signs_from), scalar.reveal().hex().encode())
        return key.kid

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _fresh_key(signs_from: datetime, mark: str) -> tuple[Secret, SigningKey]:
    """A random scalar and its key; one at or above the order of the curve, one in 2^32, is thrown away."""
    while True:
        scalar = Secret.random()
        try:
            return scalar, _key(scalar, signs_from, mark)
        except KeyMalformed:
            continue


def _key(scalar: Secret, signs_from: datetime, mark: str) -> SigningKey:
    signer = P256Signer(scalar)
    jwk = PublicJwk.of(signer)
    return SigningKey(f"{mark}{jwk.thumbprint}", signs_from, signer, jwk.verifier(), jwk)


def _age(key: SigningKey) -> tuple[datetime, str]:
    return key.signs_from, key.kid


def _file_name(kid: str, signs_from: datetime) -> str:
    return f"{to_ms(signs_from):013d}.{kid}.key"


def _closed_text(path: Path) -> str:
    """The text of a file of ours that nobody else can read. Raises ValueError for another."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077 or found.st_uid not in (0, os.geteuid()):
            raise ValueError("open to others")
        return file.read(128).decode("ascii").strip()
