"""Real plugins in real worker processes: what they hold, what they get, and what their misbehaviour costs."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest

from dspace_core.confine.asks import Asked, OnReceipt, Release
from dspace_core.confine.host import Worker
from dspace_core.confine.process import ExecutedWorker, executed
from dspace_core.confine.refusals import (
    DeadlinePassed,
    FrameRefused,
    PluginRaised,
    PluginUnfit,
    ResultRefused,
    ResultTooLarge,
    WorkerBusy,
    WorkerLost,
    WorkerUnready,
)
from dspace_core.errors import Refusal, Text
from dspace_core.scenario import DECIDE, PREFILL, PREVIEW, Case, Outcome, Prefill

Install = Callable[[str], Path]
LONG = 30.0
HEAD = """
import asyncio, os, sys, time
import msgspec
from dspace_core.errors import Text
from dspace_core.scenario import (
    Case, Data, DataRefused, Fact, Filled, Item, Outcome, Prefill, Preview, Reason, Scenario, conclude, hookimpl,
)

class Pension(msgspec.Struct):
    paid_months: int

PENSION = Item("pension.record", Pension, "核对养老保险缴费年限")

def found(words: str, held: bool = True) -> Outcome:
    return conclude(Reason(rule="t", version="1", facts=(PENSION.fact("paid_months"),), held=held, says=Text(words, words)))

"""


class Withdrawn(Refusal):
    """The grant of this test was withdrawn."""

    code = "workers_test.withdrawn"
    says = Text("已撤回", "withdrawn")
    remedy = Text("无", "none")


class Trial:
    """One installed plugin and its worker; every process it ever had is remembered."""

    def __init__(self, python: Path, on_receipt: OnReceipt | None) -> None:
        self.processes: list[ExecutedWorker] = []
        self._spawn = executed(python)
        self.worker = Worker("trial", self._remembering, on_receipt)

    async def _remembering(self) -> ExecutedWorker:
        process = await self._spawn()
        assert isinstance(process, ExecutedWorker)
        self.processes.append(process)
        return process

    async def decide(self, name: str = "c1", within: float = LONG, **answers: str) -> str:
        outcome = await self.worker.call(DECIDE, case(name, **answers), give, within)
        return outcome.reasons[0].says.en


Start = Callable[..., Awaitable[Trial]]


def case(name: str = "c1", **answers: str) -> Case:
    return Case(id=name, item="A3", subject="s1", accepted=date(2026, 11, 24), answers=answers)


async def give(asked: Asked, release: Release) -> None:
    await release({"paid_months": int(asked.case.answers.get("months", "180"))}, lambda: None)


async def withhold(_asked: Asked, _release: Release) -> None:
    raise Withdrawn


async def emptied(group: int) -> None:
    """Return when no process of the group is left; the kernel takes a killed orphan away in its own time."""
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.killpg(group, 0)
            await asyncio.sleep(0.01)


@pytest.fixture
async def start(installed_plugin: Install) -> AsyncIterator[Start]:
    trials: list[Trial] = []

    async def begin(body: str, on_receipt: OnReceipt | None = None) -> Trial:
        source = HEAD + "class Trial(Scenario):\n" + textwrap.indent(textwrap.dedent(body), "    ")
        trial = Trial(installed_plugin(source), on_receipt)
        trials.append(trial)
        await trial.worker.start()
        return trial

    yield begin
    for trial in trials:
        await trial.worker.close()
        for process in trial.processes:
            await asyncio.wait_for(emptied(process.pid), LONG)


ASKING = """
@hookimpl
async def decide(self, case: Case, data: Data) -> Outcome:
    return found(str((await data.use(PENSION)).paid_months))
