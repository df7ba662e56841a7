"""Copies of grants and duties in this process, for the first, advisory decision only. They authorise nothing."""

from collections import OrderedDict
from uuid import UUID

from dspace_core.gate import duty_tables
from dspace_core.gate.duty_tables import Duty
from dspace_core.grants import Grant, find
from dspace_core.stores import Pool
from dspace_core.values import GrantId, Subject

KEPT = 10_000


class Copies:
    """Grants as they were when they were last read. An old one is read again before it is the reason of a refusal."""

    def __init__(self, db: Pool) -> None:
        self._db = db
        self._grants: OrderedDict[tuple[Subject, GrantId], Grant] = OrderedDict()
        self._duties: tuple[Duty, ...] = ()

    def known(self, subject: Subject, grant: GrantId) -> Grant | None:
        """The copy, if there is one."""
        return self._grants.get((subject, grant))

    async def read(self, subject: Subject, grant: GrantId) -> Grant | None:
        """The grant as it stands now, kept as the copy."""
        found = await find(self._db, subject, grant)
        self._grants.pop((subject, grant), None)
        if found is not None:
            self._grants[subject, grant] = found
            if len(self._grants) > KEPT:
                self._grants.popitem(last=False)
        return found

    def stopped(self, subject: Subject, basis: UUID) -> None:
        """Forget what was stopped: it is read again when it is asked for."""
        self._grants.pop((subject, GrantId(basis)), None)
        if any(duty.id == basis for duty in self._duties):
            self._duties = ()

    def lost(self) -> None:
        """Forget all: stops may have been missed."""
        self._grants.clear()
        self._duties = ()

    @property
    def duties(self) -> tuple[Duty, ...]:
        """The duties as they were last read."""
        return self._duties

    async def read_duties(self) -> tuple[Duty, ...]:
        """The duties that are in force now, kept as the copy."""
        self._duties = await duty_tables.in_force(self._db)
        return self._duties
