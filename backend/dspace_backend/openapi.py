"""The description of the API (OpenAPI 3.1), made from the routes as they were named and from the structs they name."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from dspace_backend.limits import LimitExceeded
from dspace_backend.problems import MEDIA_TYPE, Problem, problem_of_kind, status_of
from dspace_backend.routing import Nothing, Route
from dspace_backend.strict import BodyInvalid, BodyMediaType, HeaderInvalid, QueryInvalid
from dspace_core import Refusal

_NOTHING: dict[str, Any] = {"type": "object", "additionalProperties": False}
_REF = "#/components/schemas/{name}"
_TYPES = {"uuid": {"type": "string", "format": "uuid"}, "str": {"type": "string"}, "int": {"type": "integer"}}
ALWAYS = (400, 401, 500, 503)
"""What any route may answer: a form, a proof, our fault, and what we rest on is away."""
OF_A_BODY = (413,)
"""What is answered to a body besides its refusals: a size."""


def describe(routes: Sequence[Route], version: str, server: str) -> dict[str, Any]:
    """The document. Every route, every struct it names, every refusal it lists with its status and its words."""
    shapes = _shapes(routes)
    _, schemas = msgspec.json.schema_components(shapes, ref_template=_REF)
    refs = {shape: _REF.format(name=shape.__name__) for shape in shapes}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(_path(route), {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "数字空间 Digital Space",
            "version": version,
            "description": "授权用数, 存证溯源. Authorised data use with evidence. Every call carries a DPoP proof (RFC 9449).",
        },
        "servers": [{"url": server}],
        "security": [{"dpop": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "dpop": {
                    "type": "http",
                    "scheme": "dpop",
                    "description": "Authorization: DPoP <at+jwt>, with a proof in the header DPoP (RFC 9449 section 7.1).",
                }
            },
        },
    }


def _shapes(routes: Iterable[Route]) -> list[type]:
    found: dict[str, type] = {"Problem": Problem}
    for route in routes:
        for shape in (route.takes, route.gives):
            if shape is None or shape is Nothing:
                continue
            known = found.setdefault(shape.__name__, shape)
            if known is not shape:
                raise TypeError(f"two structs of the API are called {shape.__name__}")
    return list(found.values())


def _operation(route: Route, refs: dict[type, str]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": f"{route.summary.zh} {route.summary.en}",
        "parameters": _parameters(route),
        "responses": _responses(route, refs),
    }
    if route.method == "POST":
        operation["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _NOTHING if route.takes is Nothing else {"$ref": refs[route.takes]},
                    "example": msgspec.to_builtins(route.example),
                }
            },
        }
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _TYPES[kind]}
        for name, kind in re.findall(r"\{(\w+):(\w+)\}", route.path)
    ]
    if route.method == "GET":
        for field in msgspec.structs.fields(route.takes):
            schema = msgspec.json.schema(field.type)
            found.append({"name": field.encode_name, "in": "query", "required": field.required, "schema": schema})
    if route.keyed:
        schema = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]([ -~]*[!-~])?$"}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema})
    return found


def _responses(route: Route, refs: dict[type, str]) -> dict[str, Any]:
    """The answer, and each status with the codes that lead to it."""
    good: dict[str, Any] = {"description": "完成 done"}
    if route.gives is not None:
        good["content"] = {"application/json": {"schema": {"$ref": refs[route.gives]}}}
    answers: dict[str, Any] = {str(route.status): good}
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in refusals_of(route):
        by_status.setdefault(status_of(refusal.code), []).append(refusal)
    for status in sorted({*by_status, *ALWAYS, *(OF_A_BODY if route.method == "POST" else ())}):
        refusals = by_status.get(status, [])
        answers[str(status)] = {
            "description": ", ".join(refusal.code for refusal in refusals) or "见 code; see the code",
            "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}, "examples": _examples(refusals)}},
        }
    return answers


def refusals_of(route: Route) -> tuple[type[Refusal], ...]:
    """Every refusal of a route: those that it names, and those of its form and of who may ask."""
    form: tuple[type[Refusal], ...] = (QueryInvalid,) if route.method == "GET" else (BodyMediaType, BodyInvalid)
    keyed = (HeaderInvalid,) if route.keyed else ()
    return (*form, *keyed, *route.turns_away, LimitExceeded, *route.refuses)


def _examples(refusals: Iterable[type[Refusal]]) -> dict[str, Any]:
    return {refusal.code: {"value": msgspec.to_builtins(problem_of_kind(refusal))} for refusal in refusals}


def _path(route: Route) -> str:
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
