"""The description of the API says what the routes do: both come from one naming, and this holds them together."""

import re
from typing import Any

import msgspec
import pytest

from dspace_backend.api import HANDLERS, ROUTES
from dspace_backend.openapi import describe
from dspace_backend.problems import STATUS_BY_CODE
from dspace_backend.reference import page
from dspace_backend.routing import Nothing, Route
from dspace_backend.strict import read_body


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return describe(ROUTES, "test", "http://space.test")


def operation(description: dict[str, Any], route: Route) -> dict[str, Any]:
    found: dict[str, Any] = description["paths"][re.sub(r":\w+", "", route.path)][route.method.lower()]
    return found


def test_every_handler_is_described_and_nothing_else(description: dict[str, Any]) -> None:
    served = {
        (next(iter(handler.http_methods - {"OPTIONS", "HEAD"})).lower(), re.sub(r":\w+", "", path))
        for handler in HANDLERS
        for path in handler.paths
    }
    told = {(method, path) for path, operations in description["paths"].items() for method in operations}
    assert served == told


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_body_is_described_by_the_struct_that_reads_it(description: dict[str, Any], route: Route) -> None:
    told = operation(description, route)
    if route.method == "GET":
        assert "requestBody" not in told
        names = {one["name"] for one in told["parameters"] if one["in"] == "query"}
        assert names == {field.encode_name for field in msgspec.structs.fields(route.takes)}
        return
    content = told["requestBody"]["content"]["application/json"]
    expected = (
        {"type": "object", "additionalProperties": False}
        if route.takes is Nothing
        else {"$ref": f"#/components/schemas/{route.takes.__name__}"}
    )
    assert content["schema"] == expected
    read_body("application/json", msgspec.json.encode(content["example"]), route.takes)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_refusal_of_a_route_has_a_status_and_an_example(description: dict[str, Any], route: Route) -> None:
    told = operation(description, route)["responses"]
    for refusal in route.refuses:
        status = STATUS_BY_CODE[refusal.code]
        examples = told[str(status)]["content"]["application/problem+json"]["examples"]
        assert examples[refusal.code]["value"]["code"] == refusal.code


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_both_languages_are_there(route: Route) -> None:
    assert re.search(r"[\u4e00-\u9fff]", route.summary.zh)
    assert route.summary.en.isascii()


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    text = msgspec.json.encode(description).decode()
    for name in set(re.findall(r"#/components/schemas/(\w+)", text)):
        assert name in description["components"]["schemas"]


def test_the_page_shows_every_operation_and_needs_nothing_from_elsewhere(description: dict[str, Any]) -> None:
    shown = page(description)
    for route in ROUTES:
        assert f'id="{route.name}"' in shown
    assert "<script" not in shown
    assert not re.search(r"(src|href)=\"(?!/)", shown)
