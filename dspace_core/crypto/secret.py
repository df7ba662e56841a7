"""Key bytes that do not slip out: a value that prints nothing, and that no serialiser takes by accident."""

import hmac
import secrets
from typing import NoReturn

from dspace_core.crypto.refusals import KeyMalformed

KEY_BYTES = 32
"""Every symmetric key and every private seed of this project has 256 bits."""


class Secret:
    """Exactly 32 bytes of key. It shows nothing, compares in constant time, and leaves only through `reveal`.

    Deliberately no msgspec struct: msgspec would write its bytes as base64. Python cannot promise to wipe memory, so
    nothing here claims to.
    """

    __slots__ = ("_held",)

    def __init__(self, held: bytes) -> None:
        if len(held) != KEY_BYTES:
            raise KeyMalformed
        self._held = bytes(held)

    @classmethod
    def random(cls) -> "Secret":
        """A fresh key from the system's secure source."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def reveal(self) -> bytes:
        """The bytes themselves: for a cipher, for the key file, or for a court that is being shown one group."""
        return self._held

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._held, other._held)

    __hash__ = None  # type: ignore[assignment]  # a hash of a key is a statement about the key

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled and not copied")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret has no state to hand out")
