"""Signed import: the canonical form is signed, by a registered key, and the file's looks do not matter."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from dspace_core.catalog import (
    STARTER,
    Document,
    PublishedFolder,
    Publisher,
    SignedDocument,
    decode_document,
    digest_of,
    sign,
)
from dspace_core.catalog.publication import check_signature
from dspace_core.crypto import Ed25519Signer, Secret
from dspace_core.errors import Refusal
from dspace_core.evidence import canonical

Edit = Callable[..., bytes]
SIGNER = Ed25519Signer(Secret(b"\x07" * 32))
PUBLISHER = Publisher(id="province", public_key=SIGNER.public, active=True)
DOCUMENT = decode_document(STARTER.read_bytes())
SIGNED = sign(DOCUMENT, "province", SIGNER)


def refusal_of(signed: SignedDocument, publisher: Publisher | None) -> str:
    with pytest.raises(Refusal) as caught:
        check_signature(signed, publisher)
    return caught.value.code


def test_what_the_publisher_signed_is_accepted() -> None:
    check_signature(SIGNED, PUBLISHER)


def test_a_file_that_only_looks_different_keeps_its_digest(edited: Edit) -> None:
    same = decode_document(edited(("version = 1\n", "version   =   1   # the first\n")))
    assert digest_of(same) == digest_of(DOCUMENT)


def test_the_canonical_form_reads_back_to_the_same_document() -> None:
    read = msgspec.json.decode(canonical(DOCUMENT), type=Document)
    assert read == DOCUMENT
    assert canonical(read) == canonical(DOCUMENT)


@pytest.mark.parametrize(
    ("old", "new"),
    [("level = 3", "level = 2"), ('basis = "grant"', 'basis = "statutory_duty"'), ("2026-01-01", "2026-01-02")],
)
def test_a_changed_document_is_refused(edited: Edit, old: str, new: str) -> None:
    forged = msgspec.structs.replace(SIGNED, document=decode_document(edited((old, new))))
    assert refusal_of(forged, PUBLISHER) == "catalog.signature_refused"


def test_another_key_and_a_changed_signature_are_refused() -> None:
    other = sign(DOCUMENT, "province", Ed25519Signer(Secret(b"\x08" * 32)))
    assert refusal_of(other, PUBLISHER) == "catalog.signature_refused"
    bent = msgspec.structs.replace(SIGNED, signature=bytes([SIGNED.signature[0] ^ 1]) + SIGNED.signature[1:])
    assert refusal_of(bent, PUBLISHER) == "catalog.signature_refused"


def test_a_signature_over_the_bare_form_is_refused() -> None:
    bare = msgspec.structs.replace(SIGNED, signature=SIGNER.sign(canonical(DOCUMENT)))
    assert refusal_of(bare, PUBLISHER) == "catalog.signature_refused"


def test_a_publisher_that_nobody_registered_or_that_ended_is_refused() -> None:
    ended = msgspec.structs.replace(PUBLISHER, active=False)
    assert refusal_of(SIGNED, None) == "catalog.publisher_unknown"
    assert refusal_of(SIGNED, ended) == "catalog.publisher_unknown"
    check_signature(SIGNED, ended, imported=True)


async def test_a_folder_hands_over_what_is_newer_in_order(edited: Edit, tmp_path: Path) -> None:
    for version in (10, 9, 2):
        content = edited(("version = 1\n", f"version = {version}\n"))
        signed = sign(decode_document(content), "province", SIGNER)
        (tmp_path / f"{version}.toml").write_bytes(content)
        (tmp_path / f"{version}.sig").write_text(f"province\n{signed.signature.hex()}\n")
    folder = PublishedFolder(tmp_path)
    assert [one.document.version for one in await folder.published(2)] == [9, 10]
    for one in await folder.published(0):
        check_signature(one, PUBLISHER)


@pytest.mark.parametrize("signature", [None, "", "province", "province zz", "province 00 00"])
async def test_a_file_without_a_readable_signature_is_unfit(tmp_path: Path, signature: str | None) -> None:
    (tmp_path / "1.toml").write_bytes(STARTER.read_bytes())
    if signature is not None:
        (tmp_path / "1.sig").write_text(signature)
    with pytest.raises(Refusal) as caught:
        await PublishedFolder(tmp_path).published(0)
    assert caught.value.code == "catalog.file_unfit"
