"""Refusals as RFC 9457 problems: one table from code to HTTP status, one shape, Chinese and English."""

import logging
import traceback
from collections.abc import Mapping

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from dspace_backend.challenges import challenge
from dspace_core import Question, Refusal, Text
from dspace_core.cases import NeedsInput
from dspace_core.errors import Value

_log = logging.getLogger("dspace.web")
MEDIA_TYPE = "application/problem+json"

STATUS_BY_CODE = {
    "body.invalid": 400,
    "body.media_type": 415,
    "cases.already_filed": 409,
    "cases.answer_gone": 410,
    "cases.answer_unasked": 422,
    "cases.contact_missing": 503,
    "cases.erased": 410,
    "cases.filing_malformed": 422,
    "cases.form_unfit": 502,
    "cases.in_progress": 409,
    "cases.item_unserved": 404,
    "cases.key_reused": 409,
    "cases.move_refused": 409,
    "cases.needs_input": 422,
    "cases.notice_needed": 422,
    "cases.notice_unfit": 422,
    "cases.unknown": 404,
    "catalog.category_unknown": 404,
    "catalog.edition_unknown": 503,
    "catalog.item_unknown": 404,
    "confine.answer_too_large": 502,
    "confine.ask_unanswered": 503,
    "confine.case_too_large": 413,
    "confine.deadline_passed": 504,
    "confine.frame_refused": 502,
    "confine.plugin_raised": 502,
    "confine.plugin_unfit": 503,
    "confine.release_aborted": 503,
    "confine.result_refused": 502,
    "confine.result_too_large": 502,
    "confine.worker_busy": 503,
    "confine.worker_lost": 503,
    "confine.worker_unready": 503,
    "corrections.answered": 409,
    "corrections.field_unknown": 404,
    "corrections.unknown": 404,
    "corrections.words_unfit": 422,
    "ephemeral.evicts": 503,
    "ephemeral.issued_before_start": 401,
    "ephemeral.out_of_bounds": 400,
    "ephemeral.restarted": 503,
    "ephemeral.unavailable": 503,
    "evidence.chain_broken": 500,
    "evidence.day_key_gone": 500,
    "evidence.entry_erased": 410,
    "evidence.entry_unknown": 404,
    "evidence.key_erased": 410,
    "evidence.not_numbered": 409,
    "gate.bases_mixed": 403,
    "gate.basis_unserved": 403,
    "gate.duty_missing": 403,
    "gate.evidence_stale": 503,
    "gate.field_unknown": 404,
    "gate.item_unserved": 403,
    "gate.lease_lost": 503,
    "gate.source_missing": 503,
    "gate.stopped": 403,
    "gate.undeclared": 403,
    "grants.act_not_offered": 422,
    "grants.amendment_mismatch": 409,
    "grants.changed": 409,
    "grants.decline_refused": 422,
    "grants.ended": 403,
    "grants.exhausted": 403,
    "grants.expired": 403,
    "grants.field_not_granted": 403,
    "grants.malformed": 422,
    "grants.missing": 404,
    "grants.move_refused": 409,
    "grants.not_begun": 403,
    "grants.nothing_changed": 422,
    "grants.notice_expired": 410,
    "grants.notice_unknown": 404,
    "grants.notice_used": 409,
    "grants.offer_malformed": 500,
    "grants.other_case": 403,
    "grants.other_item": 403,
    "grants.other_plugin": 403,
    "grants.other_purpose": 403,
    "grants.other_subject": 403,
    "grants.paused": 403,
    "grants.revoked": 403,
    "grants.separate_consent_missing": 422,
    "grants.use_conflict": 409,
    "grants.wider_needs_notice": 422,
    "grants.withdrawn": 403,
    "header.invalid": 400,
    "identity.subject_unknown": 404,
    "lane.closed": 503,
    "lane.full": 503,
    "lane.key_conflict": 409,
    "lane.outcome_unknown": 503,
    "lane.row_refused": 422,
    "limit.exceeded": 429,
    "login.attempt_unknown": 400,
    "login.client_unknown": 400,
    "login.identity_refused": 403,
    "login.person_only": 403,
    "login.provider_unreachable": 503,
    "login.role_missing": 403,
    "login.session_over": 401,
    "login.staff_only": 403,
    "login.step_up_needed": 401,
    "query.invalid": 400,
    "scenario.plugin_unknown": 503,
    "source.ambiguous": 409,
    "source.answer_only": 403,
    "source.answer_unfit": 502,
    "source.field_unknown": 404,
    "source.no_record": 404,
    "source.stale": 503,
    "source.unavailable": 503,
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
    "values.instant_out_of_range": 422,
    "values.period_reversed": 422,
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
    values: dict[str, str | int | bool | Text] = {}
    """The facts that stand in the sentences, for machines."""
    questions: tuple[Question, ...] = ()
    """What the person has to enter, where that is what is missing."""
    type: str = "about:blank"


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """The response that carries a problem; where it can be tried again, with the time to wait."""
    told = {**(headers or {}), **waiting(problem)}
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=told)


def waiting(problem: Problem) -> dict[str, str]:
    """How long to wait before it is tried again, as a header; none where that does not help."""
    wait = problem.values.get("retry_after", 1 if problem.status == 503 else None)
    return {} if wait is None else {"Retry-After": str(wait)}


def status_of(code: str) -> int:
    """The HTTP status of a refusal."""
    return STATUS_BY_CODE.get(code, 500)


def problem_of(refusal: Refusal) -> Problem:
    """The problem that a refusal is."""
    return Problem(
        status_of(refusal.code),
        refusal.code,
        refusal.title,
        refusal.advice,
        values={name: _told(value) for name, value in refusal.values.items()},
        questions=refusal.questions if isinstance(refusal, NeedsInput) else (),
    )


def _told(value: Value) -> str | int | bool | Text:
    return value if isinstance(value, str | int | bool | Text) else str(value)


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
