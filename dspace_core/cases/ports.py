"""What this room needs of the rooms above it, as a port that wiring fills."""

from typing import Protocol, TypeVar

import msgspec

from dspace_core.gate import Release
from dspace_core.scenario import Case, Hook, Use

R = TypeVar("R", bound=msgspec.Struct)


class Answer(Protocol):
    """Answers one ask of a plugin in a hook."""

    async def __call__(self, hook: str, use: Use, release: Release) -> None:
        """Release, or raise a refusal."""


class Plugins(Protocol):
    """Whoever runs the plugins."""

    async def call(self, plugin: str, hook: Hook[R], case: Case, answer: Answer, within: float) -> R:
        """Let a plugin answer a hook for a case, within so many seconds. Raises HookUnanswered, and what went wrong."""
        ...
