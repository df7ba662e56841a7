"""Whether this process can serve: it can when both databases and the ephemeral store answer in time."""

import asyncio

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from dspace_backend.problems import MEDIA_TYPE, Problem, problem_of
from dspace_backend.wiring import Parts
from dspace_core import Refusal, Text

_WITHIN = 1.0


class Health(msgspec.Struct, frozen=True):
    """What a load balancer reads."""

    state: str
    version: str
    mode: str


@get("/health")
async def health(parts: NamedDependency[Parts]) -> Response[bytes]:
    """200 when the process can serve, else 503 with a problem that names what does not answer."""
    try:
        async with asyncio.timeout(_WITHIN):
            await parts.check()
    except Refusal as refusal:
        return _unwell(problem_of(refusal))
    except TimeoutError:
        return _unwell(
            Problem(503, "health.slow", Text("后端服务响应超时", "a server behind this one does not answer in time"))
        )
    body = msgspec.json.encode(Health("ready", parts.version, parts.settings.mode.value))
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _unwell(problem: Problem) -> Response[bytes]:
    body = msgspec.json.encode(msgspec.structs.replace(problem, status=503))
    return Response(body, status_code=503, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})
