"""Uses whose authority is asked over HTTP: the bank of a space is a department's service, everybody else a database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from dspace_core.errors import Refusal
from dspace_core.evidence import Act, Draft
from dspace_core.evidence.pending import open_pending
from dspace_core.evidence.tables import Pending
from dspace_core.sources.endpoint import Endpoint
from dspace_core.sources.http_source import open_http_source
from dspace_core.testing.claims import IDENTITY, Claim, Sent, claim
from dspace_core.testing.department import Conduct
from dspace_core.testing.department import Department as Service
from dspace_core.testing.registers import views_of
from dspace_core.testing.space import ScratchSpace, SpaceProcess
from dspace_core.translation import Department
from dspace_core.values import EvidenceId, Subject


@pytest.fixture
async def bank(space: ScratchSpace) -> AsyncIterator[Service]:
    async with Service(views_of(space.registers), datetime.now(UTC)) as service:
        yield service


@pytest.fixture
async def served(space: ScratchSpace, bank: Service) -> AsyncIterator[SpaceProcess]:
    source = await open_http_source("bank", Endpoint(origin=bank.origin), Department())
    try:
        async with space.process(served={"bank": source}) as running:
            yield running
    finally:
        await source.close()


async def recorded(process: SpaceProcess, subject: Subject) -> list[Draft]:
    rows = await process.session.db.fetch(
        "SELECT evidence_id, subject_id, day, sealed FROM evidence_pending WHERE subject_id = $1 ORDER BY inserted_at",
        subject,
    )
    pending = [Pending(EvidenceId(row[0]), Subject(row[1]), row[2], row[3]) for row in rows]
    return [open_pending(row, await process.session.keyring.day(row.day)) for row in pending]


async def left(process: SpaceProcess, claimed: Claim) -> object:
    return await process.session.db.fetchval("SELECT uses_left FROM grants WHERE grant_id = $1", claimed.grant.id)


async def refused(process: SpaceProcess, claimed: Claim) -> str:
    sent = Sent()
    with pytest.raises(Refusal) as no:
        await process.gate.use(claimed.wants(), sent)
    assert sent.values == []
    return no.value.code


async def test_what_a_department_says_goes_out_under_the_grant(
    space: ScratchSpace, served: SpaceProcess, bank: Service
) -> None:
    person = space.claimants()[0]
    claimed, sent = await claim(served, person, uses=1), Sent()
    out = await served.gate.use(claimed.wants(), sent)
    row = views_of(space.registers)["bank.account"][person]
    assert sent.values == [
        {name: row[name] for name in ("account_no", "holder_name", "bank_name")} | {"account_active": True}
    ]
    (draft,) = [one for one in await recorded(served, claimed.subject) if one.meta.entry == out.evidence]
    assert (draft.meta.kind, draft.meta.source) == (Act.USE_RELEASED, "bank")
    assert await left(served, claimed) == 0
    assert len(bank.seen) == 1


async def test_the_other_authorities_are_asked_as_before(space: ScratchSpace, served: SpaceProcess) -> None:
    claimed, sent = await claim(served, space.claimants()[1]), Sent()
    await served.gate.use(claimed.wants(IDENTITY), sent)
    assert len(sent.values) == 1


@pytest.mark.parametrize(
    ("conduct", "code"),
    [
        (None, "source.unavailable"),
        (Conduct.FAILS, "source.unavailable"),
        (Conduct.OTHER_SUBJECT, "source.answer_unfit"),
        (Conduct.STALE, "source.stale"),
        (Conduct.TWO_RECORDS, "source.ambiguous"),
        (Conduct.NO_RECORD, "source.no_record"),
    ],
    ids=["DOWN", "FAILS", "OTHER_SUBJECT", "STALE", "TWO_RECORDS", "NO_RECORD"],
)
async def test_what_a_department_does_not_give_is_recorded_as_refused_and_takes_nothing_from_the_budget(
    space: ScratchSpace, served: SpaceProcess, bank: Service, conduct: Conduct | None, code: str
) -> None:
    claimed = await claim(served, space.claimants()[2], uses=1)
    if conduct is None:
        await bank.close()
    else:
        bank.always = conduct
    assert await refused(served, claimed) == code
    assert await left(served, claimed) == 1
    ours = [one for one in await recorded(served, claimed.subject) if one.next.case == claimed.case]
    assert [one.why.refusal for one in ours if one.meta.kind is Act.USE_REFUSED] == [code]
    assert not [one for one in ours if one.meta.kind is Act.USE_RELEASED]


async def test_when_the_department_is_back_the_same_grant_is_used(
    space: ScratchSpace, served: SpaceProcess, bank: Service
) -> None:
    claimed, sent = await claim(served, space.claimants()[3], uses=1), Sent()
    await bank.close()
    assert await refused(served, claimed) == "source.unavailable"
    await bank.open()
    await served.gate.use(claimed.wants(), sent)
    assert len(sent.values) == 1
    assert await left(served, claimed) == 0