"""


# What a plugin gets


async def test_a_plugin_decides_on_what_it_asked_for(start: Start) -> None:
    assert await (await start(ASKING)).decide() == "180"


async def test_only_the_declared_fields_and_purpose_are_asked_for(start: Start) -> None:
    heard: list[Asked] = []

    async def answer(asked: Asked, release: Release) -> None:
        heard.append(asked)
        await give(asked, release)

    trial = await start(ASKING)
    await trial.worker.call(DECIDE, case(), answer, LONG)
    (asked,) = heard
    assert (asked.hook, asked.case) == ("decide", case())
    assert (asked.use.item, asked.use.fields) == ("pension.record", frozenset({"paid_months"}))
    assert asked.use.purpose == "核对养老保险缴费年限"


async def test_thirty_two_calls_in_flight_are_each_answered_right(start: Start) -> None:
    trial = await start(ASKING)
    for _ in range(20):
        months = [str(turn) for turn in range(32)]
        assert await asyncio.gather(*(trial.decide(f"c{one}", months=one) for one in months)) == months


async def test_a_preview_needs_no_data(start: Start) -> None:
    trial = await start("""
        @hookimpl
        async def preview(self, case: Case) -> Preview:
            return Preview(says=Text("将核对缴费年限", "your paid months are looked at"), uses=(PENSION.use,))
    """)
    preview = await trial.worker.call(PREVIEW, case(), give, LONG)
    assert [use.item for use in preview.uses] == ["pension.record"]


async def test_a_form_is_filled_with_nothing_to_ask(start: Start) -> None:
    trial = await start("""
        @hookimpl
        async def prefill(self, case: Case, data: Data) -> Prefill:
            paid = (await data.use(PENSION)).paid_months
            line = Filled(name="paid", label=Text("缴费月数", "paid months"), value=str(paid), fact=PENSION.fact("paid_months"))
            return Prefill(filled=(line,))
    """)
    form = await trial.worker.call(PREFILL, case(), give, LONG)
    assert isinstance(form, Prefill)
    assert ([line.value for line in form.filled], form.questions) == (["180"], ())


async def test_receipts_are_stamped_after_the_release_on_the_same_clock(start: Start) -> None:
    receipts: list[tuple[int, int, int]] = []
    stamps: list[tuple[int, int, int]] = []

    async def answer(asked: Asked, release: Release) -> None:
        before = time.monotonic_ns()
        stamp = await release({"paid_months": 180}, lambda: None)
        stamps.append((asked.call, asked.ask, stamp))
        assert before <= stamp

    trial = await start(ASKING, lambda *receipt: receipts.append(receipt))
    before = time.monotonic_ns()
    for _ in range(5):
        await trial.worker.call(DECIDE, case(), answer, LONG)
    assert [receipt[:2] for receipt in receipts] == [stamp[:2] for stamp in stamps]
    assert all(before <= receipt[2] <= time.monotonic_ns() for receipt in receipts)


# Refusals inside the plugin


async def test_a_refused_ask_is_a_typed_refusal_that_a_plugin_may_answer(start: Start) -> None:
    trial = await start("""
        @hookimpl
        async def decide(self, case: Case, data: Data) -> Outcome:
            try:
                await data.use(PENSION)
            except DataRefused as no:
                return found(no.reason, held=False)
            return found("given")
    """)
    outcome = await trial.worker.call(DECIDE, case(), withhold, LONG)
    assert outcome.reasons[0].says.en == "workers_test.withdrawn"


@pytest.mark.parametrize(
    "ask", ["await data.use(PENSION)", "await asyncio.gather(data.use(PENSION), data.use(PENSION))", "GROUP"]
)
async def test_a_refusal_that_the_plugin_lets_through_is_the_answer_of_the_call(start: Start, ask: str) -> None:
    group = "async with asyncio.TaskGroup() as group:\n        group.create_task(data.use(PENSION))"
    trial = await start(f"""
@hookimpl
async def decide(self, case: Case, data: Data) -> Outcome:
    {group if ask == "GROUP" else ask}
    return found("given")
