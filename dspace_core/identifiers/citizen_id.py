"""Citizen identification numbers (公民身份号码, GB 11643), the residence permits and the permanent residence card
that share their 18 characters, and the numbers that we may invent."""

import re
from datetime import date
from enum import Enum

from dspace_core.identifiers.check import mod_11_2
from dspace_core.identifiers.codes import Sex
from dspace_core.identifiers.division import CITIES_WITH_COUNTIES, PROVINCES, is_known
from dspace_core.identifiers.masking import Hidden
from dspace_core.identifiers.refusals import (
    BirthInFuture,
    BirthUnreal,
    ChecksumFailed,
    FifteenDigits,
    Kind,
    Malformed,
    NotFixture,
    ProvinceUnknown,
)


class CitizenKind(Enum):
    """Whose number it is: they share form and check, and stand on different documents."""

    RESIDENT = "resident"
    HONG_KONG_RESIDENT = "hong_kong_resident"
    MACAU_RESIDENT = "macau_resident"
    TAIWAN_RESIDENT = "taiwan_resident"
    FOREIGN_PERMANENT_RESIDENT = "foreign_permanent_resident"


_PERMITS = {
    "810000": CitizenKind.HONG_KONG_RESIDENT,
    "820000": CitizenKind.MACAU_RESIDENT,
    "830000": CitizenKind.TAIWAN_RESIDENT,
}
"""Residence permits (港澳台居民居住证) carry one code for everybody; 83 is a province only here."""

_FORM = re.compile(r"[1-9][0-9]{16}[0-9X]")


class CitizenId(Hidden, frozen=True):
    """One number in its stored form: 18 characters, `X` in upper case, form, birth date, province and check sound.

    Whether the birth date has come depends on the day and is asked by `parse`.
    """

    value: str

    def __post_init__(self) -> None:
        _require_form(self.value)
        _birth(self.value)
        if self.kind is CitizenKind.RESIDENT and self.value[:2] not in PROVINCES:
            raise ProvinceUnknown
        if mod_11_2(self.value[:17]) != self.value[17]:
            raise ChecksumFailed(Kind.CITIZEN_ID)

    @property
    def kind(self) -> CitizenKind:
        """Whose number it is, by its beginning."""
        if self.value[0] == "9":
            return CitizenKind.FOREIGN_PERMANENT_RESIDENT
        return _PERMITS.get(self.value[:6], CitizenKind.RESIDENT)

    @property
    def division_code(self) -> str:
        """The six digits of the first registration: maybe historical, and no statement about the present household."""
        return self.value[:6]

    @property
    def division_known(self) -> bool:
        """Whether our table of divisions lists the six digits. False is no fault of the number."""
        return is_known(self.value[:6])

    @property
    def birth(self) -> date:
        """The birth date."""
        return _birth(self.value)

    @property
    def sex(self) -> Sex:
        """The sex: the sequence is odd for a man, even for a woman."""
        return Sex.MALE if int(self.value[16]) % 2 else Sex.FEMALE


def parse(text: str, today: date) -> CitizenId:
    """Read a number as people write it; a lower-case `x` at the end is stored as `X`.

    (1) the form, `FifteenDigits` or `Malformed`  (2) a real birth date, `BirthUnreal`  (3) not after `today`,
    `BirthInFuture`  (4) a province, `ProvinceUnknown`  (5) the check character, `ChecksumFailed`.
    """
    value = f"{text[:17]}X" if len(text) == 18 and text[17] == "x" else text
    _require_form(value)
    if _birth(value) > today:
        raise BirthInFuture
    return CitizenId(value)


def fixture(birth: date, sex: Sex, *, division: str = "440100", number: int = 0) -> CitizenId:
    """Invent a valid number that belongs to nobody, one of 500 per day, sex and division.

    The division is the code of a city that has counties: real numbers carry the county's. Refuses another division
    with `NotFixture`; `number` runs from 0 to 499, and `sex` is male or female (`ValueError`).
    """
    if division not in CITIES_WITH_COUNTIES:
        raise NotFixture
    if sex not in (Sex.MALE, Sex.FEMALE) or not 0 <= number < 500:
        raise ValueError("sex is male or female, number 0 to 499")
    sequence = number * 2 + (sex is Sex.MALE)
    body = f"{division}{birth.year:04}{birth.month:02}{birth.day:02}{sequence:03}"
    return CitizenId(body + mod_11_2(body))


def is_fixture(citizen_id: CitizenId) -> bool:
    """Whether the number is one that `fixture` makes, and therefore nobody's."""
    return citizen_id.division_code in CITIES_WITH_COUNTIES


def require_fixture(citizen_id: CitizenId) -> None:
    """Refuse a number that may belong to a real person (`NotFixture`). Development mode asks this of every number."""
    if not is_fixture(citizen_id):
        raise NotFixture


def _require_form(value: str) -> None:
    if _FORM.fullmatch(value) is not None:
        return
    if len(value) == 15 and value.isascii() and value.isdigit():
        raise FifteenDigits
    raise Malformed(Kind.CITIZEN_ID)


def _birth(value: str) -> date:
    """The date in characters 7 to 14. The refusal is raised outside the handler, so that it drags no digits along."""
    try:
        return date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        pass
    raise BirthUnreal
