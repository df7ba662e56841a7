"""Unified social credit codes (统一社会信用代码, GB 32100): every organisation's one number."""

import re

from dspace_core.identifiers.check import USCC_ALPHABET, Verdict, gb_11714, mod_31_3
from dspace_core.identifiers.masking import Hidden
from dspace_core.identifiers.refusals import ChecksumFailed, Kind, Malformed

_FORM = re.compile(f"[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{10}}")


class Uscc(Hidden, frozen=True):
    """One code of 18 characters in the right form. Whether its check holds is `verdict`: old codes exist that fail."""

    value: str

    def __post_init__(self) -> None:
        if _FORM.fullmatch(self.value) is None:
            raise Malformed(Kind.USCC)

    @property
    def verdict(self) -> Verdict:
        """Whether the check character fits: `VALID` or `CHECKSUM_FAILED`."""
        return Verdict.VALID if mod_31_3(self.value[:17]) == self.value[17] else Verdict.CHECKSUM_FAILED

    @property
    def category(self) -> str:
        """Registering department and category, the first two characters; named by `codes.USCC_CATEGORY`."""
        return self.value[:2]

    @property
    def division_code(self) -> str:
        """The six digits of the division of registration, maybe historical."""
        return self.value[2:8]

    @property
    def organisation_code(self) -> str:
        """The nine characters of the organisation code (GB 11714)."""
        return self.value[8:17]

    @property
    def organisation_code_holds(self) -> bool:
        """Whether the organisation code's own check fits. A hint for a human; it decides nothing here."""
        code = self.organisation_code
        return gb_11714(code[:8]) == code[8]


def parse(text: str, *, accept_old: bool = False) -> Uscc:
    """Read a code. Refuses another form (`Malformed`) and a check that does not fit (`ChecksumFailed`).

    `accept_old` lets a failing check pass: a policy's decision, for old codes of the self-employed.
    """
    code = Uscc(text)
    if code.verdict is not Verdict.VALID and not accept_old:
        raise ChecksumFailed(Kind.USCC)
    return code


def examine(text: str) -> Verdict:
    """Look at a text without refusing it, for policies that treat a failing check apart."""
    return Verdict.MALFORMED if _FORM.fullmatch(text) is None else Uscc(text).verdict
