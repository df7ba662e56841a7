"""`dspace audit`: what it says and with which exit code, also while a notary numbers, and in a home that runs."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dspace_core import machine
from dspace_core.audit import audit
from dspace_core.cli.databases import snapshot
from dspace_core.stores import Isolation, transaction
from dspace_core.testing.deployment import Deployment
from dspace_core.values import random_id

Run = Callable[..., tuple[int, str, str]]
DSPACE = str(Path(sys.executable).with_name("dspace"))


def test_each_invariant_has_its_line_in_both_languages(office: Any, dspace: Run) -> None:
    office.record(50)
    office.number()
    office.record(5)
    code, said, complaints = dspace("audit")
    assert (code, complaints) == (0, "")
    lines = said.splitlines()
    assert [line.split()[2] for line in lines if line.startswith("成立 holds")][:5] == [
        "held", "places", "leaves", "heads", "sequences",
    ]  # fmt: skip
    assert "成立 holds          places           55  每条存证只在一处 each entry is in one place" in lines
    for name in ("releases", "stops"):
        (line,) = (line for line in lines if f" {name} " in line)
        assert line.startswith("未核查 not checked")
        assert line.endswith("未提供回执文件 (--receipts) no file of receipts was given (--receipts)")


def test_a_broken_invariant_exits_1_and_names_rows_by_ids_only(office: Any, dspace: Run) -> None:
    office.record(50)
    office.number()
    office.sql("UPDATE log_head SET size = size + 1")
    office.sql("UPDATE evidence SET seq = seq + 1000 WHERE seq > 2")
    code, said, _ = dspace("audit")
    assert code == 1
    told = [line for line in said.splitlines() if line.startswith("违反 broken")]
    assert [line.split()[2:6] for line in told] == [["heads", "1", "/", "1"], ["sequences", "7", "/", "7"]]
    named = [line.split() for line in said.splitlines() if line.startswith("  ")]
    assert {row[0] for row in named} == {"log", "entry"}
    assert {len(row) for row in named} == {2}


def test_with_receipts_releases_are_checked(office: Any, dspace: Run, tmp_path: Path) -> None:
    receipts = tmp_path / "receipts"
    receipts.touch()
    code, said, _ = dspace("audit", "--receipts", receipts)
    assert code == 0
    assert "成立 holds          releases          0" in said
    ids = {name: str(random_id()) for name in ("evidence", "use", "subject", "grant")}
    told = ", ".join(f'"{name}": "{value}"' for name, value in ids.items())
    receipts.write_text(f'{{"released": {{{told}, "at": 5}}}}\n')
    code, said, _ = dspace("audit", "--receipts", receipts)
    assert code == 1
    assert f"  use {ids['use']}" in said.splitlines()


@pytest.mark.parametrize(
    ("content", "why"), [(b"{}\n", "audit.receipts_malformed"), (None, "audit.receipts_unreadable")]
)
def test_receipts_that_cannot_be_used_are_refused(
    office: Any, dspace: Run, tmp_path: Path, content: bytes | None, why: str
) -> None:
    if content is not None:
        (tmp_path / "receipts").write_bytes(content)
    code, said, complaints = dspace("audit", "--receipts", tmp_path / "receipts")
    assert (code, said) == (1, "")
    assert f"[{why}]" in complaints


def test_a_home_that_does_not_run_says_so(office: Any, dspace: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DSPACE_DATABASE_URL")
    assert dspace("audit")[0] == 3


def test_what_an_audit_reads_through_cannot_be_written(office: Any) -> None:
    async def write() -> None:
        async with snapshot(machine.read(office.environment)) as db:
            assert await db.fetchval("SELECT current_user") == "dspace_app"
            await db.execute("CREATE TEMP TABLE mine ()")

    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        asyncio.run(write())


def test_entries_that_move_meanwhile_confuse_no_audit(office: Any) -> None:
    office.record(1500, subjects=40)

    async def both() -> int:
        ledger = office.ledger
        async with ledger.session("app") as app, ledger.session("notary") as clerk, clerk.notary() as notary:
            moving = asyncio.create_task(number(notary))
            audits = 0
            while not moving.done():
                async with transaction(app.db, Isolation.REPEATABLE_READ, read_only=True) as db:
                    report = await audit(db)
                assert report.holds, report
                assert report.findings[1].checked == 1500
                audits += 1
            await moving
        return audits

    async def number(notary: Any) -> None:
        while await notary.step():
            await asyncio.sleep(0)

    assert asyncio.run(both()) > 2


def test_a_home_that_has_just_begun_passes() -> None:
    deployment = Deployment([DSPACE, "up"], Path.cwd())
    try:
        deployment.start()
        done = subprocess.run(
            [DSPACE, "audit"], env=deployment.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("成立 holds") >= 6
        deployment.interrupt()
    finally:
        deployment.close()