""")
    with pytest.raises(Withdrawn):
        await trial.worker.call(DECIDE, case(), withhold, LONG)


async def test_an_answer_of_another_type_is_not_believed_by_the_plugins_side(start: Start) -> None:
    trial = await start("""
        @hookimpl
        async def decide(self, case: Case, data: Data) -> Outcome:
            from dspace_core.scenario import AnswerUnfit
            try:
                await data.use(PENSION)
            except AnswerUnfit as no:
                return found(no.code)
            return found("believed")
    """)

    async def answer(_asked: Asked, release: Release) -> None:
        await release({"paid_months": "180"}, lambda: None)

    outcome = await trial.worker.call(DECIDE, case(), answer, LONG)
    assert outcome.reasons[0].says.en == "scenario.answer_unfit"


async def test_data_cannot_be_used_after_the_call(start: Start) -> None:
    trial = await start("""
        kept: list[Data] = []

        @hookimpl
        async def decide(self, case: Case, data: Data) -> Outcome:
            from dspace_core.scenario import CallOver
            self.kept.append(data)
            try:
                await self.kept[0].use(PENSION)
            except CallOver as no:
                return found(no.code)
            return found("given")
    """)
    assert await trial.decide() == "given"
    assert await trial.decide() == "scenario.call_over"


async def test_an_ask_that_nobody_waits_for_ends_with_its_call(start: Start) -> None:
    trial = await start("""
        @hookimpl
        async def decide(self, case: Case, data: Data) -> Outcome:
            if case.id == "c1":
                self.left = asyncio.create_task(data.use(PENSION))
                await asyncio.sleep(0)
                return found("returned")
            return found(str(self.left.cancelled()))
    """)
    fetched = asyncio.Event()
    aborted: list[str] = []

    async def answer(_asked: Asked, release: Release) -> None:
        await fetched.wait()
        try:
            await release({"paid_months": 180}, lambda: None)
        except Refusal as no:
            aborted.append(no.code)
            raise

    await trial.worker.call(DECIDE, case("c1"), answer, LONG)
    assert await trial.decide("c2") == "True"
    fetched.set()
    await trial.worker.close()
    assert aborted == ["confine.release_aborted"]


# What a plugin holds: nothing


async def test_the_process_has_an_empty_environment_and_no_descriptor_but_the_wire(start: Start) -> None:
    """The three standard ones lead nowhere; the loop has made its own epoll and its own pair to wake itself."""
    trial = await start("""
        @hookimpl
        async def decide(self, case: Case, data: Data) -> Outcome:
            held = []
            for entry in os.listdir("/proc/self/fd"):
                try:
                    held.append(os.readlink(f"/proc/self/fd/{entry}"))
                except OSError:
                    pass  # the listing's own
            ends = [one for one in held if one.startswith("socket:")]
            rest = sorted(one for one in held if not one.startswith("socket:"))
            return found("|".join([str(len(ends)), *rest, repr(dict(os.environ)), open("/proc/self/environ").read()]))
    """)
    held = (await trial.decide()).split("|")
    assert held == ["3", "/dev/null", "/dev/null", "/dev/null", "anon_inode:[eventpoll]", "{}", ""]


async def test_the_hosts_files_and_variables_do_not_get_across(start: Start, tmp_path: Path) -> None:
    secret = (tmp_path / "secret").open("w")
    os.set_inheritable(secret.fileno(), True)
    trial = await start("""
        @hookimpl
        async def decide(self, case: Case, data: Data) -> Outcome:
            links = [os.readlink(f"/proc/self/fd/{n}") for n in range(3, 64) if os.path.lexists(f"/proc/self/fd/{n}")]
            return found(repr([one for one in links if "secret" in one]))
    """)
    secret.close()
    assert await trial.decide() == "[]"


async def test_the_worker_has_imported_nothing_that_holds_or_reaches_data(start: Start) -> None:
    trial = await start("""
        @hookimpl
        async def decide(self, case: Case, data: Data) -> Outcome:
            return found(" ".join(sorted(sys.modules)))
    """)
    modules = set((await trial.decide()).split())
    rooms = {name.split(".")[1] for name in modules if name.startswith("dspace_core.")}
    assert rooms == {"confine", "errors", "scenario", "translation", "values"}
    assert not modules & {"asyncpg", "redis", "cryptography", "litestar", "dspace_core.confine.host", "dspace_backend"}


async def test_what_a_plugin_prints_goes_nowhere_and_harms_nothing(start: Start) -> None:
    trial = await start("""
        @hookimpl
        async def decide(self, case: Case, data: Data) -> Outcome:
            for descriptor in (1, 2):
                os.write(descriptor, b"x" * 100_000)
            print("printed", flush=True)
            print("printed", file=sys.stderr, flush=True)
            return found(str((await data.use(PENSION)).paid_months))
    """)
    assert await trial.decide() == "180"


# Misbehaviour


MISBEHAVING = """
@hookimpl
async def decide(self, case: Case, data: Data) -> Outcome:
    how = case.answers.get("how", "")
    if how == "raise":
        raise ValueError("440102198001011234")
    if how == "own exception":
        raise type("N440102198001011234", (KeyError,), {})
    if how == "exit":
        raise SystemExit(0)
    if how == "cancel itself":
        raise asyncio.CancelledError
    if how == "wrong type":
        return Text("a", "b")
    if how == "no struct":
        return None
    if how == "wrong field":
        return Outcome(reasons=("not a reason",))
    if how == "unencodable":
        return Outcome(reasons=(object(),))
    if how == "100 MB":
        return found("x" * (100 << 20))
    if how == "sleep":
        await asyncio.sleep(3600)
    if how == "never give up":
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                pass
    if how == "spin":
        while True:
            pass
    if how == "die":
        os._exit(1)
    if how == "fork and die":
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(1)
    if how == "wire":
        import socket
        for number in range(3, 64):
            if os.path.lexists(f"/proc/self/fd/{number}") and "socket" in os.readlink(f"/proc/self/fd/{number}"):
                os.write(number, b"\\xff" * 64)
        await asyncio.sleep(3600)
    if how == "forge a case":
        from dspace_core.confine import wire
        reach = dict(zip(data._ask.__code__.co_freevars, data._ask.__closure__))
        reach["self"].cell_contents._send(reach["call"].cell_contents, wire.Ask(1, "c2", PENSION.use))
        await asyncio.sleep(3600)
    return found(str((await data.use(PENSION)).paid_months))
