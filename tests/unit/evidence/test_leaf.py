"""The 90 bytes of a leaf."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.crypto.refusals import SuiteUnavailable, SuiteUnknown
from dspace_core.evidence import LEAF_BYTES, Leaf, leaf_hash, unpack
from dspace_core.evidence.refusals import LeafMalformed
from dspace_core.values import NaiveInstant

DOC = Path(__file__).parents[3] / "docs" / "formats" / "leaf.md"
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
LEAF = Leaf(at=AT, record=bytes(range(32)), sealed=bytes(range(32, 64)), link=bytes(range(64, 80)))


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=16, max_size=16),
)
def test_a_leaf_reads_back(at: datetime, record: bytes, sealed: bytes, link: bytes) -> None:
    leaf = Leaf(at=at, record=record, sealed=sealed, link=link)
    assert unpack(leaf.pack()) == leaf
    assert unpack(leaf.pack()).pack() == leaf.pack()


def test_a_leaf_has_the_bytes_of_its_page() -> None:
    page = DOC.read_text(encoding="utf-8")
    packed = LEAF.pack()
    assert len(packed) == LEAF_BYTES == 90
    assert packed == bytes((1, 1)) + (1772353800000).to_bytes(8, "big") + bytes(range(80))
    for start in range(0, 90, 30):
        assert packed[start : start + 30].hex() in page
    assert leaf_hash(packed).hex() in page


@pytest.mark.parametrize("packed", [b"", LEAF.pack()[:-1], LEAF.pack() + b"\x00", b"\x00" + LEAF.pack()[1:]])
def test_bytes_of_another_length_or_version_are_no_leaf(packed: bytes) -> None:
    with pytest.raises(LeafMalformed):
        unpack(packed)


def test_a_leaf_of_another_suite_is_refused() -> None:
    with pytest.raises(SuiteUnavailable):
        unpack(b"\x01\x02" + LEAF.pack()[2:])
    with pytest.raises(SuiteUnknown):
        unpack(b"\x01\x03" + LEAF.pack()[2:])


@pytest.mark.parametrize("stored", [2**64 - 1, 2**63, 10**15])
def test_an_instant_that_no_date_can_name_is_refused(stored: int) -> None:
    with pytest.raises(LeafMalformed):
        unpack(LEAF.pack()[:2] + stored.to_bytes(8, "big") + LEAF.pack()[10:])


def test_no_leaf_is_made_from_parts_of_another_length() -> None:
    for changed in ({"record": bytes(31)}, {"sealed": bytes(33)}, {"link": bytes(15)}):
        with pytest.raises(LeafMalformed):
            Leaf(**{"at": AT, "record": bytes(32), "sealed": bytes(32), "link": bytes(16), **changed})  # type: ignore[arg-type]


def test_no_leaf_is_made_before_1970_or_without_an_offset() -> None:
    with pytest.raises(LeafMalformed):
        Leaf(
            at=datetime(1970, 1, 1, tzinfo=UTC) - timedelta(milliseconds=1),
            record=bytes(32),
            sealed=bytes(32),
            link=bytes(16),
        )
    with pytest.raises(NaiveInstant):
        Leaf(at=AT.replace(tzinfo=None), record=bytes(32), sealed=bytes(32), link=bytes(16))
