"""The host against a worker that we play ourselves: what it may say, and what happens when it says anything else."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date

import msgspec
import pytest

from dspace_core.confine import wire
from dspace_core.confine.asks import Asked, OnAsk, Release
from dspace_core.confine.refusals import (
    AnswerTooLarge,
    AskUnanswered,
    CaseTooLarge,
    DeadlinePassed,
    FrameRefused,
    PluginRaised,
    PluginUnfit,
    ReleaseAborted,
    ResultRefused,
    ResultTooLarge,
    WorkerLost,
)
from dspace_core.confine.session import Session
from dspace_core.errors import Refusal, Text
from dspace_core.scenario import DECIDE, PREVIEW, Case, Fact, HookUnanswered, Outcome, Reason, Use

LONG = 60.0
TURNS = 4
USE = Use(item="pension.record", fields=frozenset({"paid_months"}), purpose="核对养老保险缴费年限")
OUTCOME = Outcome(
    (
        Reason(
            rule="A3.age",
            version="2020-06",
            facts=(Fact("pension.record", "paid_months"),),
            held=True,
            says=Text("满", "yes"),
        ),
    )
)


class Withdrawn(Refusal):
    """The grant of this test was withdrawn."""

    code = "session_test.withdrawn"
    says = Text("已撤回", "withdrawn")
    remedy = Text("无", "none")


def case(name: str = "c1", **answers: str) -> Case:
    return Case(id=name, item="A3", subject="s1", accepted=date(2026, 11, 24), answers=answers)


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))


class FakeWorker:
    """The worker's end of the wire and a process that only remembers whether it was killed."""

    def __init__(self) -> None:
        self.sock, self.peer = socket.socketpair()
        self.sock.setblocking(False)
        self.peer.setblocking(False)
        self.killed = 0
        self.gone = asyncio.Event()
        self._reader = wire.FrameReader(wire.TO_WORKER_LIMIT)
        self._cuts: list[wire.Cut] = []

    def kill(self) -> None:
        self.killed += 1
        self.gone.set()

    async def wait(self) -> None:
        await self.gone.wait()

    async def hear(self) -> tuple[int, wire.ToWorker]:
        while not self._cuts:
            chunk = await asyncio.get_running_loop().sock_recv(self.peer, 1 << 16)
            assert chunk, "the host hung up"
            self._cuts += self._reader.feed(chunk)
        cut = self._cuts.pop(0)
        assert cut.body is not None
        return cut.call, wire.from_host.message(cut.body)

    async def say(self, call: int, *messages: wire.Message) -> None:
        await self.utter(b"".join(wire.frame(call, message) for message in messages))

    async def utter(self, content: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.peer, content)


class Desk:
    """A session with its fake worker, ready to be called."""

    def __init__(self) -> None:
        self.worker = FakeWorker()
        self.receipts: list[tuple[int, int, int]] = []
        self.asks: set[asyncio.Task[None]] = set()
        self.session = Session(
            "pension", self.worker, lambda *receipt: self.receipts.append(receipt), self.asks, asyncio.Semaphore(TURNS)
        )

    async def ready(self) -> None:
        opening = asyncio.ensure_future(self.session.open(LONG))
        assert await self.worker.hear() == (0, wire.Load("pension", True))
        await self.worker.say(0, wire.Ready(frozenset({"decide"})))
        await opening

    async def call(
        self, of: Case | None = None, on_ask: OnAsk | None = None, within: float = LONG
    ) -> tuple[int, asyncio.Task[Outcome]]:
        running = asyncio.ensure_future(self.session.call(DECIDE, of or case(), on_ask or refuse, within))
        number, message = await self.worker.hear()
        assert message == wire.Call("decide", of or case())
        return number, running

    async def dropped(self, number: int) -> None:
        assert await self.worker.hear() == (number, wire.Drop())
        await self.worker.say(number, wire.Dropped())

    async def serves(self) -> None:
        """The worker is still trusted: another call is answered."""
        number, running = await self.call()
        await self.worker.say(number, wire.Done(raw(OUTCOME)))
        assert await running == OUTCOME
        assert not self.worker.killed


async def refuse(_asked: Asked, _release: Release) -> None:
    raise Withdrawn


