"""The duties of development: what the shipped catalogue's items use by law is registered, so that a tap has its grounds.

In production an authority registers its duties and two people approve each; here made names do.
"""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from dspace_core.calendar import legal_day
from dspace_core.catalog import STARTER, Catalogue, ServiceItem
from dspace_core.evidence.keyring import Keyring
from dspace_core.gate import Duty, duties, duty_tables
from dspace_core.grants import field_key
from dspace_core.machine import keys
from dspace_core.machine.addresses import Role, Store, database
from dspace_core.machine.home import Home
from dspace_core.machine.settings import Settings
from dspace_core.stores import Pool, open_pool, transaction
from dspace_core.values import Basis

_LAW = "开发环境演示依据 (not a law: development only)"
_PEOPLE = ("dev.proposer", "dev.first", "dev.second")
_YEARS = timedelta(days=3650)


def demo_duties(item: ServiceItem, at: datetime) -> list[Duty]:
    """The duties that an item's uses by law rest on, one for each purpose; the same ones each time."""
    by_purpose: dict[str, set[str]] = {}
    for use in item.uses:
        if use.basis is Basis.STATUTORY_DUTY:
            by_purpose.setdefault(use.purpose, set()).add(field_key(use.field.category, use.field.field))
    first = legal_day(at)
    return [
        Duty(
            id=_id(item, purpose, fields),
            authority=item.authority,
            law=_LAW,
            items=frozenset({item.code.value}),
            fields=frozenset(fields),
            purpose=purpose,
            starts_on=first,
            ends_on=first + _YEARS,
        )
        for purpose, fields in by_purpose.items()
    ]


async def provide(settings: Settings, home: Home, now: datetime) -> int:
    """Register what the shipped catalogue's items use by law, as far as it is missing; answer how many."""
    main = database(settings, home, Store.MAIN, Role.MIGRATE)
    keys_at = database(settings, home, Store.KEYS, Role.APP)
    async with (
        await open_pool(main.url, password=main.password, size=1) as migrate,
        await open_pool(keys_at.url, password=keys_at.password, size=1) as keys_pool,
    ):
        keyring = Keyring(keys_pool, keys.provider(settings, home), lambda: now)
        await keyring.today()  # no transaction of the main cluster waits for a key to be made
        return await register(migrate, keyring, Catalogue.from_file(STARTER), now)


async def register(migrate: Pool, keyring: Keyring, catalogue: Catalogue, now: datetime) -> int:
    """Register those that are missing; answer how many. Enters with the role that migrates."""
    wanted = [duty for item in catalogue.on(legal_day(now)).contents.items.values() for duty in demo_duties(item, now)]
    there = {duty.id for duty in await duty_tables.in_force(migrate)}
    missing = [duty for duty in wanted if duty.id not in there]
    proposer, *approvers = _PEOPLE
    for duty in missing:
        async with transaction(migrate) as db:
            await duties.propose(db, duty, proposer, now)
            for approver in approvers:
                await duties.approve(db, duty.id, approver, now, keyring)
    return len(missing)


def _id(item: ServiceItem, purpose: str, fields: set[str]) -> UUID:
    """Named after what it covers, so that what was registered is found again, and a changed catalogue gets another."""
    return uuid5(
        NAMESPACE_URL, "|".join(("dspace/dev/duty", item.code.value, str(item.version), purpose, *sorted(fields)))
    )
