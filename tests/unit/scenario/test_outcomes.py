"""Outcomes, item handles and the data object: what an author writes, without a process."""

import inspect
from itertools import product

import msgspec
import pytest

from dspace_core.errors import Text
from dspace_core.scenario import (
    HOOKS,
    AnswerUnfit,
    Case,
    Data,
    DataRefused,
    Fact,
    HookUnanswered,
    Item,
    Outcome,
    Reason,
    Scenario,
    Use,
    Verdict,
    conclude,
)
from dspace_core.scenario.refusals import CallOver, ItemInvalid


class Pension(msgspec.Struct):
    paid_months: int
    district: str | None = None


PENSION = Item("pension.record", Pension, "核对养老保险缴费年限")


def reason(held: bool | None) -> Reason:
    return Reason(rule="A3.age", version="2020-06", facts=(), held=held, says=Text("年满六十周岁", "sixty or older"))


# Outcomes


@pytest.mark.parametrize("held", list(product([True, False, None], repeat=3)))
def test_the_verdict_follows_from_the_reasons(held: tuple[bool | None, ...]) -> None:
    expected = Verdict.REFUSE if False in held else Verdict.REFER if None in held else Verdict.APPROVE
    assert conclude(*map(reason, held)).verdict is expected


def test_no_reasons_approve_nothing_and_do_not_cross_the_wire() -> None:
    empty = conclude()
    assert empty.verdict is Verdict.REFER
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(msgspec.to_builtins(empty), Outcome)


def test_a_verdict_cannot_be_claimed_against_the_reasons() -> None:
    claimed = msgspec.to_builtins(conclude(reason(False))) | {"verdict": "approve"}
    assert msgspec.convert(claimed, Outcome).verdict is Verdict.REFUSE


def test_a_fact_names_its_place_and_no_value() -> None:
    assert PENSION.fact("paid_months") == Fact("pension.record", "paid_months")


# Items


def test_the_fields_asked_for_are_the_fields_of_the_struct() -> None:
    assert PENSION.use == Use(
        item="pension.record", fields=frozenset({"paid_months", "district"}), purpose="核对养老保险缴费年限"
    )


def test_a_renamed_field_is_asked_for_by_its_name_in_the_catalogue() -> None:
    class Renamed(msgspec.Struct):
        months: int = msgspec.field(name="paid_months")

    assert Item("pension.record", Renamed, "核对").use.fields == {"paid_months"}


class Nothing(msgspec.Struct):
    pass


class Odd(msgspec.Struct, rename="camel"):
    paid_months: int


@pytest.mark.parametrize(
    ("item", "gives", "purpose"),
    [
        ("Pension Record", Pension, "核对"),
        ("pension.record\n", Pension, "核对"),
        ("pension.record", Pension, ""),
        ("pension.record", Pension, " 核对"),
        ("pension.record", Pension, "核\n对"),
        ("pension.record", Pension, "核" * 61),
        ("pension.record", Nothing, "核对"),
        ("pension.record", Odd, "核对"),
        ("pension.record", dict, "核对"),
    ],
)
def test_a_handle_that_no_manifest_could_declare_cannot_be_made(
    item: str, gives: type[msgspec.Struct], purpose: str
) -> None:
    with pytest.raises(ItemInvalid) as caught:
        Item(item, gives, purpose)
    assert caught.value.code == "scenario.item_invalid"


def test_a_fact_about_a_field_not_asked_for_cannot_be_made() -> None:
    with pytest.raises(ItemInvalid, match="id_number"):
        PENSION.fact("id_number")


def test_an_answer_is_decoded_to_the_struct() -> None:
    assert PENSION.read(msgspec.msgpack.encode({"paid_months": 180})) == Pension(180)


@pytest.mark.parametrize(
    "answer",
    [{"paid_months": "440102198001011234"}, {"district": "越秀"}, {"paid_months": 1.5}, [180], None],
)
def test_an_answer_that_does_not_fit_is_refused_without_a_word_of_it(answer: object) -> None:
    with pytest.raises(AnswerUnfit) as caught:
        PENSION.read(msgspec.msgpack.encode(answer))
    assert caught.value.code == "scenario.answer_unfit"
    assert caught.value.values == {"item": "pension.record"}
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("answer", [b"", b"\x91" * 100_000, b"\x81\xabpaid_months\xa2\xff\xfe", b"\xc1"])
def test_bytes_that_are_no_answer_are_refused(answer: bytes) -> None:
    with pytest.raises(AnswerUnfit):
        PENSION.read(answer)


# Data


async def test_data_asks_for_the_use_of_the_item() -> None:
    asked: list[Use] = []

    async def answer(use: Use) -> bytes:
        asked.append(use)
        return msgspec.msgpack.encode({"paid_months": 180, "district": "越秀"})

    assert await Data(answer).use(PENSION) == Pension(180, "越秀")
    assert asked == [PENSION.use]


@pytest.mark.parametrize("no", [DataRefused(item="pension.record", reason="grants.withdrawn"), CallOver()])
async def test_a_refusal_comes_through_as_it_is(no: DataRefused | CallOver) -> None:
    async def answer(_use: Use) -> bytes:
        raise no

    with pytest.raises(type(no)) as caught:
        await Data(answer).use(PENSION)
    assert caught.value is no


def test_a_refused_datum_says_why_by_code() -> None:
    no = DataRefused(item="pension.record", reason="grants.withdrawn")
    assert (no.code, no.reason) == ("scenario.data_refused", "grants.withdrawn")
    assert CallOver().code == "scenario.call_over"


# The spec


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_async_takes_structs_and_gives_the_struct_of_its_table(name: str) -> None:
    hook = getattr(Scenario, name)
    signature = inspect.signature(hook, eval_str=True)
    parameters = {key: given.annotation for key, given in signature.parameters.items() if key != "self"}
    assert inspect.iscoroutinefunction(hook)
    assert parameters == ({"case": Case} if name == "preview" else {"case": Case, "data": Data})
    assert signature.return_annotation is HOOKS[name].gives


def test_every_hook_of_the_spec_stands_in_the_table() -> None:
    marked = {name for name in vars(Scenario) if hasattr(getattr(Scenario, name), "dspace_spec")}
    assert marked == set(HOOKS)


async def test_a_hook_left_out_refuses_when_called_directly() -> None:
    async def answer(_use: Use) -> bytes:
        return b""

    scenario, data = Scenario(), Data(answer)
    case = msgspec.convert({"id": "c1", "item": "A3", "subject": "s1", "accepted": "2026-11-24"}, Case)
    for call in (
        scenario.preview(case),
        scenario.prefill(case, data),
        scenario.decide(case, data),
        scenario.settle(case, data),
    ):
        with pytest.raises(HookUnanswered):
            await call
