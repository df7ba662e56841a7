"""The port to a source: whoever holds data of authorities answers this, and only the gate asks it (article 1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from dspace_core.catalog import DataCategory
from dspace_core.identifiers import SubjectId
from dspace_core.sources.datum import TrustedDatum


class DataSource(Protocol):
    """One authority's data. `at` is the instant of asking by the injected clock, never a clock of the source's own."""

    async def fetch(
        self, who: SubjectId, category: DataCategory, fields: frozenset[str], at: datetime
    ) -> Mapping[str, TrustedDatum]:
        """The asked fields of the subject's record, and no other. A field of which the record says nothing is left out.

        A yes-or-no field is computed at the source. Raises SourceFieldUnknown, AnswerOnly, SourceUnavailable,
        SourceStale, NoRecord, RecordAmbiguous, AnswerUnfit.
        """
        ...

    async def predicate(self, who: SubjectId, category: DataCategory, field: str, at: datetime) -> TrustedDatum:
        """The answer to one yes-or-no field; its value never leaves the source.

        Refuses as `fetch` does, a field that is a value with SourceFieldUnknown, and an answer that the source cannot
        give, because the record says nothing, with NoRecord.
        """
        ...

    async def freshness(self, category: DataCategory) -> datetime:
        """Up to which instant the source states that it is complete. Raises SourceUnavailable, SourceStale."""
        ...
