"""What somebody asks for, before anybody has agreed: the matter of a notice, as the catalogue describes it."""

from datetime import datetime

import msgspec

from dspace_core.errors import Text
from dspace_core.grants.model import LARGEST_BUDGET, LONGEST, SeparateAct, field_key
from dspace_core.grants.refusals import OfferMalformed
from dspace_core.values import CaseId, DataLevel, GrantId, Period, utc


class Party(msgspec.Struct, frozen=True):
    """Who gets the data: id, name and how to reach it (PIPL articles 17 and 23)."""

    id: str
    title: Text
    contact: Text


class Category(msgspec.Struct, frozen=True):
    """An authoritative category of data and the authority that holds it."""

    id: str
    title: Text
    source: Text


class OfferedField(msgspec.Struct, frozen=True, kw_only=True):
    """One field asked for. An `answer` is given by yes or no only; what is not `required` can be declined."""

    category: Category
    id: str
    title: Text
    level: DataLevel
    required: bool = True
    answer: bool = False

    @property
    def key(self) -> str:
        """Its name in the grant."""
        return field_key(self.category.id, self.id)

    @property
    def sensitive(self) -> bool:
        """Whether it needs a separate consent (PIPL article 29)."""
        return self.level >= DataLevel.L3


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What one grant would allow: one recipient, one item, one purpose. Several may stand in one notice."""

    plugin: str
    recipient: Party
    item: str
    item_version: int
    item_title: Text
    fields: tuple[OfferedField, ...]
    purpose: str
    otherwise: Text
    """What happens on no: how to get the same service without this grant (PIPL article 16)."""
    case: CaseId | None
    """The case that it serves; None asks for a standing grant."""
    until: datetime | None = None
    """The end; None keeps that of the amended grant, else takes the longest allowed. A case ends its grant earlier."""
    uses: int | None = None
    """How often; None keeps the budget of the amended grant, else sets none."""
    amends: GrantId | None = None
    """The grant whose terms these are to become; None for a grant of its own."""

    @property
    def keys(self) -> frozenset[str]:
        """The names of all fields."""
        return frozenset(field.key for field in self.fields)

    def acts(self, keys: frozenset[str]) -> frozenset[SeparateAct]:
        """The separate consents that these of its fields need."""
        return frozenset(
            SeparateAct(self.recipient.id, field.category.id)
            for field in self.fields
            if field.sensitive and field.key in keys
        )


def settle(offer: Offer, now: datetime, amended: Period | None = None) -> Offer:
    """The offer with its end filled in. Refuses one of which no notice can be made (`OfferMalformed`).

    `amended` is the period of the grant that it amends: its end is kept when the offer names none, and the longest
    time counts from its start.
    """
    start = now if amended is None else amended.start
    end = None if amended is None else amended.end
    until = utc(offer.until or end or start + LONGEST)
    part = _flaw(offer)
    if part is None and not now < until <= start + LONGEST:
        part = "until"
    if part is not None:
        raise OfferMalformed(part=part)
    return msgspec.structs.replace(offer, until=until)


def _flaw(offer: Offer) -> str | None:
    if not offer.fields or len(offer.keys) != len(offer.fields):
        return "fields"
    if any(field.level is DataLevel.L4 and not field.answer for field in offer.fields):
        return "level"
    if offer.uses is not None and not 0 < offer.uses <= LARGEST_BUDGET:
        return "uses"
    # A line break or a change of writing direction in a title could pass for a line of the notice.
    return None if all(text.isprintable() and text.strip() for text in _texts(offer)) else "text"


def _texts(offer: Offer) -> list[str]:
    texts = [offer.recipient.title, offer.recipient.contact, offer.item_title, offer.otherwise]
    for field in offer.fields:
        texts += [field.title, field.category.title, field.category.source]
    return [offer.purpose, *(words for text in texts for words in (text.zh, text.en))]
