"""Asking for a correction, and answering it: the row and its evidence, in the caller's transaction."""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_core.catalog import Edition
from dspace_core.corrections import tables
from dspace_core.corrections.model import Content, Correction, State
from dspace_core.corrections.reading import opened
from dspace_core.corrections.refusals import AlreadyAnswered, CorrectionUnknown, FieldUnknown, WordsUnfit
from dspace_core.corrections.sealing import digest, seal_content
from dspace_core.corrections.tables import Row
from dspace_core.evidence import Act, Actor, Draft, Event, Next, What, Who
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.pending import attest
from dspace_core.stores import Connection
from dspace_core.values import EvidenceId, Subject, to_ms, utc

MOST = 1000
"""Characters of what is said, on either side."""


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says is wrong, and the ids of what is written, made before and kept."""

    subject: Subject
    id: UUID
    category: str
    field: str
    says: str
    at: datetime
    evidence: EvidenceId


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """What an authority answers to one correction for it."""

    subject: Subject
    id: UUID
    authority: str
    acted: UUID
    """The member of staff."""
    accepted: bool
    says: str
    at: datetime
    evidence: EvidenceId


async def ask(db: Connection, keyring: Keyring, edition: Edition, asking: Asking) -> Correction:
    """Take in a correction; the same id again gives what stands. Raises FieldUnknown, WordsUnfit."""
    category = edition.contents.categories.get(asking.category)
    if category is None or category.field(asking.field) is None:
        raise FieldUnknown
    content = Content(says=_words(asking.says))
    asked = Correction(
        subject=asking.subject,
        id=asking.id,
        category=asking.category,
        field=asking.field,
        authority=category.source,
        state=State.ASKED,
        asked_at=utc(asking.at),
        answered_at=None,
        evidence=asking.evidence,
        content=None,
    )
    if not await tables.add(db, Row(asked, await seal_content(keyring, asked, content))):
        standing = await tables.find(db, asking.subject, asking.id)
        if standing is None:
            raise CorrectionUnknown
        return await opened(standing, keyring)
    who = Who(actor=Actor.SUBJECT, subject=asking.subject)
    await attest(db, await _draft(keyring, asked, content, Act.CORRECTION_ASKED, who), keyring)
    return msgspec.structs.replace(asked, content=content)


async def answer(db: Connection, keyring: Keyring, answering: Answering) -> Correction:
    """Answer a correction, once. Raises CorrectionUnknown (also for another authority's), AlreadyAnswered, WordsUnfit,
    KeyErased."""
    row = await tables.take(db, answering.subject, answering.id)
    if row is None or row.correction.authority != answering.authority:
        raise CorrectionUnknown
    if row.correction.state is not State.ASKED:
        raise AlreadyAnswered
    before = await opened(row, keyring)
    says = "" if before.content is None else before.content.says
    content = Content(says=says, answer=_words(answering.says))
    answered = msgspec.structs.replace(
        row.correction,
        state=State.ACCEPTED if answering.accepted else State.DECLINED,
        answered_at=utc(answering.at),
        evidence=answering.evidence,
    )
    await tables.answer(db, Row(answered, await seal_content(keyring, answered, content)), answering.at)
    who = Who(actor=Actor.STAFF, subject=answering.subject, acted=answering.acted, authority=answering.authority)
    await attest(db, await _draft(keyring, answered, content, Act.CORRECTION_ANSWERED, who), keyring)
    return msgspec.structs.replace(answered, content=content)


async def _draft(keyring: Keyring, one: Correction, content: Content, kind: Act, who: Who) -> Draft:
    at = one.answered_at or one.asked_at
    return Draft(
        who=who,
        what=What(item=one.category, fields=(one.field,), digest=await digest(keyring, one, content)),
        next=Next(recipient=one.authority),
        meta=Event(kind=kind, entry=one.evidence, act=one.id, at=to_ms(at)),
    )


def _words(said: str) -> str:
    words = said.strip()
    if not 1 <= len(words) <= MOST:
        raise WordsUnfit(most=MOST)
    return words
