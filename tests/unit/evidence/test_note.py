"""Signed notes: the strict grammar, known keys that must hold, unknown ones that are passed over."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.crypto import Ed25519Signer, Secret
from dspace_core.evidence import (
    Checkpoint,
    Cosignature,
    ProofError,
    SignatureKind,
    VKey,
    cosign,
    cosignatures,
    log_vkey,
    open_note,
    root_hash,
    sign_checkpoint,
    verify_checkpoint,
    witness_vkey,
)
from dspace_core.evidence.note import LINES, NOTE_BYTES, cosigned_message, signature_line
from dspace_core.evidence.refusals import (
    CheckpointMalformed,
    NoteForged,
    NoteMalformed,
    NoteUnsigned,
    VKeyMalformed,
)

ORIGIN = "dev.log.example/evidence"
LOG = Ed25519Signer(Secret(bytes(range(32))))
WITNESS = Ed25519Signer(Secret(bytes(range(1, 33))))
LOG_KEY = str(log_vkey(ORIGIN, LOG.public))
WITNESS_KEY = str(witness_vkey("witness.example/w1", WITNESS.public))
ROOT = bytes(range(32))
NOTE = sign_checkpoint(Checkpoint(ORIGIN, 1234, ROOT), LOG)
AT = datetime(2026, 3, 1, 8, 30, 5, tzinfo=UTC)
# C2SP signed-note.md, the example of a verifier key, as transparency-dev/tessera publishes its test log's.
TESSERA_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def signed(body: str, signer: Ed25519Signer = LOG, name: str = ORIGIN) -> bytes:
    """A note of any text."""
    return f"{body}\n{signature_line(log_vkey(name, signer.public), signer.sign(body.encode()))}".encode()


def test_a_signed_checkpoint_verifies() -> None:
    assert verify_checkpoint(NOTE, [LOG_KEY]) == Checkpoint(ORIGIN, 1234, ROOT)
    assert verify_checkpoint(NOTE.decode(), [VKey.parse(LOG_KEY)]) == Checkpoint(ORIGIN, 1234, ROOT)


def test_the_bytes_of_a_checkpoint_are_fixed() -> None:
    lines = NOTE.decode().split("\n")
    assert lines[:4] == [ORIGIN, "1234", base64.b64encode(ROOT).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert len(base64.b64decode(lines[4].split(" ")[2])) == 4 + 64
    assert lines[5:] == [""]


@pytest.mark.parametrize("text", [LOG_KEY, WITNESS_KEY, TESSERA_KEY])
def test_a_verifier_key_reads_back(text: str) -> None:
    assert str(VKey.parse(text)) == text


def test_the_same_key_of_another_kind_has_another_id() -> None:
    one, other = log_vkey("name", LOG.public), witness_vkey("name", LOG.public)
    assert (one.kind, other.kind) == (SignatureKind.ED25519, SignatureKind.COSIGNATURE)
    assert one.id != other.id


def keyed(name: str, held: bytes) -> str:
    """The text of a key of any kind and length, under the id that is its own."""
    key_id = hashlib.sha256(name.encode() + b"\n" + held).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(held).decode()}"


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "name+00000000", LOG_KEY[:-1], LOG_KEY + "=", "x" + LOG_KEY, LOG_KEY.replace("+", "+0", 1),
        LOG_KEY + "\n", " " + LOG_KEY, keyed("na me", b"\x01" + LOG.public), keyed("n\nm", b"\x01" + LOG.public),
        keyed("", b"\x01" + LOG.public), keyed("name", b"\x01" + LOG.public[:-1]), keyed("name", b""),
        keyed("name", b"\x02" + LOG.public), keyed("name", b"\x06" + bytes(1312)), keyed("name", b"\xff" + LOG.public),
        LOG_KEY.upper(),
    ],
)  # fmt: skip
def test_a_text_that_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(VKeyMalformed):
        VKey.parse(text)
    with pytest.raises(ProofError):
        verify_checkpoint(NOTE, [text])


def test_a_key_under_which_a_signature_proves_nothing_is_refused() -> None:
    weak = log_vkey(ORIGIN, bytes(32))
    note = NOTE + signature_line(weak, bytes(64)).encode()
    with pytest.raises(VKeyMalformed):
        verify_checkpoint(note, [LOG_KEY, weak])


def test_lines_of_unknown_keys_are_passed_over() -> None:
    strangers = [
        signature_line(witness_vkey("other.example", WITNESS.public), bytes(72)),
        signature_line(log_vkey(ORIGIN, WITNESS.public), bytes(64)),  # the log's name, another id
        "— some.name AAAAAAA=\n",
        "— 日志.示例 " + base64.b64encode(bytes(2424)).decode() + "\n",
    ]
    body, line = NOTE.decode().split("\n\n")
    for order in ([line, *strangers], [*strangers, line]):
        assert verify_checkpoint(f"{body}\n\n{''.join(order)}", [LOG_KEY]).size == 1234


def test_a_note_without_a_line_of_a_known_key_is_refused() -> None:
    with pytest.raises(NoteUnsigned):
        verify_checkpoint(NOTE, [])
    with pytest.raises(NoteUnsigned):
        verify_checkpoint(NOTE, [str(log_vkey(ORIGIN, WITNESS.public))])


def test_a_key_of_another_name_does_not_speak_for_the_log() -> None:
    note = signed(Checkpoint(ORIGIN, 1, ROOT).body(), name="other.example")
    with pytest.raises(NoteUnsigned):
        verify_checkpoint(note, [str(log_vkey("other.example", LOG.public))])


def test_a_witness_alone_does_not_speak_for_the_log() -> None:
    body = Checkpoint(ORIGIN, 1, ROOT).body()
    key = witness_vkey(ORIGIN, WITNESS.public)
    signature = bytes(7) + b"\x05" + WITNESS.sign(cosigned_message(body, 5))
    with pytest.raises(NoteUnsigned):
        verify_checkpoint(f"{body}\n{signature_line(key, signature)}", [key, LOG_KEY])


def test_one_bad_line_of_a_known_key_spoils_the_note() -> None:
    for key, size in ((witness_vkey("witness.example/w1", WITNESS.public), 72), (log_vkey("b", LOG.public), 64)):
        for length in (size, size - 1, 1):
            note = NOTE + signature_line(key, bytes(length)).encode()
            assert verify_checkpoint(note, [LOG_KEY]).size == 1234
            with pytest.raises(NoteForged):
                verify_checkpoint(note, [LOG_KEY, key])


def test_another_text_under_the_same_signature_is_a_forgery() -> None:
    with pytest.raises(NoteForged):
        verify_checkpoint(NOTE.replace(b"1234", b"1235"), [LOG_KEY])


BODY = NOTE.decode().split("\n\n")[0]
LINE = NOTE.decode().split("\n\n")[1]


@pytest.mark.parametrize(
    "note",
    [
        b"", b"\n", b"\n\n", BODY.encode(), f"{BODY}\n\n".encode(), f"{BODY}\n{LINE}".encode(),
        NOTE[:-1], NOTE + b"\n", NOTE + b"x", NOTE + b"\n\n", NOTE + "— \n".encode(), NOTE + "— a\n".encode(),
        NOTE + "— a b\n".encode(), NOTE + "—  a AAAAAAA=\n".encode(), NOTE + b"- a AAAAAAA=\n",
        NOTE + "— a AAAAAA==\n".encode(), NOTE + "— a AAAAAAB=\n".encode(), NOTE + "— a AAAAAAA\n".encode(),
        NOTE + "— a+b AAAAAAA=\n".encode(), NOTE + "— a\u00a0b AAAAAAA=\n".encode(),
        NOTE + "— a AAAAAAA= \n".encode(), NOTE + "— a\tb AAAAAAA=\n".encode(), NOTE + "— a AAAAAA-_\n".encode(),
        NOTE.replace(b"\n", b"\r\n"), NOTE.replace(b"1234", b"12\x0034"), b"\xff" + NOTE, "\ud800" + NOTE.decode(),
        NOTE + "— a AAAAAAA=\n".encode() * LINES, b"x" * NOTE_BYTES + NOTE,
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(note: bytes | str) -> None:
    with pytest.raises(NoteMalformed):
        open_note(note, [LOG_KEY])


def test_as_many_lines_as_are_allowed_are_read() -> None:
    note = NOTE + "— a AAAAAAA=\n".encode() * (LINES - 1)
    assert verify_checkpoint(note, [LOG_KEY]).size == 1234


@pytest.mark.parametrize(
    "body",
    [
        "\n", "a\n", f"{ORIGIN}\n1\n", f"{ORIGIN}\n\n{BODY}\n", f"{ORIGIN}\n-1\n{'A' * 43}=\n",
        f"{ORIGIN}\n01\n{'A' * 43}=\n", f"{ORIGIN}\n+1\n{'A' * 43}=\n", f"{ORIGIN}\n1_0\n{'A' * 43}=\n",
        f"{ORIGIN}\n1 \n{'A' * 43}=\n", f"{ORIGIN}\n\u0661\n{'A' * 43}=\n", f"{ORIGIN}\n{2**63}\n{'A' * 43}=\n",
        f"{ORIGIN}\n1\n{'A' * 43}\n", f"{ORIGIN}\n1\n{'A' * 42}B=\n", f"{ORIGIN}\n1\n{'A' * 40}\n",
        f"{ORIGIN}\n1\n{'A' * 42}==\n", f"{ORIGIN}\n1\n{'A' * 43}=\n\nextension\n", f"{ORIGIN}\n0\n{'A' * 43}=\n",
        f"{ORIGIN} \n1\n{'A' * 43}=\n", f"\n1\n{'A' * 43}=\n",
    ],
)  # fmt: skip
def test_a_signed_text_that_is_no_checkpoint_is_refused(body: str) -> None:
    with pytest.raises(CheckpointMalformed):
        verify_checkpoint(signed(body), [LOG_KEY])


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("", 1, ROOT), ("a b", 1, ROOT), ("a+b", 1, ROOT), ("a\nb", 1, ROOT), (ORIGIN, -1, ROOT), (ORIGIN, 2**63, ROOT),
     (ORIGIN, 1, ROOT[:-1]), (ORIGIN, 0, ROOT)],
)  # fmt: skip
def test_no_such_checkpoint_can_be_made(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(CheckpointMalformed):
        Checkpoint(origin, size, root)


def test_the_empty_tree_can_be_signed() -> None:
    empty = Checkpoint(ORIGIN, 0, root_hash([]))
    assert verify_checkpoint(sign_checkpoint(empty, LOG), [LOG_KEY]) == empty


def test_extension_lines_are_passed_over_and_signed() -> None:
    note = signed(Checkpoint(ORIGIN, 1, ROOT).body() + "extension 1\nextension 2\n")
    assert verify_checkpoint(note, [LOG_KEY]) == Checkpoint(ORIGIN, 1, ROOT)
    with pytest.raises(NoteForged):
        verify_checkpoint(note.replace(b"extension 2", b"extension 3"), [LOG_KEY])


def test_a_witness_cosigns_and_its_time_is_read() -> None:
    note = NOTE + cosign(NOTE, [LOG_KEY], "witness.example/w1", WITNESS, AT)
    assert cosignatures(note, [LOG_KEY, WITNESS_KEY]) == (Cosignature("witness.example/w1", AT),)
    assert cosignatures(note, [LOG_KEY]) == ()
    assert verify_checkpoint(note, [LOG_KEY, WITNESS_KEY]).size == 1234


def test_a_witness_counts_once_at_its_latest_whatever_it_calls_itself() -> None:
    later = AT.replace(minute=59)
    note = NOTE
    for name, at in (("w1", AT), ("w2", later), ("w1", AT)):
        note += cosign(NOTE, [LOG_KEY], name, WITNESS, at)
    keys = [LOG_KEY, *(str(witness_vkey(name, WITNESS.public)) for name in ("w1", "w2"))]
    assert cosignatures(note, keys) == (Cosignature("w2", later),)


def test_a_witness_does_not_cosign_what_the_log_did_not_sign() -> None:
    with pytest.raises(NoteUnsigned):
        cosign(NOTE, [WITNESS_KEY], "witness.example/w1", WITNESS, AT)


def test_a_cosignature_under_another_time_is_a_forgery() -> None:
    line = cosign(NOTE, [LOG_KEY], "witness.example/w1", WITNESS, AT).decode()
    lead, held = line.rstrip("\n").rsplit(" ", 1)
    key = VKey.parse(WITNESS_KEY)
    signature = base64.b64decode(held)[4:]
    for seconds in (5, 2**63, 2**64 - 1):
        forged = NOTE + signature_line(key, seconds.to_bytes(8, "big") + signature[8:]).encode()
        with pytest.raises(NoteForged):
            cosignatures(forged, [LOG_KEY, WITNESS_KEY])
    assert lead == "— witness.example/w1"


@given(st.binary(max_size=300))
def test_no_bytes_are_an_accident(held: bytes) -> None:
    with pytest.raises(ProofError):
        verify_checkpoint(held, [LOG_KEY, WITNESS_KEY])


@given(st.text(alphabet=st.sampled_from("— \n+=Aa0/é\u00a0"), max_size=80))
def test_no_text_of_a_notes_own_signs_is_an_accident(tail: str) -> None:
    try:
        assert verify_checkpoint(NOTE.decode() + tail, [LOG_KEY]).size == 1234
    except ProofError:
        assert tail


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 255))
def test_a_changed_byte_of_a_note_is_refused(at: int, mask: int) -> None:
    with pytest.raises(ProofError):
        verify_checkpoint(NOTE[:at] + bytes((NOTE[at] ^ mask,)) + NOTE[at + 1 :], [LOG_KEY])


@given(st.integers(0, len(LOG_KEY) - 1), st.characters(codec="utf-8"))
def test_a_changed_sign_of_a_verifier_key_is_refused(at: int, sign: str) -> None:
    changed = LOG_KEY[:at] + sign + LOG_KEY[at + 1 :]
    if changed != LOG_KEY:
        with pytest.raises(VKeyMalformed):
            VKey.parse(changed)
