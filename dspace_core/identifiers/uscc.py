"""Unified social credit codes (统一社会信用代码, GB 32100): every organisation's one number."""

import re

from dspace_core.identifiers.check import USCC_ALPHABET, Verdict, gb_11714, mod_31_3
from dspace_core.identifiers.division import CITIES_WITH_COUNTIES
from dspace_core.identifiers.masking import Hidden
from dspace_core.identifiers.refusals import ChecksumFailed, Kind, Malformed, NotFixture

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


FIXTURES = 100_000
"""How many codes may be invented for each category and division."""


def fixture(number: int, *, category: str = "91", division: str = "440100") -> Uscc:
    """Invent a code that `parse` takes and that belongs to nobody: the organisation code in it fails its own check.

    The division is that of a city that has counties, as for people. Refuses another one with `NotFixture`; `number`
    runs from 0 to `FIXTURES` - 1 (`ValueError`).
    """
    if division not in CITIES_WITH_COUNTIES:
        raise NotFixture
    if not 0 <= number < FIXTURES:
        raise ValueError("number is 0 to 99999")
    organisation = f"MA9{number:05}"
    wrong = "1" if gb_11714(organisation) == "0" else "0"
    body = f"{category}{division}{organisation}{wrong}"
    return Uscc(body + mod_31_3(body))


def is_fixture(code: Uscc) -> bool:
    """Whether the code is one that `fixture` could have made, and therefore nobody's."""
    return (
        code.verdict is Verdict.VALID
        and not code.organisation_code_holds
        and code.division_code in CITIES_WITH_COUNTIES
        and code.organisation_code.startswith("MA9")
    )
