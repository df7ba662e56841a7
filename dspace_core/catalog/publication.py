"""How a catalogue comes in: signed by a registered publisher, from the item management system (事项管理系统)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from dspace_core.catalog.file import Document, Proposal, decode_document
from dspace_core.catalog.model import AuthorityId
from dspace_core.catalog.refusals import FileUnfit, PublisherUnknown, SignatureRefused
from dspace_core.crypto import INTERNATIONAL, Ed25519Verifier, Signer
from dspace_core.crypto.refusals import SignatureInvalid
from dspace_core.evidence import canonical

_SIGNED = b"dspace-catalogue/1\n"
"""What stands before the canonical form where it is signed, so that no other signature of the key fits here."""


class Publisher(msgspec.Struct, frozen=True, kw_only=True):
    """A registered publisher: its Ed25519 public key (32 bytes), and whether it may still publish."""

    id: AuthorityId
    public_key: bytes
    active: bool


class SignedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document and its publisher's signature (Ed25519, 64 bytes) over the label and the canonical form."""

    publisher: AuthorityId
    document: Document
    signature: bytes


class ItemManagementSystem(Protocol):
    """Where catalogues are published."""

    async def published(self, after: int) -> Sequence[SignedDocument]:
        """What was published above a version, in the order of the versions. Raises FileUnfit."""
        ...


class PublishedFolder:
    """An item management system that hands over files: `<version>.toml`, and beside it `<version>.sig` with the
    publisher's id and the signature in hexadecimal, one to a line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def published(self, after: int) -> Sequence[SignedDocument]:
        """The documents of the folder above a version. Raises FileUnfit for one without a readable signature."""
        found = [self._read(file) for file in self._folder.glob("*.toml")]
        return sorted(
            (one for one in found if one.document.version > after), key=lambda signed: signed.document.version
        )

    def _read(self, file: Path) -> SignedDocument:
        try:
            publisher, signature = file.with_suffix(".sig").read_text("ascii").split()
            return SignedDocument(
                publisher=publisher,
                document=decode_document(file.read_bytes()),
                signature=bytes.fromhex(signature),
            )
        except (OSError, ValueError):
            raise FileUnfit(problem=f"{file.stem}.sig") from None


def sign(document: Document, publisher: AuthorityId, signer: Signer) -> SignedDocument:
    """Publish a document: what the publisher's own tool does."""
    return SignedDocument(publisher=publisher, document=document, signature=signer.sign(_SIGNED + canonical(document)))


def check_signature(signed: SignedDocument, publisher: Publisher | None, *, imported: bool = False) -> None:
    """(1) the publisher is registered, and active unless the document was imported before  (2) it signed just this.

    Raises PublisherUnknown, SignatureRefused.
    """
    if publisher is None or not (publisher.active or imported):
        raise PublisherUnknown(publisher=signed.publisher)
    try:
        Ed25519Verifier(publisher.public_key).verify(_SIGNED + canonical(signed.document), signed.signature)
    except SignatureInvalid:
        raise SignatureRefused(version=signed.document.version) from None


def digest_of(file: Document | Proposal) -> bytes:
    """The digest of the canonical form, 32 bytes: the name of a document or proposal."""
    return INTERNATIONAL.hash.digest(canonical(file))
