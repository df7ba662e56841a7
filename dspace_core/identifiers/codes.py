"""The short code tables of the person and the organisation: sex, marital status, ethnic group, relationship, category."""

from enum import Enum
from typing import Annotated

import msgspec

from dspace_core.identifiers._tables import load
from dspace_core.identifiers.refusals import CodeUnknown


class Sex(Enum):
    """The sex on a document (GB/T 2261.1). Note that it is not 0 and 1."""

    UNKNOWN = "0"
    MALE = "1"
    FEMALE = "2"
    UNSTATED = "9"


class MaritalStatus(Enum):
    """The marital status (GB/T 2261.2); the codes 21 to 23 are kinds of married."""

    NEVER_MARRIED = "10"
    MARRIED = "20"
    FIRST_MARRIAGE = "21"
    REMARRIED = "22"
    REUNITED = "23"
    WIDOWED = "30"
    DIVORCED = "40"
    UNSTATED = "90"


_Code = Annotated[str, msgspec.Meta(pattern="^[0-9A-Z]{1,3}$")]


class CodeTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of a standard: Chinese labels by code."""

    standard: str
    labels: dict[_Code, str]
    name: str = ""

    def label(self, code: str) -> str:
        """The Chinese label. Refuses a code that the table does not hold (`CodeUnknown`)."""
        found = self.labels.get(code)
        if found is None:
            raise CodeUnknown(self.name)
        return found


def _tables() -> dict[str, CodeTable]:
    read = load("codes", dict[str, CodeTable])
    return {name: msgspec.structs.replace(table, name=name) for name, table in read.items()}


_all = _tables()

SEX = _all["sex"]
MARITAL_STATUS = _all["marital_status"]
RELATIONSHIP = _all["relationship"]
"""Relationship to the householder."""
ETHNIC_GROUP = _all["ethnic_group"]
USCC_CATEGORY = _all["uscc_category"]
