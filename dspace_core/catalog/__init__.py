"""The catalogue: which data there is and whose it is, which items there are and what each may use, on which basis.

Whoever wants a field has to find it here first (articles 4 and 10). The catalogue comes in signed by its publisher; a
plugin can only propose, and a second party approves.
"""

from dspace_core.catalog.contents import Contents
from dspace_core.catalog.editions import Catalogue, Edition, Lapsed
from dspace_core.catalog.file import Document, Proposal, decode_document, decode_proposal
from dspace_core.catalog.model import (
    Audience,
    Authority,
    AuthorityId,
    CommitmentExclusion,
    DataCategory,
    DataField,
    FieldRef,
    FieldType,
    FieldUse,
    ItemCode,
    ItemMaterial,
    Material,
    Necessity,
    Predicate,
    PredicateKind,
    ServiceItem,
    ShareAttribute,
    TrustLevel,
    fields_declared,
)
from dspace_core.catalog.office import approve, import_published, load, propose
from dspace_core.catalog.publication import (
    ItemManagementSystem,
    PublishedFolder,
    Publisher,
    SignedDocument,
    digest_of,
    sign,
)
from dspace_core.catalog.starter import STARTER

__all__ = (
    "STARTER",
    "Audience",
    "Authority",
    "AuthorityId",
    "Catalogue",
    "CommitmentExclusion",
    "Contents",
    "DataCategory",
    "DataField",
    "Document",
    "Edition",
    "FieldRef",
    "FieldType",
    "FieldUse",
    "ItemCode",
    "ItemManagementSystem",
    "ItemMaterial",
    "Lapsed",
    "Material",
    "Necessity",
    "Predicate",
    "PredicateKind",
    "Proposal",
    "PublishedFolder",
    "Publisher",
    "ServiceItem",
    "ShareAttribute",
    "SignedDocument",
    "TrustLevel",
    "approve",
    "decode_document",
    "decode_proposal",
    "digest_of",
    "fields_declared",
    "import_published",
    "load",
    "propose",
    "sign",
)
