"""How the people are made: household by household, each with what the ages of its members allow."""

from collections import Counter
from datetime import date, timedelta

from dspace_core.identifiers import Sex, citizen_id
from dspace_core.identifiers.division import CITIES_WITH_COUNTIES
from dspace_core.sources.population import (
    MOST_PEOPLE,
    NAMES,
    PEOPLE,
    Chance,
    Ending,
    Household,
    Marriage,
    Person,
    Population,
    Relationship,
    birthday,
    full_years,
)
from dspace_core.sources.refusals import PopulationSize
from dspace_core.sources.work import working

MARRIAGE_AGE = {Sex.MALE: 22, Sex.FEMALE: 20}
"""The ages from which one may marry (Civil Code article 1047)."""
LAST_CHILD_AGE = 45
FIRST_DEATH_AGE = 60
"""Nobody dies before: a simplification of this first form."""
DIVORCED = 0.15
"""The share of couples without children at home that are divorced and live apart."""
_CARRIED = timedelta(days=280)
_BETWEEN_CHILDREN = timedelta(days=400)
_DIVISIONS = tuple(sorted(CITIES_WITH_COUNTIES))


def generate(seed: int, today: date, people: int = PEOPLE) -> Population:
    """Make exactly so many people as of a day. Raises PopulationSize outside 1 to `MOST_PEOPLE`.

    The first people are the same whatever the number: all but the last household or two of the smaller one.
    """
    if not 1 <= people <= MOST_PEOPLE:
        raise PopulationSize(most=MOST_PEOPLE)
    town = _Town(Chance(f"people/{seed}"), today, people)
    while town.room:
        town.settle()
    companies, jobs = working(Chance(f"work/{seed}"), today, town.people, town.households)
    return Population(
        seed=seed,
        today=today,
        people=tuple(town.people),
        households=tuple(town.households),
        marriages=tuple(town.married()),
        companies=tuple(companies),
        jobs=tuple(jobs),
    )


