"""Corrections (更正): a person says that an authority's record is wrong, and the authority answers (PIPL article 46).

The space changes no record of anybody's: it carries the words, keeps them sealed, and records that they were said.
"""

from dspace_core.corrections.asking import Answering, Asking, answer, ask
from dspace_core.corrections.model import Content, Correction, State
from dspace_core.corrections.reading import find, of_subject

__all__ = (
    "Answering",
    "Asking",
    "Content",
    "Correction",
    "State",
    "answer",
    "ask",
    "find",
    "of_subject",
)
