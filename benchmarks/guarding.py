"""What the guard costs a call: checking one proof (each time), and checking one token (once in its life).

Both are told as multiples of one ES256 verification under a key at hand, measured in turn with them: microseconds of a
busy machine say little.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from dspace_backend.tokens import AccessTokens, Bearer, Call, SigningKeys, check_proof
from dspace_backend.tokens.jose import take_apart
from dspace_core.testing.device import Device
from dspace_core.values import random_id

BASE = "http://127.0.0.1:8000"
ROUNDS = 40
CALLS = 250


def measure() -> dict[str, float]:
    """The two multiples, medians over rounds of 250."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        keys = SigningKeys.open(Path(folder) / "tokens", development=True, clock=lambda: now)
        tokens = AccessTokens(keys, issuer="http://dev.localhost:8000", audience="http://dev.localhost:8000/v1")
        device = Device()
        bearer = Bearer(
            sub=random_id(), client_id="phone", jkt=device.jkt, sid=random_id(), acr="dspace:level:3", auth_time=1
        )
        token = tokens.make(bearer, now)
        call = Call(method="GET", path="/v1/space", bases=(BASE,), token=token)
        proof = device.proof("GET", f"{BASE}/v1/space", at=now.timestamp(), nonce="n" * 30, token=token)
        parts, key = take_apart(token), keys.current.verifier
        rounds = [
            [
                _microseconds(act)
                for act in (
                    lambda: parts.check(key),
                    lambda: check_proof(proof, call, now),
                    lambda: tokens.check(token, now),
                )
            ]
            for _ in range(ROUNDS)
        ]
        return {
            "guard_proof_of_signature": statistics.median(proofs / alone for alone, proofs, _ in rounds),
            "guard_token_of_signature": statistics.median(checks / alone for alone, _, checks in rounds),
        }


def _microseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        act()
    return (time.perf_counter() - began) / CALLS * 1_000_000


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:<28} {figure:12.3f}")
