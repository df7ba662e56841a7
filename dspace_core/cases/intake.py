"""Taking in (收件): what one tap begins with, and what it does.

`prepare` renders the notice; `file` approves it, lets the scenario decide on released data, and stores the case. Each
step is keyed by ids that were made before the first, so whatever dies on the way, a retry ends with one grant for each
offer and one case.
"""

import msgspec

from dspace_core import grants
from dspace_core.calendar import legal_day
from dspace_core.cases import attempt_tables, keys, tables
from dspace_core.cases.attempt_tables import Attempt, Key
from dspace_core.cases.attempts import Attempts
from dspace_core.cases.closure import Closure
from dspace_core.cases.consulting import Consultation, Matter
from dspace_core.cases.keys import CaseKey
from dspace_core.cases.means import Means
from dspace_core.cases.model import Content, Filed, Filing, Minted, Receipt
from dspace_core.cases.offers import needs_consent, offers_for, served_by
from dspace_core.cases.refusals import (
    AlreadyFiled,
    AnswerGone,
    KeyReused,
    NoticeNeeded,
    NoticeUnfit,
)
from dspace_core.cases.storing import Deposit, deposit
from dspace_core.catalog import ServiceItem
from dspace_core.evidence.ledger_refusals import KeyErased
from dspace_core.evidence.trail import receipt
from dspace_core.gate import recorder
from dspace_core.grants import Approved, Notice, NoticeId, StoredNotice, Voice
from dspace_core.grants.refusals import NoticeUnknown
from dspace_core.grants.tables import take_notice
from dspace_core.points import Point, reached
from dspace_core.stores import transaction
from dspace_core.values import CaseId, EvidenceId, GrantId, Subject, random_id

ROUTE = "cases"
"""The route of a filing, beside which an idempotency key may be used for something else."""
_VOICE = Voice()


class Prepared(msgspec.Struct, frozen=True):
    """The beginning of a tap: the case to file, and what has to be agreed to; None where nothing has."""

    case: CaseId
    notice: Notice | None


