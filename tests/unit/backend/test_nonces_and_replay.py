"""A nonce is ours and fresh; a proof is taken once, and not at all where nobody can say whether it is new."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_backend.tokens import Nonces, Proof, ReplayGuard, settled
from dspace_backend.tokens.jose import decode, encode
from dspace_backend.tokens.nonces import LIFE
from dspace_backend.tokens.proof import FUTURE, PAST
from dspace_backend.tokens.refusals import NonceNeeded, ProofRefused
from dspace_backend.tokens.replay import REMEMBERED
from dspace_core.crypto import Secret
from dspace_core.stores.refusals import EphemeralUnavailable

KEY = Secret(bytes(range(1, 33)))


@pytest.fixture
def guard(nonces: Nonces, memory: Any) -> ReplayGuard:
    return ReplayGuard(KEY, nonces, memory)


def test_a_nonce_tells_when_it_was_given_out(nonces: Nonces, clock: Any) -> None:
    assert nonces.issued_at(nonces.issue(clock()), clock()) == clock()


def test_a_nonce_is_fresh_for_five_minutes(nonces: Nonces, clock: Any) -> None:
    text, issued = nonces.issue(clock()), clock()
    assert nonces.issued_at(text, issued + LIFE) == issued
    assert nonces.issued_at(text, issued + LIFE + timedelta(milliseconds=1)) is None


def test_a_nonce_from_the_future_is_none(nonces: Nonces, clock: Any) -> None:
    text = nonces.issue(clock() + timedelta(seconds=3))
    assert nonces.issued_at(text, clock()) is None


def test_a_nonce_of_another_key_is_none(nonces: Nonces, clock: Any) -> None:
    assert nonces.issued_at(Nonces(KEY).issue(clock()), clock()) is None


@given(st.text(max_size=60))
def test_no_other_text_is_a_nonce(text: str) -> None:
    assert Nonces(KEY).issued_at(text, datetime(2026, 3, 2, tzinfo=UTC)) is None


@given(st.integers(min_value=0, max_value=175))
def test_no_bit_of_a_nonce_can_be_changed(bit: int) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    raw = bytearray(decode(Nonces(KEY).issue(now)))
    raw[bit // 8] ^= 1 << (bit % 8)
    assert Nonces(KEY).issued_at(encode(bytes(raw)), now) is None


def proof(nonces: Nonces, clock: Any, jti: str = "a", jkt: str = "k") -> Proof:
    return Proof(jkt, jti, nonces.issue(clock()))


async def test_a_proof_is_taken_once(guard: ReplayGuard, nonces: Nonces, clock: Any) -> None:
    await guard.admit(proof(nonces, clock), clock())
    with pytest.raises(ProofRefused) as told:
        await guard.admit(proof(nonces, clock), clock())
    assert told.value.values["reason"] == "jti"


async def test_the_same_jti_by_another_key_is_another_proof(guard: ReplayGuard, nonces: Nonces, clock: Any) -> None:
    await guard.admit(proof(nonces, clock, jkt="one"), clock())
    await guard.admit(proof(nonces, clock, jkt="two"), clock())


async def test_what_callers_choose_as_jti_never_reaches_the_store(
    guard: ReplayGuard, nonces: Nonces, clock: Any, memory: Any
) -> None:
    await guard.admit(proof(nonces, clock, jti="440100199003070011"), clock())
    [key] = memory.seen
    assert "440100199003070011" not in key
    assert len(key) == 5 + 24


async def test_a_proof_is_remembered_for_as_long_as_it_could_be_taken(
    guard: ReplayGuard, nonces: Nonces, clock: Any, memory: Any
) -> None:
    await guard.admit(proof(nonces, clock), clock())
    assert list(memory.seen.values()) == [REMEMBERED]
    assert REMEMBERED > PAST + FUTURE


async def test_a_proof_without_a_nonce_is_asked_for_one(guard: ReplayGuard, clock: Any) -> None:
    for nonce in (None, "", "made-up"):
        with pytest.raises(NonceNeeded):
            await guard.admit(Proof("k", "a", nonce), clock())


async def test_a_nonce_from_before_the_store_began_is_asked_for_anew(
    guard: ReplayGuard, nonces: Nonces, clock: Any, memory: Any
) -> None:
    before = proof(nonces, clock)
    clock.pass_by(seconds=5)
    memory.began = clock()
    with pytest.raises(NonceNeeded):
        await guard.admit(before, clock())
    await guard.admit(proof(nonces, clock), clock())


async def test_without_the_store_nothing_is_taken(guard: ReplayGuard, nonces: Nonces, clock: Any, memory: Any) -> None:
    memory.dead = True
    with pytest.raises(EphemeralUnavailable):
        await guard.admit(proof(nonces, clock), clock())


async def test_a_start_waits_until_proofs_can_be_judged(clock: Any, memory: Any) -> None:
    memory.began = clock() + timedelta(seconds=0.1)
    await settled(memory, clock())
    assert len(memory.seen) == 1
