"""The public face of Digital Space: all that a plugin author imports."""

from dspace_core.errors import Refusal, Text
from dspace_core.values import Basis, DataLevel, Money, Period, Subject

__all__ = ("Basis", "DataLevel", "Money", "Period", "Refusal", "Subject", "Text")
