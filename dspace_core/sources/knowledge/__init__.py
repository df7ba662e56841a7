"""What each authority knows of a made population: its tables, with the gaps and conflicts that real ones have.

One module for a few authorities that draw on the same part of the truth. A table can be walked as often as one likes and
gives the same rows: its draws come from the seed and its own name.
"""

from dspace_core.sources.knowledge import business, civil, health, labour, property_and_trust
from dspace_core.sources.knowledge.table import Row, Table

TABLES: tuple[Table, ...] = (
    *civil.TABLES,
    *health.TABLES,
    *labour.TABLES,
    *business.TABLES,
    *property_and_trust.TABLES,
)
"""All tables of all authorities; within one authority, in an order in which they can be written."""

__all__ = ("TABLES", "Row", "Table")
