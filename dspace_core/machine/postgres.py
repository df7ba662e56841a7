"""One embedded PostgreSQL cluster: made, started, watched and stopped by us; the wheel is only a folder of programs.

Rules, each from a failure seen elsewhere: `initdb` into `data.new`, then rename, so half a cluster is never taken for
one; start `postgres` itself, on a leash; before that wait until no living process works in the data folder, and only
then remove lock files, whatever pid they name; ready means that a startup packet is answered, not that a file exists.
The builds from wheels have no ICU, so the locale is the builtin C.UTF-8 and texts are sorted by stored keys.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from dspace_core.errors import Text
from dspace_core.machine import children, claim
from dspace_core.machine.home import Home, hand_over, refusal_for, sync_folder, write_whole
from dspace_core.machine.refusals import DataVersion, DiskFull, HomeUnusable, ServerFailed, ServerMissing, ServerVersion

SUPPORTED = (17, 18)
SUPERUSER = "postgres"
_PORT = 5432  # only the name of the socket file: nothing listens on TCP
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",  # each web process holds sessions of its own to every made authority
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "wal_compression": "pglz",
    # Article 9: an error's detail and its statement can hold values. Neither reaches the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",  # an error's own sentence quotes the value too; the client hears it, the log does not
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "logging_collector": "off",
}
# A WAL file that is used again keeps its old bytes until then; a destroyed key shall not wait for that.
_OWN_SETTINGS = {"keys": {"wal_recycle": "off"}}
_LEFT_BEHIND_SECONDS = 10.0
_DISK_FULL = (b"No space left on device", b"Check free disk space")  # how PostgreSQL says it


class Cluster:
    """A cluster named `main` or `keys`, with its own folder, WAL, socket and numeric user."""

    def __init__(self, name: str, home: Home, programs: Path, user: int | None) -> None:
        self.name = name
        self.data = home.folder(name) / "data"
        self.sockets = home.sockets(name)
        self.log = home.log(name)
        self._claim = home.claim(name)
        self._home = home
        self._programs = programs
        self._user = user
        self._making: subprocess.Popen[bytes] | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Check an old data folder, or begin to make a new one in the background. Follow with `start`."""
        version = server_version(self._programs)
        if (self.data / "PG_VERSION").exists():
            found = (self.data / "PG_VERSION").read_text().strip()
            if found != str(version):
                raise DataVersion(path=self.data, found=found, server=str(version))
            hand_over(self.data, self._user)
            return
        with self._claimed() as held:
            try:
                self._making = self._initdb(held)
            except BaseException:
                self._discard_unfinished()
                raise

    def start(self, within: float = 30.0, pause: Callable[[], None] = children.nap) -> None:
        """Start the server and wait until it answers. Raises ServerFailed, DiskFull or DataInUse."""
        deadline = time.monotonic() + within
        if self._making is not None:
            while self._making.poll() is None:
                pause()
            self._finish(self._making.returncode)
            self._making = None
        settings = _SETTINGS | _OWN_SETTINGS.get(self.name, {})
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with claim.taken(self._claim, self.data, deadline, pause) as held, self.log.open("ab") as log:
            self._clear_stale_locks()
            self.process = children.start(
                [self._programs / "postgres", "-D", self.data, "-k", self.sockets, *arguments],
                leash=signal.SIGINT,
                log=log,
                user=self._user,
                keep=(held,),
                env={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            )
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise self._failure()
            pause()

    def answers(self) -> bool:
        """Whether the server accepts sessions: it answers a startup packet with an authentication request."""
        body = b"\0\3\0\0user\0" + SUPERUSER.encode() + b"\0database\0postgres\0\0"
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1.0)
            try:
                line.connect(str(self.sockets / f".s.PGSQL.{_PORT}"))
                line.sendall((len(body) + 4).to_bytes(4, "big") + body)
                return line.recv(1) == b"R"
            except OSError:
                return False

    def stop(self, within: float = 20.0) -> None:
        """End the server by a fast shutdown: open transactions roll back, committed ones are kept."""
        if self._making is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._making.pid, signal.SIGKILL)  # initdb runs servers of its own
            self._making.wait()
            self._making = None
            with self._claimed():
                self._discard_unfinished()
        if self.process is None:
            return
        children.ask(self.process, signal.SIGINT)
        children.end(self.process, within, last=signal.SIGQUIT)
        self.process = None

    def _claimed(self) -> AbstractContextManager[int]:
        return claim.taken(self._claim, self.data, time.monotonic() + _LEFT_BEHIND_SECONDS, children.nap)

    def _initdb(self, held: int) -> subprocess.Popen[bytes]:
        """Begin `initdb`. It insists on a user with a name, so as root it runs as `nobody`; the data changes hands."""
        self._discard_unfinished()
        fresh, password = self._unfinished()
        secret = self._home.secret(f"{self.name}/{SUPERUSER}", make=True)
        user = None if self._user is None else pwd.getpwnam("nobody").pw_uid
        fresh.mkdir(mode=0o700)
        write_whole(password, secret.encode())
        if user is not None:
            os.chown(fresh, user, user)
            os.chown(password, user, user)
        with self.log.open("ab") as log:
            return children.start(
                [
                    *(self._programs / "initdb", "-D", fresh, "-U", SUPERUSER, "-E", "UTF8", "-k"),
                    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                    *("--auth=scram-sha-256", f"--pwfile={password}"),
                    *(["--sync-method=syncfs"] if sys.platform == "linux" else []),  # one flush, not a thousand
                ],
                leash=signal.SIGKILL,
                log=log,
                user=user,
                keep=(held,),
                env={"LC_ALL": "C", "TZ": "UTC"},
            )

    def _finish(self, code: int) -> None:
        fresh, password = self._unfinished()
        password.unlink(missing_ok=True)
        if code != 0:
            failure = self._failure()
            self._discard_unfinished()
            raise failure
        try:
            if self._user is not None:
                _give_tree(fresh, self._user)
            fresh.rename(self.data)
            sync_folder(self.data.parent)
        except OSError as error:
            self._discard_unfinished()
            raise refusal_for(error, self.data) from error

    def _unfinished(self) -> tuple[Path, Path]:
        return self.data.with_name("data.new"), self.data.with_name("password.new")

    def _discard_unfinished(self) -> None:
        fresh, password = self._unfinished()
        shutil.rmtree(fresh, ignore_errors=True)
        password.unlink(missing_ok=True)

    def _clear_stale_locks(self) -> None:
        """We hold the claim, so no server is left: its lock files mean nothing, whatever pid they name."""
        socket_file = self.sockets / f".s.PGSQL.{_PORT}"
        for stale in (self.data / "postmaster.pid", socket_file, Path(f"{socket_file}.lock")):
            stale.unlink(missing_ok=True)

    def _failure(self) -> ServerFailed | DiskFull:
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8192))
            said = log.read()
            if any(words in said for words in _DISK_FULL):
                return DiskFull(path=self.data.parent)
        return ServerFailed(server=f"PostgreSQL ({self.name})", log=self.log)


