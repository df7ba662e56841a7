"""The frame reader and the vocabulary: any bytes are decoded or refused, in bounded memory, however they are cut."""

import struct
from datetime import date
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.confine import wire
from dspace_core.scenario import Case, Use

LIMIT = 64
CASE = Case(id="c1", item="A3", subject="s1", accepted=date(2026, 11, 24))
USE = Use(item="pension.record", fields=frozenset({"paid_months"}), purpose="核对养老保险缴费年限")
TO_WORKER = (
    wire.Load("social_security", True),
    wire.Call("decide", CASE),
    wire.Given(1, msgspec.Raw(msgspec.msgpack.encode({"paid_months": 180}))),
    wire.Refused(2, "grants.withdrawn"),
    wire.Drop(),
)
TO_HOST = (
    wire.Ready(frozenset({"decide"})),
    wire.Unfit(wire.Flaw.NOT_ASYNC, "decide"),
    wire.Ask(1, "c1", USE),
    wire.Done(msgspec.Raw(b"\x80")),
    wire.Failed(wire.Failure.RAISED, kind="ValueError", line=3),
    wire.Dropped(),
    wire.Receipt(1, 123),
)
raw_frames = st.lists(st.tuples(st.integers(0, 2 * LIMIT), st.integers(0, wire.MAX_CALL)), max_size=8)


def header(size: int, call: int) -> bytes:
    return struct.pack(">II", size, call)


def cut_up(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(stream) + 1) for cut in cuts} | {0, len(stream)})
    return [stream[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize("message", TO_WORKER, ids=lambda one: type(one).__name__)
def test_every_message_to_the_worker_comes_back_as_it_was(message: wire.ToWorker) -> None:
    (cut,) = wire.FrameReader(wire.TO_WORKER_LIMIT).feed(wire.frame(7, message))
    assert cut.body is not None
    assert (cut.call, wire.from_host.message(cut.body)) == (7, message)


@pytest.mark.parametrize("message", TO_HOST, ids=lambda one: type(one).__name__)
def test_every_message_to_the_host_comes_back_as_it_was(message: wire.ToHost) -> None:
    (cut,) = wire.FrameReader(wire.TO_HOST_LIMIT).feed(wire.frame(7, message))
    assert cut.body is not None
    assert (cut.call, wire.from_worker.message(cut.body)) == (7, message)


@pytest.mark.parametrize("message", TO_WORKER, ids=lambda one: type(one).__name__)
def test_no_message_of_the_host_is_one_of_the_worker(message: wire.ToWorker) -> None:
    with pytest.raises(wire.Unreadable):
        wire.from_worker.message(msgspec.msgpack.encode(message))


@given(raw_frames, st.lists(st.integers(0, 10_000), max_size=12))
def test_however_a_stream_is_cut_the_frames_are_the_same(sizes: list[tuple[int, int]], cuts: list[int]) -> None:
    stream = b"".join(header(size, call) + bytes([call % 251]) * size for size, call in sizes)
    reader = wire.FrameReader(LIMIT)
    found = [cut for chunk in cut_up(stream, cuts) for cut in reader.feed(chunk)]
    assert found == [wire.Cut(call, bytes([call % 251]) * size if size <= LIMIT else None) for size, call in sizes]
    assert reader.held == 0


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_are_cut_in_bounded_memory(chunks: list[bytes]) -> None:
    reader = wire.FrameReader(LIMIT)
    for chunk in chunks:
        assert all(cut.body is None or len(cut.body) <= LIMIT for cut in reader.feed(chunk))
        assert reader.held < LIMIT + 8


@given(st.binary(max_size=200))
def test_any_body_is_a_message_or_unreadable(body: bytes) -> None:
    for reading, vocabulary in ((wire.from_host, wire.ToWorker), (wire.from_worker, wire.ToHost)):
        try:
            message = reading.message(body)
        except wire.Unreadable as no:
            assert no.args == ()
        else:
            assert isinstance(message, vocabulary)


@given(st.sampled_from(TO_HOST), st.data())
def test_a_changed_byte_gives_a_message_or_unreadable(message: wire.ToHost, data: st.DataObject) -> None:
    body = bytearray(msgspec.msgpack.encode(message))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        wire.from_worker.message(bytes(body))
    except wire.Unreadable as no:
        assert no.__cause__ is None


def test_an_oversize_frame_is_answered_at_its_header_and_passes_by_unheld() -> None:
    reader = wire.FrameReader(wire.TO_HOST_LIMIT)
    assert reader.feed(header(100 << 20, 9)) == [wire.Cut(9, None)]
    chunk = bytes(1 << 16)
    for _ in range((100 << 20) // len(chunk)):
        assert reader.feed(chunk) == []
        assert reader.held == 0
    assert reader.feed(wire.frame(3, wire.Dropped())) == [wire.Cut(3, msgspec.msgpack.encode(wire.Dropped()))]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x91" * 100_000,
        b"\x92\xa4done\xdd\xff\xff\xff\xff",
        b"\x94\xa3ask\x01\xa2c1\xdf\xff\xff\xff\xff",
        b"\x92\xa5ready\x91\xa2\xff\xfe",
        b"\x92\xa4done\x80\x00",
        b"\x91\xa5other",
        b"\x93\xa7dropped\x01\x02",
        b"\x84\xa3ask\x01\x02\x03",
    ],
    ids=["empty", "deep", "long array", "long map", "not utf-8", "trailing", "unknown tag", "extra fields", "a map"],
)
def test_a_hostile_body_is_unreadable(body: bytes) -> None:
    with pytest.raises(wire.Unreadable):
        wire.from_worker.message(body)


@pytest.mark.parametrize(
    "ask",
    [
        ("ask", 0, "c1", {"item": "a.b", "fields": ["x"], "purpose": "用途"}),
        ("ask", 1, "", {"item": "a.b", "fields": ["x"], "purpose": "用途"}),
        ("ask", 1, "c1", {"item": "A B", "fields": ["x"], "purpose": "用途"}),
        ("ask", 1, "c1", {"item": "a.b", "fields": [], "purpose": "用途"}),
        ("ask", 1, "c1", {"item": "a.b", "fields": ["x\n"], "purpose": "用途"}),
        ("ask", 1, "c1", {"item": "a.b", "fields": ["x"], "purpose": "用" * 61}),
        ("ask", 1, "c1", {"item": "a.b", "fields": ["x"], "purpose": "用途", "grant": "g1"}),
        ("ask", "1", "c1", {"item": "a.b", "fields": ["x"], "purpose": "用途"}),
    ],
    ids=["number 0", "no case", "bad item", "no field", "bad field", "long purpose", "extra", "number as text"],
)
def test_an_ask_that_no_manifest_could_declare_is_unreadable(ask: object) -> None:
    with pytest.raises(wire.Unreadable):
        wire.from_worker.message(msgspec.msgpack.encode(ask))


def test_a_frame_at_the_limit_fits_and_one_byte_more_does_not() -> None:
    framed = wire.frame(1, wire.Dropped())
    assert wire.fits(framed, len(framed) - 8)
    assert not wire.fits(framed, len(framed) - 9)
