"""The small values that every room speaks: ids, instants, periods, money, levels, bases.

Each is frozen and checks itself when it is made, so that a value in hand is a value that holds.
"""

import re
import secrets
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum
from typing import NewType
from uuid import UUID

import msgspec

from dspace_core.errors import Refusal, Text

Subject = NewType("Subject", UUID)
"""Who the data is about (数据主体): a random UUID that says nothing about the person. Not the identity document."""
GrantId = NewType("GrantId", UUID)
"""One grant (授权)."""
UseId = NewType("UseId", UUID)
"""One act of reading under a basis (用数)."""
CaseId = NewType("CaseId", UUID)
"""One case in the sense of 办件; its printed number is a `case_no`."""
EvidenceId = NewType("EvidenceId", UUID)
"""One evidence entry (存证), minted on the request path and kept for good."""


def random_id() -> UUID:
    """A fresh random UUID (version 4, RFC 9562 section 5.4) from the system's secure source."""
    return UUID(int=secrets.randbits(128), version=4)


class NaiveInstant(Refusal):
    """An instant came without its offset from UTC."""

    code = "values.naive_instant"
    says = Text("时间缺少时区", "the instant carries no offset from UTC")
    remedy = Text("请提供带时区的时间(ISO 8601)", "give the instant with its offset (ISO 8601)")


class InstantOutOfRange(Refusal):
    """An instant lies before the year 1 or after the year 9999 in UTC, where no date can name it."""

    code = "values.instant_out_of_range"
    says = Text("时间超出公元 1 年至 9999 年", "the instant lies outside the years 1 to 9999")
    remedy = Text("请检查时间", "check the instant")


class PeriodReversed(Refusal):
    """A period ends before or when it begins."""

    code = "values.period_reversed"
    says = Text("期间的结束时间不晚于开始时间", "the period does not end after it begins")
    remedy = Text("请检查起止时间", "check which end is which")


class MoneyInvalid(Refusal):
    """A text is no amount of money, or an amount does not fit into 64 bits of 分."""

    code = "values.money_invalid"
    says = Text("金额无效", "not an amount of money in yuan with at most two decimals, or beyond the limit")
    remedy = Text("请填写形如 1234.50 的金额", "write an amount such as 1234.50")


def utc(instant: datetime) -> datetime:
    """The same instant in UTC, cut to milliseconds, which is what we store.

    Raises NaiveInstant without an offset; InstantOutOfRange if UTC has no date for it (9999-12-31T23:00-05:00).
    """
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise NaiveInstant
    try:
        moment = instant.astimezone(UTC)
    except OverflowError:
        raise InstantOutOfRange from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970-01-01T00:00Z: the stored form of an instant."""
    return (utc(instant) - _EPOCH) // timedelta(milliseconds=1)


def from_ms(stored: int) -> datetime:
    """The aware UTC instant of a stored number of milliseconds. Raises InstantOutOfRange past the years 1 to 9999."""
    try:
        return _EPOCH + timedelta(milliseconds=stored)
    except OverflowError:
        raise InstantOutOfRange from None


class Period(msgspec.Struct, frozen=True):
    """A stretch of time, `start` included and `end` excluded; `end=None` means open-ended."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        start = utc(self.start)
        end = None if self.end is None else utc(self.end)
        if end is not None and end <= start:
            raise PeriodReversed
        msgspec.structs.force_setattr(self, "start", start)
        msgspec.structs.force_setattr(self, "end", end)

    def holds(self, instant: datetime) -> bool:
        """Whether the instant lies inside."""
        moment = utc(instant)
        return self.start <= moment and (self.end is None or moment < self.end)

    def within(self, outer: "Period") -> bool:
        """Whether this period lies wholly inside the other: what a narrower delegation must satisfy (article 7)."""
        if self.start < outer.start:
            return False
        return outer.end is None or (self.end is not None and self.end <= outer.end)


_INT64 = 2**63
_YUAN = re.compile(r"(-?)(\d{1,17})(?:\.(\d{1,2}))?", re.ASCII)


class Money(msgspec.Struct, frozen=True, order=True):
    """An amount in 分 (a hundredth of a yuan), an integer that fits into 64 bits. Never a float, never rounded here."""

    fen: int

    def __post_init__(self) -> None:
        if type(self.fen) is not int or not -_INT64 <= self.fen < _INT64:  # bool is an int, and no money
            raise MoneyInvalid

    @classmethod
    def yuan(cls, text: str) -> "Money":
        """Read an amount such as `1234.5` or `-0.05`, in yuan. Refuses anything with a third decimal."""
        found = _YUAN.fullmatch(text)
        if found is None:
            raise MoneyInvalid
        sign, whole, part = found.groups()
        fen = int(whole) * 100 + int((part or "0").ljust(2, "0"))
        return cls(-fen if sign else fen)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.fen + other.fen)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.fen - other.fen)

    def __neg__(self) -> "Money":
        return Money(-self.fen)

    def __str__(self) -> str:
        whole, part = divmod(abs(self.fen), 100)
        return f"{'-' if self.fen < 0 else ''}{whole}.{part:02d}"


class DataLevel(IntEnum):
    """How sensitive a field is, from open (L1) to answers only (L4). Behaviour per level: the threat model."""

    L1 = 1
    """Open: the name of a firm, the text of an item."""
    L2 = 2
    """Ordinary personal information: address, telephone, employer."""
    L3 = 3
    """Sensitive personal information (PIPL article 28): separate consent, step-up, masked display."""
    L4 = 4
    """Never leaves as a value: only yes or no."""


class Basis(Enum):
    """On what ground a value may leave its source (article 1). There is no fifth."""

    GRANT = "grant"
    STATUTORY_DUTY = "statutory_duty"
    SUBJECT_ACCESS = "subject_access"
    SCREENING_RUN = "screening_run"
