"""`cas` and the file under it: heads only follow one another, a torn end is cut, damage is told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.evidence.heads import Head, Heads
from dspace_core.evidence.journal import Journal
from dspace_core.evidence.ledger_refusals import HeadSuperseded, JournalDamaged


def head(size: int, origin: str = "one", root: str = "00") -> Head:
    return Head(origin, size, root, f"{origin}\n{size}\n{root}\n")


def lines(path: Path) -> tuple[bytes, ...]:
    with Journal(path).held() as held:
        return held.news


def test_heads_follow_one_another_and_are_found_by_another_process(tmp_path: Path) -> None:
    heads = Heads(tmp_path / "cas")
    assert heads.last() is None
    for size in (1, 5, 5, 9):
        heads.put(head(size))
    again = Heads(tmp_path / "cas")
    assert again.last() == head(9)
    assert again.of("one") == head(9)
    assert len(lines(tmp_path / "cas")) == 3


@pytest.mark.parametrize("wrong", [head(4), head(5, root="01"), head(0)])
def test_a_head_that_does_not_follow_is_refused(tmp_path: Path, wrong: Head) -> None:
    heads = Heads(tmp_path / "cas")
    heads.put(head(5))
    with pytest.raises(HeadSuperseded) as refused:
        heads.put(wrong)
    assert (refused.value.code, refused.value.values) == ("evidence.head_superseded", {"size": wrong.size, "signed": 5})


def test_what_another_process_put_counts_at_once(tmp_path: Path) -> None:
    one, two = Heads(tmp_path / "cas"), Heads(tmp_path / "cas")
    one.put(head(5))
    two.put(head(9))
    with pytest.raises(HeadSuperseded):
        one.put(head(7))
    assert one.last() == head(9)


def test_a_frozen_origin_takes_no_further_head(tmp_path: Path) -> None:
    heads = Heads(tmp_path / "cas")
    heads.put(head(5))
    heads.put(head(1, "two"))
    with pytest.raises(HeadSuperseded):
        heads.put(head(6))
    assert heads.origins == ("one", "two")
    assert heads.last() == head(1, "two")


@given(
    st.lists(st.binary(max_size=40).map(bytes.hex).map(str.encode), max_size=6),
    st.integers(0, 60),
    st.binary(max_size=30),
)
def test_a_torn_end_loses_what_was_torn_and_nothing_before(
    tmp_path_factory: pytest.TempPathFactory, written: list[bytes], kept: int, next_line: bytes
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    for line in written:
        with Journal(path).held() as held:
            held.append(line)
    whole = path.read_bytes() if written else b""
    with Journal(path).held() as held:
        held.append(b"the last one, which a power cut tears")
    torn = path.read_bytes()
    path.write_bytes(torn[: min(len(whole) + kept, len(torn) - 1)])
    assert lines(path) == tuple(written)
    with Journal(path).held() as held:
        held.append(next_line.hex().encode())
    assert lines(path) == (*written, next_line.hex().encode())


def test_damage_before_the_end_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "cas"
    for text in (b"one", b"two", b"three"):
        with Journal(path).held() as held:
            held.append(text)
    path.write_bytes(path.read_bytes().replace(b"two", b"too"))
    with pytest.raises(JournalDamaged) as refused:
        lines(path)
    assert (refused.value.code, refused.value.values) == ("evidence.journal_damaged", {"file": "cas", "line": 2})


def test_the_file_is_closed_to_others(tmp_path: Path) -> None:
    Heads(tmp_path / "cas").put(head(1))
    assert (tmp_path / "cas").stat().st_mode & 0o777 == 0o600