def allow() -> None:
    pass


def giving(value: object) -> OnAsk:
    async def answer(_asked: Asked, release: Release) -> None:
        await release(value, allow)

    return answer


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    await made.ready()
    yield made
    made.session.end()
    await made.session.ended()
    if made.asks:
        await asyncio.wait(made.asks)
    made.worker.peer.close()


# What goes well


async def test_a_call_is_answered_by_its_own_result(desk: Desk) -> None:
    await desk.serves()
    assert desk.session.served == 1


async def test_results_find_their_calls_in_any_order(desk: Desk) -> None:
    calls = [await desk.call(case(f"c{turn}")) for turn in range(3)]
    outcomes = [Outcome((msgspec.structs.replace(OUTCOME.reasons[0], rule=f"r{turn}"),)) for turn in range(3)]
    for (number, _), outcome in reversed(list(zip(calls, outcomes, strict=True))):
        await desk.worker.say(number, wire.Done(raw(outcome)))
    assert [await running for _, running in calls] == outcomes


async def test_an_ask_reaches_the_host_with_the_call_it_came_in(desk: Desk) -> None:
    heard: list[Asked] = []

    async def answer(asked: Asked, release: Release) -> None:
        heard.append(asked)
        await release({"paid_months": 180}, allow)

    number, running = await desk.call(on_ask=answer)
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    assert await desk.worker.hear() == (number, wire.Given(1, raw({"paid_months": 180})))
    assert heard == [Asked(call=number, ask=1, hook="decide", case=case(), use=USE)]
    await desk.worker.say(number, wire.Done(raw(OUTCOME)))
    assert await running == OUTCOME


async def test_asks_of_one_worker_take_turns_and_those_of_a_call_that_is_over_go_no_further(desk: Desk) -> None:
    """One plugin may not queue before everybody else's at the gate."""
    heard: list[int] = []
    go = asyncio.Event()

    async def answer(asked: Asked, release: Release) -> None:
        heard.append(asked.call)
        await go.wait()
        await release({"paid_months": 180}, allow)

    first, running = await desk.call(on_ask=answer)
    await desk.worker.say(first, *(wire.Ask(number, "c1", USE) for number in range(1, wire.MAX_ASKS + 1)))
    while len(heard) < TURNS:
        await asyncio.sleep(0)
    assert len(desk.asks) == wire.MAX_ASKS
    assert heard == [first] * TURNS
    desk.session.drop("c1", Withdrawn())
    await desk.dropped(first)
    second, other = await desk.call(case("c2"), answer)
    await desk.worker.say(second, wire.Ask(1, "c2", USE))
    go.set()
    assert await desk.worker.hear() == (second, wire.Given(1, raw({"paid_months": 180})))
    assert heard == [*[first] * TURNS, second]
    await desk.worker.say(second, wire.Done(raw(OUTCOME)))
    assert await other == OUTCOME
    with pytest.raises(Withdrawn):
        await running


async def test_a_refused_ask_is_told_by_its_code(desk: Desk) -> None:
    number, running = await desk.call(on_ask=refuse)
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    assert await desk.worker.hear() == (number, wire.Refused(1, "session_test.withdrawn"))
    await desk.worker.say(number, wire.Done(raw(OUTCOME)))
    assert await running == OUTCOME


async def test_a_call_that_a_refused_ask_ended_raises_that_very_refusal(desk: Desk) -> None:
    no = Withdrawn()

    async def answer(_asked: Asked, _release: Release) -> None:
        raise no

    number, running = await desk.call(on_ask=answer)
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    await desk.worker.hear()
    await desk.worker.say(number, wire.Failed(wire.Failure.ASK_REFUSED, ask=1))
    with pytest.raises(Withdrawn) as caught:
        await running
    assert caught.value is no


async def test_a_host_that_neither_releases_nor_refuses_has_refused(desk: Desk) -> None:
    async def answer(_asked: Asked, _release: Release) -> None:
        pass

    number, running = await desk.call(on_ask=answer)
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    assert await desk.worker.hear() == (number, wire.Refused(1, AskUnanswered.code))
    running.cancel()


