"""The family of refusals: codes that stay, texts that fill, and nothing personal."""

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from string import Formatter
from textwrap import dedent
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.cli.reference import import_rooms, refusals_of
from dspace_core.errors import Refusal, Text, Value, family
from dspace_core.values import Money, MoneyInvalid

assert import_rooms(["dspace_core"]) == ()
KNOWN = refusals_of(["dspace_core"])
NAMES = st.from_regex(r"[a-z][a-z_]{0,11}", fullmatch=True)
VALUES: st.SearchStrategy[Value] = (
    st.text() | st.integers() | st.booleans() | st.dates() | st.uuids() | st.just(Path("/var/lib/dspace"))
)


def slots(text: str) -> set[str]:
    """The names that a text asks values for."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def promised(refusal: type[Refusal]) -> set[str]:
    """The values that the class promises to carry."""
    texts = (refusal.says.zh, refusal.says.en, refusal.remedy.zh, refusal.remedy.en)
    return {name for text in texts for name in slots(text)}


every_refusal = pytest.mark.parametrize("refusal", KNOWN, ids=lambda refusal: refusal.code)


# What every refusal of the house keeps to


def test_no_two_refusals_share_a_code() -> None:
    codes = [refusal.code for refusal in KNOWN]
    assert len(codes) == len(set(codes))
    assert codes == sorted(codes)


def test_every_class_below_the_base_is_in_the_family() -> None:
    def below(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
        for child in refusal.__subclasses__():
            yield child
            yield from below(child)

    assert {one for one in below(Refusal) if one.__module__.partition(".")[0] == "dspace_core"} == set(KNOWN)


@every_refusal
def test_a_code_names_the_room_or_its_module_and_the_reason(refusal: type[Refusal]) -> None:
    """`stores.unavailable` is the room's, `source.stale` speaks of one of `sources`, `lane.full` of `stores/lane.py`."""
    assert re.fullmatch(r"[a-z]+\.[a-z][a-z_0-9]*", refusal.code)
    package, room = refusal.__module__.split(".")[:2]
    speaker = refusal.code.split(".")[0]
    assert speaker in (room, room.removesuffix("s")) or find_spec(f"{package}.{room}.{speaker}") is not None


@every_refusal
def test_both_languages_ask_for_the_same_values(refusal: type[Refusal]) -> None:
    assert slots(refusal.says.zh) == slots(refusal.says.en)
    assert slots(refusal.remedy.zh) == slots(refusal.remedy.en)


@every_refusal
def test_the_texts_fill_with_exactly_the_promised_values(refusal: type[Refusal]) -> None:
    values: dict[str, Value] = {name: f"<{name}>" for name in promised(refusal)}
    made = refusal.__new__(refusal)  # some classes take other arguments and make the values themselves
    Refusal.__init__(made, **values)
    for filled, empty in ((made.title, refusal.says), (made.advice, refusal.remedy)):
        for text, pattern in ((filled.zh, empty.zh), (filled.en, empty.en)):
            assert {name for name in values if f"<{name}>" in text} == slots(pattern)
            assert "{" not in text
            assert "}" not in text
    assert str(made).startswith(f"{refusal.code}: ")


@every_refusal
def test_slots_are_plain_names(refusal: type[Refusal]) -> None:
    """No conversion, no attribute, no index: a text cannot reach into a value."""
    for text in (refusal.says.zh, refusal.says.en, refusal.remedy.zh, refusal.remedy.en):
        for _, name, form, conversion in Formatter().parse(text):
            assert name is None or (re.fullmatch(r"[a-z][a-z_]*", name) and not form and not conversion)


@every_refusal
def test_each_language_is_written_in_its_own(refusal: type[Refusal]) -> None:
    for text in (refusal.says, refusal.remedy):
        assert re.search(r"[\u4e00-\u9fff]", text.zh)
        assert re.search(r"[a-z]{2}", text.en)


@every_refusal
def test_no_refusal_promises_a_personal_value(refusal: type[Refusal]) -> None:
    """Article 9. What the values are cannot be seen from here; that none is called after a person's data can."""
    personal = {
        "person",
        "subject",
        "id_number",
        "citizen_id",
        "uscc",
        "phone",
        "birth_date",
        "text",
        "value",
        "content",
    }
    assert promised(refusal) & personal == set()


def names_given(call: ast.Call) -> set[str]:
    return {keyword.arg for keyword in call.keywords if keyword.arg is not None}


