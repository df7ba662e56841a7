"""Several plugins in one host process, each in a real worker: what one does costs the others nothing."""

import asyncio
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Protocol

import pytest

from dspace_core.confine.asks import Release
from dspace_core.confine.crew import Crew
from dspace_core.confine.process import executed
from dspace_core.confine.refusals import PluginUnfit, WorkerLost, WorkerUnready
from dspace_core.errors import Refusal, Text
from dspace_core.scenario import DECIDE, PREVIEW, Case, Outcome, Use
from dspace_core.scenario.refusals import PluginUnknown

LONG = 30.0
HEAD = """
import os
import msgspec
from dspace_core import Case, Data, DataRefused, Item, Outcome, Reason, Scenario, Text, conclude, hookimpl

class Pension(msgspec.Struct):
    paid_months: int

PENSION = Item("pension.record", Pension, "核对养老保险缴费年限")

def found(words: str) -> Outcome:
    return conclude(Reason(rule="t", version="1", facts=(), held=True, says=Text(words, words)))

class Trial(Scenario):
"""
ASKING = """
@hookimpl
async def decide(self, case: Case, data: Data) -> Outcome:
    return found(f"{self.__module__} {(await data.use(PENSION)).paid_months}")
"""
DYING = """
@hookimpl
async def decide(self, case: Case, data: Data) -> Outcome:
    await data.use(PENSION)
    os._exit(1)
"""
UNFIT = """
@hookimpl
def decide(self, case: Case, data: Data) -> Outcome: ...
"""
OVERREACHING = """
@hookimpl
async def decide(self, case: Case, data: Data) -> Outcome:
    try:
        await data.use(Item("bank.account", type("Account", (msgspec.Struct,), {"__annotations__": {"account_no": str}}), "好奇"))
    except DataRefused as no:
        return found(no.reason)
    return found("given")
"""


class Undeclared(Refusal):
    """The gate of this test knows no such use."""

    code = "crew_test.undeclared"
    says = Text("未申报", "undeclared")
    remedy = Text("无", "none")


class Withdrawn(Refusal):
    """The grant of this test was withdrawn."""

    code = "crew_test.withdrawn"
    says = Text("已撤回", "withdrawn")
    remedy = Text("无", "none")


class Folder(Protocol):
    python: Path

    def add(self, name: str, source: str) -> None: ...


Made = Callable[..., Crew]


@pytest.fixture
async def crew_of(site: Folder) -> AsyncIterator[Made]:
    """A crew of plugins with these bodies, in one environment."""
    crews: list[Crew] = []

    def make(**bodies: str) -> Crew:
        for name, body in bodies.items():
            site.add(name, HEAD + textwrap.indent(textwrap.dedent(body), "    "))
        crews.append(Crew({name: executed(site.python) for name in bodies}))
        return crews[-1]

    yield make
    for crew in crews:
        await crew.close()


def case(name: str = "c1") -> Case:
    return Case(id=name, item="A3", subject="s1", accepted=date(2026, 11, 24))


async def give(_hook: str, _use: Use, release: Release) -> None:
    await release({"paid_months": 180}, lambda: None)


async def said(outcome: Awaitable[Outcome]) -> str:
    return (await outcome).reasons[0].says.en


async def test_each_plugin_answers_for_itself(crew_of: Made) -> None:
    crew = crew_of(first=ASKING, second=ASKING)
    assert await crew.start() == ()
    answers = await asyncio.gather(*(said(crew.call(one, DECIDE, case(), give, LONG)) for one in ("first", "second")))
    assert answers == ["dspace_first.scenario 180", "dspace_second.scenario 180"]


async def test_an_ask_comes_with_its_hook_and_its_use(crew_of: Made) -> None:
    crew = crew_of(first=ASKING)
    heard: list[tuple[str, Use]] = []

    async def answer(hook: str, use: Use, release: Release) -> None:
        heard.append((hook, use))
        await give(hook, use, release)

    await crew.start()
    await crew.call("first", DECIDE, case(), answer, LONG)
    assert heard == [
        ("decide", Use(item="pension.record", fields=frozenset({"paid_months"}), purpose="核对养老保险缴费年限"))
    ]


