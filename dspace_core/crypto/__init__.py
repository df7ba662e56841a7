"""Keys and what is done with them: suites, root key providers, the key tree, sealed records, blind lookups.

Pure but for one file: the root keys. The room knows bytes, ids and dates, and no table, socket or person.
"""

from dspace_core.crypto.keyfile import KeyId
from dspace_core.crypto.keytree import (
    Day,
    EntryKey,
    FreshKey,
    Scope,
    SubjectAnswer,
    SubjectCase,
    SubjectIdentity,
    SubjectYear,
    YearKey,
    mint,
    recover,
)
from dspace_core.crypto.lookup import LOOKUP_PURPOSE, lookup_digest
from dspace_core.crypto.provider import FileKeyProvider, KeyProvider
from dspace_core.crypto.sealing import seal, unseal
from dspace_core.crypto.secret import Secret
from dspace_core.crypto.signatures import Ed25519Signer, Ed25519Verifier, P256Signer, P256Verifier
from dspace_core.crypto.suites import INTERNATIONAL, Aead, Hash, Signer, Suite, SuiteNumber, Verifier, suite

__all__ = (
    "INTERNATIONAL",
    "LOOKUP_PURPOSE",
    "Aead",
    "Day",
    "Ed25519Signer",
    "Ed25519Verifier",
    "EntryKey",
    "FileKeyProvider",
    "FreshKey",
    "Hash",
    "KeyId",
    "KeyProvider",
    "P256Signer",
    "P256Verifier",
    "Scope",
    "Secret",
    "Signer",
    "SubjectAnswer",
    "SubjectCase",
    "SubjectIdentity",
    "SubjectYear",
    "Suite",
    "SuiteNumber",
    "Verifier",
    "YearKey",
    "lookup_digest",
    "mint",
    "recover",
    "seal",
    "suite",
    "unseal",
)
