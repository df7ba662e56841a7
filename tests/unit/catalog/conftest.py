"""The shipped catalogue with small changes, as text: what an author or a publisher would really send."""

from collections.abc import Callable

import pytest

from dspace_core.catalog import STARTER

Edit = Callable[..., bytes]


@pytest.fixture(scope="session")
def edited() -> Edit:
    """Replace text in the shipped file, each pair once, and only text that is there."""

    def edit(*pairs: tuple[str, str], also: str = "") -> bytes:
        text = STARTER.read_text("utf-8")
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new, 1)
        return (text + also).encode()

    return edit
