"""The data files of this room, each read once, strictly, when the module that owns it is imported.

Reading at import and not at first use matters: a confined worker may open no file once it is locked down.
"""

from importlib.resources import files
from typing import TypeVar

import msgspec

T = TypeVar("T")


def load(name: str, shape: type[T]) -> T:
    """Read `data/<name>.toml` into its shape. A file that does not fit is a `msgspec.ValidationError`."""
    text = files(__package__).joinpath("data", f"{name}.toml").read_bytes()
    return msgspec.toml.decode(text, type=shape, strict=True)
