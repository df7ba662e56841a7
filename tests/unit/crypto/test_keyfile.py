import errno
import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.crypto import keyfile
from dspace_core.crypto.keyfile import Contents, KeyId, Root
from dspace_core.crypto.refusals import (
    KeyFileCorrupt,
    KeyFileExists,
    KeyFileExposed,
    KeyFileFolder,
    KeyFileIrregular,
    KeyFileMissing,
    KeyFileNotWritten,
    KeyFileOwner,
    KeyFileUnreadable,
    SuiteUnavailable,
)
from dspace_core.crypto.secret import Secret
from dspace_core.crypto.suites import INTERNATIONAL
from dspace_core.errors import Refusal

DOC = Path(__file__).parents[3] / "docs" / "formats" / "keys.md"
UNPRIVILEGED = 65534
FIRST = Root(KeyId("0102030405060708"), Secret(bytes(range(32))))
SECOND = Root(KeyId("1112131415161718"), Secret(bytes(range(32, 64))))
ONE = Contents(INTERNATIONAL, (FIRST,))
KNOWN = bytes.fromhex(
    "4453504b455953310100010102030405060708000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "6d249def236c59c6e263d63f4eb67e6a04b255199f40c714b0414ef9e562ee5c"
)


@contextmanager
def acting_as(user: int) -> Iterator[None]:
    """Become another user for a while, so that the kernel's own checks take part. Nothing to do for oneself."""
    before = os.geteuid()
    if user != before:
        os.seteuid(user)
    try:
        yield
    finally:
        if user != before:
            os.seteuid(before)


@pytest.fixture(params=["root", "unprivileged"])
def user(request: pytest.FixtureRequest) -> int:
    if os.geteuid() == 0:
        return 0 if request.param == "root" else UNPRIVILEGED
    if request.param == "root":
        pytest.skip("this half of the matrix needs the tests to run as root")
    return os.geteuid()


@pytest.fixture
def place(user: int) -> Iterator[Path]:
    """A closed folder that the user owns, outside pytest's own, which root closes to everybody else."""
    folder = Path(tempfile.mkdtemp())
    if user != os.geteuid():
        os.chown(folder, user, -1)
    yield folder / "root.keys"
    shutil.rmtree(folder)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "root.keys"


def put(path: Path, stored: bytes = KNOWN, mode: int = 0o600) -> None:
    path.write_bytes(stored)
    path.chmod(mode)


def test_the_file_has_the_known_layout(path: Path) -> None:
    keyfile.create(path, ONE)
    assert path.read_bytes() == KNOWN
    assert keyfile.read(path) == ONE
    assert KNOWN.hex() in DOC.read_text("utf-8").replace("\n", "")


def test_every_mode_is_judged_as_each_user(place: Path, user: int) -> None:
    with acting_as(user):
        keyfile.create(place, ONE)
        for mode in range(0o1000):
            place.chmod(mode)
            expected: type[Refusal] | None = None
            if user != 0 and not mode & 0o400:
                expected = KeyFileUnreadable
            elif mode & 0o077:
                expected = KeyFileExposed
            if expected is None:
                assert keyfile.read(place) == ONE
                continue
            with pytest.raises(expected) as refused:
                keyfile.read(place)
            assert expected.code in {"crypto.key_file_unreadable", "crypto.key_file_exposed"}
            shown = {"errno": errno.EACCES} if expected is KeyFileUnreadable else {"mode": f"{mode:04o}"}
            assert (refused.value.code, refused.value.values) == (expected.code, shown)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_a_new_file_is_closed_whatever_the_umask(place: Path, user: int, umask: int) -> None:
    with acting_as(user):
        before = os.umask(umask)
        try:
            keyfile.create(place, ONE)
        finally:
            os.umask(before)
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert keyfile.read(place) == ONE


def test_a_file_of_another_user_is_refused(user: int) -> None:
    found = os.stat_result((stat.S_IFREG | 0o600, 1, 1, 1, user + 1, 0, 0, 0, 0, 0))
    with acting_as(user), pytest.raises(KeyFileOwner) as refused:
        keyfile._check_file(found)
    assert refused.value.code == "crypto.key_file_owner"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("stranger", [0, 1, UNPRIVILEGED])
