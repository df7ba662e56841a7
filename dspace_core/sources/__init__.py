"""The sources: where authorities keep their data, behind one port that only the gate asks (article 1).

Also the made population that stands in for real authorities in development and tests.
"""

from dspace_core.sources.datum import Answer, Label, TrustedDatum, self_declared
from dspace_core.sources.demo import DemoPerson, Shows, demo_people
from dspace_core.sources.later import LaterSource
from dspace_core.sources.loading import Databases, Loaded, Tell, load_registers, provisioned, seed
from dspace_core.sources.population import PEOPLE, Population
from dspace_core.sources.port import DataSource
from dspace_core.sources.provision import AUTHORITIES, create_database, lay_schema, role_of
from dspace_core.sources.registers import Register, Registers, registers_of
from dspace_core.sources.sql import SqlSource, open_sql_source
from dspace_core.sources.tables import Made, made_in
from dspace_core.sources.town import generate

__all__ = (
    "AUTHORITIES",
    "PEOPLE",
    "Answer",
    "DataSource",
    "Databases",
    "DemoPerson",
    "Label",
    "LaterSource",
    "Loaded",
    "Made",
    "Population",
    "Register",
    "Registers",
    "Shows",
    "SqlSource",
    "Tell",
    "TrustedDatum",
    "create_database",
    "demo_people",
    "generate",
    "lay_schema",
    "load_registers",
    "made_in",
    "open_sql_source",
    "provisioned",
    "registers_of",
    "role_of",
    "seed",
    "self_declared",
)
