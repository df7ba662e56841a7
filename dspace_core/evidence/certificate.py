"""What is written of an erasure: the lines of the file that no restore takes back, and the certificate for the person."""

from datetime import datetime, timedelta
from enum import Enum

import msgspec

from dspace_core.crypto import SubjectCase, SubjectIdentity, SubjectYear
from dspace_core.errors import Text
from dspace_core.evidence.keyring import KEPT, REMEMBERED
from dspace_core.evidence.pending import Receipt
from dspace_core.evidence.record import Act, Actor, Draft, Event, Next, What, Who
from dspace_core.values import CaseId, EvidenceId, Subject, from_ms

_LAST_DAY_KEY = timedelta(days=1) + KEPT
"""A record of this moment was sealed under today's key first, which lives that long at least."""


class Kind(Enum):
    """What an erasure covers."""

    YEAR = "year"
    CASE = "case"
    IDENTITY = "identity"


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="line"):
    """One line of the file of erasures."""


class Erasure(Line, frozen=True, tag="erasure"):
    """Which key was destroyed, when, and under which id that is recorded."""

    kind: Kind
    subject: Subject
    entry: EvidenceId
    act: EvidenceId
    at: int
    year: int = 0
    generation: int = 0
    case: CaseId | None = None

    @property
    def scope(self) -> SubjectYear | SubjectCase | SubjectIdentity:
        """Whose key it is."""
        if self.kind is Kind.YEAR:
            return SubjectYear(self.subject, self.year)
        return SubjectIdentity(self.subject) if self.case is None else SubjectCase(self.subject, self.case)

    def draft(self) -> Draft:
        """What is recorded of it, in the subject's own chain."""
        what = What(item="evidence.year", count=self.year, version=self.generation)
        return Draft(
            who=Who(actor=Actor.SYSTEM, subject=self.subject),
            what=what if self.kind is Kind.YEAR else What(item=self.kind.value),
            next=Next(case=self.case),
            meta=Event(kind=Act.KEY_ERASED, entry=self.entry, act=self.act, at=self.at),
        )

    @property
    def earliest(self) -> datetime:
        """Before this moment it is not clear: a process remembers what it opened, a day key lives its time."""
        return from_ms(self.at) + (_LAST_DAY_KEY if self.kind is Kind.YEAR else REMEMBERED)


class Cleared(Line, frozen=True, tag="cleared"):
    """That no file of the keys cluster holds the key of the erasure `entry` any more, and since when that is known."""

    entry: EvidenceId
    at: int


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What the person gets: what was erased, since when it is out of use, and when the last backup of the key expires."""

    kind: Kind
    subject: Subject
    year: int | None
    case: CaseId | None
    covers: int | None
    """The last entry of the chain that cannot be read any more; None where no numbered entry was sealed under the key."""
    erased_at: datetime
    cleared_at: datetime | None
    """When it was seen that neither the tables nor the WAL of the keys cluster hold the key; None: not yet."""
    complete_at: datetime | None
    """When the last backup made before that expires; None while `cleared_at` is."""
    earliest: datetime
    """Before this moment it cannot be complete."""
    receipt: Receipt

    @property
    def says(self) -> Text:
        """The claim in words. It says nothing about backups that were kept for longer than the setting says."""
        if self.cleared_at is None or self.complete_at is None:
            return Text(
                f"密钥已于 {self.erased_at.isoformat()} 停用; 其字节尚未确认从密钥库的文件和预写日志中清除, "
                f"最早于 {self.earliest.isoformat()} 完成; 请届时再次索取证明",
                f"the key is out of use since {self.erased_at.isoformat()}; it is not yet confirmed that its bytes left the "
                f"files and the WAL of the keys cluster; complete at {self.earliest.isoformat()} at the earliest; ask for "
                "the certificate again then",
            )
        return Text(
            f"密钥已于 {self.erased_at.isoformat()} 停用, {self.cleared_at.isoformat()} 确认密钥库的文件和预写日志中"
            f"不再有其字节; 此前所作的备份最晚于 {self.complete_at.isoformat()} 到期",
            f"the key is out of use since {self.erased_at.isoformat()}; since {self.cleared_at.isoformat()} neither the "
            f"files nor the WAL of the keys cluster hold its bytes; the last backup made before expires by "
            f"{self.complete_at.isoformat()}",
        )
