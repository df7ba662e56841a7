"""A home has one owner, whom the kernel names; its secrets are private; its files are whole."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from dspace_core.machine.home import Home, write_whole
from dspace_core.machine.refusals import AlreadyRunning, HomeUnusable, SecretExposed, SecretMissing
from dspace_core.testing.servers import open_folder, settings_for

OWN = """
import sys
from pathlib import Path
from dspace_core.machine.home import Home
from dspace_core.testing.servers import settings_for
home = Home(settings_for(Path(sys.argv[1])))
home.own()
print("owned", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home() -> Home:
    home = Home(settings_for(open_folder()))
    home.prepare({})
    return home


def another_owner(home: Home) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OWN, str(home.path.parent)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "owned\n"
    return process


def test_a_second_owner_is_refused_with_the_pid_of_the_first(home: Home) -> None:
    first = another_owner(home)
    try:
        with pytest.raises(AlreadyRunning) as refused:
            home.own()
        assert refused.value.values["pid"] == first.pid
        assert home.owner() == first.pid
    finally:
        first.communicate("")
    assert home.owner() is None


def test_a_killed_owner_leaves_nothing_behind_that_claims_the_home(home: Home) -> None:
    first = another_owner(home)
    first.kill()
    first.communicate()
    assert home.owner() is None
    home.own()
    assert home.owner() == os.getpid()


def test_a_home_that_was_never_made_has_no_owner() -> None:
    assert Home(settings_for(Path("/nonexistent/folder"))).owner() is None


def test_a_secret_is_made_once_and_readable_by_its_owner_only(home: Home) -> None:
    made = home.secret("main/role", make=True)
    assert home.secret("main/role", make=True) == made
    assert len(made) >= 40
    assert (home.secrets / "main/role").stat().st_mode & 0o777 == 0o600


def test_a_secret_that_the_operator_must_give_is_named_when_missing(home: Home) -> None:
    with pytest.raises(SecretMissing) as refused:
        home.secret("main/dspace_app", make=False)
    assert refused.value.values["role"] == "dspace_app"


def test_a_secret_that_others_can_read_is_refused(home: Home) -> None:
    home.secret("main/role", make=True)
    (home.secrets / "main/role").chmod(0o640)
    with pytest.raises(SecretExposed):
        home.secret("main/role", make=True)


def test_a_secret_behind_a_link_is_taken_only_when_it_is_as_private(home: Home, tmp_path: Path) -> None:
    """Mounted secrets are links; what counts is the file that is opened."""
    mounted = tmp_path / "mounted"
    mounted.write_text("given\n")
    mounted.chmod(0o644)
    (home.secrets / "role").symlink_to(mounted)
    with pytest.raises(SecretExposed):
        home.secret("role", make=False)
    mounted.chmod(0o600)
    assert home.secret("role", make=False) == "given"


@pytest.mark.parametrize(
    "content", [b"", b" \n", b"\xff\xfe", "密码".encode()], ids=["empty", "blank", "bytes", "chinese"]
)
def test_a_secret_that_is_none_is_refused(home: Home, content: bytes) -> None:
    (home.secrets / "role").write_bytes(content)
    (home.secrets / "role").chmod(0o600)
    with pytest.raises(SecretMissing):
        home.secret("role", make=False)


def test_a_pipe_in_place_of_a_secret_is_refused_at_once(home: Home) -> None:
    os.mkfifo(home.secrets / "role", 0o600)
    with pytest.raises(SecretExposed):
        home.secret("role", make=False)


def test_a_home_that_is_a_file_has_no_owner_and_is_refused(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    settings.home.write_text("")
    assert Home(settings).owner() is None
    with pytest.raises(HomeUnusable):
        Home(settings).own()


def test_a_home_in_which_others_may_write_is_refused(home: Home) -> None:
    home.path.chmod(0o777)
    with pytest.raises(HomeUnusable):
        home.own()


def test_one_process_that_asks_for_its_own_home_keeps_the_lock(home: Home) -> None:
    """Closing a second descriptor of the lock file would drop the lock: so none is opened."""
    home.own()
    again = Home(settings_for(home.path.parent))
    assert again.owner() == os.getpid()
    with pytest.raises(AlreadyRunning):
        again.own()
    seen = subprocess.run(
        [sys.executable, "-c", OWN.replace("home.own()", "print(home.owner(), flush=True)"), str(home.path.parent)],
        input="", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert seen.stdout.splitlines()[0] == str(os.getpid())


def test_a_failed_write_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    write_whole(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match=r"machine\.disk_full"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["state"]


def test_a_folder_that_cannot_be_made_is_refused_with_the_setting_s_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable) as refused:
        Home(settings_for(tmp_path / "file")).prepare({})
    assert "DSPACE_HOME" in refused.value.advice.en


def test_a_runtime_folder_that_others_may_write_is_refused(home: Home) -> None:
    home.runtime.chmod(0o777)
    with pytest.raises(HomeUnusable):
        home.prepare({})


def test_two_homes_never_share_their_sockets(tmp_path: Path) -> None:
    first, second = settings_for(tmp_path / "a"), settings_for(tmp_path / "b")
    assert Home(first).runtime.name != Home(second).runtime.name


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its servers to other users")
def test_a_home_behind_a_closed_folder_is_refused_when_servers_drop_their_user(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(HomeUnusable) as refused:
        Home(settings_for(closed)).prepare({"main": 59700})
    assert str(closed) in refused.value.title.en
    assert str(closed) in refused.value.title.zh


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops its servers to other users")
def test_a_runtime_folder_behind_a_closed_one_is_refused_too(home: Home, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    settings = msgspec.structs.replace(settings_for(home.path.parent), runtime=closed / "run")
    home.path.chmod(0o711)
    with pytest.raises(HomeUnusable) as refused:
        Home(settings).prepare({"main": 59700})
    assert "DSPACE_RUNTIME" in refused.value.advice.en