def _give_tree(top: Path, user: int) -> None:
    """Give a whole folder to another user. It is closed to its old one first, and no link in it is followed."""
    os.chown(top, os.geteuid(), os.getegid(), follow_symlinks=False)
    for _, folders, files, descriptor in os.fwalk(top, follow_symlinks=False):
        for name in (*folders, *files):
            if os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_nlink > 1 and name in files:
                raise HomeUnusable(path=top, reason=Text("其中有文件带有第二个名称", "a file in it has a second name"))
            os.chown(name, user, user, dir_fd=descriptor, follow_symlinks=False)
    os.chown(top, user, user, follow_symlinks=False)


def server_version(programs: Path) -> int:
    """The major version of the `postgres` in a folder that has `initdb` too. Raises ServerMissing or ServerVersion."""
    if not os.access(programs / "initdb", os.X_OK):
        raise ServerMissing(server="PostgreSQL", setting="DSPACE_POSTGRES_BIN")
    try:
        said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise ServerMissing(server="PostgreSQL", setting="DSPACE_POSTGRES_BIN") from None
    found = re.search(r"\) (\d+)", said)
    version = int(found[1]) if found else 0
    if version not in SUPPORTED:
        raise ServerVersion(found=str(version), wanted=" / ".join(map(str, SUPPORTED)))
    return version
