"""Where lies what must outlive a database or never go back with it: root keys, signed heads, erasures; the log's name.

In development all of it is in the home. In production each place must be given, outside of the home: who loses the home,
or puts back an old one, has neither lost the keys nor forgotten what was signed and erased.
"""

import logging
import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from dspace_core.errors import Text
from dspace_core.machine.home import Home, own_folder
from dspace_core.machine.refusals import ApartUnusable, InsideHome, SettingMissing
from dspace_core.machine.settings import Mode, Settings

_log = logging.getLogger("dspace.machine")
_T = TypeVar("_T")
DEVELOPMENT_ORIGIN = "dev.dspace.example/evidence"


class Places(msgspec.Struct, frozen=True):
    """The places of one deployment."""

    key_file: Path
    """The root keys."""
    apart: Path
    levels: Path
    """The folder of the log's level files, which can be made again from the database."""
    origin: str
    """The name of the log."""
    backups: timedelta
    """How long a backup of the keys cluster is kept."""

    @classmethod
    def of(cls, settings: Settings, home: Home) -> Self:
        """What the settings say. Touches nothing. Raises SettingMissing, InsideHome."""
        production = settings.mode is Mode.PRODUCTION

        def given(name: str, value: _T | None, in_development: _T) -> _T:
            if value is None and production:
                raise SettingMissing(name=name)
            if production and isinstance(value, Path) and _inside(value, home.path):
                raise InsideHome(name=name)
            return in_development if value is None else value

        return cls(
            key_file=given("DSPACE_KEY_FILE", settings.key_file, home.secrets / "root.keys"),
            apart=given("DSPACE_APART", settings.apart, home.path / "apart"),
            levels=home.evidence,
            origin=given("DSPACE_LOG_ORIGIN", settings.log_origin, DEVELOPMENT_ORIGIN),
            backups=timedelta(days=given("DSPACE_KEYS_BACKUP_DAYS", settings.keys_backup_days, 0)),
        )

    @property
    def heads(self) -> Path:
        """`cas`: every head that was ever signed."""
        return self.apart / "cas"

    @property
    def erasures(self) -> Path:
        """The file of erasures, which is carried out again before anything opens."""
        return self.apart / "erasures"


def open_apart(settings: Settings, home: Home) -> None:
    """See that the folder kept apart can be relied on; only the one inside a development home is made when missing.

    A missing one is a volume that is not mounted, sooner than a new deployment. Raises ApartUnusable.
    """
    if settings.apart is None:
        own_folder(home.path / "apart", 0o700)
        return
    path = settings.apart
    try:
        found = path.stat()
    except OSError as error:
        words = os.strerror(error.errno or 0)
        raise ApartUnusable(path=path, reason=Text(f"系统提示“{words}”", words)) from None
    if not stat.S_ISDIR(found.st_mode):
        raise ApartUnusable(path=path, reason=Text("不是文件夹", "it is no folder"))
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise ApartUnusable(
            path=path, reason=Text("属于其他用户或他人可写", "it is another user's, or others may write in it")
        )


def warn_of_one_volume(settings: Settings, home: Home) -> None:
    """Say it where one disk holds both the data and what is kept apart from them."""
    if settings.apart is not None and settings.apart.stat().st_dev == home.path.stat().st_dev:
        _log.warning("DSPACE_APART 与 DSPACE_HOME 在同一个卷上 lies on the same volume as DSPACE_HOME")


def _inside(path: Path, home: Path) -> bool:
    return (path.parent.resolve() / path.name).is_relative_to(home.resolve()) or path.resolve().is_relative_to(
        home.resolve()
    )
