"""Refusals as RFC 9457 problems: one table from code to HTTP status, one shape, Chinese and English."""

import logging
import traceback
from collections.abc import Mapping

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from dspace_backend.challenges import challenge
from dspace_core import Refusal, Text

_log = logging.getLogger("dspace.web")
MEDIA_TYPE = "application/problem+json"

STATUS_BY_CODE = {
    "ephemeral.evicts": 503,
    "ephemeral.issued_before_start": 401,
    "ephemeral.out_of_bounds": 400,
    "ephemeral.restarted": 503,
    "ephemeral.unavailable": 503,
    "gate.evidence_stale": 503,
    "lane.closed": 503,
    "lane.full": 503,
    "lane.key_conflict": 409,
    "lane.outcome_unknown": 503,
    "lane.row_refused": 422,
    "login.attempt_unknown": 400,
    "login.client_unknown": 400,
    "login.identity_refused": 403,
    "login.person_only": 403,
    "login.provider_unreachable": 503,
    "login.session_over": 401,
    "login.staff_only": 403,
    "login.step_up_needed": 401,
    "stores.clocks_apart": 503,
    "stores.concurrent_change": 503,
    "stores.lock_timeout": 503,
    "stores.login_refused": 503,
    "stores.outcome_unknown": 503,
    "stores.unavailable": 503,
    "tokens.missing": 401,
    "tokens.nonce_needed": 401,
    "tokens.proof_refused": 401,
    "tokens.refused": 401,
}
"""The HTTP status of each refusal that can reach a caller. What is not listed is our fault: 500."""

_BY_STATUS = {
    404: Text("没有这个地址", "there is nothing at this address"),
    405: Text("此地址不支持该方法", "this address does not take that method"),
}
_ANY = Text("请求无法处理", "the request could not be served")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a refusal (RFC 9457 section 3). `code` is stable; `title` and `remedy` are for people."""

    status: int
    code: str
    title: Text
    remedy: Text | None = None
    type: str = "about:blank"


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """The response that carries a problem."""
    body = msgspec.json.encode(problem)
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def status_of(code: str) -> int:
    """The HTTP status of a refusal."""
    return STATUS_BY_CODE.get(code, 500)


def problem_of(refusal: Refusal) -> Problem:
    """The problem that a refusal is."""
    return Problem(status_of(refusal.code), refusal.code, refusal.title, refusal.advice)


def problem_of_kind(refusal: type[Refusal]) -> Problem:
    """The problem that any refusal of a kind is, with places for its values."""
    return Problem(status_of(refusal.code), refusal.code, refusal.says, refusal.remedy)


def on_refusal(_: Request[object, object, State], refusal: Refusal) -> Response[bytes]:
    """Answer a refusal raised in a route."""
    return answer(problem_of(refusal), challenge(refusal))


def on_http_exception(_: Request[object, object, State], error: HTTPException) -> Response[bytes]:
    """Answer what the framework itself refuses; its own detail may quote the request, so it is not repeated."""
    status = error.status_code
    return answer(Problem(status, f"http.{status}", _BY_STATUS.get(status, _ANY)))


_ACCIDENT = Problem(
    500,
    "http.500",
    Text("服务内部出错,已记录", "something went wrong inside; it was recorded"),
    Text("请稍后再试", "try again later"),
)


def on_accident(_: Request[object, object, State], error: Exception) -> Response[bytes]:
    """Answer what nobody foresaw, and say loudly where it happened: its kind and its lines, never its own words."""
    frames = traceback.extract_tb(error.__traceback__)
    _log.error("%s at %s", type(error).__name__, " < ".join(f"{one.filename}:{one.lineno}" for one in reversed(frames)))
    return answer(_ACCIDENT)
