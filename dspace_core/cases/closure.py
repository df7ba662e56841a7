"""Closing (办结): what follows a decision or a withdrawal, until no grant of the case is live.

Each step may be repeated, so whoever dies on the way is followed by anybody: the same filing, or the sweep.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from dspace_core import grants
from dspace_core.cases import keys, states, tables
from dspace_core.cases.consulting import Consultation, Matter
from dspace_core.cases.keys import CaseKey
from dspace_core.cases.means import Means
from dspace_core.cases.model import Case, Content
from dspace_core.cases.records import Entry, case_draft
from dspace_core.cases.states import DECIDED, By, State
from dspace_core.cases.tables import Row
from dspace_core.errors import Refusal
from dspace_core.evidence import Act
from dspace_core.evidence.pending import attest
from dspace_core.scenario import Settlement
from dspace_core.stores import transaction
from dspace_core.values import CaseId, EvidenceId, Subject, random_id, utc

_log = logging.getLogger("dspace.cases")
_AT_ONCE = 500
_FIRST = (Subject(UUID(int=0)), CaseId(UUID(int=0)))


class Closure:
    """Brings cases that are over to their end."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def finish(self, subject: Subject, case: CaseId) -> None:
        """Settle a decided case, end its grants and close it; end the grants of a withdrawn one. Else do nothing.

        Raises what the scenario, the gate or the database refuses with; call it again.
        """
        row = await tables.find(self._means.db, subject, case)
        if row is None or row.case.released or row.case.state not in DECIDED | {State.WITHDRAWN}:
            return
        key = await keys.held(self._means.keyring, subject, case)
        if row.case.state in DECIDED and key is not None:
            await self._settle(row, key)
        await self._end_grants(row.case)
        if row.case.state is State.WITHDRAWN:
            await tables.release(self._means.db, subject, case)
        else:
            await self._close(subject, case, key)

    async def finish_waiting(self, longer_than: timedelta = timedelta(0)) -> int:
        """Finish cases that have waited for longer than this; answer how many are now. One that cannot be keeps no other
        back."""
        done, after, by = 0, _FIRST, self._means.keyring.clock() - longer_than
        while waiting := await tables.unfinished(self._means.db, after, _AT_ONCE, by):
            for subject, case in waiting:
                done += await self.tried(subject, case)
            after = waiting[-1]
        return done

    async def tried(self, subject: Subject, case: CaseId) -> bool:
        """Finish a case if it can be now; answer whether.

        Whatever keeps it, also a fault: the filing that it follows is answered, and other cases wait behind it.
        """
        try:
            await self.finish(subject, case)
        except Refusal as no:
            _log.warning("a case could not be finished (%s)", no.code)
            return False
        except Exception as fault:  # noqa: BLE001
            _log.error("a case could not be finished (%s)", type(fault).__name__)
            return False
        return True

    async def _settle(self, row: Row, key: CaseKey) -> None:
        """Ask the scenario what follows, once, and keep it: what came first, and nothing once the data was stopped."""
        subject, case = row.case.subject, row.case.id
        content = key.open_content(row.sealed)
        if content.settlement is not None:
            return
        settlement = await self._settlement(row.case, content, key)
        async with transaction(self._means.db) as db:
            now = await tables.take(db, subject, case)
            if now is None or now.case.state not in DECIDED:
                return
            content = key.open_content(now.sealed)
            if content.settlement is not None:
                return
            held = await grants.lock_live(db, [(subject, grant) for grant in row.case.grants])
            if not _all_live(row.case, [one.state for one in held.values()]):
                settlement = Settlement()  # whatever the scenario said meanwhile (design 12.6)
            settled = msgspec.structs.replace(content, settlement=settlement)
            await tables.save(db, Row(now.case, key.seal_content(settled)))

    async def _settlement(self, case: Case, content: Content, key: CaseKey) -> Settlement:
        held = [await grants.find(self._means.db, case.subject, grant) for grant in case.grants]
        if not _all_live(case, [grant.state for grant in held if grant is not None]):
            return Settlement()  # the person stopped the data: the decision stands, and nothing more is asked
        matter = Matter(
            subject=case.subject,
            case=case.id,
            plugin=case.plugin,
            edition=case.edition,
            item=case.item,
            grants=case.grants,
            accepted=case.course.accepted,
            answers=content.answers,
        )
        return await Consultation(self._means, matter, key).settlement(content.outcome)

    async def _end_grants(self, case: Case) -> None:
        for grant in case.grants:
            change = grants.Change(
                subject=case.subject,
                grant=grant,
                by=grants.By.SYSTEM,
                at=self._means.keyring.clock(),
                evidence=EvidenceId(random_id()),
                act=random_id(),
            )
            await self._means.gate.end(change)

    async def _close(self, subject: Subject, case: CaseId, key: CaseKey | None) -> None:
        """Close a decided case whose grants are ended; whoever comes second finds it closed."""
        async with transaction(self._means.db) as db:
            row = await tables.take(db, subject, case)
            if row is None or row.case.state not in DECIDED:
                return
            entry = Entry(
                kind=Act.CASE_CLOSED,
                by=By.SYSTEM,
                at=self._means.keyring.clock(),
                evidence=EvidenceId(random_id()),
                act=random_id(),
            )
            closed = msgspec.structs.replace(
                row.case,
                state=states.after(row.case.state, states.Act.CLOSE, By.SYSTEM),
                changed_at=utc(entry.at),
                released=True,
                evidence=entry.evidence,
            )
            await tables.save(db, Row(closed, row.sealed))
            digest = None if key is None else key.digest(key.open_content(row.sealed))
            await attest(db, case_draft(closed, entry, digest), self._means.keyring)


def _all_live(case: Case, states: Sequence[grants.State]) -> bool:
    """Whether each grant that the case rests on was found, and is live."""
    return len(states) == len(case.grants) and all(state is grants.State.LIVE for state in states)