async def test_a_receipt_is_handed_on_even_after_its_call(desk: Desk) -> None:
    number, running = await desk.call()
    await desk.worker.say(number, wire.Done(raw(OUTCOME)), wire.Receipt(1, 42))
    await running
    await desk.serves()
    assert desk.receipts == [(number, 1, 42)]


# Releases


async def test_a_release_answers_the_stamp_of_its_send(desk: Desk) -> None:
    stamps: list[int] = []

    async def answer(_asked: Asked, release: Release) -> None:
        stamps.append(time.monotonic_ns())
        stamps.append(await release({"paid_months": 180}, lambda: stamps.append(time.monotonic_ns())))

    number, _ = await desk.call(on_ask=answer)
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    await desk.worker.hear()
    assert stamps == sorted(stamps)
    assert len(stamps) == 3


async def test_a_release_that_is_no_longer_permitted_becomes_a_refusal(desk: Desk) -> None:
    def withdrawn() -> None:
        raise Withdrawn

    async def answer(_asked: Asked, release: Release) -> None:
        await release({"paid_months": 180}, withdrawn)

    number, _ = await desk.call(on_ask=answer)
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    assert await desk.worker.hear() == (number, wire.Refused(1, "session_test.withdrawn"))


async def test_nothing_is_released_to_a_call_that_was_dropped_meanwhile(desk: Desk) -> None:
    fetched, raised = asyncio.Event(), asyncio.Event()

    async def answer(_asked: Asked, release: Release) -> None:
        await fetched.wait()
        try:
            await release({"paid_months": 180}, allow)
        except ReleaseAborted:
            raised.set()
            raise

    number, running = await desk.call(on_ask=answer)
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    while not desk.asks:
        await asyncio.sleep(0)
    assert desk.session.drop("c1", Withdrawn()) == 1
    fetched.set()
    await raised.wait()
    with pytest.raises(Withdrawn):
        await running
    await desk.dropped(number)
    await desk.serves()


async def test_an_ask_is_released_once(desk: Desk) -> None:
    async def answer(_asked: Asked, release: Release) -> None:
        await release({"paid_months": 180}, allow)
        await release({"paid_months": 181}, allow)

    number, running = await desk.call(on_ask=answer)
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    assert await desk.worker.hear() == (number, wire.Given(1, raw({"paid_months": 180})))
    with pytest.raises(RuntimeError, match="once"):
        await running
    await desk.dropped(number)


async def test_an_answer_over_the_limit_is_refused_and_not_released(desk: Desk) -> None:
    number, _ = await desk.call(on_ask=giving({"paid_months": "x" * wire.TO_WORKER_LIMIT}))
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    assert await desk.worker.hear() == (number, wire.Refused(1, AnswerTooLarge.code))


async def test_a_worker_that_does_not_take_a_release_in_time_is_killed(desk: Desk) -> None:
    """The wire holds less than this answer; nobody reads, and a part of it must not stay readable as a whole."""
    aborted: list[Refusal] = []

    async def answer(_asked: Asked, release: Release) -> None:
        try:
            await release({"paid_months": "x" * (wire.TO_WORKER_LIMIT - 100)}, allow)
        except ReleaseAborted as no:
            aborted.append(no)
            raise

    number, running = await desk.call(on_ask=answer)
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    with pytest.raises(WorkerLost):
        await running
    await asyncio.wait(desk.asks) if desk.asks else None
    assert desk.worker.killed
    assert [no.code for no in aborted] == ["confine.release_aborted"]


async def test_a_fault_of_the_host_ends_the_call_that_met_it(desk: Desk) -> None:
    async def answer(_asked: Asked, _release: Release) -> None:
        raise LookupError("a fault of ours")

    number, running = await desk.call(on_ask=answer)
    await desk.worker.say(number, wire.Ask(1, "c1", USE))
    with pytest.raises(LookupError, match="a fault of ours"):
        await running
    await desk.dropped(number)
    await desk.serves()


# Broken rules that end one call


def flawed(*, case_id: str = "c1", ask: int = 1) -> bytes:
    return msgspec.msgpack.encode(wire.Ask(ask, case_id, USE))


