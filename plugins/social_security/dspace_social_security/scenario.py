"""The scenario: how 城乡居民基本养老保险待遇申领 is previewed, filled in, decided and settled.

Which cases come here the catalogue says; whatever else a case could ask for is neither in the manifest nor granted.
"""

import asyncio
from typing import TypeVar

import msgspec

from dspace_core import (
    Case,
    Data,
    DataRefused,
    Filled,
    Item,
    Outcome,
    Prefill,
    Preview,
    Scenario,
    Settlement,
    Text,
    hookimpl,
)
from dspace_social_security import rules, steps
from dspace_social_security.items import ACCOUNT, CLAIMANT, LIFE, PAYEE, RECORD, REGISTERED, USES

T = TypeVar("T", bound=msgspec.Struct)

GAPS = frozenset({"source.no_record", "source.ambiguous"})
"""Refusals that say something about the record. All others (no grant, source down) end the call as they are."""
_SAYS = Text(
    "人社部门依法核对您的户籍、健在情况和养老保险记录;领取账户由您授权使用。",
    "By duty of law the authority checks your registration, that you are alive, and your pension record; "
    "the account for the payments is used with your consent.",
)


class SocialSecurity(Scenario):
    """Social security (社会保障): the claim of the residents' pension, with nothing to fill in."""

    @hookimpl
    async def preview(self, case: Case) -> Preview:
        """Three items by duty, the account by consent."""
        return Preview(says=_SAYS, uses=USES)

    @hookimpl
    async def prefill(self, case: Case, data: Data) -> Prefill:
        """All that the paper form asks for. A line that no authority knows is left out and looked at by a human."""
        person, payee = await asyncio.gather(_known(data, REGISTERED), _known(data, PAYEE))
        lines = (
            _line("full_name", Text("姓名", "Name"), person.full_name, REGISTERED),
            _line(
                "household_division",
                Text("户籍地区划代码", "Division of the household"),
                person.household_division,
                REGISTERED,
            ),
            _line("bank_name", Text("开户银行", "Bank"), payee.bank_name, PAYEE),
            _line("account_no", Text("领取账户", "Account"), _masked(payee.account_no), PAYEE),
        )
        return Prefill(filled=tuple(line for line in lines if line is not None))

    @hookimpl
    async def decide(self, case: Case, data: Data) -> Outcome:
        """By the rules of `rules.judge`."""
        found = await asyncio.gather(
            _known(data, CLAIMANT), _known(data, LIFE), _known(data, RECORD), _known(data, ACCOUNT)
        )
        return rules.judge(*found)

    @hookimpl
    async def settle(self, case: Case, data: Data) -> Settlement:
        """Asks for no data: what follows is in the reasons."""
        return Settlement(next_steps=() if case.outcome is None else steps.after(case.outcome))


async def _known(data: Data, item: Item[T]) -> T:
    """What is known of an item; nothing, if the authority has no record that it could give."""
    try:
        return await data.use(item)
    except DataRefused as no:
        if no.reason not in GAPS:
            raise
    return item.gives()


def _line(field: str, label: Text, value: str | None, item: Item[T]) -> Filled | None:
    return Filled(name=field, label=label, value=value, fact=item.fact(field)) if value else None


def _masked(number: str | None) -> str | None:
    """Enough of an account number to know it again: the last four, if they are not most of it."""
    return number and ("**** " + number[-4:] if len(number) > 8 else "****")
