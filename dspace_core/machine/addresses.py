"""Where the databases answer and with which role each process enters: embedded or external, one form.

Three roles share the work (least privilege): `dspace_migrate` owns the tables, `dspace_app` serves requests,
`dspace_notary` numbers and signs evidence. Passwords are files of mode 0600 under `DSPACE_HOME/secrets`, one folder per
cluster; embedded ones are made at the first start, external ones are given by the operator.
"""

from enum import Enum
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec

from dspace_core.machine.home import Home
from dspace_core.machine.settings import Settings


class Role(Enum):
    """A database role. The value is its name in PostgreSQL."""

    MIGRATE = "dspace_migrate"
    APP = "dspace_app"
    NOTARY = "dspace_notary"


class Store(Enum):
    """A cluster: the main one, and the keys, whose backups are kept for a shorter time (erasure)."""

    MAIN = "main"
    KEYS = "keys"

    @property
    def database(self) -> str:
        """The name of the database inside the embedded cluster."""
        return "dspace" if self is Store.MAIN else "dspace_keys"


class Address(msgspec.Struct, frozen=True):
    """Where to connect: a URL with the role, and its password (None: the URL carries its own). Never printed."""

    url: str
    password: str | None

    def __repr__(self) -> str:
        return "Address(…)"


def embedded_url(home: Home, store: Store, role: str, name: str) -> str:
    """The address of one database of an embedded cluster, for one role, without its password."""
    return f"postgresql://{role}@/{name}?{urlencode({'host': home.sockets(store.value), 'port': 5432}, quote_via=quote, safe='/')}"


def external(settings: Settings, store: Store) -> str | None:
    """The operator's URL for a cluster; None when it is embedded."""
    return settings.database_url if store is Store.MAIN else settings.keys_database_url


def database(settings: Settings, home: Home, store: Store, role: Role) -> Address:
    """How one role reaches one cluster. Raises SecretMissing or SecretExposed."""
    given = external(settings, store)
    if given is None:
        url = embedded_url(home, store, role.value, store.database)
        return Address(url, home.secret(f"{store.value}/{role.value}", make=True))
    parts = urlsplit(given)
    if "@" in parts.netloc:
        return Address(given, None)
    url = urlunsplit(parts._replace(netloc=f"{role.value}@{parts.netloc}"))
    return Address(url, home.secret(f"{store.value}/{role.value}", make=False))


def redis(settings: Settings, home: Home) -> str:
    """The URL of the Redis-compatible server, with its password if the operator laid one down. Never printed."""
    if settings.redis_url is None:
        return f"unix://{quote(str(home.sockets('valkey') / 'valkey.sock'))}"
    parts = urlsplit(settings.redis_url)
    if "@" in parts.netloc or not (home.secrets / "redis").exists():
        return settings.redis_url
    password = quote(home.secret("redis", make=False), safe="")
    return urlunsplit(parts._replace(netloc=f":{password}@{parts.netloc}"))
