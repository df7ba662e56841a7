"""Notices (告知): what the person is shown before agreeing, rendered here, and the digest of exactly that (article 11).

The phone puts the person's own values beside the lines, by field; they are no part of the notice or of its digest.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from dspace_core.calendar import legal_day
from dspace_core.crypto import INTERNATIONAL
from dspace_core.errors import Text
from dspace_core.evidence.canonical import canonical
from dspace_core.grants import tables
from dspace_core.grants.differences import Difference, difference
from dspace_core.grants.model import Grant, NoticeId, SeparateAct
from dspace_core.grants.offers import Offer, OfferedField, settle
from dspace_core.grants.refusals import AmendmentMismatch, GrantMissing, MoveRefused, OfferMalformed
from dspace_core.grants.sentences import Voice
from dspace_core.grants.states import FINAL, Act
from dspace_core.grants.tables import StoredNotice, Terms
from dspace_core.stores import Connection
from dspace_core.values import Subject, to_ms, utc

LIFE = timedelta(minutes=15)
"""How long a notice can be approved: long enough to be read aloud, short enough that what it says still holds."""
_VOICE = Voice()


class Line(msgspec.Struct, frozen=True):
    """One field as shown. `key` tells the phone beside which value; `required` whether it can be declined."""

    key: str
    text: str
    level: int
    required: bool
    notes: tuple[str, ...]


class Box(msgspec.Struct, frozen=True):
    """One separate consent as shown: never ticked beforehand."""

    recipient: str
    category: str
    text: str


class Part(msgspec.Struct, frozen=True):
    """What one offer shows: who, for what service, why, how long; each field; what changes; what happens on no."""

    says: tuple[str, ...]
    lines: tuple[Line, ...]
    changes: tuple[str, ...]
    otherwise: str


class Shown(msgspec.Struct, frozen=True):
    """Everything that the screen shows but the values. Its canonical JSON is what the digest is of."""

    notice: str
    language: str
    mode: str
    issued_at: int
    expires_at: int
    heading: str
    parts: tuple[Part, ...]
    boxes: tuple[Box, ...]
    closing: tuple[str, ...]


class Before(msgspec.Struct, frozen=True):
    """The grant an offer would amend, what that changes, and how its fields were called when it was given."""

    grant: Grant
    difference: Difference
    titles: dict[str, Text]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as it was issued. The digest is over `shown`, byte for byte."""

    subject: Subject
    id: NoticeId
    shown: bytes
    digest: bytes
    expires_at: datetime
    boxes: frozenset[SeparateAct]


async def issue(
    db: Connection, subject: Subject, notice: NoticeId, offers: Sequence[Offer], now: datetime, *, voice: Voice = _VOICE
) -> Notice:
    """Render and store a notice under the id given; approving needs nothing but that id.

    Raises OfferMalformed, also without an offer; for one that amends: GrantMissing, MoveRefused, AmendmentMismatch.
    """
    if not offers:
        raise OfferMalformed(part="offers")
    now = utc(now)
    pairs = [await _settle(db, subject, offer, now) for offer in offers]
    expires_at = min(now + LIFE, *(offer.until for offer, _ in pairs if offer.until is not None))
    shown = encode(render(notice, pairs, now, expires_at, voice))
    digest = INTERNATIONAL.hash.digest(shown)
    terms = tuple(Terms(offer, None if before is None else before.grant.version) for offer, before in pairs)
    await tables.add_notice(db, StoredNotice(subject, notice, digest, shown, terms, now, expires_at))
    boxes = frozenset().union(*(offer.acts(offer.keys) for offer, _ in pairs))
    return Notice(subject=subject, id=notice, shown=shown, digest=digest, expires_at=expires_at, boxes=boxes)


def render(
    notice: NoticeId,
    pairs: Sequence[tuple[Offer, Before | None]],
    now: datetime,
    expires_at: datetime,
    voice: Voice = _VOICE,
) -> Shown:
    """What the screen shows, as a pure function of what is offered, when and in which words."""
    return Shown(
        notice=str(notice),
        language=voice.language.value,
        mode=voice.mode.value,
        issued_at=to_ms(now),
        expires_at=to_ms(expires_at),
        heading=voice.say("heading"),
        parts=tuple(_part(offer, amended, voice) for offer, amended in pairs),
        boxes=_boxes([offer for offer, _ in pairs], voice),
        closing=(voice.say("withdraw"), voice.say("rights")),
    )


