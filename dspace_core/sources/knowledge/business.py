"""市监 and 税务: companies with their officers, and what people and companies pay."""

from collections.abc import Iterator

from dspace_core.sources.knowledge.table import Row, Table, companies, jobs
from dspace_core.sources.population import Chance, Population

OFFICER_STALE = 0.02
"""Conflict: of companies, the share whose representative 市监 has under an older name."""
COMPANY_TAX_MISSING = 0.02
"""Gap: of companies, the share that 税务 has no grade of."""
ARREARS = 0.03
"""Of companies, the share that owes taxes."""


def _companies(population: Population, chance: Chance) -> Iterator[Row]:
    for one in population.companies:
        representative = population.people[one.representative]
        stale = chance.happens(OFFICER_STALE)
        name = representative.name[0] + "某" if stale else representative.name
        status = "active" if one.active else "irregular"
        kind = "self_employed" if one.uscc.startswith("92") else "enterprise"
        yield (
            one.uscc,
            one.name,
            kind,
            one.founded,
            one.division,
            one.address,
            one.capital,
            status,
            name,
            representative.citizen_id,
        )


def _officers(population: Population, _: Chance) -> Iterator[Row]:
    """The representative since the founding, and maybe a supervisor."""
    people = population.people
    for one in population.companies:
        yield (one.uscc, people[one.representative].citizen_id, "legal_representative", one.founded)
        if one.supervisor is not None:
            yield (one.uscc, people[one.supervisor].citizen_id, "supervisor", one.founded)


def _incomes(population: Population, chance: Chance) -> Iterator[Row]:
    """The last year's, of who had the job by then."""
    year = population.today.year - 1
    for job in population.jobs:
        income, share = chance.number(3_000_000, 40_000_000), chance.number(0, 10)
        if job.since.year <= year:
            yield (population.people[job.person].citizen_id, year, income, income * share // 100)


def _company_taxes(population: Population, chance: Chance) -> Iterator[Row]:
    for one in population.companies:
        missing, grade, arrears = (
            chance.happens(COMPANY_TAX_MISSING),
            chance.one(("A", "A", "B", "B", "B", "M", "C", "D")),
            chance.happens(ARREARS),
        )
        months = (population.today.toordinal() - one.founded.toordinal()) // 31
        if not missing:
            yield (one.uscc, grade, arrears, chance.number(months // 2, months))


TABLES = (
    Table(
        authority="market_regulation",
        name="company",
        columns=(
            "uscc",
            "name",
            "kind",
            "registered_on",
            "division",
            "address",
            "capital",
            "status",
            "representative_name",
            "representative_id",
        ),
        walks=companies,
        rows=_companies,
    ),
    Table(
        authority="market_regulation",
        name="officer",
        columns=("uscc", "citizen_id", "role", "since"),
        walks=companies,
        rows=_officers,
    ),
    Table(
        authority="taxation",
        name="income",
        columns=("citizen_id", "year", "income", "paid"),
        walks=jobs,
        rows=_incomes,
    ),
    Table(
        authority="taxation",
        name="company_tax",
        columns=("uscc", "grade", "arrears", "insured_months"),
        walks=companies,
        rows=_company_taxes,
    ),
)
