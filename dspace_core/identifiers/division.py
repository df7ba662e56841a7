"""Division codes (行政区划): GB/T 2260 for province, city and county; 12 digits down to town and village."""

import re
from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Annotated

import msgspec

from dspace_core.identifiers._tables import load
from dspace_core.identifiers.masking import Hidden
from dspace_core.identifiers.refusals import Kind, Malformed, ProvinceUnknown


class Level(IntEnum):
    """The levels of government: of a division, and of the body that exercises an item (`exercise_level`)."""

    NATIONAL = 1
    PROVINCE = 2
    CITY = 3
    COUNTY = 4
    TOWN = 5
    VILLAGE = 6


_Code2 = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2}$")]
_Code6 = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}$")]


class _Divisions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    provinces: dict[_Code2, str]
    cities: dict[_Code6, str]
    counties: dict[_Code6, str]
    without_counties: frozenset[_Code6]


_divisions = load("divisions", _Divisions)

PROVINCES: Mapping[str, str] = MappingProxyType(_divisions.provinces)
"""Every province by its two digits."""

CITIES: Mapping[str, str] = MappingProxyType(_divisions.cities)
"""The cities of Guangdong by their six digits."""

CITIES_WITH_COUNTIES = frozenset(_divisions.cities) - _divisions.without_counties
"""The cities whose own code stands in nobody's citizen number, because their people carry a county's code."""

_NAMES = {f"{code}0000": name for code, name in PROVINCES.items()} | _divisions.cities | _divisions.counties

_FORM = re.compile(r"[0-9]{6}(?:[0-9]{6})?")


def _has_gap(value: str) -> bool:
    """Whether a lower part stands under an empty upper one. A town may stand directly under a city without counties."""
    city, county, town, village = (bool(part.strip("0")) for part in _parts(value))
    return (not city and (county or town)) or (not town and village)


def _parts(value: str) -> tuple[str, str, str, str]:
    padded = value.ljust(12, "0")
    return padded[2:4], padded[4:6], padded[6:9], padded[9:12]


class Division(Hidden, frozen=True):
    """One division, by its 6 or 12 digits. Whether our table lists it is `known`, never a condition."""

    value: str

    def __post_init__(self) -> None:
        if _FORM.fullmatch(self.value) is None or _has_gap(self.value):
            raise Malformed(Kind.DIVISION)
        if self.value[:2] not in PROVINCES:
            raise ProvinceUnknown

    @property
    def level(self) -> Level:
        """How far down the code reaches."""
        level = Level.PROVINCE
        for deeper, part in zip((Level.CITY, Level.COUNTY, Level.TOWN, Level.VILLAGE), _parts(self.value), strict=True):
            if part.strip("0"):
                level = deeper
        return level

    @property
    def known(self) -> bool:
        """Whether our table lists the first six digits."""
        return is_known(self.value[:6])

    @property
    def name(self) -> str | None:
        """The Chinese name of the province, city or county in the first six digits, if our table lists it."""
        return _NAMES.get(self.value[:6])

    def within(self, outer: "Division") -> bool:
        """Whether this division is the other or lies inside it."""
        reach = {Level.PROVINCE: 2, Level.CITY: 4, Level.COUNTY: 6, Level.TOWN: 9, Level.VILLAGE: 12}[outer.level]
        return self.value.ljust(12, "0")[:reach] == outer.value.ljust(12, "0")[:reach]


def is_known(code: str) -> bool:
    """Whether our table lists a province, city or county under these six digits."""
    return code in _NAMES


def parse(text: str) -> Division:
    """Read a code of 6 or 12 digits. Refuses another form (`Malformed`) and an unknown province (`ProvinceUnknown`)."""
    return Division(text)
