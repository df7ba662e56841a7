"""The codes of service items and cases: base code, implementation code, handling code, guide code, case number.

They nest: a case number begins with a handling or implementation code, which begins with the implementing body's unified
social credit code and ends with the base code.
"""

import re
from collections.abc import Mapping
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Annotated

import msgspec

from dspace_core.identifiers import uscc
from dspace_core.identifiers._tables import load
from dspace_core.identifiers.check import Verdict
from dspace_core.identifiers.division import Level
from dspace_core.identifiers.masking import Hidden
from dspace_core.identifiers.refusals import ChecksumFailed, CodeUnknown, Kind, Malformed, SerialSpent
from dspace_core.identifiers.uscc import Uscc


class TaskType(Enum):
    """What kind of act an item is (事项类型). Which digits mean which stands in a table per catalogue."""

    PERMIT = "permit"
    PENALTY = "penalty"
    COERCION = "coercion"
    LEVY = "levy"
    PAYMENT = "payment"
    INSPECTION = "inspection"
    CONFIRMATION = "confirmation"
    REWARD = "reward"
    ADJUDICATION = "adjudication"
    OTHER_POWER = "other_power"
    PUBLIC_SERVICE = "public_service"


_Code2 = Annotated[str, msgspec.Meta(pattern="^[0-9]{2}$")]

TASK_TYPES: Mapping[str, Mapping[str, TaskType]] = MappingProxyType(
    load("task_types", dict[str, dict[_Code2, TaskType]])
)
"""The task types of each catalogue by their two digits."""


def task_type(catalogue: str, code: str) -> TaskType:
    """What two digits mean in a catalogue (`national`, `guangdong`). Refuses an unlisted pair (`CodeUnknown`)."""
    found = TASK_TYPES.get(catalogue, {}).get(code)
    if found is None:
        raise CodeUnknown("task_types")
    return found


_BASE = re.compile(r"[0-9]{12}")
_IMPLEMENTATION = re.compile(r"(?!TE)[0-9A-Z]{18}[1-6][0-9]{12}")
_HANDLING = re.compile(r"(?!TE)[0-9A-Z]{18}[1-6][0-9]{14}")
_GUIDE = re.compile(r"TE[0-9A-Z]{29}")
_CASE = re.compile(r"(?P<item>[0-9A-Z]{31}(?:[0-9]{2})?)(?P<day>[0-9]{8})(?P<serial>[0-9]{4})")


class BaseCode(Hidden, frozen=True):
    """A base code (基本编码), 12 digits: the same item everywhere."""

    value: str

    def __post_init__(self) -> None:
        if _BASE.fullmatch(self.value) is None:
            raise Malformed(Kind.BASE_CODE)

    @property
    def province(self) -> str:
        """The two digits of the province whose list names the item; `00` is the national catalogue."""
        return self.value[:2]

    @property
    def task_type_code(self) -> str:
        """The two digits of the task type, to be read by `task_type` in the catalogue they come from."""
        return self.value[2:4]

    @property
    def department(self) -> str:
        """The two digits of the department."""
        return self.value[4:6]

    @property
    def main_item(self) -> str:
        """The three digits of the main item (主项)."""
        return self.value[6:9]

    @property
    def sub_item(self) -> str:
        """The three digits of the sub-item (子项); `000` is none."""
        return self.value[9:12]


class ImplementationCode(Hidden, frozen=True):
    """An implementation code (实施编码), 31 characters: one body's version of an item. The body's check must hold."""

    value: str

    def __post_init__(self) -> None:
        _require_body(self.value, _IMPLEMENTATION, Kind.IMPLEMENTATION_CODE)

    @property
    def implementing_body(self) -> Uscc:
        """The body that carries out the item (实施主体)."""
        return Uscc(self.value[:18])

    @property
    def exercise_level(self) -> Level:
        """The level of government at which the item is exercised (行使层级)."""
        return Level(int(self.value[18]))

    @property
    def base_code(self) -> BaseCode:
        """The item's base code."""
        return BaseCode(self.value[19:])


class HandlingCode(Hidden, frozen=True):
    """A handling code (业务办理项编码), 33 characters: one way of handling an implemented item."""

    value: str

    def __post_init__(self) -> None:
        _require_body(self.value, _HANDLING, Kind.HANDLING_CODE)

    @property
    def implementation_code(self) -> ImplementationCode:
        """The implemented item."""
        return ImplementationCode(self.value[:31])

    @property
    def sequence(self) -> str:
        """The last two digits."""
        return self.value[31:]


class GuideCode(Hidden, frozen=True):
    """A guide code of a town's item on the service site: 31 characters from `TE`, with no structure that we know of."""

    value: str

    def __post_init__(self) -> None:
        if _GUIDE.fullmatch(self.value) is None:
            raise Malformed(Kind.GUIDE_CODE)


class CaseNo(Hidden, frozen=True):
    """A case number (办件编号): a handling or implementation code, the day, four digits; 45 or 43 characters."""

    value: str

    def __post_init__(self) -> None:
        found = _CASE.fullmatch(self.value)
        if found is None or _day(found["day"]) is None:
            raise Malformed(Kind.CASE_NO)
        _item(found["item"])

    @property
    def item(self) -> ImplementationCode | HandlingCode:
        """The item that the case is about."""
        return _item(self.value[:-12])

    @property
    def day(self) -> date:
        """The day on which the number was given."""
        return date.fromisoformat(self.value[-12:-4])

    @property
    def serial(self) -> int:
        """The serial within the item's day."""
        return int(self.value[-4:])


LAST_SERIAL = 9999
"""The last serial of a day: four digits."""


def case_no(item: ImplementationCode | HandlingCode, day: date, serial: int) -> CaseNo:
    """Number a case. Refuses a serial outside 0 to `LAST_SERIAL` (`SerialSpent`). Uniqueness is the caller's."""
    if not 0 <= serial <= LAST_SERIAL:
        raise SerialSpent(LAST_SERIAL)
    return CaseNo(f"{item.value}{day.year:04}{day.month:02}{day.day:02}{serial:04}")


def parse_base_code(text: str) -> BaseCode:
    """Read a base code. Refuses another form (`Malformed`)."""
    return BaseCode(text)


def parse_implementation_code(text: str) -> ImplementationCode:
    """Read an implementation code. Refuses another form, a guide code among them (`Malformed`), and a body whose check
    does not fit (`ChecksumFailed`)."""
    return ImplementationCode(text)


def parse_handling_code(text: str) -> HandlingCode:
    """Read a handling code. Refuses another form (`Malformed`) and a body whose check does not fit."""
    return HandlingCode(text)


def parse_guide_code(text: str) -> ImplementationCode | GuideCode:
    """Read the code of a guide on the service site: most are implementation codes, those from `TE` are opaque."""
    return GuideCode(text) if text.startswith("TE") else ImplementationCode(text)


def parse_case_no(text: str) -> CaseNo:
    """Read a case number. Refuses another form or an unreal day (`Malformed`), and what its item's code refuses."""
    return CaseNo(text)


def _item(text: str) -> ImplementationCode | HandlingCode:
    return ImplementationCode(text) if len(text) == 31 else HandlingCode(text)


def _require_body(text: str, form: re.Pattern[str], kind: Kind) -> None:
    body = uscc.examine(text[:18])
    if form.fullmatch(text) is None or body is Verdict.MALFORMED:
        raise Malformed(kind)
    if body is Verdict.CHECKSUM_FAILED:
        raise ChecksumFailed(kind)


def _day(digits: str) -> date | None:
    try:
        return date.fromisoformat(digits)
    except ValueError:
        return None
