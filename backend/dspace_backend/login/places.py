"""Under which addresses we are reached and know the identity provider, from the settings."""

from typing import Self

import msgspec

from dspace_core.errors import Text
from dspace_core.machine import Mode, Settings
from dspace_core.machine import login as names
from dspace_core.machine.refusals import SettingInvalid

CALLBACK = "/login/callback"


class LoginPlaces(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of one deployment."""

    issuer: str
    audience: str
    """Whom our tokens are for: the API."""
    bases: tuple[str, ...]
    """Under which we are reached, without a path; the first is the one that we name."""
    provider: str
    callback: str
    """Where the identity provider sends people back to."""
    phone: tuple[str, ...]
    desk: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings say. Production takes nothing for granted: raises SettingInvalid for what is missing."""
        given = settings.login
        if settings.mode is Mode.PRODUCTION:
            issuer, provider = given.issuer, given.provider
            if issuer is None or provider is None:
                raise SettingInvalid(name=names.ISSUER if issuer is None else names.PROVIDER, expected=_MUST)
            return cls._at(issuer, (issuer,), provider, given.phone, given.desk)
        base = f"http://127.0.0.1:{settings.port}"
        return cls._at(
            given.issuer or f"http://dev.localhost:{settings.port}",
            (base, f"http://localhost:{settings.port}"),
            given.provider or development_provider(settings),
            given.phone or (f"{base}/app/callback",),
            given.desk or (f"{base}/desk/callback",),
        )

    @classmethod
    def _at(
        cls, issuer: str, bases: tuple[str, ...], provider: str, phone: tuple[str, ...], desk: tuple[str, ...]
    ) -> Self:
        return cls(
            issuer=issuer,
            audience=f"{issuer}/v1",
            bases=bases,
            provider=provider,
            callback=f"{bases[0]}{CALLBACK}",
            phone=phone,
            desk=desk,
        )


def development_provider(settings: Settings) -> str:
    """The address of the development identity provider."""
    return f"http://127.0.0.1:{settings.port + 1}"


_MUST = Text("在生产模式下必须给出的 https 地址", "an https address, which production must be given")
