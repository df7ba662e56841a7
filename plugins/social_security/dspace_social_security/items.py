"""What the claim of the resident pension asks for: per question the few fields that answer it, as typed handles.

A field that the authority has nothing on stays None: a gap is for a human, never a no.
"""

import msgspec

from dspace_core import Item, Use

_WHO = "核对申领人身份、年龄和户籍地"
_ALIVE = "核对申领人仍健在"
_RECORD = "核定养老保险待遇领取资格"
_ACCOUNT = "将养老金发放到您本人的账户"


class Registered(msgspec.Struct, frozen=True):
    """The form's lines on the person: what the identity card and the household book would show."""

    full_name: str | None = None
    household_division: str | None = None


class Claimant(msgspec.Struct, frozen=True):
    """Who claims. The age is an answer; the birth date stays where it is."""

    full_name: str | None = None
    aged_60: bool | None = None


class Life(msgspec.Struct, frozen=True):
    """Whether a death is recorded."""

    deceased: bool | None = None


class Record(msgspec.Struct, frozen=True):
    """The person's pension insurance. Whether enough months are paid is an answer as well."""

    scheme: str | None = None
    paid_180_months: bool | None = None
    receiving: bool | None = None


class Payee(msgspec.Struct, frozen=True):
    """The form's lines on the account."""

    account_no: str | None = None
    bank_name: str | None = None


class Account(msgspec.Struct, frozen=True):
    """Whether the account can be paid into."""

    holder_name: str | None = None
    account_active: bool | None = None


REGISTERED = Item("population.record", Registered, _WHO)
CLAIMANT = Item("population.record", Claimant, _WHO)
LIFE = Item("death.record", Life, _ALIVE)
RECORD = Item("pension.record", Record, _RECORD)
PAYEE = Item("bank.account", Payee, _ACCOUNT)
ACCOUNT = Item("bank.account", Account, _ACCOUNT)


def _together(*uses: Use) -> Use:
    """All fields of one item that the hooks ask for, as the person is told of them."""
    return Use(item=uses[0].item, fields=frozenset().union(*(use.fields for use in uses)), purpose=uses[0].purpose)


USES = (_together(REGISTERED.use, CLAIMANT.use), LIFE.use, RECORD.use, _together(PAYEE.use, ACCOUNT.use))
"""Everything that a case asks for."""
