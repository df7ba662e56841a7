"""Withdrawal across processes: after the answer nothing goes out, whoever is slow, silent, deaf or gone."""

import asyncio
import itertools
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from time import monotonic_ns
from uuid import UUID

import pytest

from dspace_core.errors import Refusal
from dspace_core.evidence.pending import SYSTEM
from dspace_core.gate import duties, tables
from dspace_core.gate.door import Stopping
from dspace_core.gate.records import recorder
from dspace_core.gate.refusals import DutyMissing, Stopped
from dspace_core.grants import AlreadyEnded, By, Change, Narrowing, Withdrawn, resume
from dspace_core.grants.refusals import WithdrawnGrant
from dspace_core.stores import transaction
from dspace_core.testing.claims import IDENTITY, Claim, Sent, claim
from dspace_core.testing.space import ScratchSpace, SpaceProcess
from dspace_core.values import EvidenceId, random_id


def change(claimed: Claim, by: By = By.SUBJECT) -> Change:
    return Change(
        subject=claimed.subject,
        grant=claimed.grant.id,
        by=by,
        at=datetime.now(UTC),
        evidence=EvidenceId(random_id()),
        act=random_id(),
    )


class Slow(Sent):
    """A release that is held between its admission and its check, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.there = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, value: object, before_send: Callable[[], None]) -> int:
        self.there.set()
        await self.go.wait()
        return await super().__call__(value, before_send)


async def test_article_3_a_use_that_was_admitted_before_does_not_go_out_after(
    space: ScratchSpace, process: SpaceProcess, claimed: Claim
) -> None:
    class Held(Slow):
        """Admitted, and held until it may not go any more."""

        async def __call__(self, value: object, before_send: Callable[[], None]) -> int:
            self.there.set()
            while True:
                before_send()
                await asyncio.sleep(0.001)

    async with space.process() as other:
        held = Held()
        use = asyncio.create_task(other.gate.use(claimed.wants(), held))
        await held.there.wait()
        assert isinstance((await process.gate.withdraw(change(claimed))).change, Withdrawn)
        with pytest.raises(Refusal, match=r"gate\.stopped"):
            await use


async def test_a_withdrawal_waits_for_bytes_that_are_going_out(
    space: ScratchSpace, process: SpaceProcess, claimed: Claim
) -> None:
    class Half(Slow):
        """Checked, and half out, when the withdrawal comes."""

        async def __call__(self, value: object, before_send: Callable[[], None]) -> int:
            before_send()
            self.there.set()
            await self.go.wait()
            self.values.append(value)
            return monotonic_ns()

    async with space.process() as other:
        half = Half()
        use = asyncio.create_task(other.gate.use(claimed.wants(), half))
        await half.there.wait()
        stopping = asyncio.create_task(process.gate.withdraw(change(claimed)))
        asyncio.get_running_loop().call_later(0.3, half.go.set)
        out, done = await asyncio.gather(use, stopping)
        assert out.stamp < monotonic_ns()
        assert done.seconds > 0.25


async def test_no_use_is_admitted_after_a_withdrawal(process: SpaceProcess, claimed: Claim) -> None:
    await process.gate.withdraw(change(claimed))
    sent = Sent()
    with pytest.raises(Refusal, match=r"grants\.withdrawn"):
        await process.gate.use(claimed.wants(), sent)
    assert sent.values == []


async def test_what_another_process_knows_of_a_grant_is_forgotten_before_the_withdrawal_is_answered(
    space: ScratchSpace, process: SpaceProcess, claimed: Claim
) -> None:
    async with space.process() as other:
        assert await other.gate.advise(claimed.wants()) is None
        await process.gate.withdraw(change(claimed))
        assert isinstance(await other.gate.advise(claimed.wants()), WithdrawnGrant)


async def test_a_duty_that_was_ended_is_forgotten_too(
    space: ScratchSpace, process: SpaceProcess, claimed: Claim
) -> None:
    async with space.process() as other, space.ledger.session("migrate") as operator:
        assert await other.gate.advise(claimed.wants(IDENTITY)) is None
        (duty,) = [
            row[0] for row in await operator.db.fetch("SELECT duty_id FROM duty WHERE purpose = $1", IDENTITY.purpose)
        ]
        async with transaction(operator.db) as db:
            await duties.end(db, duty, datetime.now(UTC))
        await process.gate.settled(SYSTEM, duty)
        assert isinstance(await other.gate.advise(claimed.wants(IDENTITY)), DutyMissing)
        await operator.db.execute("UPDATE duty SET ended_at = NULL WHERE duty_id = $1", duty)


async def test_withdrawing_again_waits_again_and_writes_nothing(process: SpaceProcess, claimed: Claim) -> None:
    first = await process.gate.withdraw(change(claimed))
    again = await process.gate.withdraw(change(claimed))
    assert isinstance(first.change, Withdrawn)
    assert isinstance(again.change, AlreadyEnded)


async def test_a_process_that_hears_nothing_learns_of_it_with_its_next_renewal(
    space: ScratchSpace, process: SpaceProcess, claimed: Claim
) -> None:
    async with space.process(hears=False) as deaf:
        await deaf.gate.use(claimed.wants(), Sent())
        done = await process.gate.withdraw(change(claimed))
        assert done.seconds < 0.5
        assert await tables.waited_for(process.session.db, claimed.subject, claimed.grant.id) == frozenset()


async def test_a_silent_process_is_revoked_and_waited_out(
    space: ScratchSpace, process: SpaceProcess, claimed: Claim
) -> None:
    async with space.process() as other:
        silent = random_id()
        await tables.take(process.session.db, silent)
        done = await process.gate.withdraw(change(claimed))
        assert 0.5 < done.seconds < 2
        assert not (await tables.renew(process.session.db, silent)).renewed
        assert (await other.gate.use(claimed.wants(IDENTITY), Sent())).stamp


async def test_a_lease_that_ran_out_is_never_renewed(process: SpaceProcess) -> None:
    late = random_id()
    await tables.take(process.session.db, late)
    await process.session.db.execute("UPDATE lease SET until = clock_timestamp() WHERE process = $1", late)
    assert not (await tables.renew(process.session.db, late)).renewed


async def test_article_3_a_lease_is_not_over_while_a_renewal_of_it_is_being_committed(
    process: SpaceProcess, claimed: Claim
) -> None:
    """The renewal began in time and saw no stop; its process believes in it from before the withdrawal on."""
    db, slow = process.session.db, random_id()
    await tables.take(db, slow)
    async with transaction(db) as renewing:
        assert (await tables.renew(renewing, slow)).stops == ()
        async with transaction(db) as stopping:
            await tables.stop(stopping, claimed.subject, claimed.grant.id)
        while await db.fetchval(
            "SELECT until + interval '200 ms' > clock_timestamp() FROM lease WHERE process = $1", slow
        ):
            await renewing.execute("SELECT pg_sleep(0.02)")
        assert slow in await tables.waited_for(db, claimed.subject, claimed.grant.id)
        await renewing.execute("UPDATE lease SET until = clock_timestamp() + interval '1 s' WHERE process = $1", slow)
    assert slow in await tables.waited_for(db, claimed.subject, claimed.grant.id)


async def test_a_lease_that_was_waited_out_is_never_renewed_whatever_the_clock_says(
    process: SpaceProcess, claimed: Claim
) -> None:
    db, late = process.session.db, random_id()
    await tables.take(db, late)
    async with transaction(db) as stopping:
        await tables.stop(stopping, claimed.subject, claimed.grant.id)
    await db.execute("UPDATE lease SET until = clock_timestamp() - interval '200 ms' WHERE process = $1", late)
    assert late not in await tables.waited_for(db, claimed.subject, claimed.grant.id)
    await db.execute("UPDATE lease SET until = clock_timestamp() + interval '1 s' WHERE process = $1", late)
    assert not (await tables.renew(db, late)).renewed


async def test_whoever_waits_for_a_stop_waits_for_no_lock_of_those_who_acknowledge(
    process: SpaceProcess, claimed: Claim
) -> None:
    """Who acknowledges many stops at once holds many rows; two who also removed some of them could wait in a ring."""
    db, over = process.session.db, random_id()
    await tables.take(db, over)
    async with transaction(db) as stopping:
        await tables.stop(stopping, claimed.subject, claimed.grant.id)
    await db.execute("DELETE FROM lease WHERE process = $1", over)
    numbers = [row[0] for row in await db.fetch("SELECT number FROM stopping WHERE process = $1", over)]
    async with transaction(db) as acknowledging:
        await tables.acknowledge(acknowledging, over, numbers)
        async with asyncio.timeout(0.4):
            assert over not in await tables.waited_for(db, claimed.subject, claimed.grant.id)


async def test_article_13_a_process_whose_lease_was_revoked_releases_nothing_of_before(
    process: SpaceProcess, claimed: Claim
) -> None:
    slow = Slow()
    use = asyncio.create_task(process.gate.use(claimed.wants(), slow))
    await slow.there.wait()
    before = process.lease.process
    await tables.revoke(process.session.db, {before})
    while True:
        try:
            if process.lease.process != before:
                break
        except Refusal:
            pass
        await asyncio.sleep(0.01)
    slow.go.set()
    with pytest.raises(Refusal, match=r"gate\.lease_lost"):
        await use
    assert slow.values == []
    assert not (await process.gate.use(claimed.wants(hook="again"), Sent())).redelivered


async def test_a_pause_stops_as_a_withdrawal_does_and_ends(process: SpaceProcess, claimed: Claim) -> None:
    await process.gate.use(claimed.wants(), Sent())
    await process.gate.pause(change(claimed))
    with pytest.raises(Refusal, match=r"grants\.paused"):
        await process.gate.use(claimed.wants(), Sent())
    async with transaction(process.session.db) as db:
        await resume(db, change(claimed), recorder(process.session.keyring))
    assert (await process.gate.use(claimed.wants(), Sent())).redelivered


@pytest.mark.parametrize(("how", "code"), [("revoke", r"grants\.revoked"), ("end", r"grants\.ended")])
async def test_a_revoked_or_ended_grant_opens_nothing(
    process: SpaceProcess, claimed: Claim, how: str, code: str
) -> None:
    stop: Callable[[Change], asyncio.Future[Stopping]] = getattr(process.gate, how)
    await stop(change(claimed, By.SYSTEM))
    with pytest.raises(Refusal, match=code):
        await process.gate.use(claimed.wants(), Sent())


async def test_a_narrowed_grant_keeps_its_rest(process: SpaceProcess, claimed: Claim) -> None:
    rest = claimed.grant.fields - {"bank.account.account_no"}
    await process.gate.use(claimed.wants(), Sent())  # a copy of the old terms is at hand
    await process.gate.narrow(change(claimed), Narrowing(version=1, fields=rest))
    with pytest.raises(Refusal, match=r"grants\.field_not_granted"):
        await process.gate.use(claimed.wants(hook="other"), Sent())


async def test_an_ended_duty_opens_nothing(space: ScratchSpace, process: SpaceProcess, claimed: Claim) -> None:
    await process.gate.use(claimed.wants(IDENTITY), Sent())
    async with space.ledger.session("migrate") as operator:
        (duty,) = [
            row[0] for row in await operator.db.fetch("SELECT duty_id FROM duty WHERE purpose = $1", IDENTITY.purpose)
        ]
        async with transaction(operator.db) as db:
            await duties.end(db, duty, datetime.now(UTC))
        await process.gate.settled(SYSTEM, duty)
        with pytest.raises(Refusal, match=r"gate\.duty_missing"):
            await process.gate.use(claimed.wants(IDENTITY), Sent())
        await operator.db.execute("UPDATE duty SET ended_at = NULL WHERE duty_id = $1", duty)


async def test_many_stops_at_once_are_acknowledged_together_and_cost_no_lease(
    process: SpaceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[int] = []
    acknowledge = tables.acknowledge

    async def counted(db: tables.Db, holder: UUID, numbers: Collection[int]) -> None:
        said.append(len(numbers))
        await acknowledge(db, holder, numbers)

    monkeypatch.setattr(tables, "acknowledge", counted)
    db, before = process.session.db, process.lease.process
    waiting = "SELECT count(*) FROM stopping WHERE process = $1"
    await db.execute(
        """
        INSERT INTO stopping (subject_id, basis_id, process)
        SELECT gen_random_uuid(), gen_random_uuid(), $1 FROM generate_series(1, 2000)
        """,
        before,
    )
    process.lease.look()
    while await db.fetchval(waiting, before):
        await asyncio.sleep(0.01)
    assert process.lease.process == before
    assert said == [2000]


async def test_stops_that_nobody_is_left_to_acknowledge_are_swept(process: SpaceProcess, claimed: Claim) -> None:
    db, gone = process.session.db, random_id()
    await tables.take(db, gone)
    async with transaction(db) as stopping:
        await tables.stop(stopping, claimed.subject, claimed.grant.id)
    await tables.sweep(db)
    assert gone in await tables.waited_for(db, claimed.subject, claimed.grant.id)
    await db.execute("UPDATE lease SET until = clock_timestamp() - interval '2 minutes' WHERE process = $1", gone)
    await tables.sweep(db)
    assert not await db.fetchval("SELECT count(*) FROM stopping WHERE process = $1", gone)


async def test_300_withdrawals_against_uses_of_two_processes(space: ScratchSpace, process: SpaceProcess) -> None:
    """Each release is stamped after its last byte, each withdrawal after its answer, by one clock."""
    async with space.process() as other:
        went = [await race(process, other, citizen) for citizen in space.holders()[:30]]
    assert sum(went)  # else there was no race


async def race(process: SpaceProcess, other: SpaceProcess, citizen: str) -> int:
    """Ten claims of one person, used by two processes until they are withdrawn. Answers how many uses went out."""
    claims = [await claim(process, citizen) for _ in range(10)]

    async def use_up(where: SpaceProcess, one: Claim) -> list[int]:
        stamps: list[int] = []
        for n in itertools.count():
            try:
                out = await where.gate.use(one.wants(hook=f"{id(where)}.{n}"), Sent())
            except (WithdrawnGrant, Stopped):
                break
            stamps.append(out.stamp)
        return stamps

    async def stop(one: Claim) -> int:
        await asyncio.sleep(0.02)
        await process.gate.withdraw(change(one))
        return monotonic_ns()

    uses = asyncio.gather(*(use_up(where, one) for one in claims for where in (process, other)))
    stops = await asyncio.gather(*map(stop, claims))
    went = await uses
    for number, stamps in enumerate(went):
        assert all(stamp < stops[number // 2] for stamp in stamps)
    return sum(map(len, went))


async def test_what_waits_for_its_number_too_long_shuts_sensitive_fields(
    process: SpaceProcess, claimed: Claim, space: ScratchSpace
) -> None:
    async with space.ledger.session("migrate") as operator:
        old = datetime.now(UTC) - timedelta(seconds=90)
        await operator.db.execute(
            "UPDATE evidence_pending SET inserted_at = $1 WHERE subject_id = $2", old, claimed.subject
        )
        await asyncio.sleep(0.4)  # a renewal, at least one, has looked since
        with pytest.raises(Refusal, match=r"gate\.evidence_stale"):
            await process.gate.use(claimed.wants(), Sent())
        assert (await process.gate.use(claimed.wants(IDENTITY), Sent())).stamp
        await operator.db.execute("UPDATE evidence_pending SET inserted_at = clock_timestamp()")
        await asyncio.sleep(0.4)
        assert (await process.gate.use(claimed.wants(), Sent())).stamp