def test_a_file_given_away_is_refused_even_to_root(place: Path, user: int, stranger: int) -> None:
    put(place, mode=0o644 if user else 0o600)
    os.chown(place, stranger, -1)
    expected = KeyFileOwner if stranger != user else KeyFileExposed
    if user == stranger == 0:
        assert keyfile.read(place) == ONE
        return
    with acting_as(user), pytest.raises(expected):
        keyfile.read(place)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o722, 0o777, 0o1777])
def test_a_folder_that_others_can_write_to_is_refused(path: Path, mode: int) -> None:
    put(path)
    path.parent.chmod(mode)
    attempts: list[Callable[[], object]] = [
        lambda: keyfile.read(path),
        lambda: keyfile.prepend(path, SECOND),
        lambda: keyfile.create(path.with_name("other"), ONE),
    ]
    for attempt in attempts:
        with pytest.raises(KeyFileFolder) as refused:
            attempt()
        assert refused.value.code == "crypto.key_file_folder"
    assert path.read_bytes() == KNOWN


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(path: Path) -> None:
    put(path)
    os.chown(path.parent, UNPRIVILEGED, -1)
    with pytest.raises(KeyFileFolder):
        keyfile.read(path)


def symbolic(path: Path) -> None:
    put(path.with_name("real"))
    path.symlink_to("real")


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def circular(path: Path) -> None:
    path.symlink_to(path.name)


def hard(path: Path) -> None:
    put(path)
    path.with_name("second").hardlink_to(path)


def folder(path: Path) -> None:
    path.mkdir(0o700)


def pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("lay", [symbolic, dangling, circular, hard, folder, pipe])
def test_only_a_plain_file_with_one_name_is_read(path: Path, lay: Callable[[Path], None]) -> None:
    lay(path)
    with pytest.raises(KeyFileIrregular) as refused:
        keyfile.read(path)
    assert refused.value.code == "crypto.key_file_irregular"
    with pytest.raises(KeyFileIrregular):
        keyfile.prepend(path, SECOND)


@pytest.mark.parametrize("lay", [put, symbolic, dangling, circular, hard, folder, pipe])
def test_a_new_file_never_takes_the_place_of_anything(path: Path, lay: Callable[[Path], None]) -> None:
    lay(path)
    before = path.lstat()
    with pytest.raises(KeyFileExists) as refused:
        keyfile.create(path, ONE)
    assert refused.value.code == "crypto.key_file_exists"
    assert (path.lstat().st_ino, path.lstat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_socket_is_not_readable_as_a_file(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket may be no longer than 107 bytes
        try:
            bound.bind(path.name)
        finally:
            os.chdir(here)
        with pytest.raises(KeyFileUnreadable) as refused:
            keyfile.read(path)
    assert refused.value.code == "crypto.key_file_unreadable"


@pytest.mark.parametrize("name", ["root.keys", "no_folder/root.keys"])
def test_a_missing_file_is_named_missing(path: Path, name: str) -> None:
    with pytest.raises(KeyFileMissing) as refused:
        keyfile.read(path.parent / name)
    assert refused.value.code == "crypto.key_file_missing"


def test_nothing_is_written_into_a_folder_that_is_not_there(path: Path) -> None:
    with pytest.raises(KeyFileNotWritten) as refused:
        keyfile.create(path.parent / "no_folder" / path.name, ONE)
    assert refused.value.values == {"errno": errno.ENOENT}


def test_a_truncated_file_is_refused_at_every_length(path: Path) -> None:
    for length in range(len(KNOWN)):
        put(path, KNOWN[:length])
        with pytest.raises(KeyFileCorrupt) as refused:
            keyfile.read(path)
        assert refused.value.code == "crypto.key_file_corrupt"


def test_one_changed_byte_is_refused_at_every_place(path: Path) -> None:
    for at in range(len(KNOWN)):
        put(path, KNOWN[:at] + bytes((KNOWN[at] ^ 1,)) + KNOWN[at + 1 :])
        with pytest.raises(KeyFileCorrupt):
            keyfile.read(path)


@given(st.binary(max_size=200))
def test_whatever_is_not_a_key_file_is_refused(stored: bytes) -> None:
    with pytest.raises(KeyFileCorrupt):
        keyfile._decode(stored)


def summed(body: bytes) -> bytes:
    return body + hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    ("stored", "refusal"),
    [
        (KNOWN + b"\n", KeyFileCorrupt),
        (summed(KNOWN[:-32] + b"\n"), KeyFileCorrupt),
        (summed(b"DSPKEYS1\x01\x00\x00"), KeyFileCorrupt),
        (summed(b"DSPKEYS1\x01\x00\x02" + KNOWN[11:51] * 2), KeyFileCorrupt),
        (summed(b"DSPKEYS2" + KNOWN[8:-32]), KeyFileCorrupt),
        (summed(b"DSPKEYS1\x02" + KNOWN[9:-32]), SuiteUnavailable),
        (KNOWN * 40_000, KeyFileCorrupt),
    ],
    ids=["trailing byte", "odd length", "no root", "one id twice", "other magic", "national suite", "endless"],
)
def test_a_wrong_layout_is_refused_even_with_a_right_checksum(
    path: Path, stored: bytes, refusal: type[Refusal]
) -> None:
    put(path, stored)
    with pytest.raises(refusal):
        keyfile.read(path)


def test_a_new_root_stands_in_front_of_the_old_ones(path: Path) -> None:
    put(path)
    assert keyfile.prepend(path, SECOND) == keyfile.read(path) == Contents(INTERNATIONAL, (SECOND, FIRST))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_many_rotations_at_once_lose_no_root(path: Path) -> None:
    put(path)
    roots = [Root(KeyId(f"{number:016x}"), Secret.random()) for number in range(12)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda root: keyfile.prepend(path, root), roots))
    assert {root.id for root in keyfile.read(path).roots} == {FIRST.id, *(root.id for root in roots)}


