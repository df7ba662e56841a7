"""How companies are made and who works in them: the working-age people found one, join one of those before them, or neither.

Nobody is hired by a company whose founder comes later, so that the first people are the same whatever the number; and
older companies become the larger ones.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from dspace_core.identifiers import uscc
from dspace_core.identifiers.division import CITIES
from dspace_core.sources.population import NAMES, Chance, Company, Household, Job, Person, birthday

FIRST_JOB_AGE = 23
"""Nobody works before, since they may be studying: a simplification of the generator, as are all shares below."""
LAST_JOB_AGE = 60
FOUNDERS = 0.05
"""Of the living people of these ages, the share that founds a company and represents it."""
EMPLOYED = 0.65
"""Of the others, the share that has a job or has lost one in the last year."""
LEFT = 0.1
"""Of those, the share that has left within the last year."""
OWN_WILL = 0.3
"""Of those who left, the share that wanted to."""
IRREGULAR = 0.04
"""Of companies, the share listed for irregularities."""
SELF_EMPLOYED = 0.2
"""Of companies, the share that is a business of the self-employed (个体工商户)."""
_YEAR = timedelta(days=365)


def working(
    chance: Chance, today: date, people: Sequence[Person], households: Sequence[Household]
) -> tuple[list[Company], list[Job]]:
    """The companies and the jobs of a day."""
    companies, jobs = list[Company](), list[Job]()
    numbers = Counter[tuple[str, str]]()
    first, last = birthday(today, -LAST_JOB_AGE), birthday(today, -FIRST_JOB_AGE)
    for at, one in enumerate(people):
        if one.died is not None or not first < one.birth <= last:
            continue
        since = birthday(one.birth, FIRST_JOB_AGE)
        if not companies or chance.happens(FOUNDERS):
            founded = chance.day(max(since, today - 20 * _YEAR), today)
            supervisor = chance.number(0, at - 1) if chance.happens(0.5) else None
            supervisor = supervisor if supervisor is not None and _grown(people[supervisor], last) else None
            home = households[one.household]
            companies.append(_company(chance, numbers, founded, (at, supervisor), home))
            jobs.append(Job(person=at, company=len(companies) - 1, since=founded, ended=None, own_will=False))
        elif chance.happens(EMPLOYED):
            company = chance.number(0, len(companies) - 1)
            since = chance.day(max(since, companies[company].founded), today)
            ended = chance.day(max(since, today - _YEAR), today) if chance.happens(LEFT) else None
            own_will = chance.happens(OWN_WILL) if ended else False
            jobs.append(Job(person=at, company=company, since=since, ended=ended, own_will=own_will))
    return companies, jobs


def _grown(one: Person, last: date) -> bool:
    return one.died is None and one.birth <= last


def _company(
    chance: Chance,
    numbers: Counter[tuple[str, str]],
    founded: date,
    officers: tuple[int, int | None],
    home: Household,
) -> Company:
    """A company in the founder's city, with a code by the fixture rule."""
    category = "92" if chance.happens(SELF_EMPLOYED) else "91"
    code = uscc.fixture(numbers[category, home.division], category=category, division=home.division)
    numbers[category, home.division] += 1
    called = chance.one(NAMES.syllables) + chance.one(NAMES.syllables) + chance.one(NAMES.trades)
    ending = "店" if category == "92" else "有限公司"
    return Company(
        uscc=code.value,
        name=f"{CITIES[home.division].removesuffix('市')}示例{called}{ending}",
        division=home.division,
        address=f"示例路{chance.number(1, 999)}号",
        founded=founded,
        capital=chance.number(1, 100) * 10_000_000,
        active=not chance.happens(IRREGULAR),
        representative=officers[0],
        supervisor=officers[1],
    )