BROKEN: dict[str, tuple[bytes, str]] = {
    "wrong tag": (msgspec.msgpack.encode(["take", 1]), "unreadable"),
    "not MessagePack": (b"\xc1\xc1\xc1", "unreadable"),
    "empty": (b"", "unreadable"),
    "deep": (b"\x91" * 50_000, "unreadable"),
    "another case": (flawed(case_id="c2"), "other_case"),
    "a number ahead": (flawed(ask=2), "ask_number"),
    "ready in a call": (msgspec.msgpack.encode(wire.Ready(frozenset())), "unexpected"),
    "unfit in a call": (msgspec.msgpack.encode(wire.Unfit(wire.Flaw.NOT_ASYNC, "x")), "unexpected"),
    "dropped unasked": (msgspec.msgpack.encode(wire.Dropped()), "unexpected"),
    "a message of the host": (msgspec.msgpack.encode(wire.Drop()), "unreadable"),
    "a refusal never given": (msgspec.msgpack.encode(wire.Failed(wire.Failure.ASK_REFUSED, ask=1)), "refusal_unknown"),
}


@pytest.mark.parametrize(("body", "flaw"), BROKEN.values(), ids=BROKEN)
async def test_a_hostile_frame_ends_its_own_call_only(desk: Desk, body: bytes, flaw: str) -> None:
    other, unharmed = await desk.call(case("c9"))
    number, running = await desk.call()
    await desk.worker.utter(struct.pack(">II", len(body), number) + body)
    with pytest.raises(FrameRefused) as caught:
        await running
    assert caught.value.code == "confine.frame_refused"
    assert caught.value.values == {"plugin": "pension", "flaw": flaw}
    await desk.dropped(number)
    await desk.worker.say(other, wire.Done(raw(OUTCOME)))
    assert await unharmed == OUTCOME
    await desk.serves()


