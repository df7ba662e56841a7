"""Logging in over HTTP: what our authorization server says of itself, the way out and back, and the token endpoint."""

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from dspace_backend.login.authorization import Turned
from dspace_backend.login.form import FormError, read_form
from dspace_backend.login.keeping import ATTEMPT_LIFE
from dspace_backend.login.places import CALLBACK
from dspace_backend.login.refusals import AttemptUnknown, ClientUnknown
from dspace_backend.wiring import Parts

_Asked = Request[object, object, State]
_NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_CACHED = {"Cache-Control": "public, max-age=300"}


@get("/.well-known/oauth-authorization-server")
async def metadata(parts: NamedDependency[Parts]) -> Response[bytes]:
    """RFC 8414."""
    return Response(msgspec.json.encode(parts.login.metadata), media_type="application/json", headers=_CACHED)


@get("/jwks")
async def key_set(parts: NamedDependency[Parts]) -> Response[bytes]:
    """The public keys of our tokens (RFC 7517)."""
    return Response(parts.login.keys.key_set(), media_type="application/json", headers=_CACHED)


@get("/authorize")
async def authorize(request: _Asked, parts: NamedDependency[Parts]) -> Response[bytes]:
    """The authorization endpoint (RFC 6749 section 3.1): to the identity provider, or back to the app with an error."""
    try:
        asked = read_form(request.scope["query_string"])
    except FormError:
        raise ClientUnknown from None
    return _turned(await parts.login.authorization.begin(asked), secure=parts.login.secure)


@get(CALLBACK)
async def callback(request: _Asked, parts: NamedDependency[Parts]) -> Response[bytes]:
    """Back from the identity provider, and on to the app with a code."""
    try:
        answered = read_form(request.scope["query_string"])
    except FormError:
        raise AttemptUnknown from None
    return _turned(await parts.login.authorization.finish(answered, request.cookies), secure=parts.login.secure)


@post("/token")
async def token(request: _Asked, parts: NamedDependency[Parts]) -> Response[bytes]:
    """The token endpoint (RFC 6749 section 3.2)."""
    given = await parts.login.endpoint.answer(
        request.headers.get("content-type"), await request.body(), request.headers.getall("dpop", [])
    )
    headers = {**_NO_STORE, "DPoP-Nonce": given.nonce}
    body = msgspec.json.encode(given.body)
    return Response(body, status_code=given.status, media_type="application/json", headers=headers)


def _turned(turned: Turned, *, secure: bool) -> Response[bytes]:
    """A redirect by GET, whatever the method was; the cookie is only for the way back, and only for this attempt."""
    response = Response(b"", status_code=303, headers={**_NO_STORE, "Location": turned.url})
    if turned.cookie is not None:
        life = int(ATTEMPT_LIFE.total_seconds()) if turned.value else 0
        response.set_cookie(
            key=turned.cookie,
            value=turned.value,
            max_age=life,
            path=CALLBACK,
            secure=secure,
            httponly=True,
            samesite="lax",
        )
    return response


LOGIN = (metadata, key_set, authorize, callback, token)
"""The routes, all of them public."""
