"""Numbering: records that waited get their place in their subject's chain and in the log. Pure."""

from collections.abc import Mapping, Sequence

from dspace_core.calendar import legal_day
from dspace_core.crypto import SubjectYear
from dspace_core.evidence.entry import compose
from dspace_core.evidence.keyring import HeldYear
from dspace_core.evidence.merkle import leaf_hash
from dspace_core.evidence.pending import subject_of
from dspace_core.evidence.record import Draft
from dspace_core.evidence.tables import ChainEnd, Numbered
from dspace_core.values import Subject, from_ms


def scope_of(draft: Draft) -> SubjectYear:
    """Under which year of which subject the record is sealed for good: the legal year of its instant."""
    return SubjectYear(subject_of(draft), legal_day(from_ms(draft.meta.at)).year)


def number(
    drafts: Sequence[Draft], start: int, ends: Mapping[Subject, ChainEnd], years: Mapping[SubjectYear, HeldYear]
) -> list[Numbered]:
    """The entries of the drafts, in their order, from position `start` of the log and behind the end of each chain."""
    chain = dict(ends)
    numbered = []
    for position, draft in enumerate(drafts, start):
        scope = scope_of(draft)
        end, year = chain.get(scope.subject), years[scope]
        seq, previous = (0, None) if end is None else (end.seq + 1, end.leaf_hash)
        entry = compose(draft.place(seq, previous), year.key)
        chain[scope.subject] = ChainEnd(seq, leaf_hash(entry.leaf))
        numbered.append(
            Numbered(
                entry=draft.meta.entry,
                subject=scope.subject,
                seq=seq,
                position=position,
                year=scope.year,
                generation=year.generation.number,
                sealed=entry.sealed,
                leaf=entry.leaf,
            )
        )
    return numbered
