"""The keys cluster: one key for all processes, durable before its first use, destroyed when its time has come."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from dspace_core.crypto import SubjectAnswer, SubjectCase, SubjectIdentity, SubjectYear
from dspace_core.evidence import Draft, tables
from dspace_core.evidence.keyring import REMEMBERED
from dspace_core.evidence.ledger_refusals import DayKeyGone, KeyErased
from dspace_core.evidence.pending import attest
from dspace_core.stores import transaction
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.values import CaseId, Subject, random_id

Drafts = Callable[..., Draft]
START = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


async def test_two_notaries_that_make_a_years_key_at_once_end_with_one(ledger: ScratchLedger, clerk: Session) -> None:
    scopes = [SubjectYear(Subject(random_id()), 2026) for _ in range(50)]
    async with ledger.session("notary") as other:
        one, two = await asyncio.gather(clerk.keyring.years(scopes), other.keyring.years(scopes[::-1]))
    assert one == two
    assert len({held.key.secret.reveal() for held in one.values()}) == 50


async def test_a_years_key_is_durable_when_it_is_given(ledger: ScratchLedger, clerk: Session) -> None:
    scope = SubjectYear(Subject(random_id()), 2026)
    given = await clerk.keyring.years([scope])
    async with ledger.session("app") as app:
        (generation,) = (held.generation for held in given.values())
        assert await app.keyring.generations({generation}) == {generation: given[scope].key}


@pytest.mark.parametrize("kind", ["case", "identity"])
async def test_a_subjects_key_is_made_once(app: Session, ledger: ScratchLedger, kind: str) -> None:
    subject = Subject(random_id())
    scope = SubjectCase(subject, CaseId(random_id())) if kind == "case" else SubjectIdentity(subject)
    with pytest.raises(KeyErased) as refused:
        await app.keyring.held(scope)
    assert (refused.value.code, refused.value.values) == ("evidence.key_erased", {"kind": kind})
    async with ledger.session("app") as other:
        one, two = await asyncio.gather(app.keyring.of_subject(scope), other.keyring.of_subject(scope))
    assert one == two == await app.keyring.held(scope)


async def test_an_answers_key_is_destroyed_after_two_days(ledger: ScratchLedger) -> None:
    hands = Hands()
    scope = SubjectAnswer(Subject(random_id()), random_id())
    async with ledger.session("app", hands) as app:
        key = await app.keyring.answer(scope)
        hands.now += timedelta(hours=48) - timedelta(milliseconds=1)
        await app.keyring.settle_answers()
        assert await app.keyring.held_answer(scope) == key
        hands.now += timedelta(milliseconds=1)
        await app.keyring.settle_answers()
        with pytest.raises(KeyErased):
            await app.keyring.held_answer(scope)


async def test_a_day_key_lives_two_days_after_its_last_record_was_numbered(
    ledger: ScratchLedger, draft: Drafts
) -> None:
    hands = Hands()
    async with ledger.session("app", hands) as app, ledger.session("notary", hands) as clerk:

        async def settle() -> tuple[date, ...]:
            return await clerk.keyring.settle_days(await tables.days_waiting(clerk.db))

        async with transaction(app.db) as db:
            await attest(db, draft(at=START), app.keyring)
        hands.now += timedelta(days=5)  # the notary was down for five days
        assert await settle() == ()
        async with clerk.notary() as notary:
            assert await notary.step() == 1
        assert await settle() == ()
        hands.now += timedelta(hours=48) - timedelta(milliseconds=1)
        assert await settle() == ()
        hands.now += timedelta(milliseconds=1)
        assert await settle() == (date(2026, 3, 1),)
        with pytest.raises(DayKeyGone) as refused:
            await app.keyring.day(date(2026, 3, 1))
        assert refused.value.values == {"day": date(2026, 3, 1)}


async def test_a_record_that_waits_again_keeps_its_day_key(ledger: ScratchLedger, draft: Drafts) -> None:
    hands = Hands()
    async with ledger.session("app", hands) as app, ledger.session("notary", hands) as clerk:
        await app.keyring.today()
        hands.now += timedelta(days=1)
        assert await clerk.keyring.settle_days(()) == ()
        hands.now += timedelta(hours=48)
        assert await clerk.keyring.settle_days([date(2026, 3, 1)]) == ()
        assert await clerk.keyring.settle_days(()) == ()  # the 48 hours begin again
        hands.now += timedelta(hours=48)
        assert await clerk.keyring.settle_days(()) == (date(2026, 3, 1),)


async def test_an_idle_process_keeps_no_opened_key(
    ledger: ScratchLedger, clerk: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    await clerk.keyring.today()
    await clerk.keyring.years([SubjectYear(Subject(random_id()), 2026)])
    assert len(clerk.keyring._opened) == 3
    loop = asyncio.get_running_loop()
    passed, loop_time = REMEMBERED.total_seconds() + 1, loop.time
    monkeypatch.setattr(loop, "time", lambda: loop_time() + passed)
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(clerk.keyring._opened) == 0


async def test_todays_key_is_never_destroyed(ledger: ScratchLedger) -> None:
    hands = Hands()
    async with ledger.session("notary", hands) as clerk:
        day, key = await clerk.keyring.today()
        assert await clerk.keyring.settle_days(()) == ()
        assert await clerk.keyring.today() == (day, key)
        hands.now += timedelta(days=1)
        tomorrow, other = await clerk.keyring.today()
        assert (tomorrow, other == key) == (date(2026, 3, 2), False)
