"""What is open without a token: this list and nothing else (design 12.13). A test walks all routes against it."""

PUBLIC = frozenset(
    {
        "/health",
        "/openapi.json",
        "/docs",
        "/metrics",
        "/.well-known/oauth-authorization-server",
        "/jwks",
        "/authorize",
        "/login/callback",
        "/token",
    }
)
"""The paths, whole and exact."""

LOGIN = frozenset({"/authorize", "/login/callback", "/token"})
"""Those of them that begin something here for whoever asks: counted by address."""


def is_public(path: str) -> bool:
    """Whether a path needs no token."""
    return path in PUBLIC
