"""人社, 公积金 and 银行: pensions, employment, unemployment, the provident fund, accounts."""

from collections.abc import Iterator

from dspace_core.sources.knowledge.table import Row, Table, jobs, people
from dspace_core.sources.population import NAMES, Chance, Population, birthday, full_years

PENSION_MISSING = 0.02
"""Gap: of people of working age or older, the share that 人社 has no record of."""
STILL_PAID = 0.02
"""Conflict: of the dead with a pension record, entitled in life, the share that 人社 still lists as receiving."""
STILL_EMPLOYED = 0.05
"""Conflict: of those who left their job, the share whose leaving the employer has not reported to 人社."""
INSURANCE_MISSING = 0.02
"""Gap: of people with a job, now or before, the share without a record of unemployment insurance."""
UNREGISTERED = 0.3
"""Of those who left, the share that has not registered as unemployed."""
BENEFIT_DRAWN = 0.4
"""Of those who have, and have paid for a year, the share that draws the benefit already."""
FUND_MISSING = 0.2
"""Gap: of people with a job, now or before, the share for whom nothing was ever paid into the fund."""
EMPLOYER_DIFFERS = 0.03
"""Conflict: of accounts of the fund, the share that names another employer than 人社 does."""
ACCOUNT_MISSING = 0.03
"""Gap: of people of working age or older, the share without an account of a social security card."""
NAME_DIFFERS = 0.01
"""Conflict: of accounts, the share whose holder's name is not the one that 公安 has."""
CLAIMANTS_NAME_DIFFERS = 10
"""Conflict: of those whom item A3 is for, every one of so many has an account under another name, the third first: it is
the one case that a human looks at, and no population should lack it."""

WORKING_AGE = 16
PENSION_AGE = 60
"""The age of the resident scheme, and here of both: configuration of the generator, no statement of law."""
PENSION_MONTHS = 180
NOT_YET_CLAIMED = 0.3
"""Of the living residents who are entitled, the share that has not claimed: those whom item A3 is for."""
MOST_BENEFIT_MONTHS = 24
"""A month of benefit for each full year paid, at most so many: configuration of the generator, no statement of law."""


def _pensions(population: Population, chance: Chance) -> Iterator[Row]:
    for _, row in _insured(population, chance):
        yield row


def _insured(population: Population, chance: Chance) -> Iterator[tuple[bool, Row]]:
    """The pension records; and of each, whether item A3 is for this person, who lives."""
    working = {job.person for job in population.jobs}
    for at, one in enumerate(population.people):
        last = one.died or population.today
        age = one.age(last)
        if age < WORKING_AGE or chance.happens(PENSION_MISSING):
            continue
        until = min(last, birthday(one.birth, PENSION_AGE))
        enrolled = chance.day(birthday(one.birth, WORKING_AGE), min(until, birthday(one.birth, 40)))
        possible = max(full_years(enrolled, until) * 12, 0)
        months = chance.number(possible // 2, possible)
        scheme = "resident" if chance.happens(0.55) and at not in working else "employee"
        entitled = age >= PENSION_AGE and months >= PENSION_MONTHS
        if one.died is not None:
            receiving = entitled and chance.happens(STILL_PAID)
        else:
            receiving = entitled and not (scheme == "resident" and chance.happens(NOT_YET_CLAIMED))
        claims = entitled and scheme == "resident" and not receiving and one.died is None
        yield claims, (one.citizen_id, scheme, enrolled, months, receiving)


def _employment(population: Population, chance: Chance) -> Iterator[Row]:
    for job in population.jobs:
        if job.ended is None or chance.happens(STILL_EMPLOYED):
            yield (population.people[job.person].citizen_id, population.companies[job.company].uscc, job.since)


def _unemployment(population: Population, chance: Chance) -> Iterator[Row]:
    """Everybody insured against it; who left may have registered, and may draw the benefit."""
    for job in population.jobs:
        if chance.happens(INSURANCE_MISSING):
            continue
        possible = (job.ended or population.today).toordinal() - job.since.toordinal()
        months = chance.number(possible * 4 // 5, possible) // 31
        left = None if job.ended is None else "own_will" if job.own_will else "involuntary"
        registered = left is not None and not chance.happens(UNREGISTERED)
        benefit = min(months // 12, MOST_BENEFIT_MONTHS) if left == "involuntary" else 0
        receiving = registered and benefit > 0 and chance.happens(BENEFIT_DRAWN)
        who = population.people[job.person].citizen_id
        yield (who, months, job.ended, left, registered, benefit, receiving)


def _fund(population: Population, chance: Chance) -> Iterator[Row]:
    """Account numbers begin with 00. Where somebody left, the account is sealed."""
    companies = population.companies
    for serial, job in enumerate(population.jobs):
        if chance.happens(FUND_MISSING):
            continue
        other = chance.happens(EMPLOYER_DIFFERS)
        company = companies[(job.company + other) % len(companies)]
        possible = ((job.ended or population.today).toordinal() - job.since.toordinal()) // 31
        months = chance.number(possible // 2, possible)
        balance = months * chance.number(20_000, 300_000)
        status = "active" if job.ended is None else "sealed"
        yield (population.people[job.person].citizen_id, f"00{serial:010}", company.uscc, months, balance, status)


def _accounts(population: Population, chance: Chance) -> Iterator[Row]:
    """Account numbers begin with 00, as no bank's do."""
    serial, claimants = 0, 0
    insured = _insured(population, Chance(f"pension/{population.seed}"))
    claims = (row[0] for for_them, row in insured if for_them)
    claimant = next(claims, None)
    for one in population.people:
        claiming = one.citizen_id == claimant
        if claiming:
            claimant = next(claims, None)
        if one.age(one.died or population.today) < WORKING_AGE or chance.happens(ACCOUNT_MISSING):
            continue
        for social_security in (True, False)[: 2 if chance.happens(0.2) else 1]:
            serial += 1
            differs, status, bank = chance.happens(NAME_DIFFERS), chance.one(_STATES), chance.one(NAMES.banks)
            if claiming and social_security and status == "active":
                claimants += 1
                differs = claimants % CLAIMANTS_NAME_DIFFERS == 3
            name = _otherwise(one.name) if differs else one.name
            yield (f"00{serial:017}", one.citizen_id, name, bank, social_security, status)


def _otherwise(name: str) -> str:
    """The name with another last syllable."""
    at = NAMES.syllables.index(name[-1])
    return name[:-1] + NAMES.syllables[(at + 1) % len(NAMES.syllables)]


_STATES = ("active",) * 18 + ("dormant", "closed")

TABLES = (
    Table(
        authority="human_resources",
        name="pension",
        columns=("citizen_id", "scheme", "enrolled_on", "contribution_months", "receiving"),
        walks=people,
        rows=_pensions,
    ),
    Table(
        authority="human_resources",
        name="employment",
        columns=("citizen_id", "employer", "since"),
        walks=jobs,
        rows=_employment,
    ),
    Table(
        authority="human_resources",
        name="unemployment",
        columns=("citizen_id", "insured_months", "left_on", "leave_kind", "registered", "benefit_months", "receiving"),
        walks=jobs,
        rows=_unemployment,
    ),
    Table(
        authority="provident_fund",
        name="fund",
        columns=("citizen_id", "account_no", "employer", "months", "balance", "status"),
        walks=jobs,
        rows=_fund,
    ),
    Table(
        authority="bank",
        name="account",
        columns=("account_no", "citizen_id", "holder_name", "bank_name", "social_security", "status"),
        walks=people,
        rows=_accounts,
    ),
)
