"""Numbering alone: whatever waits, each chain goes on gap-free from its end, and each entry opens under its year."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from dspace_core.crypto import Secret, SubjectYear, YearKey
from dspace_core.evidence import Act, Actor, Draft, Event, Who, leaf_hash, open_entry, unpack
from dspace_core.evidence.key_tables import Generation
from dspace_core.evidence.keyring import HeldYear
from dspace_core.evidence.numbering import number, scope_of
from dspace_core.evidence.pending import SYSTEM, draft_digest, draft_of
from dspace_core.evidence.tables import ChainEnd
from dspace_core.values import EvidenceId, Subject, random_id, to_ms

SUBJECTS = [SYSTEM, *(Subject(UUID(int=1 + each)) for each in range(3))]
INSTANTS = [datetime(2026, 12, 31, 15, 59, tzinfo=UTC), datetime(2026, 12, 31, 16, 0, tzinfo=UTC)]
"""The last minute of the legal year 2026 and the first of 2027."""
acts = st.lists(st.tuples(st.sampled_from(SUBJECTS), st.sampled_from(INSTANTS)), max_size=20)
ends = st.dictionaries(
    st.sampled_from(SUBJECTS), st.builds(ChainEnd, st.integers(0, 2**40), st.binary(min_size=32, max_size=32))
)


def draft(subject: Subject, at: datetime) -> Draft:
    return Draft(
        who=Who(actor=Actor.SYSTEM, subject=None if subject == SYSTEM else subject),
        meta=Event(kind=Act.GAP, entry=EvidenceId(random_id()), act=random_id(), at=to_ms(at)),
    )


def held(scope: SubjectYear) -> HeldYear:
    key = YearKey(Secret(scope.subject.bytes + scope.year.to_bytes(16, "big")))
    return HeldYear(Generation(scope, 3), key)


@given(acts, ends, st.integers(0, 2**40))
def test_every_chain_goes_on_from_its_end(
    drawn: list[tuple[Subject, datetime]], ends: dict[Subject, ChainEnd], start: int
) -> None:
    drafts = [draft(subject, at) for subject, at in drawn]
    years = {scope: held(scope) for scope in map(scope_of, drafts)}
    numbered = number(drafts, start, ends, years)
    assert [row.position for row in numbered] == list(range(start, start + len(drafts)))
    chain = dict(ends)
    for row, asked in zip(numbered, drafts, strict=True):
        end = chain.get(row.subject)
        scope = SubjectYear(row.subject, row.year)
        record = open_entry(row.entry, row.sealed, unpack(row.leaf), years[scope].key.entry(row.entry))
        assert row.seq == record.meta.seq == (0 if end is None else end.seq + 1)
        assert record.meta.previous == (None if end is None else end.leaf_hash.hex())
        assert draft_digest(draft_of(record)) == draft_digest(asked)
        assert (row.year, row.generation) == (2026 if asked.meta.at == to_ms(INSTANTS[0]) else 2027, 3)
        chain[row.subject] = ChainEnd(row.seq, leaf_hash(row.leaf))
