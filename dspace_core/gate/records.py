"""What is recorded of grants and of uses: ids, names of the catalogue, digests; never a value (article 9)."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from dspace_core.catalog import DataCategory, ServiceItem
from dspace_core.crypto import INTERNATIONAL
from dspace_core.evidence import Act, Actor, Draft, Event, Next, What, Who, Why
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.pending import Receipt as EvidenceReceipt
from dspace_core.evidence.pending import attest
from dspace_core.grants import ActKind, Attest, Attestation, By
from dspace_core.stores import Connection, Pool, transaction
from dspace_core.values import Basis, CaseId, DataLevel, EvidenceId, GrantId, Subject, UseId, random_id, to_ms

_ACTS = {
    ActKind.APPROVED: Act.GRANT_APPROVED,
    ActKind.AMENDED: Act.GRANT_AMENDED,
    ActKind.PAUSED: Act.GRANT_PAUSED,
    ActKind.RESUMED: Act.GRANT_RESUMED,
    ActKind.WITHDRAWN: Act.GRANT_WITHDRAWN,
    ActKind.REVOKED: Act.GRANT_REVOKED,
    ActKind.ENDED: Act.GRANT_ENDED,
}
_OPAQUE = "TE"
_ACTORS = {By.SUBJECT: Actor.SUBJECT, By.STAFF: Actor.STAFF, By.SYSTEM: Actor.SYSTEM}


def service_code(item: str) -> str | None:
    """How a record names a service item. None for the code of a guide: what it consists of is not fixed, so a record
    has no place for it, and the case or the grant says which item it was."""
    return None if item.startswith(_OPAQUE) else item


def purpose_digest(purpose: str) -> str:
    """How a record names a purpose: the digest of the catalogue's sentence, which anybody can compute again."""
    return INTERNATIONAL.hash.digest(purpose.encode()).hex()


def recorder(keyring: Keyring) -> Attest:
    """Records acts on grants as evidence, in the transaction of the act."""

    async def record(db: Connection, act: Attestation) -> str:
        return (await attest(db, grant_draft(act), keyring)).digest

    return record


def durably(db: Pool, keyring: Keyring) -> Callable[[Draft], Awaitable[EvidenceReceipt]]:
    """Records acts in a transaction of their own: what rests on nothing else that is written."""

    async def record(draft: Draft) -> EvidenceReceipt:
        async with transaction(db) as connection:
            return await attest(connection, draft, keyring)

    return record


def grant_draft(act: Attestation) -> Draft:
    """What is recorded of an act on a grant: its terms as the act leaves them."""
    grant = act.grant
    end = grant.period.end
    return Draft(
        who=Who(actor=_ACTORS[act.by], subject=grant.subject, plugin=grant.plugin),
        what=What(fields=tuple(sorted(grant.fields)), version=grant.version),
        why=Why(
            basis=Basis.GRANT,
            grant=grant.id,
            purpose=purpose_digest(grant.purpose),
            notice=None if act.notice_digest is None else act.notice_digest.hex(),
            until=None if end is None else to_ms(end),
            uses=grant.uses_left,
        ),
        next=Next(recipient=grant.recipient, case=grant.case, service=service_code(grant.item)),
        meta=Event(kind=_ACTS[act.kind], entry=act.entry, act=act.act, at=to_ms(act.at)),
    )


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """What every record of a use says, whatever its basis."""

    subject: Subject
    plugin: str
    item: ServiceItem
    case: CaseId
    category: DataCategory
    fields: frozenset[str]
    purpose: str
    use: UseId
    entry: EvidenceId


def use_draft(matter: Matter, why: Why, kind: Act, at: datetime) -> Draft:
    """What is recorded of a use before it is released."""
    return Draft(
        who=Who(actor=Actor.PLUGIN, subject=matter.subject, plugin=matter.plugin, authority=matter.item.authority),
        what=_what(matter.category, matter.fields),
        why=why,
        next=Next(recipient=matter.item.authority, case=matter.case, service=service_code(matter.item.code.value)),
        meta=Event(
            kind=kind,
            entry=matter.entry,
            act=matter.use,
            at=to_ms(at),
            use=matter.use,
            source=matter.category.source,
        ),
    )


def by_grant(grant: GrantId, purpose: str) -> Why:
    """The ground of a use under a grant."""
    return Why(basis=Basis.GRANT, grant=grant, purpose=purpose_digest(purpose))


def by_duty(duty: UUID, purpose: str) -> Why:
    """The ground of a use by duty."""
    return Why(basis=Basis.STATUTORY_DUTY, duty=duty, purpose=purpose_digest(purpose))


def access_draft(subject: Subject, session: UUID, category: DataCategory, fields: Iterable[str], at: datetime) -> Draft:
    """What is recorded when a person looks at their own data; `session` joins what was shown in one."""
    return Draft(
        who=Who(actor=Actor.SUBJECT, subject=subject),
        what=_what(category, frozenset(fields)),
        why=Why(basis=Basis.SUBJECT_ACCESS),
        meta=Event(
            kind=Act.SUBJECT_ACCESS,
            entry=EvidenceId(random_id()),
            act=session,
            at=to_ms(at),
            source=category.source,
        ),
    )


def _what(category: DataCategory, fields: frozenset[str]) -> What:
    known = [field for field in category.fields if field.id in fields]
    return What(
        item=category.id,
        fields=tuple(sorted(fields)),
        level=max((field.level for field in known), default=DataLevel.L1),
        predicate=bool(known) and all(field.predicate is not None for field in known),
    )
