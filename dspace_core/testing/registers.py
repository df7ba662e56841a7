"""The record views of the made authorities in memory, for a department that is no database: the same rows as the views of
`sources/schema`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from dspace_core.sources import Answer, Registers

Row: TypeAlias = dict[str, Answer | None]
View: TypeAlias = Mapping[str, Row]
"""The one record of each subject: of a person by citizen number, of a company by its code."""
_STATUS = {None: "20", "death": "30", "divorce": "40"}
"""By GB/T 2261.2."""
_PLAIN = {
    "assistance.record": "assistance",
    "company_credit.record": "grade",
    "company_tax.record": "company_tax",
    "credit.record": "listing",
    "custody.record": "custody",
    "death.record": "death",
    "disability.record": "certificate",
    "education.record": "education",
    "employment.record": "employment",
    "legal_person.record": "company",
    "medical_insurance.record": "insurance",
    "pension.record": "pension",
    "provident_fund.record": "fund",
    "tax.record": "income",
    "unemployment.record": "unemployment",
}
"""The categories whose view is a table as it is."""


def views_of(registers: Registers) -> dict[str, View]:
    """Every view by the id of its category."""
    accounts = (row for row in _rows(registers, "account") if row["social_security"] and row["status"] != "closed")
    births = ({**row, "citizen_id": row["child"]} for row in _rows(registers, "birth"))
    return {
        **{category: _by_subject(_rows(registers, table)) for category, table in _PLAIN.items()},
        "bank.account": _by_subject(accounts),
        "birth.record": _by_subject(births),
        "childbearing.record": _by_subject(_parents(registers)),
        "housing.record": _by_subject(_owners(registers)),
        "marriage.record": _by_subject(_parties(registers)),
        "place.record": _by_subject(_joined(registers, "resident", "place", "place")),
        "population.record": _by_subject(_registered(registers)),
        "representative.record": _by_subject(_representatives(registers)),
    }


def _registered(registers: Registers) -> list[Row]:
    """People with the division and the address of their household."""
    joined = _joined(registers, "person", "household", "household")
    return [{**row, "household_division": row["division"]} for row in joined]


def _joined(registers: Registers, table: str, by: str, other: str) -> list[Row]:
    """The rows of a table with those of another, by its number; without one there is no record."""
    others = {row["number"]: row for row in _rows(registers, other)}
    return [{**others[row[by]], **row} for row in _rows(registers, table) if row[by] in others]


def _representatives(registers: Registers) -> list[Row]:
    names = {row["uscc"]: row["name"] for row in _rows(registers, "company")}
    officers = (row for row in _rows(registers, "officer") if row["role"] == "legal_representative")
    return [{**row, "company_name": names[row["uscc"]]} for row in officers]


def _parents(registers: Registers) -> list[Row]:
    """Each parent with the number of their children and the day of the last birth."""
    births = sorted(_rows(registers, "birth"), key=lambda row: str(row["born_on"]))
    found: dict[Answer | None, Row] = {}
    for row in births:
        for parent in (row["mother"], row["father"]):
            children = found[parent]["children"] if parent in found else 0
            more = children + 1 if isinstance(children, int) else None
            found[parent] = {"citizen_id": parent, "children": more, "last_born_on": row["born_on"]}
    return list(found.values())


def _owners(registers: Registers) -> list[Row]:
    """Each owner with the number of their homes and the one registered last."""
    homes = sorted(
        _joined(registers, "owner", "property", "property"), key=lambda row: (str(row["registered_on"]), row["number"])
    )
    counted = Counter(row["citizen_id"] for row in homes)
    return [{**row, "properties": counted[row["citizen_id"]]} for row in homes]


def _parties(registers: Registers) -> list[Row]:
    """Each party of a marriage; the latest registration counts, which is the last that is written."""
    found: list[Row] = [
        {
            "citizen_id": row[party],
            "registered_on": row["registered_on"],
            "marital_status": _STATUS[None if row["ending"] is None else str(row["ending"])],
        }
        for row in _rows(registers, "marriage")
        for party in ("husband", "wife")
    ]
    return sorted(found, key=lambda row: str(row["registered_on"]))


def _rows(registers: Registers, name: str) -> list[Row]:
    table = registers.table(name)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _by_subject(rows: Iterable[Row]) -> View:
    return {str(row["citizen_id"] if "citizen_id" in row else row["uscc"]): row for row in rows}