def calls_in(module: str) -> Iterator[tuple[type[Refusal], set[str], int]]:
    """Each place in a module's source that makes a refusal by keywords: the class, the names given, and the line."""
    loaded = importlib.import_module(module)
    for node in ast.walk(ast.parse(Path(str(loaded.__file__)).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name):
            made, names = node.exc, set[str]()
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            made, names = node.func, names_given(node)
        else:
            continue
        refusal = getattr(loaded, made.id, None)
        if isinstance(refusal, type) and issubclass(refusal, Refusal) and refusal.__init__ is Refusal.__init__:
            yield refusal, names, node.lineno


@pytest.mark.parametrize("module", sorted(name for name in sys.modules if name.partition(".")[0] == "dspace_core"))
def test_every_place_that_refuses_gives_exactly_the_promised_values(module: str) -> None:
    wrong = [
        f"{module}:{line} gives {sorted(names)} to {refusal.__name__}, which promises {sorted(promised(refusal))}"
        for refusal, names, line in calls_in(module)
        if names != promised(refusal)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "refusal", [one for one in KNOWN if one.__init__ is not Refusal.__init__], ids=lambda refusal: refusal.code
)
def test_a_refusal_that_makes_its_own_values_makes_all_that_it_promises(refusal: type[Refusal]) -> None:
    tree = ast.parse(dedent(inspect.getsource(refusal)))
    handed_on = [
        names_given(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"
    ]
    assert len(handed_on) == 1
    assert promised(refusal) <= handed_on[0]


def test_the_search_for_places_that_refuse_finds_them() -> None:
    found = {(refusal.code, bool(names)) for refusal, names, _ in calls_in("dspace_core.calendar.limits")}
    assert found >= {("calendar.limit_invalid", True), ("calendar.pause_reversed", True)}
    assert ("values.naive_instant", False) in {
        (one.code, bool(names)) for one, names, _ in calls_in("dspace_core.values")
    }


# What the base does


def test_a_refusal_without_a_code_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="Nameless has no code, says, remedy"):
        type("Nameless", (Refusal,), {})


def test_a_refusal_without_a_remedy_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="Hopeless has no remedy"):
        type("Hopeless", (Refusal,), {"code": "test.hopeless", "says": Text("无", "none")})
    assert "test.hopeless" not in family()


def test_a_code_that_is_taken_cannot_be_taken_again() -> None:
    texts = {"says": Text("无", "none"), "remedy": Text("无", "none")}
    with pytest.raises(TypeError, match=r"'values\.money_invalid' belongs to MoneyInvalid"):
        type("Thief", (Refusal,), {"code": "values.money_invalid", **texts})
    assert family()["values.money_invalid"] is MoneyInvalid


def test_a_child_needs_a_code_of_its_own() -> None:
    with pytest.raises(TypeError, match="belongs to MoneyInvalid"):
        type("Heir", (MoneyInvalid,), {})


def test_the_family_is_listed_by_code() -> None:
    assert list(family()) == sorted(family())
    assert all(refusal.code == code for code, refusal in family().items())


def test_the_family_that_is_handed_out_is_a_copy() -> None:
    family().clear()
    assert family()["values.money_invalid"] is MoneyInvalid


@given(names=st.sets(NAMES, max_size=4), data=st.data())
def test_a_text_fills_both_languages_with_the_same_values(names: set[str], data: st.DataObject) -> None:
    values = {name: data.draw(VALUES) for name in sorted(names)}
    pattern = "·".join(f"{{{name}}}" for name in sorted(names))
    filled = Text(f"值:{pattern}", f"values: {pattern}").fill(values)
    expected = "·".join(str(values[name]) for name in sorted(names))
    assert filled == Text(f"值:{expected}", f"values: {expected}")


@given(inner=st.text())
def test_a_value_is_never_read_as_a_text(inner: str) -> None:
    """Braces within a value stay braces: nobody's input becomes a pattern."""
    value = f"{{other}}{inner}{{other.__class__}}"
    assert Text("{one}", "{one}").fill({"one": value, "other": "secret"}) == Text(value, value)


def test_a_text_with_a_value_missing_says_so() -> None:
    with pytest.raises(KeyError, match="two"):
        Text("{one}{two}", "{one}{two}").fill({"one": 1})


def test_a_refusal_keeps_its_values_apart_from_its_message() -> None:
    """What a log line made from repr or args shows is the code alone."""
    sample = next(refusal for refusal in KNOWN if promised(refusal))
    made = sample.__new__(sample)
    Refusal.__init__(made, **dict.fromkeys(promised(sample), "7d1f"))
    assert made.args == (sample.code,)
    assert "7d1f" not in repr(made)
    assert set(made.values) == promised(sample)


def test_a_refused_text_is_not_repeated() -> None:
    with pytest.raises(MoneyInvalid) as refused:
        Money.yuan("12.345678")
    assert refused.value.values == {}
    assert "12.345678" not in f"{refused.value} {refused.value!r} {refused.value.__context__!r}"


@pytest.mark.parametrize(
    ("value", "printed"),
    [(date(2026, 1, 2), "2026-01-02"), (UUID(int=1), f"{UUID(int=1)}"), (Path("/a"), "/a"), (7, "7"), ("x", "x")],
)
def test_values_print_the_same_everywhere(value: Value, printed: str) -> None:
    assert Text("{v}", "{v}").fill({"v": value}) == Text(printed, printed)