def test_the_bytes_are_on_disk_before_the_name_and_the_name_before_the_return(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def note_fsync(file: int) -> None:
        done.append("fsync folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "fsync file")
        fsync(file)

    def note_rename(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        done.append("rename")
        rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "rename", note_rename)
    keyfile.create(path, ONE)
    assert done == ["fsync file", "rename", "fsync folder"]


DIE = """
import os, signal, sys
from pathlib import Path
from dspace_core.crypto import keyfile
from dspace_core.crypto.keyfile import KeyId, Root
from dspace_core.crypto.secret import Secret

def die(*given, **named):
    if sys.argv[2] == "write":
        write(given[0], given[1][:20])
    os.kill(os.getpid(), signal.SIGKILL)

write = os.write
setattr(os, sys.argv[2], die)
keyfile.prepend(Path(sys.argv[1]), Root(KeyId("1112131415161718"), Secret(bytes(range(32, 64)))))
"""


@pytest.mark.parametrize("step", ["fchmod", "write", "fsync", "rename"])
def test_a_crash_before_the_rename_leaves_the_old_file_and_the_next_writer_sweeps_up(path: Path, step: str) -> None:
    put(path)
    died = subprocess.run([sys.executable, "-c", DIE, str(path), step], check=False)
    assert died.returncode == -signal.SIGKILL
    assert path.read_bytes() == KNOWN
    leftover = path.with_name(".root.keys.new")
    assert leftover.exists(), "the crash came after the temporary file was made"
    assert stat.S_IMODE(leftover.stat().st_mode) & 0o077 == 0
    assert keyfile.prepend(path, SECOND).roots == (SECOND, FIRST)
    assert [each.name for each in path.parent.iterdir()] == ["root.keys"]


@pytest.mark.parametrize("step", ["write", "fsync", "rename"])
def test_a_disk_that_refuses_leaves_the_old_file_and_nothing_beside_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    put(path)

    def full(*given: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(KeyFileNotWritten) as refused:
        keyfile.prepend(path, SECOND)
    monkeypatch.undo()
    assert refused.value.code == "crypto.key_file_not_written"
    assert refused.value.values == {"errno": errno.ENOSPC}
    assert path.read_bytes() == KNOWN
    assert [each.name for each in path.parent.iterdir()] == ["root.keys"]


def test_short_writes_still_write_everything(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    keyfile.create(path, ONE)
    assert path.read_bytes() == KNOWN
