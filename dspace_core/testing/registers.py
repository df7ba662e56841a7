"""The record views of the made authorities in memory, for a department that is no database: the same rows as the views of
`sources/schema`."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from dspace_core.sources import Answer, Registers

Row: TypeAlias = dict[str, Answer | None]
View: TypeAlias = Mapping[str, Row]
"""The one record of each person, by citizen number."""
_STATUS = {None: "20", "death": "30", "divorce": "40"}
"""By GB/T 2261.2."""


def views_of(registers: Registers) -> dict[str, View]:
    """Every view by the id of its category."""
    households = {row["number"]: row for row in _rows(registers, "household")}
    people = [
        {**row, "household_division": home["division"], "address": home["address"]}
        for row in _rows(registers, "person")
        for home in [households[row["household"]]]
    ]
    accounts = (row for row in _rows(registers, "account") if row["social_security"] and row["status"] != "closed")
    return {
        "population.record": _by_person(people),
        "marriage.record": _by_person(_parties(registers)),
        "death.record": _by_person(_rows(registers, "death")),
        "pension.record": _by_person(_rows(registers, "pension")),
        "bank.account": _by_person(accounts),
    }


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


def _by_person(rows: Iterable[Row]) -> View:
    return {str(row["citizen_id"]): row for row in rows}
