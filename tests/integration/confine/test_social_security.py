"""The social security plugin as it is shipped: its wheel, in a real worker, with values out of a table."""

import asyncio
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import AsyncIterator, Mapping
from datetime import date
from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from dspace_core.confine.asks import Release
from dspace_core.confine.crew import Crew
from dspace_core.confine.process import executed
from dspace_core.errors import Refusal, Text
from dspace_core.scenario import DECIDE, PREFILL, PREVIEW, SETTLE, Case, Outcome, Use, Verdict, installed
from dspace_core.sources.refusals import NoRecord

PROJECT = Path(__file__).parents[3] / "plugins/social_security"
BUILD = "import sys, uv_build; print(uv_build.build_wheel(sys.argv[1]))"
LONG = 30.0
CODE = "1244000045585999793440514001000"
TABLE: Mapping[str, Mapping[str, object]] = {
    "population.record": {"full_name": "张三", "aged_60": True, "household_division": "440104001"},
    "death.record": {"deceased": False},
    "pension.record": {"scheme": "resident", "paid_180_months": True, "receiving": False},
    "bank.account": {
        "account_no": "0000000000000001234",
        "bank_name": "示范银行",
        "holder_name": "张三",
        "account_active": True,
    },
}


class Withdrawn(Refusal):
    """The grant of this test was withdrawn."""

    code = "shipped_test.withdrawn"
    says = Text("已撤回", "withdrawn")
    remedy = Text("无", "none")


class Folder(Protocol):
    python: Path
    packages: Path


@pytest.fixture
def shipped(site: Folder) -> Folder:
    """An environment with the wheel of the tree in it; outside the tree, the one that runs this test has it."""
    if not PROJECT.exists():
        site.python, site.packages = Path(sys.executable), Path(sysconfig.get_path("purelib"))
        return site
    folder = site.packages.parent
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(folder / built.stdout.split()[-1]) as content:
        content.extractall(site.packages)
    return site


@pytest.fixture
async def crew(shipped: Folder) -> AsyncIterator[Crew]:
    inventory = installed([str(shipped.packages)])
    assert (list(inventory.plugins), inventory.refused) == (["social_security"], ())
    crew = Crew({plugin: executed(shipped.python) for plugin in inventory.plugins})
    assert await crew.start() == ()
    yield crew
    await crew.close()


class Gate:
    """Releases out of a table: of what is asked, what the manifest declares; and remembers the asks."""

    def __init__(self, table: Mapping[str, Mapping[str, object]] = TABLE) -> None:
        self.asked: list[tuple[str, Use]] = []
        self._table = table

    async def __call__(self, hook: str, use: Use, release: Release) -> None:
        self.asked.append((hook, use))
        if use.item not in self._table:
            raise NoRecord(source="test", category=use.item)
        await release({name: value for name, value in self._table[use.item].items() if name in use.fields}, _permitted)


def _permitted() -> None:
    pass


def case(name: str = "c1", outcome: Outcome | None = None) -> Case:
    return Case(id=name, item=CODE, subject=f"s-{name}", accepted=date(2026, 11, 24), outcome=outcome)


def changed(item: str, **values: object) -> dict[str, Mapping[str, object]]:
    return {**TABLE, item: {**TABLE[item], **values}}


async def test_one_case_from_preview_to_settlement(crew: Crew) -> None:
    gate = Gate()
    preview = await crew.call("social_security", PREVIEW, case(), gate, LONG)
    form = await crew.call("social_security", PREFILL, case(), gate, LONG)
    outcome = await crew.call("social_security", DECIDE, case(), gate, LONG)
    settlement = await crew.call("social_security", SETTLE, case(outcome=outcome), gate, LONG)
    assert [use.item for use in preview.uses] == list(TABLE)
    assert [line.value for line in form.filled] == ["张三", "440104001", "示范银行", "**** 1234"]
    assert form.questions == ()
    assert outcome.verdict is Verdict.APPROVE
    assert [reason.rule for reason in outcome.reasons] == [
        "A3.age",
        "A3.alive",
        "A3.scheme",
        "A3.contributions",
        "A3.not_receiving",
        "A3.account_active",
        "A3.account_holder",
    ]
    assert len(settlement.next_steps) == 1
    declared = {(use.item, use.purpose): use.fields for use in preview.uses}
    assert all(use.fields <= declared[use.item, use.purpose] for _, use in gate.asked)
    assert sorted(hook for hook, _ in gate.asked) == ["decide"] * 4 + ["prefill"] * 2


@pytest.mark.parametrize(
    ("item", "values", "verdict"),
    [
        ("population.record", {"aged_60": False}, Verdict.REFUSE),
        ("death.record", {"deceased": True}, Verdict.REFUSE),
        ("pension.record", {"scheme": "employee"}, Verdict.REFUSE),
        ("pension.record", {"paid_180_months": False}, Verdict.REFUSE),
        ("pension.record", {"receiving": True}, Verdict.REFUSE),
        ("bank.account", {"account_active": False}, Verdict.REFUSE),
        ("bank.account", {"holder_name": "张叁"}, Verdict.REFER),
    ],
)
async def test_each_fact_counts(crew: Crew, item: str, values: dict[str, object], verdict: Verdict) -> None:
    outcome = await crew.call("social_security", DECIDE, case(), Gate(changed(item, **values)), LONG)
    assert outcome.verdict is verdict
    assert [reason.held for reason in outcome.reasons].count(True) == 6


@pytest.mark.parametrize("item", TABLE)
async def test_a_missing_record_goes_to_a_human(crew: Crew, item: str) -> None:
    table = {name: values for name, values in TABLE.items() if name != item}
    outcome = await crew.call("social_security", DECIDE, case(), Gate(table), LONG)
    assert outcome.verdict is Verdict.REFER


async def test_a_withdrawal_amid_the_asks_is_the_answer_of_the_call(crew: Crew) -> None:
    gate = Gate()

    async def answer(hook: str, use: Use, release: Release) -> None:
        if use.item == "bank.account":
            raise Withdrawn
        await gate(hook, use, release)

    with pytest.raises(Withdrawn):
        await crew.call("social_security", DECIDE, case(), answer, LONG)
    assert (await crew.call("social_security", DECIDE, case("c2"), gate, LONG)).verdict is Verdict.APPROVE


async def test_cases_in_flight_at_once_are_not_mixed_up(crew: Crew) -> None:
    """Every second one is refused, and by its own facts."""

    async def one(number: int) -> Verdict:
        table = changed("death.record", deceased=bool(number % 2))
        return (await crew.call("social_security", DECIDE, case(f"c{number}"), Gate(table), LONG)).verdict

    found = await asyncio.gather(*map(one, range(32)))
    assert found == [Verdict.APPROVE, Verdict.REFUSE] * 16


async def test_no_personal_value_is_in_a_decision(crew: Crew) -> None:
    outcome = await crew.call("social_security", DECIDE, case(), Gate(), LONG)
    written = msgspec.json.encode(outcome).decode()
    texts = [value for values in TABLE.values() for value in values.values() if isinstance(value, str)]
    assert not [text for text in texts if text != "resident" and text in written]
