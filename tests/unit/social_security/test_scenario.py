"""The hooks, without a process: what each asks for, what it makes of a gap, and what it does with a refusal."""

import ast
import asyncio
import sys
from collections.abc import Mapping
from datetime import date
from itertools import product
from pathlib import Path

import msgspec
import pytest

import dspace_social_security
from dspace_core import Case, Data, DataRefused, Filled, Use, Verdict
from dspace_core.catalog import STARTER, Catalogue
from dspace_core.scenario import HOOKS, read_manifest
from dspace_social_security.items import USES
from dspace_social_security.scenario import GAPS, SocialSecurity

PACKAGE = Path(dspace_social_security.__path__[0])
CODE = "1244000045585999793440514001000"
CASE = Case(id="c1", item=CODE, subject="s1", accepted=date(2026, 11, 24))
VALUES: Mapping[str, Mapping[str, object]] = {
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


class Gate:
    """Gives the asked fields out of a table, and remembers the asks."""

    def __init__(
        self, values: Mapping[str, Mapping[str, object]] = VALUES, refused: Mapping[str, str] | None = None
    ) -> None:
        self.asked: list[Use] = []
        self._values = values
        self._refused = refused or {}

    async def __call__(self, use: Use) -> bytes:
        self.asked.append(use)
        if use.item in self._refused:
            raise DataRefused(item=use.item, reason=self._refused[use.item])
        return msgspec.msgpack.encode(
            {name: value for name, value in self._values[use.item].items() if name in use.fields}
        )


def without(item: str, *fields: str) -> dict[str, Mapping[str, object]]:
    kept = {name: value for name, value in VALUES[item].items() if name not in fields}
    return {**VALUES, item: kept}


# What is declared


def test_the_manifest_declares_what_the_hooks_ask_for_and_nothing_more() -> None:
    assert read_manifest(PACKAGE / "plugin.toml").uses == USES


async def test_the_hooks_together_ask_for_every_declared_field() -> None:
    gate = Gate()
    scenario = SocialSecurity()
    await scenario.prefill(CASE, Data(gate))
    await scenario.decide(CASE, Data(gate))
    asked = {(use.item, use.purpose, field) for use in gate.asked for field in use.fields}
    assert asked == {(use.item, use.purpose, field) for use in USES for field in use.fields}


def test_the_catalogue_allows_every_use_word_for_word_and_names_this_plugin() -> None:
    item = Catalogue.from_file(STARTER).on(CASE.accepted).item(CODE)
    allowed = {(use.field.category, use.field.field, use.purpose) for use in item.uses}
    assert {(use.item, field, use.purpose) for use in USES for field in use.fields} == allowed  # and no more than that
    assert item.plugin == read_manifest(PACKAGE / "plugin.toml").id


def test_neither_a_birth_date_nor_a_count_of_months_is_asked_for() -> None:
    assert not {field for use in USES for field in use.fields} & {
        "birth_date",
        "contribution_months",
        "died_on",
        "status",
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_answered(hook: str) -> None:
    assert hasattr(getattr(SocialSecurity, hook), "dspace_impl")


def test_the_plugin_imports_the_public_face_and_no_more_of_us() -> None:
    imported: set[str] = set()
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).removeprefix("dspace_social_security").partition(".")[0] or "itself")
                assert not str(node.module).startswith("dspace_core.")
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
    assert imported - set(sys.stdlib_module_names) == {"dspace_core", "itself", "msgspec"}


# The hooks


async def test_the_preview_shows_all_that_will_be_asked_for() -> None:
    preview = await SocialSecurity().preview(CASE)
    assert preview.uses == USES
    assert "授权" in preview.says.zh


def lines(filled: tuple[Filled, ...]) -> dict[str, str]:
    return {line.name: line.value for line in filled}


async def test_the_form_is_filled_and_asks_nothing() -> None:
    gate = Gate()
    form = await SocialSecurity().prefill(CASE, Data(gate))
    assert form.questions == ()
    assert lines(form.filled) == {
        "full_name": "张三",
        "household_division": "440104001",
        "bank_name": "示范银行",
        "account_no": "**** 1234",
    }
    assert [(line.fact.item, line.fact.field) for line in form.filled] == [
        ("population.record", "full_name"),
        ("population.record", "household_division"),
        ("bank.account", "bank_name"),
        ("bank.account", "account_no"),
    ]


@pytest.mark.parametrize(("number", "shown"), [("12345678", "****"), ("1", "****"), ("123456789", "**** 6789")])
async def test_an_account_number_is_shown_by_its_end_and_a_short_one_not_at_all(number: str, shown: str) -> None:
    values = {**VALUES, "bank.account": {"account_no": number}}
    form = await SocialSecurity().prefill(CASE, Data(Gate(values)))
    assert lines(form.filled)["account_no"] == shown


async def test_a_line_that_nobody_knows_is_left_out_and_still_not_asked() -> None:
    form = await SocialSecurity().prefill(CASE, Data(Gate(without("bank.account", "account_no"))))
    assert set(lines(form.filled)) == {"full_name", "household_division", "bank_name"}
    assert form.questions == ()


async def test_the_decision_is_that_of_the_rules() -> None:
    gate = Gate()
    outcome = await SocialSecurity().decide(CASE, Data(gate))
    assert outcome.verdict is Verdict.APPROVE
    assert sorted(use.item for use in gate.asked) == sorted(VALUES)


async def test_the_asks_of_a_decision_wait_together() -> None:
    """A slow authority costs its own time and not the sum: no answer comes before all four are asked."""
    gate, all_asked = Gate(), asyncio.Barrier(len(VALUES))

    async def answer(use: Use) -> bytes:
        await all_asked.wait()
        return await gate(use)

    outcome = await asyncio.wait_for(SocialSecurity().decide(CASE, Data(answer)), 10)
    assert outcome.verdict is Verdict.APPROVE


@pytest.mark.parametrize("item", VALUES)
async def test_a_record_without_its_fields_is_referred(item: str) -> None:
    outcome = await SocialSecurity().decide(CASE, Data(Gate(without(item, *VALUES[item]))))
    assert outcome.verdict is Verdict.REFER


@pytest.mark.parametrize(("item", "gap"), list(product(VALUES, sorted(GAPS))))
async def test_a_record_that_no_authority_can_give_is_a_gap_for_a_human(item: str, gap: str) -> None:
    outcome = await SocialSecurity().decide(CASE, Data(Gate(refused={item: gap})))
    assert outcome.verdict is Verdict.REFER


@pytest.mark.parametrize(
    ("item", "reason"), list(product(VALUES, ["grants.withdrawn", "source.unavailable", "source.stale"]))
)
async def test_any_other_refusal_ends_the_call_as_it_is(item: str, reason: str) -> None:
    """Withdrawn is no gap, and a source that is down is no reason to trouble a human."""
    with pytest.raises(DataRefused) as caught:
        await SocialSecurity().decide(CASE, Data(Gate(refused={item: reason})))
    assert caught.value.reason == reason


async def test_settling_needs_no_data_and_an_undecided_case_has_no_steps() -> None:
    gate = Gate()
    scenario = SocialSecurity()
    outcome = await scenario.decide(CASE, Data(gate))
    gate.asked.clear()
    decided = msgspec.structs.replace(CASE, outcome=outcome)
    assert len((await scenario.settle(decided, Data(gate))).next_steps) == 1
    assert (await scenario.settle(CASE, Data(gate))).next_steps == ()
    assert gate.asked == []
