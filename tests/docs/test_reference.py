"""The reference pages: made from code, complete, and current."""

import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from dspace_core.cli.reference import (
    Unreachable,
    import_rooms,
    main,
    refusals_of,
    render_errors,
    render_settings,
)
from dspace_core.errors import Text
from dspace_core.machine.settings import SETTINGS, Setting
from dspace_core.values import MoneyInvalid, PeriodReversed

ROOT = Path(__file__).parents[2]
REFUSALS = """
from dspace_core.errors import Refusal, Text


class RoofLeaks(Refusal):
    \"\"\"Rain came in.\"\"\"

    code = "{package}.roof_leaks"
    says = Text("漏雨 {drops} 滴", "{drops} drops came in")
    remedy = Text("请修屋顶", "mend the roof")
"""
_fresh = count(1)


class House:
    """A package on disk, importable for one test under a name of its own."""

    def __init__(self, folder: Path) -> None:
        self.name = f"dspace_house_{next(_fresh)}"
        self.folder = folder / self.name
        self.write("__init__", "")

    def write(self, module: str, content: str) -> None:
        path = self.folder.joinpath(*module.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.replace("{package}", self.name), encoding="utf-8")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.syspath_prepend(str(tmp_path))
    return House(tmp_path)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


def run(docs: Path, house: House, *options: str) -> int:
    return main([*options, "--docs", str(docs), house.name])


# Walking


def test_a_refusal_in_the_deepest_room_is_found(house: House) -> None:
    house.write("attic.__init__", "")
    house.write("attic.roof.__init__", "")
    house.write("attic.roof.refusals", REFUSALS)
    assert import_rooms([house.name]) == ()
    assert [refusal.code for refusal in refusals_of([house.name])] == [f"{house.name}.roof_leaks"]


def test_a_module_that_needs_a_missing_package_is_answered_by_name(house: House) -> None:
    house.write("attic", "import package_that_nobody_has.part\n")
    house.write("cellar", REFUSALS)
    assert import_rooms([house.name]) == (Unreachable(f"{house.name}.attic", "package_that_nobody_has"),)
    assert len(refusals_of([house.name])) == 1


def test_a_missing_module_of_our_own_is_a_fault_and_not_passed_over(house: House) -> None:
    house.write("attic", "import {package}.gone\n")
    with pytest.raises(ModuleNotFoundError, match="gone"):
        import_rooms([house.name])


def test_a_module_that_fails_otherwise_is_a_fault_and_not_passed_over(house: House) -> None:
    house.write("attic", "from dspace_core.errors import Nothing\n")
    with pytest.raises(ImportError, match="Nothing"):
        import_rooms([house.name])


def test_a_main_module_is_not_run(house: House) -> None:
    house.write("__main__", "raise SystemExit(9)\n")
    assert import_rooms([house.name]) == ()


def test_only_refusals_of_the_packages_asked_for_are_listed(house: House) -> None:
    house.write("cellar", REFUSALS)
    import_rooms([house.name])
    assert MoneyInvalid not in refusals_of([house.name])
    assert all(refusal.__module__.startswith("dspace_core.") for refusal in refusals_of(["dspace_core"]))


# Rendering


def test_a_refusal_is_told_whole(house: House) -> None:
    house.write("cellar", REFUSALS)
    import_rooms([house.name])
    page = render_errors(refusals_of([house.name]))
    entry = page[page.index("\n## ") :]
    assert entry == (
        f"\n## {house.name}\n\n### `{house.name}.roof_leaks`\n\nRain came in.\n\n"
        "- 中文:漏雨 {drops} 滴\n- English: {drops} drops came in\n- 处理:请修屋顶\n- Remedy: mend the roof\n"
    )


def test_the_order_in_which_refusals_come_changes_nothing() -> None:
    known = refusals_of(["dspace_core"])
    page = render_errors(known)
    assert render_errors(reversed(known)) == page
    places = [page.index(f"### `{refusal.code}`") for refusal in known]
    assert places == sorted(places)


def test_refusals_of_one_room_stand_under_one_heading() -> None:
    page = render_errors([PeriodReversed, MoneyInvalid])
    assert page.count("\n## ") == 1
    assert page.count("\n### ") == 2


def test_every_setting_has_its_row() -> None:
    page = render_settings(SETTINGS)
    assert [line for line in page.splitlines() if line.startswith("| `")] == [
        f"| `{one.name}` | {one.default} | {one.meaning.zh} | {one.meaning.en} |" for one in SETTINGS
    ]


def test_a_bar_in_a_text_does_not_break_the_table() -> None:
    page = render_settings([Setting("DSPACE_ROOF", "flat|steep", Text("屋顶", "flat | steep"))])
    assert page.endswith("| `DSPACE_ROOF` | flat\\|steep | 屋顶 | flat \\| steep |\n")


# Writing and checking


def test_pages_just_written_are_current(house: House, docs: Path) -> None:
    house.write("cellar", REFUSALS)
    assert run(docs, house) == 0
    assert {path.name for path in docs.iterdir()} == {"errors.md", "settings.md"}
    assert run(docs, house, "--check") == 0


@pytest.mark.parametrize("name", ["errors.md", "settings.md"])
def test_a_stale_page_is_named_with_the_command_that_renews_it(
    house: House, docs: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    run(docs, house)
    page = docs / name
    page.write_text(page.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    before = page.read_bytes()
    assert run(docs, house, "--check") == 1
    assert capsys.readouterr().err == f"{page} is stale; renew it with `make docs`\n"
    assert page.read_bytes() == before


def test_a_page_that_is_not_there_is_stale(house: House, docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(docs, house, "--check") == 1
    assert capsys.readouterr().err.count("is stale") == 2
    assert list(docs.iterdir()) == []


def test_a_room_out_of_reach_is_named_and_nothing_is_written(
    house: House, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house.write("attic", "import package_that_nobody_has\n")
    assert run(docs, house) == 1
    assert f"{house.name}.attic needs package_that_nobody_has" in capsys.readouterr().err
    assert list(docs.iterdir()) == []


def test_a_backend_that_is_not_installed_is_mentioned(
    docs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dspace_core.cli.reference.find_spec", lambda _name: None)
    assert main(["--docs", str(docs)]) == 0
    assert capsys.readouterr().err == "dspace_backend is not installed; its refusals are left out\n"


# The house itself


def test_every_refusal_of_the_house_says_in_its_own_words_what_it_means() -> None:
    import_rooms(["dspace_core"])
    known = refusals_of(["dspace_core"])
    assert MoneyInvalid in known
    assert [refusal.code for refusal in known if not vars(refusal).get("__doc__")] == []


def test_the_pages_in_the_repository_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dspace_core.cli.reference", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
