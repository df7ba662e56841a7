"""Whatever is killed, everything ends or comes back, and every committed row is there (design section 4, ADR 2).

Each case kills -9 one combination of make, the supervisor, PostgreSQL, Valkey and a web process, with and without a
terminal, while a writer commits rows; the next case starts the same home again.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from dspace_core.machine.addresses import Role
from dspace_core.stores import connect
from dspace_core.testing.deployment import Deployment

ROOT = Path(__file__).parents[2]
VICTIMS = ("make", "supervisor", "postgres", "valkey", "web")
COMBINATIONS = [chosen for size in range(1, 6) for chosen in combinations(VICTIMS, size)]
ENDS_ALL = {"make", "supervisor", "postgres", "valkey"}
# Commits one row after another, and prints each number once its commit was answered.
WRITER = """
import asyncio, sys
from dspace_core.stores import connect
async def main():
    connection = await connect(sys.argv[1], password=sys.stdin.readline().strip() or None)
    number = int(sys.argv[2])
    while True:
        await connection.execute("INSERT INTO written (n) VALUES ($1)", number)
        print(number, flush=True)
        number += 1
asyncio.run(main())
"""


class Home:
    """A deployment and the rows that were acknowledged in it, over all cases of one module run."""

    def __init__(self, *, terminal: bool) -> None:
        self.deployment = Deployment(["make", "run"], ROOT, terminal=terminal)
        self.acknowledged: list[int] = []

    def victims(self) -> dict[str, int]:
        state = self.deployment.state()
        make = int(Path(f"/proc/{state.pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        return {
            "make": make,
            "supervisor": state.pid,
            "postgres": state.servers["main"],
            "valkey": state.servers["valkey"],
            "web": state.residents["web-0"],
        }

    async def rows(self) -> set[int]:
        address = self.deployment.address(Role.MIGRATE)
        connection = await connect(address.url, password=address.password)
        try:
            await connection.execute("CREATE TABLE IF NOT EXISTS written (n bigint PRIMARY KEY)")
            return {row["n"] for row in await connection.fetch("SELECT n FROM written")}
        finally:
            await connection.close()

    def writer(self) -> subprocess.Popen[str]:
        address = self.deployment.address(Role.MIGRATE)
        first = self.acknowledged[-1] + 1_000 if self.acknowledged else 0
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, address.url, str(first)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert writer.stdin is not None
        writer.stdin.write(f"{address.password}\n")
        writer.stdin.flush()
        return writer


@pytest.fixture(scope="module", params=[False, True], ids=["no terminal", "terminal"])
def home(request: pytest.FixtureRequest) -> Iterator[Home]:
    home = Home(terminal=request.param)
    yield home
    home.deployment.close()


@pytest.mark.parametrize("chosen", COMBINATIONS, ids="+".join)
def test_nothing_is_orphaned_and_nothing_is_lost(home: Home, chosen: tuple[str, ...]) -> None:
    deployment = home.deployment
    deployment.start()
    assert set(home.acknowledged) <= asyncio.run(home.rows())
    with home.writer() as writer:
        assert writer.stdout is not None
        home.acknowledged += [int(writer.stdout.readline()) for _ in range(20)]
        pids = home.victims()

        deployment.kill([pids[name] for name in chosen])

        if ENDS_ALL & set(chosen):
            deployment.wait_until_gone()
        else:
            wait_for_another_web(home, pids["web"])
            writer.kill()
            deployment.interrupt()
        home.acknowledged += [int(line) for line in writer.stdout.read().split()]


def wait_for_another_web(home: Home, killed: int) -> None:
    deadline = time.monotonic() + 10
    while home.deployment.state().residents.get("web-0", killed) == killed:
        assert time.monotonic() < deadline, "web did not come back"
        time.sleep(0.02)


def test_every_acknowledged_row_is_there_at_the_end(home: Home) -> None:
    home.deployment.start()
    assert home.acknowledged
    assert set(home.acknowledged) <= asyncio.run(home.rows())
    home.deployment.interrupt()


def test_a_second_supervisor_on_one_home_is_refused_and_harms_nobody(home: Home) -> None:
    home.deployment.start()
    before = home.deployment.state()
    second = subprocess.run(
        [Path(sys.executable).with_name("dspace"), "up"],
        env=home.deployment.environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert f"process {before.pid} already runs" in second.stderr
    assert home.deployment.state() == before
    home.deployment.interrupt()


def test_a_stale_pid_file_that_names_a_stranger_harms_nobody(home: Home) -> None:
    home.deployment.start()
    home.deployment.kill(list(home.victims().values()))
    home.deployment.wait_until_gone()
    data = home.deployment.settings.home / "main/data"
    owner = data.stat().st_uid
    stranger = subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None)
    try:
        pid_file = data / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{data}\n1\n5432\n\n\n")
        os.chown(pid_file, owner, owner)
        home.deployment.start()
        home.deployment.interrupt()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
