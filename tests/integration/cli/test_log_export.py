"""`dspace log export`: from the notary's files, from the database alone, and what it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dspace_core.evidence import tiles_of

Run = Callable[..., tuple[int, str, str]]


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_notary_s_files_are_exported_and_verify(office: Any, dspace: Run, tmp_path: Path) -> None:
    office.record(300)
    office.number()
    out = tmp_path / "out"
    code, said, complaints = dspace("log", "export", out)
    assert (code, complaints) == (0, "")
    assert said == f"已导出 exported 300  dev.log.example/evidence\n公钥 vkey  {office.ledger.vkey()}\n"
    assert set(files(out)) == {"checkpoint", "vkey", *(tile.path for tile in tiles_of(300))}
    assert dspace("verify", "--log", out, "--vkey", office.ledger.vkey())[0] == 0


def test_the_database_alone_gives_the_same_files(office: Any, dspace: Run, tmp_path: Path) -> None:
    office.record(700)
    office.number()
    office.number()  # a notary that starts shows at once what stands
    assert dspace("log", "export", tmp_path / "out")[0] == 0
    (office.ledger.place / "home").rename(office.ledger.place / "elsewhere")
    assert dspace("log", "export", tmp_path / "again", "--vkey", office.ledger.vkey())[0] == 0
    assert files(tmp_path / "again") == files(tmp_path / "out")
    assert {place.name for place in tmp_path.iterdir()} == {"out", "again", "ledger"}  # no scratch is left


def test_exports_within_a_second_have_one_checkpoint(office: Any, dspace: Run, tmp_path: Path) -> None:
    office.record(20)
    office.number(30)  # the clock stands still between the two
    assert dspace("log", "export", tmp_path / "first")[1].startswith("已导出 exported 20 ")
    office.later(1)
    office.number()
    assert dspace("log", "export", tmp_path / "second")[1].startswith("已导出 exported 50 ")


def test_the_newest_log_is_exported(office: Any, dspace: Run, tmp_path: Path) -> None:
    office.record(20)
    office.number()
    office.record(5)
    office.number(files="other/evidence")
    office.number(files="other/evidence")
    newest = office.ledger.place / "other/evidence/log.0"
    newest.rename(office.ledger.place / "home/evidence/log.10")
    (office.ledger.place / "home/evidence/log.11").mkdir()  # opened, and nothing in it was signed yet
    (office.ledger.place / "home/evidence/log.old").mkdir()
    assert dspace("log", "export", tmp_path / "out")[1].startswith("已导出 exported 25 ")


def test_an_export_goes_into_an_empty_folder_only(office: Any, dspace: Run, tmp_path: Path) -> None:
    office.record(3)
    office.number()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/something").touch()
    assert "[evidence.export_occupied]" in dspace("log", "export", tmp_path / "out")[2]
    (office.ledger.place / "home").rename(office.ledger.place / "elsewhere")
    code, _, complaints = dspace("log", "export", tmp_path / "out", "--vkey", office.ledger.vkey())
    assert code == 1
    assert "[evidence.export_occupied]" in complaints
    assert files(tmp_path / "out") == {"something": b""}


def test_before_anything_was_signed_there_is_nothing_to_export(office: Any, dspace: Run, tmp_path: Path) -> None:
    office.record(3)
    code, _, complaints = dspace("log", "export", tmp_path / "out", "--vkey", office.ledger.vkey())
    assert code == 1
    assert "[evidence.nothing_signed]" in complaints
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kept", ["home/evidence", "elsewhere"], ids=["lost beside the files", "no files at all"])
def test_without_a_key_nothing_is_exported(office: Any, dspace: Run, tmp_path: Path, kept: str) -> None:
    office.record(3)
    office.number(files=kept)
    (office.ledger.place / kept / "log.0/vkey").unlink()
    code, _, complaints = dspace("log", "export", tmp_path / "out")
    assert code == 1
    assert "[evidence.vkey_unknown]" in complaints
    assert "--vkey" in complaints
    assert not (tmp_path / "out").exists()


def test_under_another_log_s_key_nothing_is_exported(office: Any, dspace: Run, tmp_path: Path) -> None:
    office.record(3)
    office.number()
    code, _, complaints = dspace("log", "export", tmp_path / "out", "--vkey", office.ledger.vkey("other.example/log"))
    assert code == 1
    assert "[evidence.note_unsigned]" in complaints


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE leaf SET leaf = set_byte(leaf, 50, get_byte(leaf, 50) # 1) WHERE position = 5",
        "DELETE FROM leaf WHERE position = 5",
    ],
    ids=["changed", "gone"],
)
def test_leaves_that_are_not_those_signed_are_not_exported(
    office: Any, dspace: Run, tmp_path: Path, change: str
) -> None:
    office.record(9)
    office.number(files="elsewhere")
    office.sql(change)
    code, _, complaints = dspace("log", "export", tmp_path / "out", "--vkey", office.ledger.vkey())
    assert code == 1
    assert "[evidence.database_diverged]" in complaints
    assert files(tmp_path / "out") == {}


def test_a_folder_that_cannot_be_written_is_named_with_the_reason(office: Any, dspace: Run, tmp_path: Path) -> None:
    office.record(3)
    office.number()
    (tmp_path / "file").touch()
    code, _, complaints = dspace("log", "export", tmp_path / "file/out")
    assert code == 1
    assert "[evidence.export_failed]" in complaints
    assert "Not a directory" in complaints


def test_a_home_that_does_not_run_and_has_no_files_says_so(
    office: Any, dspace: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DSPACE_DATABASE_URL")
    code, _, complaints = dspace("log", "export", tmp_path / "out", "--vkey", office.ledger.vkey())
    assert code == 3
    assert "[machine.not_running]" in complaints
