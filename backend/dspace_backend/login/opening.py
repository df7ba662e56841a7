"""Everything that logging in rests on, opened together: keys, stores, clients, the identity provider, the guard's parts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import msgspec

from dspace_backend.guard import Access
from dspace_backend.limits import Limits
from dspace_backend.login.authorization import Authorization
from dspace_backend.login.clients import Clients
from dspace_backend.login.endings import Endings
from dspace_backend.login.granting import TokenEndpoint
from dspace_backend.login.keeping import Keeping
from dspace_backend.login.metadata import Metadata, metadata_of
from dspace_backend.login.places import LoginPlaces
from dspace_backend.login.provider import Provider
from dspace_backend.login.sessions import Sessions
from dspace_backend.tokens import AccessTokens, Nonces, ReplayGuard, SigningKeys, settled
from dspace_core.crypto import Secret
from dspace_core.identifiers import SubjectId
from dspace_core.machine import Mode, Settings
from dspace_core.machine.home import Home
from dspace_core.stores import Ephemeral, Pool
from dspace_core.values import Subject

_KEEP_SECONDS = 3600.0


class Login(msgspec.Struct, frozen=True):
    """What the routes of logging in and the guard are given."""

    metadata: Metadata
    keys: SigningKeys
    authorization: Authorization
    endpoint: TokenEndpoint
    sessions: Sessions
    access: Access
    secure: bool
    """Whether we are reached by https alone."""


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_login(
    settings: Settings,
    home: Home,
    main: Pool,
    ephemeral: Ephemeral,
    *,
    subject_of: Callable[[SubjectId], Awaitable[Subject]],
    staff_key: Secret,
    clock: Callable[[], datetime] = _now,
) -> AsyncIterator[Login]:
    """Open it for a `web` process; the tasks beside it end with the block.

    `subject_of` is the identity book's; `staff_key` makes the ids of staff and never changes (a purpose key of the oldest
    root). Raises SettingInvalid, SecretMissing, SecretExposed, SigningKeyUnfit.
    """
    places = LoginPlaces.of(settings)
    development = settings.mode is Mode.DEVELOPMENT
    keys = SigningKeys.open(home.secrets / "tokens", development=development, clock=clock)
    proof_key = keys.shared_secret()
    nonces = Nonces(proof_key)
    replay = ReplayGuard(proof_key, nonces, ephemeral)
    tokens = AccessTokens(keys, issuer=places.issuer, audience=places.audience)
    endings = Endings(main, ephemeral, clock)
    sessions = Sessions(main, endings, clock)
    keeping = Keeping(ephemeral)
    clients = Clients(places.phone, places.desk)
    provider = Provider(places.provider, settings.login.client, home.secret("idp", make=False), places.callback)
    authorization = Authorization(
        clients,
        provider,
        keeping,
        issuer=places.issuer,
        levels=dict(settings.login.levels),
        subject_of=subject_of,
        staff_key=staff_key,
        clock=clock,
    )
    endpoint = TokenEndpoint(
        clients, keeping, sessions, tokens, nonces=nonces, replay=replay, bases=places.bases, clock=clock
    )
    access = Access(tokens, nonces, replay, endings, Limits(proof_key, ephemeral), bases=places.bases, clock=clock)
    await settled(ephemeral, clock())
    beside = [asyncio.create_task(endings.listen()), asyncio.create_task(_keep(keys))]
    try:
        yield Login(
            metadata_of(places), keys, authorization, endpoint, sessions, access, places.bases[0].startswith("https:")
        )
    finally:
        for task in beside:
            task.cancel()
        for task in beside:
            with suppress(asyncio.CancelledError):
                await task


async def _keep(keys: SigningKeys) -> None:
    """Rotate the signing keys when their time has come, until cancelled."""
    while True:
        await asyncio.sleep(_KEEP_SECONDS)
        keys.keep()