class Intake:
    """Takes in cases. One for each process."""

    def __init__(self, means: Means, closure: Closure | None = None) -> None:
        """`closure` closes a decided case before its filing is answered; without one that is left to a sweep."""
        self._means = means
        self._closure = closure
        self._attest = recorder(means.keyring)
        self._attempts = Attempts(means.db, means.lease)

    async def prepare(self, subject: Subject, item: str, voice: Voice = _VOICE) -> Prepared:
        """Mint a case of a service item for a subject, and render and store the notice that it needs.

        Raises EditionUnknown, ItemUnknown, ItemUnserved, ContactMissing, OfferMalformed.
        """
        now = self._means.keyring.clock()
        edition = self._means.catalogue().on(legal_day(now))
        case = CaseId(random_id())
        offers = offers_for(edition, edition.item(item), case, self._means.contacts)
        if not offers:
            return Prepared(case, None)
        async with transaction(self._means.db) as db:
            return Prepared(case, await grants.issue(db, subject, NoticeId(random_id()), offers, now, voice=voice))

    async def file(self, filing: Filing) -> Filed:
        """File a case, once for each idempotency key; a repeat gets the first answer.

        A refusal writes no case and no answer: the same filing may come again under its key, another needs its own.
        Raises KeyReused, InProgress, AnswerGone, AlreadyFiled; ItemUnknown, ItemUnserved, NoticeNeeded, NoticeUnfit;
        what `grants.approve` refuses; NeedsInput, AnswerUnasked, FormUnfit, and what the scenario or
        the gate refuses with; the reason why a grant is no longer live; and the stores' refusals.
        """
        key = Key.of(filing.subject, filing.client, ROUTE, filing.key)
        known = await attempt_tables.find(self._means.db, key)
        if known is not None and known.case != filing.case:
            raise KeyReused
        if known is None:
            await self._enter(key, filing)
        case_key = await self._key(filing)
        while True:
            attempt = await self._attempts.claim(key, case_key.body(filing))
            if attempt.answer is not None:
                filed: Filed | None = case_key.open_answer(key.digest, attempt.answer)
            else:
                filed = await self._attempt(key, filing, attempt, case_key)
            if filed is not None:
                if self._closure is not None:
                    await self._closure.tried(filing.subject, filing.case)
                return filed

    async def _key(self, filing: Filing) -> CaseKey:
        try:
            return await keys.make(self._means.keyring, filing.subject, filing.case)
        except KeyErased:
            raise AnswerGone from None

    async def _stands(self, filing: Filing) -> bool:
        return await tables.stands(self._means.db, filing.subject, filing.case)

    async def _enter(self, key: Key, filing: Filing) -> None:
        """Enter the filing under its key, with the ids of all that it will write. Whoever entered it first stands.

        A case that was tried before under another key keeps the ids of its grants: its notice was approved under them.
        """
        now = self._means.keyring.clock()
        edition = self._means.catalogue().on(legal_day(now))
        item = edition.item(filing.item)
        plugin = served_by(item)
        if await self._stands(filing):
            if await attempt_tables.find(self._means.db, key) is None:
                raise AlreadyFiled
            return  # a twin was here and is through already
        if filing.notice is None and needs_consent(item):
            raise NoticeNeeded
        async with transaction(self._means.db) as db:
            # Locked: of two keys for one case, the second finds the ids of the first.
            notice = None if filing.notice is None else await take_notice(db, filing.subject, filing.notice)
            if filing.notice is not None:
                _check_notice(notice, filing, item, plugin)
            offers = 0 if notice is None else len(notice.terms)
            before = await attempt_tables.first_of(db, filing.subject, filing.case, offers)
            case_key = await self._key(filing)
            attempt = Attempt(
                case=filing.case,
                process=None,
                body=case_key.body(filing),
                edition=edition.number,
                started_at=now,
                minted=_mint(offers) if before is None else before.minted,
            )
            await attempt_tables.add(db, key, attempt)

    async def _attempt(self, key: Key, filing: Filing, attempt: Attempt, case_key: CaseKey) -> Filed | None:
        """Work on a filing that is ours; nothing if it was taken over meanwhile."""
        assert attempt.process is not None  # noqa: S101  (it is ours)
        try:
            filed = await self._work(key, filing, attempt, case_key)
        except BaseException:
            await self._attempts.give_up(key, attempt.process)
            raise
        self._attempts.done(key)
        return filed

    async def _work(self, key: Key, filing: Filing, attempt: Attempt, case_key: CaseKey) -> Filed | None:
        if await self._stands(filing):
            raise AlreadyFiled
        edition = self._means.catalogue().edition(attempt.edition)
        item = edition.item(filing.item)
        plugin = served_by(item)
        approved = await self._approve(filing, attempt.minted)
        matter = Matter(
            subject=filing.subject,
            case=filing.case,
            plugin=plugin,
            edition=edition.number,
            item=filing.item,
            grants=tuple(grant.id for grant in approved.grants),
            accepted=legal_day(attempt.started_at),
            answers=filing.answers,
        )
        consultation = Consultation(self._means, matter, case_key)
        form = await consultation.form()
        outcome = await consultation.outcome()
        receipts = [await self._receipt(filing.subject, one) for one in approved.receipts]
        made = Deposit(
            key=key,
            filing=filing,
            attempt=attempt,
            item=item,
            matter=matter,
            content=Content(form=form, answers=filing.answers, outcome=outcome),
            receipts=tuple(receipts),
        )
        return await deposit(self._means, self._attempts, made, case_key)

    async def _approve(self, filing: Filing, minted: Minted) -> Approved:
        """Approve the notice under the minted ids, or find that it was."""
        if filing.notice is None:
            return Approved((), ())
        approval = grants.Approval(
            subject=filing.subject,
            notice=filing.notice,
            acts=filing.acts,
            declined=filing.declined,
            act=minted.act,
            minted=tuple(grants.Minted(grant, evidence) for grant, evidence in minted.grants),
        )
        async with transaction(self._means.db) as db:
            approved = await grants.approve(db, approval, self._means.keyring.clock(), self._attest)
            reached(Point.GRANT)
        return approved

    async def _receipt(self, subject: Subject, found: grants.Receipt) -> Receipt:
        """The receipt of an approval, also of one that an earlier attempt recorded."""
        if found.digest is not None:
            return Receipt(found.evidence, found.digest)
        known = await receipt(self._means.db, self._means.keyring, subject, found.evidence)
        return Receipt(known.evidence_id, known.digest)


def _check_notice(notice: StoredNotice | None, filing: Filing, item: ServiceItem, plugin: str) -> None:
    """(1) it is the subject's  (2) each of its offers is of this case, this item in its version, and this plugin."""
    if notice is None:  # 1
        raise NoticeUnknown
    wanted = (filing.case, filing.item, item.version, plugin)
    offers = [terms.offer for terms in notice.terms]
    if any((offer.case, offer.item, offer.item_version, offer.plugin) != wanted for offer in offers):  # 2
        raise NoticeUnfit


def _mint(offers: int) -> Minted:
    return Minted(
        act=random_id(),
        grants=tuple((GrantId(random_id()), EvidenceId(random_id())) for _ in range(offers)),
        filed=EvidenceId(random_id()),
        decided=EvidenceId(random_id()),
    )
