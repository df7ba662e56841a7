"""Bundles: verified with the log's key alone, group by group, and broken by any changed byte."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dspace_core.crypto import Ed25519Signer, Secret
from dspace_core.errors import Refusal
from dspace_core.evidence import (
    GROUPS,
    Checkpoint,
    LevelReader,
    ProofError,
    canonical,
    cosign,
    inclusion_proof,
    log_vkey,
    make_bundle,
    sign_checkpoint,
    verify_bundle,
    witness_vkey,
)
from dspace_core.evidence.bundle import BUNDLE_BYTES
from dspace_core.evidence.refusals import BundleInvalid
from dspace_core.evidence.verify import CHECKS

DOC = Path(__file__).parents[3] / "docs" / "formats" / "bundle.md"
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
Make = Callable[..., bytes]


@pytest.fixture
def make(told: Any, reader: LevelReader) -> Make:
    """The bundle of the told entry, with parts replaced."""

    def made(**changed: Any) -> bytes:
        proof = inclusion_proof(reader, told.index, told.size)
        parts = {
            "record": told.record,
            "key": told.key,
            "leaf": told.leaf,
            "index": told.index,
            "proof": proof,
            "note": told.note,
        }
        return make_bundle(**{**parts, **changed})

    return made


def failed(bundle: bytes, *vkeys: str) -> int:
    """The number of the check that failed."""
    with pytest.raises(BundleInvalid) as refusal:
        verify_bundle(bundle, vkeys)
    number = refusal.value.values["check"]
    assert isinstance(number, int)
    assert refusal.value.values == {"check": number, "name": CHECKS[number]}
    assert isinstance(refusal.value, ProofError)
    return number


def edited(bundle: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The bundle with its content changed, in canonical form again."""
    content = msgspec.json.decode(bundle)
    change(content)
    return canonical(content)


def test_a_bundle_verifies_with_the_logs_key_alone(told: Any, make: Make) -> None:
    verified = verify_bundle(make(), [told.vkey])
    assert verified.checkpoint == Checkpoint("dev.log.example/evidence", told.size, told.root)
    assert (verified.index, verified.leaf.pack(), verified.withheld) == (told.index, told.leaf, ())
    assert [getattr(verified, name) for name in GROUPS] == [getattr(told.record, name) for name in GROUPS]


@pytest.mark.parametrize("show", [some for count in range(6) for some in combinations(GROUPS, count)], ids="+".join)
def test_any_choice_of_groups_verifies_and_shows_no_other(told: Any, make: Make, show: tuple[str, ...]) -> None:
    bundle = make(show=show)
    verified = verify_bundle(bundle, [told.vkey])
    for name in GROUPS:
        assert getattr(verified, name) == (getattr(told.record, name) if name in show else None)
        assert (told.key.salt(name).reveal().hex().encode() in bundle) == (name in show)
    assert verified.withheld == tuple(name for name in GROUPS if name not in show)
    assert (b"household.record" in bundle) == ("what" in show)


def test_two_bundles_of_one_entry_are_the_same_bytes(make: Make) -> None:
    assert make() == make()


def test_a_changed_byte_anywhere_fails_and_names_the_check(told: Any, make: Make) -> None:
    bundle = make(show=("who", "meta"))
    seen = set()
    for at, byte in enumerate(bundle):
        for other in {byte ^ 1, ord(" "), ord("0")} - {byte}:
            seen.add(failed(bundle[:at] + bytes((other,)) + bundle[at + 1 :], told.vkey))
    assert seen >= {1, 2, 3, 5, 6}


def test_a_bundle_cut_or_extended_anywhere_fails(told: Any, make: Make) -> None:
    bundle = make()
    for end in range(len(bundle)):
        assert failed(bundle[:end], told.vkey) == 1
    for more in (b" ", b"\n", b"\x00", bundle):
        assert failed(bundle + more, told.vkey) == 1
        assert failed(more + bundle, told.vkey) == 1


