"""The guard against replay: a proof is taken once, and only with a nonce that the ephemeral store's memory covers."""

import asyncio
from datetime import datetime, timedelta

from dspace_backend.tokens.jose import encode
from dspace_backend.tokens.nonces import Nonces
from dspace_backend.tokens.proof import FUTURE, PAST, Proof
from dspace_backend.tokens.refusals import NonceNeeded, ProofRefused
from dspace_core.crypto import INTERNATIONAL, Secret
from dspace_core.stores import Ephemeral
from dspace_core.stores.refusals import IssuedBeforeStart
from dspace_core.values import random_id

REMEMBERED = PAST + FUTURE + timedelta(seconds=20)
"""Longer than any proof can be taken for fresh."""
_PAUSE = 0.02


class ReplayGuard:
    """Judges what a signature cannot: whether a proof is new. `key` hides what callers choose as `jti` from the store."""

    def __init__(self, key: Secret, nonces: Nonces, ephemeral: Ephemeral) -> None:
        self._key = key
        self._nonces = nonces
        self._ephemeral = ephemeral

    async def admit(self, proof: Proof, now: datetime) -> datetime:
        """Take a proof once; answer when its nonce was given out.

        Raises NonceNeeded (no nonce, an old one, or one from before the ephemeral store began), ProofRefused (seen
        before), and EphemeralUnavailable or EphemeralRestarted when nobody can say.
        """
        issued = None if proof.nonce is None else self._nonces.issued_at(proof.nonce, now)
        if issued is None:
            raise NonceNeeded
        digest = INTERNATIONAL.hash.hmac(self._key, f"{proof.jkt}.{proof.jti}".encode())
        try:
            first = await self._ephemeral.first_time(f"dpop:{encode(digest[:18])}", REMEMBERED, issued)
        except IssuedBeforeStart:
            raise NonceNeeded from None
        if not first:
            raise ProofRefused(reason="jti")
        return issued


async def settled(ephemeral: Ephemeral, now: datetime) -> None:
    """Wait until proofs of this moment can be judged: a store that has just begun rounds its start up by a second."""
    while True:
        try:
            await ephemeral.first_time(f"settled:{random_id().hex}", timedelta(seconds=1), now)
        except IssuedBeforeStart:
            await asyncio.sleep(_PAUSE)
            now += timedelta(seconds=_PAUSE)
        else:
            return
