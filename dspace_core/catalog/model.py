"""What the catalogue knows: authorities, categories with their fields, materials, and service items with their bases."""

from enum import Enum, IntEnum
from typing import Annotated

import msgspec

from dspace_core.calendar import Limit
from dspace_core.errors import Text
from dspace_core.identifiers import GuideCode, HandlingCode, ImplementationCode
from dspace_core.scenario import FieldName, ItemId, PluginId, Purpose
from dspace_core.values import Basis, DataLevel

AuthorityId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*\Z", max_length=40)]
"""The id of an authority or a publisher, such as `civil_affairs`."""
MaterialId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_.]*\Z", max_length=64)]
"""The id of a material, such as `household_book`."""
Relation = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*\Z", max_length=63)]
"""The name of a relation or column in an authority's database; PostgreSQL keeps 63 bytes."""

ItemCode = ImplementationCode | HandlingCode | GuideCode
"""What names a service item: an implementation, handling or guide code."""


class ShareAttribute(Enum):
    """How far a category may be shared (共享属性, State Council Order 809)."""

    UNCONDITIONAL = "unconditional"
    CONDITIONAL = "conditional"
    WITHHELD = "withheld"


class FieldType(Enum):
    """What a value of a field is. An amount of money is an integer of 分."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"


class TrustLevel(IntEnum):
    """How surely somebody was identified when logging in (可信等级): ordered, the fourth is the surest."""

    ONE = 1
    TWO = 2
    THREE = 3
    FOUR = 4


class Audience(Enum):
    """Whom an item serves (服务对象)."""

    NATURAL_PERSON = "natural_person"
    LEGAL_PERSON = "legal_person"
    UNINCORPORATED_ORG = "unincorporated_org"


class Necessity(Enum):
    """Whether a material must be there: 必要, 非必要, 容缺后补."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    DEFERRABLE = "deferrable"


class CommitmentExclusion(Enum):
    """Why an item may never rest on a promise in place of proof (告知承诺制的例外, as the provincial plan lists them)."""

    NATIONAL_SECURITY = "national_security"
    STATE_SECRET = "state_secret"  # noqa: S105  (a reason of law, no password)
    PUBLIC_SAFETY = "public_safety"
    FINANCIAL_PRUDENCE = "financial_prudence"
    ENVIRONMENT = "environment"
    HEALTH = "health"
    LIFE_AND_PROPERTY = "life_and_property"


class PredicateKind(Enum):
    """What a source can answer by yes or no in place of a value."""

    YEARS_AT_LEAST = "years_at_least"
    """So many full years have passed since a date (age, by legal days)."""
    AT_LEAST = "at_least"
    """A number is not smaller than the operand."""
    IS = "is"
    """A text equals the operand."""
    RECORDED = "recorded"
    """The source has a record of the subject; without one the answer is no, not unknown."""


class Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a yes-or-no field comes about: from which field, by which question. RECORDED has neither field nor operand."""

    kind: PredicateKind
    of: FieldName | None = None
    operand: int | str | None = None


class Authority(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who holds data or handles items. Only a public body may use data by a duty of law; others need a grant."""

    id: AuthorityId
    title: Text
    public_body: bool


class DataField(msgspec.Struct, frozen=True, kw_only=True):
    """One field (数据项) of a category. `retention_days` is how long a recipient may keep it after the case is closed.

    `predicates` says whether questions may be asked about its value; `predicate` makes the field itself an answer.
    """

    id: FieldName
    title: Text
    type: FieldType
    level: DataLevel
    share: ShareAttribute
    retention_days: int
    predicates: bool
    predicate: Predicate | None
    column: Relation


class DataCategory(msgspec.Struct, frozen=True, kw_only=True):
    """An authoritative category of data (权威数据类别): one source authority, and where it keeps the records.

    `max_age_days`: how old the source's own statement of completeness may be before an answer counts as stale.
    """

    id: ItemId
    title: Text
    source: AuthorityId
    relation: Relation
    subject_column: Relation
    max_age_days: int
    fields: tuple[DataField, ...]

    def field(self, name: str) -> DataField | None:
        """The field of this name, if there is one."""
        return next((field for field in self.fields if field.id == name), None)


class FieldRef(msgspec.Struct, frozen=True, order=True):
    """One field of one category."""

    category: ItemId
    field: FieldName


class FieldUse(msgspec.Struct, frozen=True, kw_only=True):
    """The basis of one field in one item: on which ground it may be used, and what for."""

    field: FieldRef
    basis: Basis
    purpose: Purpose


class ItemMaterial(msgspec.Struct, frozen=True, kw_only=True):
    """A material (申请材料) in an item: whether it must be there, and the fields that stand in for the paper."""

    material: MaterialId
    necessity: Necessity
    bindings: tuple[FieldRef, ...]


class Material(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A material as the catalogue names it."""

    id: MaterialId
    title: Text


class ServiceItem(msgspec.Struct, frozen=True, kw_only=True):
    """A service item (政务服务事项) in one version. A limit that is None is not known or not set, never a large number."""

    code: ItemCode
    version: int
    title: Text
    authority: AuthorityId
    plugin: PluginId | None
    """Who serves it. The catalogue says so, never a plugin; None: nobody does yet."""
    audience: frozenset[Audience]
    trust_level: TrustLevel
    statutory_limit: Limit | None
    promised_limit: Limit | None
    commitment: bool
    commitment_exclusion: CommitmentExclusion | None
    materials: tuple[ItemMaterial, ...]
    uses: tuple[FieldUse, ...]

    def use(self, field: FieldRef, basis: Basis) -> FieldUse | None:
        """The declared use of a field on a basis, if there is one; without one the field stays shut (article 10)."""
        return next((use for use in self.uses if use.field == field and use.basis is basis), None)


def fields_declared(item: ServiceItem) -> frozenset[FieldRef]:
    """Every field that the item may use on whatever basis: the outer bound of every release (article 4)."""
    return frozenset(use.field for use in item.uses)
