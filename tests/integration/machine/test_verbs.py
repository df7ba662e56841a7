"""`dspace up`, `status` and `down` as an operator meets them: what works, what is refused, and with which exit code."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dspace_core.testing.deployment import Deployment

DSPACE = str(Path(sys.executable).with_name("dspace"))


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    deployment = Deployment([DSPACE, "up"], Path.cwd())
    yield deployment
    deployment.close()


def dspace(deployment: Deployment, verb: str, **also: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DSPACE, verb], env={**deployment.environment, **also}, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_home_goes_up_shows_what_runs_and_goes_down(deployment: Deployment) -> None:
    deployment.start()
    shown = dspace(deployment, "status")
    assert shown.returncode == 0
    assert {"main", "keys", "valkey", "web-0", "notary", "clock"} <= {
        line.split()[0] for line in shown.stdout.splitlines()
    }
    assert dspace(deployment, "down").returncode == 0
    deployment.wait_until_gone()
    assert deployment.top is not None
    assert deployment.top.returncode == 0
    assert not deployment.home.state.exists()


def test_where_nothing_runs_status_and_down_say_so_with_exit_code_3(deployment: Deployment) -> None:
    for verb in ("status", "down"):
        said = dspace(deployment, verb)
        assert said.returncode == 3
        assert "没有运行" in said.stderr
        assert "nothing runs" in said.stderr


def test_a_taken_port_is_refused_with_the_setting_s_name_and_nothing_is_left(deployment: Deployment) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", deployment.settings.port))
        stranger.listen()
        said = dspace(deployment, "up")
    assert said.returncode == 1
    assert "DSPACE_PORT" in said.stderr
    assert "端口" in said.stderr
    assert deployment.processes() == {}


def test_a_port_that_a_stranger_would_share_is_taken_too(deployment: Deployment) -> None:
    """SO_REUSEPORT would let two programs of one user answer on one port in turn."""
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        stranger.bind(("127.0.0.1", deployment.settings.port))
        stranger.listen()
        assert dspace(deployment, "up").returncode == 1


def test_a_bad_setting_is_refused_before_anything_is_made(deployment: Deployment) -> None:
    said = dspace(deployment, "up", DSPACE_PROT="1")
    assert said.returncode == 1
    assert "DSPACE_PORT" in said.stderr
    assert not deployment.settings.home.exists()


def test_an_unknown_verb_is_not_understood(deployment: Deployment) -> None:
    assert dspace(deployment, "upp").returncode == 2


def test_each_resident_that_falls_comes_back(deployment: Deployment) -> None:
    deployment.start()
    before = deployment.state()
    deployment.kill(list(before.residents.values()))
    deadline = time.monotonic() + 15
    while set(deployment.state().residents.values()) & set(before.residents.values()) or (
        len(deployment.state().residents) < len(before.residents)
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert deployment.state().servers == before.servers
    assert deployment.interrupt() == 0


def test_an_embedded_server_that_falls_ends_everything_and_says_where_to_look(deployment: Deployment) -> None:
    deployment.start()
    deployment.kill([deployment.state().servers["keys"]])
    deployment.wait_until_gone()
    assert deployment.top is not None
    assert deployment.top.returncode == 1
    assert str(deployment.home.log("keys")) in deployment.output.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_asked_to_end_while_it_still_starts_it_ends_whole(deployment: Deployment, number: signal.Signals) -> None:
    starting = subprocess.Popen([DSPACE, "up"], env=deployment.environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not list(deployment.settings.home.glob("main/data.new")):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(starting.pid, number)
    assert starting.wait(timeout=20) == 0
    deployment.wait_until_gone()
    assert not list(deployment.settings.home.glob("*/data.new"))
    deployment.start()
    deployment.interrupt()


def test_no_password_is_in_an_environment_or_an_argument(deployment: Deployment) -> None:
    deployment.start()
    secrets = [file.read_bytes() for file in deployment.home.secrets.rglob("*") if file.is_file()]
    assert (
        len(secrets) >= 13
    )  # those of the servers' roles, of web, notary and the root; and of made authorities, by then
    for pid in deployment.processes():
        seen = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
        assert not any(secret in seen for secret in secrets)
    deployment.interrupt()


def test_a_process_that_cannot_start_ends_everything_and_is_named(deployment: Deployment) -> None:
    """Another `dspace_backend`, found first, that only ends: three times is enough."""
    deployment.start()
    deployment.interrupt()
    module = deployment.folder / "dspace_backend"
    module.mkdir()
    (module / "__init__.py").write_text("raise SystemExit(7)\n")
    said = dspace(deployment, "up", PYTHONPATH=str(deployment.folder))
    assert said.returncode == 1
    assert "web-0" in said.stderr
    assert deployment.processes() == {}


def test_a_refused_second_start_changes_nothing_of_the_running_home(deployment: Deployment) -> None:
    deployment.start()
    folders = [*deployment.settings.home.rglob("*"), *deployment.settings.runtime.rglob("*")]
    before = {folder: folder.stat().st_uid for folder in folders if folder.is_dir()}
    assert dspace(deployment, "up", DSPACE_UID_BASE="61000").returncode == 1
    assert {folder: folder.stat().st_uid for folder in before} == before
    deployment.interrupt()


def test_of_two_first_starts_at_once_one_goes_up_and_the_other_is_refused(deployment: Deployment) -> None:
    pair = [
        subprocess.Popen([DSPACE, "up"], env=deployment.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    deadline = time.monotonic() + 30
    while all(one.poll() is None for one in pair):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    refused = next(one for one in pair if one.poll() is not None)
    other = next(one for one in pair if one is not refused)
    assert refused.returncode == 1
    assert b"already runs" in refused.communicate()[1]
    assert other.stdout is not None
    assert b"dspace ready" in other.stdout.readline()
    other.send_signal(signal.SIGINT)
    other.communicate(timeout=20)
    assert other.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="capabilities are root's")
def test_without_the_right_to_look_into_processes_a_left_server_still_keeps_another_away(
    deployment: Deployment,
) -> None:
    """CAP_SYS_PTRACE is not among the defaults of a container; the claim does not need it.

    A Valkey that is inside a script does not end when its owner does.
    """
    deployment.start()
    valkey = os.pidfd_open(deployment.state().servers["valkey"])
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(deployment.home.sockets("valkey") / "valkey.sock"))
        line.sendall(b"EVAL 'while true do end' 0\r\n")
        line.settimeout(0.5)
        with pytest.raises(TimeoutError):
            line.recv(1)
        deployment.kill([deployment.state().pid])
        try:
            bare = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", DSPACE, "up"]
            said = subprocess.run(
                bare, env=deployment.environment, capture_output=True, text=True, timeout=60, check=False
            )
        finally:
            signal.pidfd_send_signal(valkey, signal.SIGKILL)
            os.close(valkey)
    assert said.returncode == 1
    assert "still works in" in said.stderr
    deployment.wait_until_gone()


def test_a_parent_that_is_gone_before_we_look_ends_us_too(deployment: Deployment) -> None:
    """The parent says who it is; it may be gone before our imports are done."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    said = subprocess.run(
        [DSPACE, "up", "--with-parent", str(gone.pid)],
        env=deployment.environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 0
    assert "ready" not in said.stdout
    deployment.wait_until_gone()


def test_a_runtime_folder_with_odd_letters_serves(deployment: Deployment) -> None:
    odd = Deployment([DSPACE, "up"], Path.cwd(), also={"DSPACE_RUNTIME": str(deployment.folder / "r+%41 n")})
    try:
        odd.start()
        odd.interrupt()
    finally:
        odd.close()


def test_a_home_that_is_removed_while_it_runs_ends_everything(deployment: Deployment) -> None:
    """Else the servers would serve from folders that no longer exist, and no verb would find them."""
    deployment.start()
    (deployment.settings.home / "owner.lock").unlink()
    deployment.wait_until_gone()
    assert deployment.top is not None
    assert deployment.top.returncode == 1
    assert "machine.home_unusable" in deployment.output.read_text()
