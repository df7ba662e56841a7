"""The embedded servers start from nothing or not at all; what is wrong is said, and nothing is touched."""

import asyncio
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from dspace_core.machine import children, programs
from dspace_core.machine.addresses import Store, embedded_url
from dspace_core.machine.home import Home, copy_tree
from dspace_core.machine.postgres import Cluster, server_version
from dspace_core.machine.refusals import (
    DataInUse,
    DataVersion,
    DiskFull,
    HomeUnusable,
    ServerFailed,
    ServerMissing,
    ServerVersion,
)
from dspace_core.stores import connect
from dspace_core.testing.servers import open_folder, settings_for

USER = 59700 if os.geteuid() == 0 else None
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = open_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def cluster_in(folder: Path, programs_folder: Path | None = None) -> Cluster:
    settings = settings_for(folder)
    home = Home(settings)
    home.prepare({"main": USER})
    return Cluster("main", home, programs_folder or programs.postgres(settings, home), USER)


def started(folder: Path) -> Cluster:
    cluster = cluster_in(folder)
    cluster.begin()
    cluster.start()
    return cluster


def test_data_of_another_major_version_is_refused_and_not_touched(folder: Path) -> None:
    started(folder).stop()
    version = folder / "home/main/data/PG_VERSION"
    version.write_text("14\n")
    with pytest.raises(DataVersion) as refused:
        cluster_in(folder).begin()
    assert refused.value.values["found"] == "14"
    assert version.read_text() == "14\n"


def test_half_a_cluster_is_never_taken_for_one(folder: Path) -> None:
    """A killed initdb leaves `data.new`; the next start makes a new one."""
    cluster = cluster_in(folder)
    half = folder / "home/main/data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    cluster.begin()
    cluster.start()
    try:
        assert cluster.answers()
        assert not half.exists()
    finally:
        cluster.stop()


def test_a_cluster_that_is_stopped_while_it_is_made_leaves_nothing(folder: Path) -> None:
    cluster = cluster_in(folder)
    cluster.begin()
    cluster.stop()
    assert list((folder / "home/main").iterdir()) == []


def test_a_server_that_was_left_behind_keeps_another_away_from_its_data(folder: Path) -> None:
    """Also one whose main process is gone: a child that was stopped still holds the claim."""
    cluster = started(folder)
    try:
        with pytest.raises(DataInUse):
            cluster_in(folder).start(within=0.3)
        assert cluster.answers()
    finally:
        cluster.stop()
    again = cluster_in(folder)
    again.start()
    again.stop()


def test_a_stopped_child_of_a_killed_server_still_holds_the_claim(folder: Path) -> None:
    cluster = started(folder)
    assert cluster.process is not None
    children_of = Path(f"/proc/{cluster.process.pid}/task/{cluster.process.pid}/children").read_text().split()
    stopped = int(children_of[0])
    os.kill(stopped, signal.SIGSTOP)
    os.kill(cluster.process.pid, signal.SIGKILL)
    cluster.process.wait()
    try:
        with pytest.raises(DataInUse):
            cluster_in(folder).start(within=0.3)
        assert (cluster.data / "postmaster.pid").exists()
    finally:
        os.kill(stopped, signal.SIGKILL)
    again = cluster_in(folder)
    again.start()
    again.stop()


def test_a_value_in_an_error_does_not_reach_the_log(folder: Path) -> None:
    """Article 9: the sentence of an error quotes the value that was wrong."""
    cluster = started(folder)
    try:
        home = Home(settings_for(folder))
        asyncio.run(
            provoke(home, ("SELECT '440100199003070011'::uuid", "DO $$BEGIN RAISE '440100199003070011'; END$$"))
        )
    finally:
        cluster.stop()
    assert "440100199003070011" not in cluster.log.read_text()


async def provoke(home: Home, statements: tuple[str, ...]) -> None:
    connection = await connect(
        embedded_url(home, Store.MAIN, "postgres", "postgres"), password=home.secret("main/postgres", make=False)
    )
    for statement in statements:
        with pytest.raises(asyncpg.PostgresError, match="440100199003070011"):
            await connection.execute(statement)
    await connection.close()


