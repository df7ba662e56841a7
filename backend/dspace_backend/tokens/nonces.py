"""Nonces of this server for proofs (RFC 9449 section 8): each tells when it was given out, and nobody else can make one.

No memory is needed: whoever holds the key recognises it. A proof with such a nonce is younger than the nonce, whatever the
clock of its maker says; that is how proofs from before a restart of the ephemeral store are known.
"""

import hmac
from datetime import datetime, timedelta

from dspace_backend.tokens.jose import JoseError, decode, encode
from dspace_core.crypto import INTERNATIONAL, Secret
from dspace_core.values import InstantOutOfRange, from_ms, to_ms

LIFE = timedelta(minutes=5)
RENEW_AFTER = timedelta(minutes=1)
"""From this age on an answer carries the next one."""
_AHEAD = timedelta(seconds=2)
"""How far the clock of another `web` may run ahead (article 13)."""
_TIME, _TAG = 6, 16
_FORM = _TIME + _TAG


class Nonces:
    """Gives out nonces and recognises them. Every `web` process of a deployment holds the same key."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def issue(self, now: datetime) -> str:
        """A nonce of this moment."""
        time = to_ms(now).to_bytes(_TIME, "big")
        return encode(time + self._tag(time))

    def issued_at(self, text: str, now: datetime) -> datetime | None:
        """When a nonce was given out; None when it is none of ours, older than `LIFE`, or from the future."""
        try:
            raw = decode(text)
        except JoseError:
            return None
        time, tag = raw[:_TIME], raw[_TIME:]
        if len(raw) != _FORM or not hmac.compare_digest(tag, self._tag(time)):
            return None
        try:
            issued = from_ms(int.from_bytes(time, "big"))
        except InstantOutOfRange:
            return None
        return issued if now - LIFE <= issued <= now + _AHEAD else None

    def _tag(self, time: bytes) -> bytes:
        return INTERNATIONAL.hash.hmac(self._key, b"dpop-nonce" + time)[:_TAG]