def encode(shown: Shown) -> bytes:
    """Canonical JSON: RFC 8785 in the profile *ASCII keys, no floats, integers below 2^53*, where sorting is all."""
    return canonical(shown)


def _boxes(offers: Sequence[Offer], voice: Voice) -> tuple[Box, ...]:
    """One box for each recipient and sensitive category, however many fields and offers need it."""
    texts = {
        SeparateAct(offer.recipient.id, field.category.id): voice.say(
            "separate",
            category=voice.words(field.category.title),
            recipient=voice.words(offer.recipient.title),
        )
        for offer in offers
        for field in offer.fields
        if field.sensitive
    }
    return tuple(Box(act.recipient, act.category, texts[act]) for act in sorted(texts))


def _part(offer: Offer, amended: Before | None, voice: Voice) -> Part:
    says = [
        voice.say("who", recipient=voice.words(offer.recipient.title), contact=voice.words(offer.recipient.contact)),
        voice.say("item", item=voice.words(offer.item_title)),
        voice.say("purpose", purpose=offer.purpose),
        voice.say("until_day" if offer.case is None else "until_case", day=_day(offer.until)),
    ]
    kept = None if amended is None else amended.grant.uses_left
    uses = kept if offer.uses is None else offer.uses
    if uses is not None:
        says.append(voice.say("uses", uses=str(uses)))
    added = frozenset() if amended is None else amended.difference.added
    return Part(
        says=tuple(says),
        lines=tuple(_line(field, field.key in added, voice) for field in offer.fields),
        changes=() if amended is None else _changes(amended, voice),
        otherwise=voice.say("refuse", otherwise=voice.words(offer.otherwise)),
    )


def _line(field: OfferedField, added: bool, voice: Voice) -> Line:
    text = voice.say(
        "answer" if field.answer else "field",
        field=voice.words(field.title),
        source=voice.words(field.category.source),
        level=voice.say(f"level_{field.level.value}"),
    )
    notes = [voice.say(name) for name, holds in (("optional", not field.required), ("added", added)) if holds]
    return Line(field.key, text, field.level.value, field.required, tuple(notes))


def _changes(amended: Before, voice: Voice) -> tuple[str, ...]:
    """What an amendment alters beside the fields it adds, which are marked where they stand."""
    change = amended.difference
    says = [voice.say("removed", field=voice.words(amended.titles[key])) for key in sorted(change.removed)]
    if change.end is not None:
        says.append(voice.say("before", day=_day(change.end[0])))
    if change.uses is not None and change.uses[0] is not None:
        says.append(voice.say("before_uses", uses=str(change.uses[0])))
    return tuple(says)


def _day(until: datetime | None) -> str:
    """The legal day of the end, `2027-01-31`; an offer in a notice always has one."""
    return "" if until is None else legal_day(until).isoformat()


async def _settle(db: Connection, subject: Subject, offer: Offer, now: datetime) -> tuple[Offer, Before | None]:
    """The offer as it will be shown, and beside it the grant that it would amend."""
    if offer.amends is None:
        return settle(offer, now), None
    grant = await tables.find(db, subject, offer.amends)
    if grant is None:
        raise GrantMissing
    if grant.state in FINAL:
        raise MoveRefused(state=grant.state.value, act=Act.AMEND.value)
    if not same_matter(grant, offer):
        raise AmendmentMismatch
    settled = settle(offer, now, grant.period)
    change = difference(grant, settled.keys, settled.until, settled.uses)
    return settled, Before(grant, change, await _titles(db, grant))


async def _titles(db: Connection, grant: Grant) -> dict[str, Text]:
    """How the fields of a grant were called in the notice that it rests on."""
    notice = await tables.find_notice(db, grant.subject, grant.notice)
    terms = () if notice is None else notice.terms
    return {field.key: field.title for term in terms for field in term.offer.fields}


def same_matter(grant: Grant, offer: Offer) -> bool:
    """Whether an offer is about what the grant is about; anything else would be another grant."""
    ours = (grant.plugin, grant.recipient, grant.item, grant.purpose, grant.case)
    return ours == (offer.plugin, offer.recipient.id, offer.item, offer.purpose, offer.case)
