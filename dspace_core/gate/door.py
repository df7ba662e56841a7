"""The gate: the only door through which a value of a data field leaves a source (article 1).

A use goes through it in one line: declared by the item, covered by its basis, fetched, stripped, admitted together with
its evidence, released. What is refused on the way is recorded, and nothing of it has left.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import lru_cache
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

import msgspec

from dspace_core.calendar import legal_day
from dspace_core.catalog import Catalogue, DataCategory
from dspace_core.crypto import Secret
from dspace_core.errors import Refusal
from dspace_core.evidence.coalesced import Coalesced, Refused
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.pending import SYSTEM, attest
from dspace_core.gate import duties, stops, tables
from dspace_core.gate.admitting import DutyUse, GrantedUse, admit_by_duty, admit_granted
from dspace_core.gate.copies import Copies
from dspace_core.gate.declaring import Declared, declared
from dspace_core.gate.duty_tables import Duty
from dspace_core.gate.lease import Lease, Ticket
from dspace_core.gate.records import Matter, access_draft, recorder
from dspace_core.gate.refusals import UNKNOWN, DutyMissing, FieldUnknown, SourceMissing
from dspace_core.gate.wanted import Release, Released, Wanted
from dspace_core.grants import (
    Admission,
    Allowed,
    AlreadyEnded,
    Amended,
    Change,
    Changed,
    Grant,
    Narrowing,
    NotLive,
    Redelivered,
    Withdrawn,
    amend,
    decide,
    end,
    pause,
    revoke,
    use_id,
    use_tables,
    withdraw,
)
from dspace_core.grants import Refused as NotCovered
from dspace_core.grants import Use as Intended
from dspace_core.grants.refusals import Exhausted, GrantChanged, GrantMissing
from dspace_core.identity.unsealing import documents_of
from dspace_core.points import Point, reached
from dspace_core.scenario import Use
from dspace_core.sources import Answer, DataSource
from dspace_core.stores import CommitLane, Connection, Ephemeral, Pool, transaction
from dspace_core.values import Basis, DataLevel, EvidenceId, Subject, UseId, random_id

_DECLARED = 4096
"""So many declared asks are remembered: more than the catalogue has."""
_log = logging.getLogger("dspace.gate")
Found = TypeVar("Found", bound=Withdrawn | Changed | AlreadyEnded | Amended)


class Stopping(msgspec.Struct, frozen=True):
    """A change of a grant after which nothing is released under its old terms, and how long that took."""

    change: Withdrawn | Changed | AlreadyEnded | Amended
    seconds: float
    """From the commit to the last acknowledgement. It is shown to the person."""


class Gate:
    """The gate of one process. Use it as an async context manager, inside that of its lease."""

    def __init__(
        self,
        db: Pool,
        lease: Lease,
        keyring: Keyring,
        *,
        catalogue: Callable[[], Catalogue],
        sources: Mapping[str, DataSource],
        refusals: Coalesced,
        use_key: Secret,
        ephemeral: Ephemeral | None = None,
    ) -> None:
        """`catalogue` answers the one in force; `sources` are by authority; `use_key` makes the ids of uses."""
        self._db = db
        self._lease = lease
        self._keyring = keyring
        self._clock = keyring.clock
        self._catalogue = catalogue
        self._sources = sources
        self._refusals = refusals
        self._use_key = use_key
        self._ephemeral = ephemeral
        self._copies = Copies(db)
        lease.tell(self._copies)
        self._attest = recorder(keyring)
        self._declared = lru_cache(_DECLARED)(self._read_catalogue)
        self._open = AsyncExitStack()
        self._standing: CommitLane[GrantedUse, Admission] = CommitLane(db, write=self._write_granted, key=_entry)
        self._budgeted: CommitLane[GrantedUse, Admission] = CommitLane(db, write=self._write_granted, key=_entry)
        self._by_duty: CommitLane[DutyUse, Admission] = CommitLane(db, write=self._write_by_duty, key=_entry)

    async def __aenter__(self) -> Self:
        for lane in (self._standing, self._budgeted):
            await self._open.enter_async_context(lane)
        await self._open.enter_async_context(self._by_duty)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def use(self, wanted: Wanted, release: Release) -> Released:
        """Let a plugin use what it asks for, or refuse.

        (1) the item declares it  (2) this process may release  (3) the basis covers it, as far as this process knows
        (4) the source is asked  (5) all but the fields asked for is dropped  (6) the basis is held and the use written
        with its evidence  (7) it goes out, unless it was stopped meanwhile. Raises refusals of this room and of
        catalog, grants, sources, identity, stores; what `release` raises.
        """
        try:
            wanting = self._declared(wanted.edition, wanted.item, wanted.plugin, wanted.use)  # 1
            if wanting.basis is Basis.GRANT:
                return await self._under_grant(wanted, wanting, release)
            return await self._by_law(wanted, wanting, release)
        except Refusal as no:
            await self._record(wanted, no)
            raise

    async def advise(self, wanted: Wanted) -> Refusal | None:
        """Why a use would be refused now, as far as its basis goes; None if it would be covered.

        Authorises nothing, asks no source, and is not recorded.
        """
        try:
            wanting = self._declared(wanted.edition, wanted.item, wanted.plugin, wanted.use)
            if wanting.basis is Basis.GRANT:
                await self._covering(wanted, wanting)
            else:
                await self._covering_duty(wanted, wanting)
        except Refusal as no:
            return no
        return None

    async def show(
        self, subject: Subject, session: UUID, category: str, fields: frozenset[str], release: Release
    ) -> Released:
        """Show a person their own data (SUBJECT_ACCESS), in their own session and to nobody else.

        Raises FieldUnknown, LeaseLost, EvidenceStale, and what sources, identity and stores refuse with.
        """
        held = self._catalogue().on(legal_day(self._clock())).contents.categories.get(category)
        if held is None or not fields or not all(held.field(name) for name in fields):
            raise FieldUnknown(category=UNKNOWN if held is None else category)
        sensitive = any(field.level >= DataLevel.L3 for field in held.fields if field.id in fields)
        ticket = self._lease.enter(subject, session, sensitive=sensitive)
        try:
            value = await self._fetched(subject, held, fields)
            draft = access_draft(subject, session, held, fields, self._clock())
            async with transaction(self._db) as db:
                await attest(db, draft, self._keyring)
            stamp = await _send(ticket, value, release)
            return Released(draft.meta.entry, False, stamp)
        finally:
            ticket.leave()

    async def withdraw(self, change: Change) -> Stopping:
        """Withdraw a grant (撤回). When this returns, nothing is released under it any more (article 3).

        Calling it again waits again. Raises GrantMissing, MoveRefused, and what `stores` refuses with.
        """
        return await self._stopping(change, lambda db: withdraw(db, change, self._attest))

    async def pause(self, change: Change) -> Stopping:
        """Pause a grant; as `withdraw`."""
        return await self._stopping(change, lambda db: pause(db, change, self._attest))

    async def revoke(self, change: Change) -> Stopping:
        """Revoke a grant (撤销); as `withdraw`."""
        return await self._stopping(change, lambda db: revoke(db, change, self._attest))

    async def end(self, change: Change) -> Stopping:
        """End a grant with its case; as `withdraw`."""
        return await self._stopping(change, lambda db: end(db, change, self._attest))

    async def narrow(self, change: Change, narrower: Narrowing) -> Stopping:
        """Let a grant allow less; nothing that was admitted on its old terms goes out after this returns."""
        return await self._stopping(change, lambda db: amend(db, change, narrower, self._attest))

    async def settled(self, subject: Subject, basis: UUID) -> float:
        """Wait until no process releases anything under a basis that was stopped; answer the seconds it took.

        For a duty the subject is `SYSTEM`.
        """
        return await stops.settled(self._db, self._lease, self._ephemeral, subject, basis)

    # The ways of a use

    def _read_catalogue(self, edition: int, item: str, plugin: str, use: Use) -> Declared:
        """What an edition declares of an ask never changes."""
        return declared(self._catalogue().edition(edition), item, plugin, use)

    async def _under_grant(self, wanted: Wanted, wanting: Declared, release: Release) -> Released:
        grant = await self._covering(wanted, wanting)  # 3
        with self._entered(wanted.subject, grant.id, wanting) as ticket:  # 2
            value = await self._fetched(wanted.subject, wanting.category, wanted.use.fields)  # 4, 5
            matter = self._matter(wanted, wanting, grant.id)
            answer = await self._admitted(matter, grant)  # 6
            if isinstance(answer, NotLive) and answer.why is GrantChanged:  # the copy was old, not the ask wrong
                fresh = await self._copies.read(wanted.subject, grant.id)
                answer = await self._admitted(matter, _covers(wanted, wanting, [fresh], self._clock()))
            return await self._released(matter, answer, ticket, value, release)  # 7

    async def _by_law(self, wanted: Wanted, wanting: Declared, release: Release) -> Released:
        duty = await self._covering_duty(wanted, wanting)  # 3
        with self._entered(SYSTEM, duty.id, wanting) as ticket:  # 2
            value = await self._fetched(wanted.subject, wanting.category, wanted.use.fields)  # 4, 5
            matter = self._matter(wanted, wanting, duty.id)
            answer = await self._by_duty.submit(DutyUse(matter=matter, duty=duty.id))  # 6
            if isinstance(answer, NotLive):
                raise DutyMissing(category=wanted.use.item)
            return await self._released(matter, answer, ticket, value, release)  # 7

    async def _covering(self, wanted: Wanted, wanting: Declared) -> Grant:
        """The grant that covers the ask. What is refused on a copy is decided again on what stands now."""
        known = [self._copies.known(wanted.subject, grant) for grant in wanted.grants]
        with contextlib.suppress(Refusal):
            return _covers(wanted, wanting, known, self._clock())
        fresh = [await self._copies.read(wanted.subject, grant) for grant in wanted.grants]
        try:
            return _covers(wanted, wanting, fresh, self._clock())
        except Exhausted:
            return await self._counted(wanted, wanting, fresh)

    async def _counted(self, wanted: Wanted, wanting: Declared, fresh: Sequence[Grant | None]) -> Grant:
        """The grant whose budget this very use took from before: it is released again, and the budget is not asked
        (design 12.3). Whoever counted it may have died before anything went out. Raises as `_covers` does."""
        spent = [msgspec.structs.replace(grant, uses_left=1) for grant in fresh if grant is not None]
        keys = {(wanted.subject, self._use_id(wanted, grant.id)): grant for grant in spent}
        standing = await use_tables.standing(self._db, keys)
        return _covers(wanted, wanting, [keys[key] for key in keys if key in standing] or fresh, self._clock())

    async def _covering_duty(self, wanted: Wanted, wanting: Declared) -> Duty:
        """The duty that covers the ask. What the copies do not hold may have been registered since."""
        duty = self._duty(wanting, wanted, self._copies.duties)
        if duty is None:
            duty = self._duty(wanting, wanted, await self._copies.read_duties())
        if duty is None:
            raise DutyMissing(category=wanted.use.item)
        return duty

    def _duty(self, wanting: Declared, wanted: Wanted, registered: Sequence[Duty]) -> Duty | None:
        return duties.covering(
            registered,
            authority=wanting.item.authority,
            item=wanted.item,
            fields=wanting.keys,
            purpose=wanted.use.purpose,
            day=legal_day(self._clock()),
        )

    @contextlib.contextmanager
    def _entered(self, subject: Subject, basis: UUID, wanting: Declared) -> Iterator[Ticket]:
        ticket = self._lease.enter(subject, basis, sensitive=bool(wanting.sensitive))
        try:
            yield ticket
        finally:
            ticket.leave()

    async def _fetched(self, subject: Subject, category: DataCategory, fields: frozenset[str]) -> dict[str, Answer]:
        """Ask the source, and keep of its answer what was asked for."""
        source = self._sources.get(category.source)
        if source is None:
            raise SourceMissing(authority=category.source)
        known = await documents_of(self._db, self._keyring, subject)
        who = next((document for document in known if document.citizen_id is not None), known[0])
        found = await source.fetch(who, category, fields, self._clock())
        reached(Point.FETCH)
        return {name: datum.value for name, datum in found.items() if name in fields}

    async def _admitted(self, matter: Matter, grant: Grant) -> Admission:
        budgeted = grant.uses_left is not None
        lane = self._budgeted if budgeted else self._standing
        return await lane.submit(GrantedUse(matter=matter, grant=grant.id, version=grant.version, budgeted=budgeted))

    async def _write_granted(self, db: Connection, uses: Sequence[GrantedUse]) -> Sequence[Admission]:
        return await admit_granted(db, uses, self._keyring, self._clock())

    async def _write_by_duty(self, db: Connection, uses: Sequence[DutyUse]) -> Sequence[Admission]:
        return await admit_by_duty(db, uses, self._keyring, self._clock())

    async def _released(
        self, matter: Matter, answer: Admission, ticket: Ticket, value: dict[str, Answer], release: Release
    ) -> Released:
        if isinstance(answer, NotLive):
            raise answer.why()
        stamp = await _send(ticket, value, release)
        return Released(matter.entry, isinstance(answer, Redelivered), stamp)

    def _matter(self, wanted: Wanted, wanting: Declared, basis: UUID) -> Matter:
        return Matter(
            subject=wanted.subject,
            plugin=wanted.plugin,
            item=wanting.item,
            case=wanted.case,
            category=wanting.category,
            fields=wanted.use.fields,
            purpose=wanted.use.purpose,
            use=self._use_id(wanted, basis),
            entry=EvidenceId(random_id()),
        )

    def _use_id(self, wanted: Wanted, basis: UUID) -> UseId:
        return use_id(
            self._use_key,
            case=wanted.case,
            hook=wanted.hook,
            item=wanted.use.item,
            fields=wanted.use.fields,
            basis=basis,
        )

    # Refusals and stops

    async def _record(self, wanted: Wanted, no: Refusal) -> None:
        """Record a refusal. What cannot be recorded now is owed by `refusals`, and hides the refusal from nobody."""
        refused = Refused(subject=wanted.subject, plugin=wanted.plugin, case=wanted.case, reason=no.code)
        try:
            await self._refusals.refuse(refused)
        except Exception as error:  # noqa: BLE001
            _log.warning("a refusal (%s) could not be recorded (%s)", no.code, type(error).__name__)

    async def _stopping(self, change: Change, write: Callable[[Connection], Awaitable[Found]]) -> Stopping:
        """(1) the change, its evidence and the word to every process, in one transaction  (2) wait for all of them."""
        async with transaction(self._db) as db:
            done = await write(db)
            if not isinstance(done, AlreadyEnded):
                await tables.stop(db, change.subject, change.grant)
        return Stopping(done, await self.settled(change.subject, change.grant))


def _entry(use: GrantedUse | DutyUse) -> EvidenceId:
    """Each attempt is a row of the lane by itself: whether a use counts twice is for its own id to say."""
    return use.matter.entry


def _covers(wanted: Wanted, wanting: Declared, grants: Sequence[Grant | None], now: datetime) -> Grant:
    """The first grant that covers the ask. Raises what the one that came nearest refuses with."""
    nearest = NotCovered(1, GrantMissing)
    for grant in grants:
        found = decide(_intended(wanted, wanting), grant, now)
        if grant is not None and isinstance(found, Allowed):
            return grant
        if isinstance(found, NotCovered) and found.number > nearest.number:
            nearest = found
    raise nearest.why()


def _intended(wanted: Wanted, wanting: Declared) -> Intended:
    return Intended(
        subject=wanted.subject,
        plugin=wanted.plugin,
        item=wanted.item,
        item_version=wanting.item.version,
        fields=wanting.keys,
        declared=wanting.keys,
        sensitive=wanting.sensitive,
        purpose=wanted.use.purpose,
        case=wanted.case,
    )


async def _send(ticket: Ticket, value: object, release: Release) -> int:
    """Let the value out, if it may still go."""
    reached(Point.LEASE)
    ticket.sending()
    stamp = await release(value, ticket.check)
    reached(Point.RELEASE)
    return stamp
