"""DSPACE_HOME and the runtime folder: who owns them, what lies where, and which secrets are in it.

One supervisor owns a home. The proof is a POSIX record lock on `owner.lock`: the kernel drops it when the owner is
gone and names its holder when asked, so no pid file exists that could go stale and point at a stranger.
"""

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import struct
import sys
from contextlib import suppress
from pathlib import Path

from dspace_core.errors import Text
from dspace_core.machine.refusals import (
    AlreadyRunning,
    DiskFull,
    HomeUnusable,
    SecretExposed,
    SecretMissing,
)
from dspace_core.machine.settings import Settings

_LOCK_NAME = "owner.lock"
# The homes that this process owns. Opening a lock file a second time and closing it would drop its lock.
_held: dict[Path, int] = {}
_FLOCK, _PID_AT = ("qqihh", 2) if sys.platform == "darwin" else ("hhqqi4x", 4)


class Home:
    """The folders of one deployment on this machine."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.home
        # Two homes never share sockets, and the path stays short whatever the home is called.
        tag = hashlib.sha256(os.fsencode(settings.home)).hexdigest()[:10]
        self.runtime = settings.runtime / tag
        self.secrets = self.path / "secrets"
        self.state = self.path / "state.json"
        self.evidence = self.path / "evidence"

    def folder(self, name: str) -> Path:
        """The folder of one server."""
        return self.path / name

    def sockets(self, name: str) -> Path:
        """The short folder of one server's socket."""
        return self.runtime / name

    def log(self, name: str) -> Path:
        """The log file of one server or process."""
        return self.path / "logs" / f"{name}.log"

    def claim(self, name: str) -> Path:
        """The file whose lock says that one server works."""
        return self.path / "claims" / name

    def make(self) -> None:
        """Make the home itself, or refuse one that somebody else owns or may write in."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            own_folder(self.path, 0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise refusal_for(error, self.path) from error

    def prepare(self, servers: dict[str, int | None]) -> None:
        """Make what is missing. `servers` maps each embedded server to the user it drops to, or None.

        Call it as the owner. As root the way down must be open (x) to the users that the servers drop to. The folder of
        a server stays ours, so that nobody swaps what is in it; its data and its sockets belong to the server.
        """
        dropped = any(user is not None for user in servers.values())
        self.make()
        try:
            if dropped:
                _refuse_closed_way(self.path)
            for folder in (self.secrets, self.path / "logs", self.path / "claims"):
                own_folder(folder, 0o700)
            for top in (self.runtime.parent, self.runtime):
                own_folder(top, 0o711 if dropped else 0o700)
            if dropped:
                _refuse_closed_way(self.runtime)
            for name, user in servers.items():
                own_folder(self.folder(name), 0o711 if dropped else 0o700)
                _make(self.sockets(name), 0o700)
                hand_over(self.sockets(name), user)
        except OSError as error:
            raise refusal_for(error, self.path) from error

    def own(self) -> None:
        """Become the one owner, or raise AlreadyRunning with the pid of the one there is."""
        self.make()
        if self.path in _held:
            raise AlreadyRunning(home=self.path, pid=os.getpid())
        descriptor = os.open(self.path / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            raise AlreadyRunning(home=self.path, pid=self.owner() or 0) from None
        _held[self.path] = descriptor

    def check(self) -> None:
        """Raise HomeUnusable when the owner's lock file was taken away: nobody could find or end us any more."""
        held = os.fstat(_held[self.path])
        try:
            found = (self.path / _LOCK_NAME).stat()
        except FileNotFoundError:
            found = None
        if found is None or not os.path.samestat(held, found):
            raise HomeUnusable(path=self.path, reason=Text("运行中被移除", "it was removed while it ran"))

    def owner(self) -> int | None:
        """The pid of the living owner, as the kernel names it; None if there is none."""
        if self.path in _held:
            return os.getpid()
        try:
            descriptor = os.open(self.path / _LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise refusal_for(error, self.path) from error
        try:
            ask = {"hhqqi4x": (fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0), "qqihh": (0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)}
            answer = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, struct.pack(_FLOCK, *ask[_FLOCK])))
        finally:
            os.close(descriptor)
        kind = answer[3] if _FLOCK == "qqihh" else answer[0]
        return None if kind == fcntl.F_UNLCK else int(answer[_PID_AT])

    def secret(self, place: str, *, make: bool) -> str:
        """The secret kept in `secrets/<place>`; made at random when it is missing and ours to make."""
        path = self.secrets / place
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            if not make:
                raise SecretMissing(path=path, role=path.name) from None
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_whole(path, secrets.token_urlsafe(32).encode())
            return self.secret(place, make=False)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if status.st_mode & 0o077 or status.st_uid not in (0, os.geteuid()) or not stat.S_ISREG(status.st_mode):
                raise SecretExposed(path=path)
            said = file.read().strip()
        if not said or not said.isascii():
            raise SecretMissing(path=path, role=path.name)
        return said.decode("ascii")


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file so that a reader finds the old content or the new, whole, also after a power cut."""
    beside = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise refusal_for(error, path.parent) from error


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refusal_for(error: OSError, path: Path) -> DiskFull | HomeUnusable:
    """The refusal that tells an operator what an OSError on a folder means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(path=path)
    return HomeUnusable(path=path, reason=_said_by_the_system(error))


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder of programs so that the target is there whole or not at all; on one disk by links, at no cost."""
    beside = target.with_name(f".{target.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        shutil.copytree(source, beside, symlinks=True, copy_function=_link_or_copy)
        for folder, _, _ in os.walk(beside):
            Path(folder).chmod(0o755)
        beside.rename(target)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise refusal_for(error, target.parent) from error


def _link_or_copy(source: str, target: str) -> None:
    """Link what every user may read; else, or across disks, copy it and let them read the copy."""
    status = Path(source).lstat()
    if status.st_mode & stat.S_IROTH:
        with suppress(OSError):
            os.link(source, target, follow_symlinks=False)
            return
    shutil.copy2(source, target, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode):
        Path(target).chmod(0o755 if status.st_mode & stat.S_IXUSR else 0o644)


def _make(folder: Path, mode: int) -> None:
    """Make a folder with exactly this mode, whatever the umask; leave one that is there as it is."""
    with suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(mode)


def _refuse_closed_way(end: Path) -> None:
    for folder in (end, *end.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            reason = Text(
                f"服务降权后的用户无法进入 {folder}(请 chmod o+x,或移到别处)",
                f"{folder} is closed to the users that the servers drop to (chmod o+x, or move)",
            )
            raise HomeUnusable(path=end, reason=reason)


def _said_by_the_system(error: OSError) -> Text:
    words = os.strerror(error.errno) if error.errno else type(error).__name__
    return Text(f"系统提示“{words}”", words)


def hand_over(folder: Path, user: int | None) -> None:
    """Give a folder of ours to a server's user. One that belongs to a third, or is a link, is refused."""
    wanted = os.geteuid() if user is None else user
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        owner = os.fstat(descriptor).st_uid
        if owner not in (os.geteuid(), wanted):
            reason = Text(
                f"属于用户 {owner},而不是 {wanted}(DSPACE_UID_BASE 是否改过?)",
                f"it belongs to user {owner}, not {wanted} (was DSPACE_UID_BASE another?)",
            )
            raise HomeUnusable(path=folder, reason=reason)
        if owner != wanted:
            os.fchown(descriptor, wanted, wanted)
    finally:
        os.close(descriptor)


def own_folder(folder: Path, mode: int) -> None:
    """Make a folder that nobody else may own: in a shared place a stranger could have laid one out for us."""
    _make(folder, mode)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise HomeUnusable(path=folder, reason=Text("属于其他用户", "it belongs to somebody else"))
    if stat.S_IMODE(status.st_mode) & 0o022:
        raise HomeUnusable(path=folder, reason=Text("其他用户可以写入", "others may write in it"))