async def test_a_hundred_megabytes_end_their_own_call_only_and_are_never_held(desk: Desk) -> None:
    other, unharmed = await desk.call(case("c9"))
    number, running = await desk.call()
    size = 100 << 20
    await desk.worker.utter(struct.pack(">II", size, number))
    with pytest.raises(FrameRefused) as caught:
        await running
    assert caught.value.values["flaw"] == "oversize"
    assert await desk.worker.hear() == (number, wire.Drop())
    chunk = bytes(1 << 20)
    for _ in range(size // len(chunk)):
        await desk.worker.utter(chunk)
    await desk.worker.say(number, wire.Dropped())
    await desk.worker.say(other, wire.Done(raw(OUTCOME)))
    assert await unharmed == OUTCOME
    await desk.serves()


async def test_a_number_used_twice_ends_the_call(desk: Desk) -> None:
    number, running = await desk.call(on_ask=giving({"paid_months": 180}))
    await desk.worker.say(number, wire.Ask(1, "c1", USE), wire.Ask(1, "c1", USE))
    with pytest.raises(FrameRefused) as caught:
        await running
    assert caught.value.values["flaw"] == "ask_number"


async def test_more_asks_than_a_form_has_items_end_the_call(desk: Desk) -> None:
    number, running = await desk.call(on_ask=refuse)
    await desk.worker.say(number, *(wire.Ask(turn + 1, "c1", USE) for turn in range(wire.MAX_ASKS + 1)))
    with pytest.raises(FrameRefused) as caught:
        await running
    assert caught.value.values["flaw"] == "asks_exceeded"


@pytest.mark.parametrize(
    "result",
    [
        raw(None),
        raw("approve"),
        raw({}),
        raw({"reasons": []}),
        raw({"reasons": [{"rule": "A3.age"}]}),
        raw({"reasons": "x"}),
        msgspec.Raw(b"\x81\xa7reasons\xdd\xff\xff\xff\xff"[:-5] + b"\x90"),
        raw(
            {"reasons": [{"rule": "r", "version": "1", "facts": [], "held": "yes", "says": {"zh": "是", "en": "yes"}}]}
        ),
    ],
)
async def test_a_result_that_is_not_the_promised_struct_is_refused(desk: Desk, result: msgspec.Raw) -> None:
    number, running = await desk.call()
    await desk.worker.say(number, wire.Done(result))
    with pytest.raises(ResultRefused) as caught:
        await running
    assert caught.value.code == "confine.result_refused"
    assert caught.value.__cause__ is None
    await desk.serves()


async def test_fields_beyond_the_struct_are_left_behind(desk: Desk) -> None:
    number, running = await desk.call()
    await desk.worker.say(number, wire.Done(raw(msgspec.to_builtins(OUTCOME) | {"id_number": "x"})))
    assert await running == OUTCOME


@pytest.mark.parametrize(
    ("failed", "code"),
    [
        (wire.Failed(wire.Failure.WRONG_RESULT), ResultRefused.code),
        (wire.Failed(wire.Failure.RESULT_TOO_LARGE), ResultTooLarge.code),
        (wire.Failed(wire.Failure.RAISED, kind="ValueError", line=7), PluginRaised.code),
    ],
)
async def test_a_failure_ends_its_call(desk: Desk, failed: wire.Failed, code: str) -> None:
    number, running = await desk.call()
    await desk.worker.say(number, failed)
    with pytest.raises(Refusal) as caught:
        await running
    assert caught.value.code == code
    await desk.serves()


async def test_words_in_place_of_an_exception_name_are_not_kept(desk: Desk) -> None:
    number, running = await desk.call()
    await desk.worker.say(number, wire.Failed(wire.Failure.RAISED, kind="print", line=7))
    with pytest.raises(PluginRaised) as caught:
        await running
    assert caught.value.values["kind"] == "Exception"


# Broken rules that end the worker


async def lost(desk: Desk, running: Awaitable[Outcome]) -> None:
    with pytest.raises(WorkerLost) as caught:
        await running
    assert caught.value.code == "confine.worker_lost"
    assert desk.session.lost.done()
    assert desk.worker.killed


@pytest.mark.parametrize(
    "message",
    [wire.Done(raw(OUTCOME)), wire.Ask(1, "c1", USE), wire.Failed(wire.Failure.RAISED), wire.Dropped()],
    ids=lambda one: type(one).__name__,
)
async def test_a_frame_for_a_call_that_never_was_ends_the_worker(desk: Desk, message: wire.Message) -> None:
    number, running = await desk.call()
    await desk.worker.say(number + 1, message)
    await lost(desk, running)


@pytest.mark.parametrize(
    "message", [wire.Done(raw(OUTCOME)), wire.Ask(1, "c1", USE)], ids=["a second result", "an ask after the result"]
)
async def test_a_frame_after_the_result_ends_the_worker_and_refuses_the_others(
    desk: Desk, message: wire.Message
) -> None:
    _, other = await desk.call(case("c9"))
    number, running = await desk.call()
    await desk.worker.say(number, wire.Done(raw(OUTCOME)), message)
    await lost(desk, other)
    assert await running == OUTCOME


async def test_a_second_ready_ends_the_worker(desk: Desk) -> None:
    _, running = await desk.call()
    await desk.worker.say(0, wire.Ready(frozenset({"preview"})))
    await lost(desk, running)


async def test_an_oversize_frame_for_nobody_ends_the_worker(desk: Desk) -> None:
    _, running = await desk.call()
    await desk.worker.utter(struct.pack(">II", 100 << 20, 77))
    await lost(desk, running)


async def test_a_truncated_frame_refuses_every_open_call(desk: Desk) -> None:
    _, other = await desk.call(case("c9"))
    number, running = await desk.call()
    await desk.worker.utter(wire.frame(number, wire.Done(raw(OUTCOME)))[:-1])
    desk.worker.peer.shutdown(socket.SHUT_RDWR)
    await lost(desk, running)
    await lost(desk, other)


async def test_a_process_that_ends_while_its_wire_stays_open_is_lost(desk: Desk) -> None:
    _, running = await desk.call()
    desk.worker.gone.set()
    await lost(desk, running)


async def test_a_lost_session_takes_no_call(desk: Desk) -> None:
    desk.session.end()
    with pytest.raises(WorkerLost):
        await desk.session.call(DECIDE, case(), refuse, LONG)


# Ends from the host's side


async def test_a_call_past_its_deadline_is_refused_and_dropped(desk: Desk) -> None:
    number, running = await desk.call(within=0)
    with pytest.raises(DeadlinePassed) as caught:
        await running
    assert caught.value.code == "confine.deadline_passed"
    await desk.dropped(number)
    await desk.serves()


async def test_a_result_after_a_withdrawal_is_thrown_away(desk: Desk) -> None:
    number, running = await desk.call()
    assert desk.session.drop("c1", Withdrawn()) == 1
    with pytest.raises(Withdrawn):
        await running
    await desk.worker.say(number, wire.Ask(1, "c1", USE), wire.Done(raw(OUTCOME)))
    await desk.dropped(number)
    await desk.serves()
    assert desk.session.drop("c1", Withdrawn()) == 0


async def test_only_the_calls_of_the_case_are_dropped(desk: Desk) -> None:
    number, running = await desk.call(case("c2"))
    assert desk.session.drop("c1", Withdrawn()) == 0
    await desk.worker.say(number, wire.Done(raw(OUTCOME)))
    assert await running == OUTCOME


async def test_a_cancelled_caller_drops_its_call(desk: Desk) -> None:
    number, running = await desk.call()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await desk.dropped(number)
    await desk.serves()


async def test_after_the_confirmation_a_dropped_number_may_not_be_used(desk: Desk) -> None:
    number, running = await desk.call()
    desk.session.drop("c1", Withdrawn())
    with pytest.raises(Withdrawn):
        await running
    await desk.dropped(number)
    await desk.serves()
    await desk.worker.say(number, wire.Done(raw(OUTCOME)))
    await desk.session.lost
    assert desk.worker.killed


async def test_a_worker_that_does_not_confirm_a_drop_is_stuck_and_is_killed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dspace_core.confine.session.DROP_WITHIN", 0)
    _, other = await desk.call(case("c9"))
    _, running = await desk.call()
    desk.session.drop("c1", Withdrawn())
    with pytest.raises(Withdrawn):
        await running
    await lost(desk, other)


async def test_a_hook_that_the_plugin_does_not_answer_is_not_called(desk: Desk) -> None:
    with pytest.raises(HookUnanswered) as caught:
        await desk.session.call(PREVIEW, case(), refuse, LONG)
    assert caught.value.code == "scenario.hook_unanswered"


async def test_a_case_over_the_limit_is_not_sent(desk: Desk) -> None:
    with pytest.raises(CaseTooLarge) as caught:
        await desk.session.call(DECIDE, case(name="c1", remark="x" * wire.TO_WORKER_LIMIT), refuse, LONG)
    assert caught.value.code == "confine.case_too_large"
    await desk.serves()


# Coming up


async def opening(message: Callable[[FakeWorker], Awaitable[None]]) -> BaseException | None:
    worker = FakeWorker()
    session = Session("pension", worker, None, set(), asyncio.Semaphore(TURNS))
    task = asyncio.ensure_future(session.open(LONG))
    assert await worker.hear() == (0, wire.Load("pension", False))
    await message(worker)
    await asyncio.wait({task})
    session.end()
    await session.ended()
    worker.peer.close()
    return task.exception()


@pytest.mark.parametrize("flaw", wire.Flaw)
async def test_a_plugin_that_cannot_be_loaded_is_unfit_in_both_languages(flaw: wire.Flaw) -> None:
    no = await opening(lambda worker: worker.say(0, wire.Unfit(flaw, "decide")))
    assert isinstance(no, PluginUnfit)
    assert no.code == "confine.plugin_unfit"
    assert "decide" in no.title.zh
    assert "decide" in no.title.en


async def test_a_receipt_that_nobody_asked_for_ends_the_worker() -> None:
    assert isinstance(await opening(lambda worker: worker.say(0, wire.Receipt(1, 1))), WorkerLost)


async def test_a_worker_that_hangs_up_while_loading_is_lost() -> None:
    async def hang_up(worker: FakeWorker) -> None:
        worker.peer.shutdown(socket.SHUT_RDWR)

    assert isinstance(await opening(hang_up), WorkerLost)


async def test_a_worker_that_does_not_come_up_in_time_is_killed() -> None:
    worker = FakeWorker()
    session = Session("pension", worker, None, set(), asyncio.Semaphore(TURNS))
    with pytest.raises(WorkerLost):
        await session.open(0)
    assert worker.killed
    await session.ended()
    worker.peer.close()
