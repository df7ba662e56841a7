"""The embedded servers start from nothing or not at all; what is wrong is said, and nothing is touched."""

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dspace_core.machine import children, programs
from dspace_core.machine.home import Home, copy_tree
from dspace_core.machine.postgres import Cluster, server_version
from dspace_core.machine.refusals import DataInUse, DataVersion, DiskFull, ServerFailed, ServerMissing, ServerVersion
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


def test_a_living_process_in_the_data_folder_keeps_a_server_away(folder: Path) -> None:
    cluster = started(folder)
    cluster.stop()
    stranger = subprocess.Popen(["sleep", "60"], cwd=cluster.data)
    try:
        with pytest.raises(DataInUse) as refused:
            cluster.start(within=0.3)
        assert refused.value.values["pid"] == stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_folder_without_programs_is_refused(folder: Path) -> None:
    with pytest.raises(ServerMissing) as refused:
        cluster_in(folder, folder / "nothing").begin()
    assert "DSPACE_POSTGRES_BIN" in refused.value.advice.en


def test_an_unsupported_version_of_the_programs_is_refused(folder: Path) -> None:
    fake = folder / "postgres"
    fake.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.18'\n")
    fake.chmod(0o755)
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
