"""教育, 自然资源, 信用 and 司法: schools, homes, who is listed for dishonesty, who is in prison."""

from collections.abc import Iterator
from datetime import date

from dspace_core.identifiers.division import CITIES
from dspace_core.sources.knowledge.table import Row, Table, companies, people
from dspace_core.sources.population import Chance, Population, Relationship

FIRST_DIPLOMA = date(2001, 1, 1)
"""Gap: who left school before is in no register of certificates."""
EDUCATION_MISSING = 0.02
"""Gap: of all others from `FIRST_SCHOOL_AGE`, the share that 教育 has no record of."""
FIRST_SCHOOL_AGE = 6
LEAVES_AT = {"primary": 12, "junior": 15, "senior": 18, "tertiary": 22}
"""Each level, and the age in the July of which one leaves it."""
OWNERS = 0.6
"""Of living householders, the share that owns a home; a tenth of them owns two."""
PROPERTY_MISSING = 0.02
"""Gap: of homes, the share whose title is not digitised."""
DISHONEST = 0.004
"""Of grown people alive, the share listed for serious dishonesty."""
GRADE_MISSING = 0.05
"""Gap: of companies, the share without a grade."""
COMPANY_DISHONEST = 0.015
"""Of companies with a grade, the share listed for serious dishonesty."""
IMPRISONED = 0.0015
"""Of grown people alive, the share in prison."""
_GROWN = 18


def _education(population: Population, chance: Chance) -> Iterator[Row]:
    """The highest level, or the one at which somebody studies."""
    for serial, one in enumerate(population.people):
        age = one.age(population.today)
        if one.died is not None or age < FIRST_SCHOOL_AGE:
            continue
        missing, draw = chance.happens(EDUCATION_MISSING), chance.number(1, 100)
        level = _level(age, draw)
        leaves = date(one.birth.year + LEAVES_AT[level], 7, 1)
        studying = leaves > population.today
        if missing or leaves < FIRST_DIPLOMA:
            continue
        school, left = f"示例{_SCHOOLS[level]}", None if studying else leaves
        yield (one.citizen_id, level, school, studying, left, None if studying else f"00{serial:014}")


_SCHOOLS = {"primary": "小学", "junior": "初级中学", "senior": "高级中学", "tertiary": "学院"}


def _level(age: int, draw: int) -> str:
    if age <= 11:
        return "primary"
    if age <= 14:
        return "junior"
    if age <= 17 or draw <= (80 if age >= 60 else 45):
        return "senior" if age <= 22 or draw > 20 else "junior"
    return "tertiary"


def _homes(population: Population, chance: Chance) -> Iterator[tuple[str, Row]]:
    """The owner of each home, and its row."""
    number = 0
    for one in population.people:
        if one.relationship is not Relationship.HOUSEHOLDER or one.died is not None or not chance.happens(OWNERS):
            continue
        home = population.households[one.household]
        city = CITIES[home.division]
        address = home.address
        for _ in range(1 + chance.happens(0.1)):
            number += 1
            missing, area = chance.happens(PROPERTY_MISSING), chance.number(3_000, 18_000)
            registered = chance.recent(population.today, 20)
            if not missing:
                title = f"示例不动产权第{number:07}号"
                yield one.citizen_id, (number, title, f"广东省{city}市{address}", area, registered)
            address = f"示例路{chance.number(1, 999)}号{chance.number(101, 3206)}房"


def _properties(population: Population, chance: Chance) -> Iterator[Row]:
    for _, row in _homes(population, chance):
        yield row


def _owners(population: Population, _: Chance) -> Iterator[Row]:
    """The owners of just these: the same draws again."""
    for owner, row in _homes(population, Chance(f"property/{population.seed}")):
        yield (row[0], owner)


def _listings(population: Population, chance: Chance) -> Iterator[Row]:
    for one in population.people:
        if one.died is None and one.age(population.today) >= _GROWN and chance.happens(DISHONEST):
            yield (one.citizen_id, chance.recent(population.today, 5), chance.one(("judgment", "tax", "fraud")))


def _grades(population: Population, chance: Chance) -> Iterator[Row]:
    for one in population.companies:
        if chance.happens(GRADE_MISSING):
            continue
        listed = chance.happens(COMPANY_DISHONEST)
        grade = "D" if listed else chance.one(("A", "A", "B", "B", "C"))
        yield (one.uscc, grade, listed, max(one.founded, chance.recent(population.today, 1)))


def _custody(population: Population, chance: Chance) -> Iterator[Row]:
    for one in population.people:
        if one.died is None and one.age(population.today) >= _GROWN and chance.happens(IMPRISONED):
            yield (one.citizen_id, chance.recent(population.today, 5))


TABLES = (
    Table(
        authority="education",
        name="education",
        columns=("citizen_id", "level", "school", "studying", "graduated_on", "certificate_no"),
        walks=people,
        rows=_education,
    ),
    Table(
        authority="natural_resources",
        name="property",
        columns=("number", "certificate_no", "location", "area", "registered_on"),
        walks=people,
        rows=_properties,
    ),
    Table(
        authority="natural_resources",
        name="owner",
        columns=("property", "citizen_id"),
        walks=people,
        rows=_owners,
    ),
    Table(
        authority="credit",
        name="listing",
        columns=("citizen_id", "listed_on", "reason"),
        walks=people,
        rows=_listings,
    ),
    Table(
        authority="credit",
        name="grade",
        columns=("uscc", "grade", "listed", "graded_on"),
        walks=companies,
        rows=_grades,
    ),
    Table(
        authority="justice",
        name="custody",
        columns=("citizen_id", "committed_on"),
        walks=people,
        rows=_custody,
    ),
)