@pytest.mark.parametrize(
    ("check", "change"),
    [
        (1, lambda held: held.update(format="dspace-bundle/2")),
        (1, lambda held: held.update(more=1)),
        (1, lambda held: held.pop("why")),
        (1, lambda held: held["who"].update(digest="00" * 32)),
        (1, lambda held: held["who"]["content"].update(name="x")),
        (1, lambda held: held["who"].pop("salt")),
        (1, lambda held: held.update(index=-1)),
        (1, lambda held: held.update(leaf=held["leaf"].upper())),
        (2, lambda held: held.update(leaf="02" + held["leaf"][2:])),
        (2, lambda held: held.update(leaf="0102" + held["leaf"][4:])),
        (2, lambda held: held.update(leaf="0101" + "f" * 16 + held["leaf"][20:])),
        (3, lambda held: held["who"]["content"].update(plugin="other")),
        (3, lambda held: held["who"].update(salt="00" * 32)),
        (3, lambda held: held.update(why={"state": "withheld", "digest": "00" * 32})),
        (4, lambda held: held.update(leaf=held["leaf"][:4] + "0" * 16 + held["leaf"][20:])),
        (5, lambda held: held.update(checkpoint=held["checkpoint"].replace("600", "601"))),
        (6, lambda held: held.update(leaf=held["leaf"][:-1] + ("0" if held["leaf"][-1] != "0" else "1"))),
        (6, lambda held: held.update(index=held["index"] + 1)),
        (6, lambda held: held.update(index=2**53 - 1)),
        (6, lambda held: held.update(proof=held["proof"][:-1])),
        (6, lambda held: held.update(proof=[*held["proof"], "00" * 32])),
        (6, lambda held: held["proof"].reverse()),
    ],
)
def test_each_check_is_the_one_that_fails(
    told: Any, make: Make, check: int, change: Callable[[dict[str, Any]], object]
) -> None:
    assert failed(edited(make(), change), told.vkey) == check


def test_another_log_key_or_none_fails_at_the_signature(told: Any, make: Make) -> None:
    other = Ed25519Signer(Secret(bytes(32)))
    assert failed(make()) == 5
    assert failed(make(), str(log_vkey("dev.log.example/evidence", other.public))) == 5
    assert failed(make(), "no key") == 5


def test_a_checkpoint_of_another_tree_fails_at_the_proof(told: Any, make: Make, signer: Ed25519Signer) -> None:
    note = sign_checkpoint(Checkpoint("dev.log.example/evidence", told.size, bytes(32)), signer)
    assert failed(make(note=note), told.vkey) == 6


def test_a_witness_that_is_known_must_hold_and_one_that_is_not_changes_nothing(told: Any, make: Make) -> None:
    witness = Ed25519Signer(Secret(bytes(range(1, 33))))
    line = cosign(told.note, [told.vkey], "w1", witness, AT)
    vkey = str(witness_vkey("w1", witness.public))
    good, spoiled = (make(note=told.note + each) for each in (line, line[:-8] + b"AAA" + line[-5:]))
    verify_bundle(good, [told.vkey, vkey])
    verify_bundle(good, [told.vkey])
    assert good != spoiled
    assert failed(spoiled, told.vkey, vkey) == 5


def test_a_bundle_that_is_too_large_is_not_read(told: Any, make: Make) -> None:
    def fill(held: dict[str, Any]) -> None:
        held["proof"] = ["00" * 32] * (BUNDLE_BYTES // 64)

    assert failed(edited(make(), fill), told.vkey) == 1


def test_a_refusal_carries_nothing_of_the_record(told: Any, make: Make) -> None:
    bundle = edited(make(), lambda held: held["who"]["content"].update(plugin="other"))
    with pytest.raises(Refusal) as refusal:
        verify_bundle(bundle, [told.vkey])
    assert "other" not in f"{refusal.value} {refusal.value.__cause__}"


def test_the_page_names_every_check_and_every_member(make: Make) -> None:
    page = DOC.read_text(encoding="utf-8")
    for number, name in CHECKS.items():
        assert f"{number}. {name.en}" in page
    for member in msgspec.json.decode(make()):
        assert f"`{member}`" in page