"""


@pytest.mark.parametrize(
    ("how", "refusal", "values"),
    [
        ("raise", PluginRaised, {"kind": "ValueError"}),
        ("own exception", PluginRaised, {"kind": "KeyError"}),
        ("exit", PluginRaised, {"kind": "SystemExit"}),
        ("cancel itself", PluginRaised, {"kind": "BaseException"}),
        ("wrong type", ResultRefused, {}),
        ("no struct", ResultRefused, {}),
        ("wrong field", ResultRefused, {}),
        ("unencodable", ResultRefused, {}),
        ("100 MB", ResultTooLarge, {}),
        ("forge a case", FrameRefused, {"flaw": "other_case"}),
    ],
)
async def test_what_a_plugin_does_in_its_call_costs_that_call_only(
    start: Start, how: str, refusal: type[Refusal], values: dict[str, object]
) -> None:
    trial = await start(MISBEHAVING)
    other = asyncio.ensure_future(trial.decide("c9"))
    with pytest.raises(refusal) as caught:
        await trial.decide(how=how)
    assert values.items() <= caught.value.values.items()
    assert "440102" not in repr(caught.value) + str(caught.value) + str(caught.value.values)
    assert await other == "180"
    assert await trial.decide() == "180"
    assert len(trial.processes) == 1


async def test_the_line_that_raised_is_named(start: Start) -> None:
    trial = await start("""
        @hookimpl
        async def decide(self, case: Case, data: Data) -> Outcome:
            return found(str(1 // 0))
    """)
    with pytest.raises(PluginRaised) as caught:
        await trial.decide()
    assert caught.value.values["kind"] == "ZeroDivisionError"
    assert caught.value.values["line"] == HEAD.count("\n") + 5


@pytest.mark.parametrize("how", ["sleep", "never give up"])
async def test_a_call_past_its_deadline_costs_that_call_only(start: Start, how: str) -> None:
    trial = await start(MISBEHAVING)
    with pytest.raises(DeadlinePassed):
        await trial.decide(how=how, within=0.05)
    assert await trial.decide() == "180"
    assert len(trial.processes) == 1


@pytest.mark.parametrize("how", ["die", "fork and die", "wire"])
async def test_a_worker_that_breaks_is_refused_and_the_next_one_serves(start: Start, how: str) -> None:
    trial = await start(MISBEHAVING)
    with pytest.raises(WorkerLost):
        await trial.decide(how=how)
    assert await trial.decide() == "180"
    assert len(trial.processes) == 2


async def test_a_plugin_that_blocks_its_worker_is_killed_and_the_next_one_serves(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dspace_core.confine.session.DROP_WITHIN", 0.05)
    trial = await start(MISBEHAVING)
    with pytest.raises(DeadlinePassed):
        await trial.decide(how="spin", within=0.05)
    with pytest.raises(WorkerLost):
        await trial.decide("c2")
    assert await trial.decide("c3") == "180"
    assert len(trial.processes) == 2


async def test_a_worker_killed_in_mid_ask_refuses_its_calls_and_releases_nothing(start: Start) -> None:
    trial = await start(ASKING)
    aborted: list[str] = []

    async def answer(_asked: Asked, release: Release) -> None:
        os.kill(trial.processes[0].pid, signal.SIGKILL)
        await trial.processes[0].wait()
        try:
            await release({"paid_months": 180}, lambda: None)
        except Refusal as no:
            aborted.append(no.code)
            raise

    begun = time.monotonic()
    with pytest.raises(WorkerLost):
        await trial.worker.call(DECIDE, case(), answer, LONG)
    assert await trial.decide() == "180"
    assert aborted == ["confine.release_aborted"]
    assert time.monotonic() - begun < 5
    assert len(trial.processes) == 2


async def test_a_withdrawn_case_gets_no_result_even_if_the_plugin_makes_one(start: Start) -> None:
    trial = await start(ASKING)

    async def answer(asked: Asked, release: Release) -> None:
        assert trial.worker.drop(asked.case.id, Withdrawn()) == 1
        await give(asked, release)

    with pytest.raises(Withdrawn):
        await trial.worker.call(DECIDE, case(), answer, LONG)
    assert trial.worker.drop("c1", Withdrawn()) == 0
    assert await trial.decide() == "180"


async def test_more_calls_than_a_worker_may_have_are_refused(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dspace_core.confine.host.MAX_CALLS", 2)
    trial = await start(MISBEHAVING)
    open_calls = [asyncio.ensure_future(trial.decide(f"c{turn}", how="sleep")) for turn in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(WorkerBusy) as caught:
        await trial.decide()
    assert caught.value.code == "confine.worker_busy"
    for one in open_calls:
        one.cancel()
    await asyncio.wait(open_calls)
    assert await trial.decide() == "180"


# Coming up and going down

UNFIT = {
    "an unknown argument": ("@hookimpl\nasync def decide(self, case, dta): ...", "dta"),
    "an unknown hook": ("@hookimpl\nasync def decid(self, case, data): ...", "decid"),
    "a hook that is not async": ("@hookimpl\ndef decide(self, case, data): ...", "decide"),
    "a hook without its mark": ("async def decide(self, case, data): ...", "decide"),
    "an import that fails": ("import nothing_of_this_name", "nothing_of_this_name"),
    "an import that exits": ("sys.exit('goodbye')", "SystemExit"),
    "a constructor that needs more": ("def __init__(self, more): ...", "more"),
}


@pytest.mark.parametrize(("body", "named"), UNFIT.values(), ids=UNFIT)
async def test_a_plugin_that_does_not_keep_the_spec_is_unfit_and_told_where(
    start: Start, body: str, named: str
) -> None:
    with pytest.raises(PluginUnfit) as caught:
        await start(body)
    assert named in caught.value.title.en
    assert named in caught.value.title.zh


async def test_an_entry_point_that_is_no_scenario_is_unfit(installed_plugin: Install) -> None:
    trial = Trial(installed_plugin("Trial = 1\n"), None)
    with pytest.raises(PluginUnfit, match="subclass of Scenario"):
        await trial.worker.start()
    with pytest.raises(PluginUnfit):
        await trial.decide()
    await trial.worker.close()
    assert len(trial.processes) == 1


async def test_a_plugin_that_is_not_installed_is_unfit() -> None:
    worker = Worker("nobody", executed(Path(sys.executable)))
    with pytest.raises(PluginUnfit, match="0 entry points"):
        await worker.start()
    await worker.close()


async def test_a_closed_worker_refuses_at_once(start: Start) -> None:
    trial = await start(MISBEHAVING)
    running = asyncio.ensure_future(trial.decide(how="sleep"))
    await asyncio.sleep(0)
    await trial.worker.close()
    with pytest.raises(WorkerLost):
        await running
    with pytest.raises(WorkerUnready) as caught:
        await trial.decide()
    assert caught.value.code == "confine.worker_unready"


async def test_a_worker_that_cannot_be_started_leaves_the_call_waiting_until_its_deadline(tmp_path: Path) -> None:
    worker = Worker("trial", executed(tmp_path / "no-python"))
    starting = asyncio.ensure_future(worker.start())
    await asyncio.sleep(0)
    with pytest.raises(WorkerUnready):
        await worker.call(DECIDE, case(), give, 0.05)
    starting.cancel()
    await asyncio.wait({starting})
    await worker.close()


HOST = """
import asyncio, sys
from pathlib import Path
from dspace_core.confine.host import Worker
from dspace_core.confine.process import executed

async def main():
    await Worker("trial", executed(Path(sys.argv[1]))).start()
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.mark.parametrize("doing", ["", "while True: pass\n"], ids=["waiting", "busy"])
async def test_a_worker_does_not_outlive_its_host(installed_plugin: Install, tmp_path: Path, doing: str) -> None:
    """A waiting one sees the end of the wire; a busy one is killed by the kernel."""
    os.mkfifo(tmp_path / "pid")
    telling = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
    python = installed_plugin(HEAD + "class Trial(Scenario): pass\n" + telling + doing)
    host = subprocess.Popen([sys.executable, "-c", HOST, str(python)])
    pid = int((tmp_path / "pid").read_text())
    host.kill()
    host.wait()
    await asyncio.wait_for(emptied(pid), LONG)


def test_a_worker_serves_a_host_on_uvloop(installed_plugin: Install) -> None:
    """The web processes run on it."""
    uvloop = pytest.importorskip("uvloop")
    source = HEAD + "class Trial(Scenario):\n" + textwrap.indent(ASKING, "    ")
    python = installed_plugin(source)

    async def once() -> Outcome:
        worker = Worker("trial", executed(python))
        await worker.start()
        try:
            return await worker.call(DECIDE, case(), give, LONG)
        finally:
            await worker.close()

    loop = uvloop.new_event_loop()
    try:
        outcome = loop.run_until_complete(once())
    finally:
        loop.close()
    assert outcome.reasons[0].says.en == "180"
