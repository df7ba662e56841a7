"""What the command line says: lines on the screen, and refusals in both languages."""

import os
import sys
from contextlib import suppress

from dspace_core.errors import Refusal, Text


def say(line: str) -> None:
    """Print a line; a reader who has gone away is no reason to fall."""
    with suppress(OSError):
        print(line, flush=True)


def because(error: OSError) -> Text:
    """The system's own reason, in both languages as far as it has them."""
    words = os.strerror(error.errno) if error.errno else type(error).__name__
    return Text(f"系统提示“{words}”", words)


def explain(refusal: Refusal) -> None:
    """Tell, in both languages, what stands in the way and what to do; each code leads into docs/errors.md.

    A refusal that another one caused is followed by that one.
    """
    with suppress(OSError):
        print(f"dspace: [{refusal.code}]", file=sys.stderr, flush=True)
        for text in (refusal.title, refusal.advice):
            print(f"dspace: {text.zh}", f"dspace: {text.en}", sep="\n", file=sys.stderr, flush=True)
    if isinstance(refusal.__cause__, Refusal):
        explain(refusal.__cause__)
