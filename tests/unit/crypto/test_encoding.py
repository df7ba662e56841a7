import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dspace_core.crypto.encoding import join, name
from dspace_core.crypto.refusals import NameMalformed

lists = st.lists(st.binary(max_size=8), max_size=5)


def split(joined: bytes) -> list[bytes]:
    parts = []
    while joined:
        end = 4 + int.from_bytes(joined[:4], "big")
        parts.append(joined[4:end])
        joined = joined[end:]
    return parts


@given(lists)
def test_the_parts_can_be_read_back(parts: list[bytes]) -> None:
    assert split(join(*parts)) == parts


@given(lists, lists)
def test_two_lists_never_give_the_same_string(one: list[bytes], other: list[bytes]) -> None:
    assume(one != other)
    assert join(*one) != join(*other)


def test_moving_a_border_changes_the_string() -> None:
    assert len({join(b"ab", b"c"), join(b"a", b"bc"), join(b"abc"), join(b"abc", b""), join(b"", b"abc")}) == 5


@pytest.mark.parametrize("text", ["who", "next", "lookup", "a", "k_case", "run-key", "a" * 32])
def test_a_plain_name_is_taken(text: str) -> None:
    assert name(text) == text.encode()


@pytest.mark.parametrize("text", ["", "Who", "1st", "who\n", "dspace/v1/entry-seal", "who what", "身份", "é", "a" * 33])
def test_a_name_that_could_be_mistaken_for_a_label_is_refused(text: str) -> None:
    with pytest.raises(NameMalformed) as refused:
        name(text)
    assert refused.value.code == "crypto.name_malformed"
    assert refused.value.values == {}
