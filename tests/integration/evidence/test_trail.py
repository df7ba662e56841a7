"""The trail: what waits and what stands on one page, how far it is gap-free, and proofs when they can be had."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from dspace_core.evidence import Draft, verify_bundle
from dspace_core.evidence.ledger_refusals import ChainBroken, EntryUnknown, NotNumbered
from dspace_core.evidence.pending import State, attest_all, draft_digest, draft_of
from dspace_core.evidence.record import Record
from dspace_core.evidence.tables import Waited
from dspace_core.evidence.trail import Closed, prove, read_page, receipt
from dspace_core.stores import transaction
from dspace_core.testing.ledger import ORIGIN, ScratchLedger, Session
from dspace_core.values import EvidenceId, Subject, random_id

Drafts = Callable[..., Draft]


async def record(app: Session, *drafts: Draft) -> None:
    async with transaction(app.db) as db:
        await attest_all(db, drafts, app.keyring)


async def number(clerk: Session) -> None:
    async with clerk.notary() as notary:
        while await notary.step():
            pass


async def test_a_page_holds_what_waits_and_what_stands(app: Session, clerk: Session, draft: Drafts) -> None:
    subject = Subject(random_id())
    first, second = draft(subject), draft(subject)
    await record(app, first, draft(Subject(random_id())))
    await number(clerk)
    await record(app, second)
    page = await read_page(app.db, app.keyring, subject)
    assert [(line.entry, line.state, line.seq) for line in page.lines] == [
        (second.meta.entry, State.RECORDED, None),
        (first.meta.entry, State.SIGNED, 0),
    ]
    assert page.lines[0].record == second
    assert isinstance(page.lines[1].record, Record)
    assert draft_of(page.lines[1].record) == first


async def test_pages_join_without_loss(app: Session, clerk: Session, draft: Drafts) -> None:
    subject = Subject(random_id())
    await record(app, *(draft(subject) for _ in range(25)))
    await number(clerk)
    seen, before = [], None
    while True:
        page = await read_page(app.db, app.keyring, subject, before=before, most=10)
        seen += [line.seq for line in page.lines]
        before = page.before
        if before is None:
            break
    assert seen == list(reversed(range(25)))


@pytest.mark.parametrize("most", [1, 5, 7, 12])
async def test_pages_hold_all_that_waits_however_much_it_is(
    app: Session, clerk: Session, draft: Drafts, most: int
) -> None:
    subject = Subject(random_id())
    acts = [draft(subject) for _ in range(19)]
    await record(app, *acts[:7])
    await number(clerk)
    for act in acts[7:]:
        await record(app, act)
    seen: list[EvidenceId] = []
    before: int | Waited | None = None
    while True:
        page = await read_page(app.db, app.keyring, subject, before=before, most=most)
        assert len(page.lines) <= most
        seen += [line.entry for line in page.lines]
        before = page.before
        if before is None:
            break
    assert seen == [act.meta.entry for act in reversed(acts)]


async def test_what_is_numbered_between_two_pages_is_on_one_of_them(
    app: Session, clerk: Session, draft: Drafts
) -> None:
    subject = Subject(random_id())
    acts = [draft(subject) for _ in range(6)]
    for act in acts:
        await record(app, act)
    first = await read_page(app.db, app.keyring, subject, most=3)
    await number(clerk)
    second = await read_page(app.db, app.keyring, subject, before=first.before, most=10)
    assert {line.entry for line in (*first.lines, *second.lines)} == {act.meta.entry for act in acts}


@pytest.mark.parametrize(
    ("change", "cluster"),
    [
        ("UPDATE evidence SET sealed = set_byte(sealed, 60, get_byte(sealed, 60) # 1) WHERE seq = 1", "main"),
        ("UPDATE evidence SET sealed = 'torn' WHERE seq = 1", "main"),
        ("UPDATE leaf SET leaf = set_byte(leaf, 0, 9) WHERE position = 1", "main"),
        ("UPDATE leaf SET leaf = set_byte(leaf, 1, 9) WHERE position = 1", "main"),
        ("UPDATE evidence_pending SET sealed = set_byte(sealed, 60, get_byte(sealed, 60) # 1)", "main"),
        (
            "UPDATE subject_year_key SET wrapped = set_byte(wrapped, 60, get_byte(wrapped, 60) # 1) WHERE year = 2031",
            "keys",
        ),
        (
            "UPDATE subject_year_key SET wrapped = set_byte(wrapped, 0, get_byte(wrapped, 0) # 1) WHERE year = 2031",
            "keys",
        ),
        ("DELETE FROM day_key", "keys"),
    ],
)
async def test_an_entry_that_does_not_open_is_marked_and_hides_no_other(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts, *, change: str, cluster: str
) -> None:
    """Entry 1 is the only one of its year, and the last that is numbered; another waits."""
    subject = Subject(random_id())
    acts = [draft(subject), draft(subject, datetime(2031, 3, 1, tzinfo=UTC)), draft(subject)]
    await record(app, *acts[:2])
    await number(clerk)
    await record(app, acts[2])
    async with ledger.session("migrate") as owner:
        await (owner.db if cluster == "main" else owner.keyring.keys).execute(change)
    async with ledger.session("app") as fresh:
        page = await read_page(fresh.db, fresh.keyring, subject)
    assert [line.entry for line in page.lines] == [act.meta.entry for act in reversed(acts)]
    closed = [line.closed for line in page.lines if line.record is None]
    assert closed == [Closed.UNREADABLE]
    assert page.lines[2].record is not None


async def test_gap_free_ends_where_the_signed_checkpoint_ends(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    subject = Subject(random_id())
    await record(app, *(draft(subject) for _ in range(3)))
    assert (await read_page(app.db, app.keyring, subject)).gap_free is None
    await number(clerk)
    async with ledger.session("migrate") as owner:
        await owner.db.execute("UPDATE log_head SET signed_size = 2")
    page = await read_page(app.db, app.keyring, subject)
    assert page.gap_free is not None
    assert (page.gap_free.to, page.gap_free.origin, page.gap_free.size) == (1, ORIGIN, 2)
    assert page.gap_free.says.en == f"gap-free to entry 1 at checkpoint {ORIGIN}, 2"
    assert page.lines[0].state is State.NUMBERED


async def test_a_missing_entry_ends_the_claim_and_is_found(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    subject = Subject(random_id())
    await record(app, *(draft(subject) for _ in range(4)))
    await number(clerk)
    async with ledger.session("migrate") as owner:
        await owner.db.execute("DELETE FROM evidence WHERE seq = 2")
    with pytest.raises(ChainBroken) as refused:
        await read_page(app.db, app.keyring, subject)
    assert (refused.value.code, refused.value.values) == ("evidence.chain_broken", {"seq": 3})
    page = await read_page(app.db, app.keyring, subject, before=2)
    assert page.gap_free is not None
    assert page.gap_free.to == 1


async def test_a_receipt_keeps_its_digest_in_every_state(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    subject = Subject(random_id())
    act = draft(subject)
    await record(app, act)
    states = [await receipt(app.db, app.keyring, subject, act.meta.entry)]
    await number(clerk)
    states.append(await receipt(app.db, app.keyring, subject, act.meta.entry))
    async with ledger.session("migrate") as owner:
        await owner.db.execute("UPDATE log_head SET signed_size = 0")
    states.append(await receipt(app.db, app.keyring, subject, act.meta.entry))
    assert [each.state for each in states] == [State.RECORDED, State.SIGNED, State.NUMBERED]
    assert {each.digest for each in states} == {draft_digest(act)}


async def test_a_proof_asked_too_early_says_when_to_come_again(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    subject = Subject(random_id())
    act = draft(subject)
    await record(app, act)
    with pytest.raises(NotNumbered) as refused:
        await prove(app.db, app.keyring, ledger.place / "logs", subject, act.meta.entry)
    assert (refused.value.code, refused.value.values) == ("evidence.not_numbered", {"retry_after": 1})
    await number(clerk)
    bundle = await prove(app.db, app.keyring, ledger.place / "logs", subject, act.meta.entry, show=["who", "meta"])
    verified = verify_bundle(bundle, [ledger.vkey()])
    assert (verified.who, verified.withheld) == (act.who, ("what", "why", "next"))


async def test_anothers_entry_is_unknown(ledger: ScratchLedger, app: Session, draft: Drafts) -> None:
    act = draft(Subject(random_id()))
    await record(app, act)
    for subject, entry in ((Subject(random_id()), act.meta.entry), (act.who.subject, EvidenceId(random_id()))):
        assert subject is not None
        with pytest.raises(EntryUnknown) as refused:
            await receipt(app.db, app.keyring, subject, entry)
        assert refused.value.code == "evidence.entry_unknown"