class _Town:
    """The population while it is being made."""

    def __init__(self, chance: Chance, today: date, most: int) -> None:
        self._chance = chance
        self._today = today
        self._most = most
        self._numbers: Counter[tuple[date, Sex, str]] = Counter()
        self._marriages: list[tuple[int, int, date, date | None]] = []
        self.people: list[Person] = []
        self.households: list[Household] = []

    @property
    def room(self) -> int:
        """How many people are still to be made."""
        return self._most - len(self.people)

    def settle(self) -> None:
        """Make one household: a single, a couple (maybe one that parted), a family, or three generations."""
        kind = self._chance.number(1, 100)
        if self.room < 7 or kind <= 20:
            self._single()
        elif kind <= 45:
            self._couple()
        elif kind <= 80:
            self._children(*self._pair(self._aged(24, 58), self._household()), self._chance.number(1, 3))
        else:
            self._three_generations()

    def _single(self) -> None:
        sex = Sex.MALE if self._chance.happens(0.5) else Sex.FEMALE
        self._add(sex, self._aged(18, 95), self._household(), Relationship.HOUSEHOLDER)

    def _couple(self) -> None:
        apart = self._chance.happens(DIVORCED)
        self._pair(self._aged(24, 92), self._household(), apart=apart)

    def _three_generations(self) -> None:
        household = self._household()
        grandfather, grandmother, married = self._pair(self._aged(56, 88), household, elders=True)
        mother_last = birthday(self.people[grandmother].birth, LAST_CHILD_AGE) - timedelta(days=1)
        born = self._chance.day(married + _CARRIED, min(married + timedelta(days=5 * 365), mother_last))
        parents = (grandmother, grandfather)
        if full_years(born, self._today) < 26:
            self._add(Sex.MALE, born, household, Relationship.HOUSEHOLDER, parents)
            return
        husband, wife, wedding = self._pair(born, household, parents=parents)
        self._children(husband, wife, wedding, self._chance.number(0, 2))

    def _pair(
        self,
        birth: date,
        household: int,
        *,
        parents: tuple[int, int] | None = None,
        elders: bool = False,
        apart: bool = False,
    ) -> tuple[int, int, date]:
        """A married couple: the husband's birth is given. Answers husband, wife and the day of the wedding."""
        own, other = (
            (Relationship.PARENT, Relationship.PARENT) if elders else (Relationship.HOUSEHOLDER, Relationship.SPOUSE)
        )
        her_birth = birth + timedelta(days=self._chance.number(-2 * 365, 4 * 365))
        her_birth = min(her_birth, self._latest_birth(22))
        first = max(birthday(birth, MARRIAGE_AGE[Sex.MALE]), birthday(her_birth, MARRIAGE_AGE[Sex.FEMALE]))
        wedding = self._chance.day(first, min(first + timedelta(days=8 * 365), self._today))
        husband = self._add(Sex.MALE, birth, household, own, parents)
        hers = self._household() if apart else household
        wife = self._add(Sex.FEMALE, her_birth, hers, Relationship.HOUSEHOLDER if apart else other)
        parted = self._chance.day(wedding, self._first_death(husband, wife) or self._today) if apart else None
        self._marriages.append((husband, wife, wedding, parted))
        return husband, wife, wedding

    def _children(self, husband: int, wife: int, wedding: date, most: int) -> None:
        """Up to so many children, as long as the mother is young enough and time has passed."""
        last = min(birthday(self.people[wife].birth, LAST_CHILD_AGE) - timedelta(days=1), self._today)
        earliest = wedding + _CARRIED
        for _ in range(most):
            if earliest > last:
                return
            born = self._chance.day(earliest, min(earliest + timedelta(days=6 * 365), last))
            son = self._chance.happens(0.52)
            self._add(
                Sex.MALE if son else Sex.FEMALE,
                born,
                self.people[husband].household,
                Relationship.SON if son else Relationship.DAUGHTER,
                (wife, husband),
            )
            earliest = born + _BETWEEN_CHILDREN

    def _household(self) -> int:
        address = f"示例路{self._chance.number(1, 999)}号{self._chance.number(101, 3206)}房"
        self.households.append(Household(self._chance.one(_DIVISIONS), address))
        return len(self.households) - 1

    def _add(
        self,
        sex: Sex,
        birth: date,
        household: int,
        relationship: Relationship,
        parents: tuple[int, int] | None = None,
    ) -> int:
        """A person; children are born where the household is, and bear the father's surname."""
        at_home = parents is not None or self._chance.happens(0.8)
        division = self.households[household].division if at_home else self._chance.one(_DIVISIONS)
        surname = self._chance.one(NAMES.surnames) if parents is None else self.people[parents[1]].name[0]
        given = "".join(self._chance.one(NAMES.syllables) for _ in range(1 + self._chance.happens(0.8)))
        self.people.append(
            Person(
                citizen_id=self._citizen_id(birth, sex, division),
                name=surname + given,
                sex=sex,
                birth=birth,
                died=self._death(birth),
                household=household,
                relationship=relationship,
                mother=None if parents is None else parents[0],
                father=None if parents is None else parents[1],
            )
        )
        return len(self.people) - 1

    def _citizen_id(self, birth: date, sex: Sex, division: str) -> str:
        """A number by the fixture rule: the next of its day, sex and division; of a neighbour where those are spent."""
        start = _DIVISIONS.index(division)
        for city in (*_DIVISIONS[start:], *_DIVISIONS[:start]):
            number = self._numbers[birth, sex, city]
            if number < 500:
                self._numbers[birth, sex, city] += 1
                return citizen_id.fixture(birth, sex, division=city, number=number).value
        raise PopulationSize(most=MOST_PEOPLE)

    def _death(self, birth: date) -> date | None:
        """Each year from `FIRST_DEATH_AGE` on the risk grows, from 1 in 100 to 1 in 5."""
        for age in range(FIRST_DEATH_AGE, full_years(birth, self._today) + 1):
            if self._chance.happens(min(0.01 + 0.005 * (age - FIRST_DEATH_AGE), 0.2)):
                begins = birthday(birth, age)
                return self._chance.day(begins, min(begins + timedelta(days=364), self._today))
        return None

    def _aged(self, youngest: int, oldest: int) -> date:
        """A birth date of somebody of such an age."""
        return self._chance.day(birthday(self._today, -oldest), self._latest_birth(youngest))

    def _latest_birth(self, age: int) -> date:
        return birthday(self._today, -age)

    def _first_death(self, *people: int) -> date | None:
        return min((day for one in people if (day := self.people[one].died) is not None), default=None)

    def married(self) -> list[Marriage]:
        """The marriages with their ends: parting comes first where it comes, then the first death."""
        found = []
        for husband, wife, registered, parted in self._marriages:
            died = self._first_death(husband, wife)
            ended, ending = died, None if died is None else Ending.DEATH
            if parted is not None:
                ended, ending = parted, Ending.DIVORCE
            found.append(Marriage(husband=husband, wife=wife, registered=registered, ended=ended, ending=ending))
        return found