async def test_two_cases_at_once_are_each_asked_for_by_their_own_answer(crew_of: Made) -> None:
    crew = crew_of(first=ASKING)
    await crew.start()

    async def one(months: int) -> str:
        async def answer(_hook: str, _use: Use, release: Release) -> None:
            await release({"paid_months": months}, lambda: None)

        return await said(crew.call("first", DECIDE, case(f"c{months}"), answer, LONG))

    assert await asyncio.gather(*map(one, range(32))) == [f"dspace_first.scenario {months}" for months in range(32)]


async def test_one_plugin_dies_while_the_other_serves(crew_of: Made) -> None:
    """Both calls are open when the first worker ends."""
    crew = crew_of(dying=DYING, serving=ASKING)
    assert await crew.start() == ()
    asked = asyncio.Event()
    gone = asyncio.Event()

    async def answer(hook: str, use: Use, release: Release) -> None:
        asked.set()
        await gone.wait()
        await give(hook, use, release)

    serving = asyncio.ensure_future(said(crew.call("serving", DECIDE, case("c2"), answer, LONG)))
    await asked.wait()
    with pytest.raises(WorkerLost):
        await crew.call("dying", DECIDE, case("c1"), give, LONG)
    gone.set()
    assert await serving == "dspace_serving.scenario 180"
    with pytest.raises(WorkerLost):
        await crew.call("dying", DECIDE, case("c3"), give, LONG)


async def test_an_unfit_plugin_is_reported_at_the_start_and_refused_when_called(
    crew_of: Made, caplog: pytest.LogCaptureFixture
) -> None:
    crew = crew_of(unfit=UNFIT, serving=ASKING)
    (no,) = await crew.start()
    assert isinstance(no, PluginUnfit)
    assert no.values["plugin"] == "unfit"
    assert "unfit" in caplog.text
    with pytest.raises(PluginUnfit):
        await crew.call("unfit", DECIDE, case(), give, LONG)
    assert await said(crew.call("serving", DECIDE, case(), give, LONG)) == "dspace_serving.scenario 180"


async def test_a_plugin_that_is_not_of_the_crew_is_refused(crew_of: Made) -> None:
    crew = crew_of(first=ASKING)
    with pytest.raises(PluginUnknown) as caught:
        await crew.call("second", PREVIEW, case(), give, LONG)
    assert caught.value.code == "scenario.plugin_unknown"


async def test_what_no_item_declares_reaches_the_answer_and_goes_no_further(crew_of: Made) -> None:
    """The wire judges no use: whoever answers does, and the plugin hears the code of its refusal and nothing else."""
    crew = crew_of(overreaching=OVERREACHING)
    await crew.start()
    heard: list[Use] = []

    async def answer(_hook: str, use: Use, _release: Release) -> None:
        heard.append(use)
        raise Undeclared

    assert await said(crew.call("overreaching", DECIDE, case(), answer, LONG)) == "crew_test.undeclared"
    assert [(use.item, use.fields) for use in heard] == [("bank.account", frozenset({"account_no"}))]


async def test_a_case_is_dropped_whichever_plugins_have_it(crew_of: Made) -> None:
    crew = crew_of(first=ASKING, second=ASKING)
    await crew.start()
    waiting = asyncio.Semaphore(0)
    never = asyncio.Event()

    async def answer(hook: str, use: Use, release: Release) -> None:
        waiting.release()
        await never.wait()
        await give(hook, use, release)

    plugins = ("first", "second", "second")
    calls = [asyncio.ensure_future(crew.call(one, DECIDE, case("c7"), answer, LONG)) for one in plugins]
    other = asyncio.ensure_future(said(crew.call("first", DECIDE, case("c8"), give, LONG)))
    for _ in calls:
        await waiting.acquire()
    assert crew.drop("c7", Withdrawn()) == 3
    for call in calls:
        with pytest.raises(Withdrawn):
            await call
    assert await other == "dspace_first.scenario 180"
    assert crew.drop("c7", Withdrawn()) == 0
    never.set()


async def test_a_closed_crew_refuses(crew_of: Made) -> None:
    crew = crew_of(first=ASKING, second=ASKING)
    await crew.start()
    await crew.close()
    for plugin in ("first", "second"):
        with pytest.raises(WorkerUnready):
            await crew.call(plugin, DECIDE, case(), give, LONG)
