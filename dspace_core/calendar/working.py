"""The working calendar: the years that come with the package, and those that an operator adds."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path

import msgspec

from dspace_core.calendar.notice import Year, read_year
from dspace_core.calendar.refusals import FileUnreadable, YearMissing, YearTwice

_OPERATOR_FOLDER = Path("DSPACE_HOME/calendar")
_FILE_NAME = re.compile(r"\d{4}\.toml", re.ASCII)


class WorkingCalendar(msgspec.Struct, frozen=True):
    """Which days are working days (工作日), for the years whose notice is on file. No other year is guessed.

    `folder` is where a missing year belongs; it is named in the refusal.
    """

    years: Mapping[int, Year]
    folder: Path = _OPERATOR_FOLDER

    @classmethod
    def load(cls, folder: Path | None = None) -> "WorkingCalendar":
        """Read the built-in years and the operator's `folder` (DSPACE_HOME/calendar), which need not exist.

        Every `*.toml` there must be a year; other files are left alone. Raises YearTwice for a year that is built in,
        and whatever `read_year` raises.
        """
        years = {year.year: year for year in _built_in()}
        if folder is None:
            return cls(years)
        for path in _operator_files(folder):
            year = _read(path)
            if year.year in years:
                raise YearTwice(year=year.year, file=path)
            years[year.year] = year
        return cls(years, folder)

    def is_working(self, day: date) -> bool:
        """Whether the day is a working day. Raises YearMissing if its year is not on file."""
        year = self.years.get(day.year)
        if year is None:
            raise YearMissing(year=day.year, file=self.folder / f"{day.year}.toml")
        return year.is_working(day)


def _built_in() -> Iterator[Year]:
    for entry in files("dspace_core.calendar").joinpath("years").iterdir():
        yield read_year(entry.name, entry.read_bytes())


def _operator_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise FileUnreadable(file=folder.name, problem=problem.strerror or "not readable") from None


def _read(path: Path) -> Year:
    if _FILE_NAME.fullmatch(path.name) is None:
        raise FileUnreadable(file=path.name, problem="name is not YYYY.toml")
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise FileUnreadable(file=path.name, problem=problem.strerror or "not readable") from None
    return read_year(path.name, content)
