"""The sources: where authorities keep their data, behind one port that only the gate asks (article 1).

Also the made population that stands in for real authorities in development and tests.
"""

from dspace_core.sources.datum import Answer, Label, TrustedDatum, self_declared
from dspace_core.sources.loading import Loaded, load_registers
from dspace_core.sources.population import PEOPLE, Population, generate
from dspace_core.sources.port import DataSource
from dspace_core.sources.provision import AUTHORITIES, create_database, lay_schema, role_of
from dspace_core.sources.registers import Register, Registers, registers_of
from dspace_core.sources.sql import SqlSource, open_sql_source

__all__ = (
    "AUTHORITIES",
    "PEOPLE",
    "Answer",
    "DataSource",
    "Label",
    "Loaded",
    "Population",
    "Register",
    "Registers",
    "SqlSource",
    "TrustedDatum",
    "create_database",
    "generate",
    "lay_schema",
    "load_registers",
    "open_sql_source",
    "registers_of",
    "role_of",
    "self_declared",
)