def test_programs_without_initdb_are_refused_and_nothing_is_begun(folder: Path) -> None:
    fake = folder / "postgres"
    fake.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
    fake.chmod(0o755)
    with pytest.raises(ServerMissing):
        cluster_in(folder, folder).begin()
    assert list((folder / "home/main").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its servers to other users")
def test_data_of_another_user_is_refused_and_stays_theirs(folder: Path) -> None:
    started(folder).stop()
    home = Home(settings_for(folder))
    other = Cluster("main", home, programs.postgres(settings_for(folder), home), 61000)
    with pytest.raises(HomeUnusable) as refused:
        other.begin()
    assert "DSPACE_UID_BASE" in refused.value.title.en
    assert (folder / "home/main/data").stat().st_uid == USER


def test_a_folder_without_programs_is_refused(folder: Path) -> None:
    with pytest.raises(ServerMissing) as refused:
        cluster_in(folder, folder / "nothing").begin()
    assert "DSPACE_POSTGRES_BIN" in refused.value.advice.en


def test_an_unsupported_version_of_the_programs_is_refused(folder: Path) -> None:
    fake = folder / "postgres"
    fake.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.18'\n")
    fake.chmod(0o755)
    (folder / "initdb").symlink_to(fake)
    with pytest.raises(ServerVersion) as refused:
        server_version(folder)
    assert refused.value.values["found"] == "15"


def test_a_server_that_will_not_start_is_refused_with_the_place_of_its_reason(folder: Path) -> None:
    cluster = started(folder)
    cluster.stop()
    (cluster.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(ServerFailed) as refused:
        cluster.start()
    assert "no_such_setting" in Path(str(refused.value.values["log"])).read_text()


def test_a_narrow_umask_keeps_no_server_from_its_files(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        cluster = started(folder)
        cluster.stop()
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lays the programs down where other users can reach them")
def test_programs_that_only_root_may_read_are_laid_down_readable(folder: Path) -> None:
    closed = folder / "closed"
    (closed / "bin").mkdir(parents=True)
    (closed / "bin/program").write_text("#!/bin/sh\n")
    (closed / "bin/program").chmod(0o700)
    (closed / "bin").chmod(0o700)
    copy_tree(closed, folder / "open")
    assert (folder / "open/bin").stat().st_mode & 0o777 == 0o755
    assert (folder / "open/bin/program").stat().st_mode & 0o777 == 0o755
    assert (closed / "bin/program").stat().st_mode & 0o777 == 0o700


@ROOT_ONLY
def test_a_full_disk_is_said_and_leaves_no_half_cluster(folder: Path) -> None:
    small = folder / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m,mode=711", "tmpfs", str(small)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        roomy = Home(settings_for(folder))
        roomy.prepare({"main": USER})
        cluster = cluster_in(small, programs.postgres(settings_for(folder), roomy))
        cluster.begin()
        with pytest.raises(DiskFull) as refused:
            cluster.start()
        assert "DSPACE_HOME" in refused.value.advice.en
        assert list((small / "home/main").iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_where_the_kernel_holds_no_leash_a_watcher_ends_the_child_with_its_owner(folder: Path) -> None:
    """The owner is a process of its own, killed -9; the child it started through the watcher ends."""
    owner = """
import signal, sys
from dspace_core.machine import children
child = children.start([sys.executable, "-c", sys.argv[1]], leash=signal.SIGTERM, by_kernel=False)
sys.stdin.read()
"""
    child = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
    command = [sys.executable, "-c", owner, child]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pinned = os.pidfd_open(int(process.stdout.readline()))
        process.kill()
    assert _ended(pinned)


def _ended(pinned: int) -> bool:
    ready, _, _ = select.select([pinned], [], [], 5)
    os.close(pinned)
    return bool(ready)


def test_a_child_is_never_started_from_another_thread() -> None:
    """The leash is bound to the thread that forks: a child of a short-lived thread would die with it."""
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            children.start(["true"], leash=signal.SIGKILL)
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(caught) == 1
