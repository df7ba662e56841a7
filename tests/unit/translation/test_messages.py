"""What a translator may send: a body, and a path that can hold nothing personal by its form."""

import msgspec
import pytest

from dspace_core.catalog import PredicateKind
from dspace_core.translation import Department, HttpRequest, HttpResponse, SourceTranslator, Who, YesNoKind
from dspace_core.translation.messages import REQUEST_LIMIT, RESPONSE_LIMIT


def crossed(request: HttpRequest) -> HttpRequest:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(request), type=HttpRequest)


@pytest.mark.parametrize("path", ["/v1/records", "/a", "/a-b/c_d/e.f"])
def test_a_plain_path_crosses(path: str) -> None:
    assert crossed(HttpRequest(path=path, body=b"")).path == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "v1",
        "/v1/",
        "//other.example/x",
        "/v1?number=1",
        "/v1#x",
        "/../secret",
        "/v1/%2e%2e",
        "/v1\r\nX: 1",
        "/a" * 9,
        "/" + "a" * 200,
        "/电",
        "https://other.example/x",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        crossed(HttpRequest(path=path, body=b""))


def test_bodies_are_bounded() -> None:
    with pytest.raises(msgspec.ValidationError):
        crossed(HttpRequest(path="/a", body=b" " * (REQUEST_LIMIT + 1)))
    wire = msgspec.msgpack.encode(HttpResponse(body=b" " * (RESPONSE_LIMIT + 1)))
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(wire, type=HttpResponse)


def test_article_9_nothing_of_a_body_is_printed() -> None:
    shown = [
        Who(type="111", number="440100199003070011"),
        HttpRequest(path="/a", body=b"440100199003070011"),
        HttpResponse(body=b"440100199003070011"),
    ]
    assert "4401" not in f"{shown} {shown[0]} {shown[1]!r}"


def test_a_request_is_not_repeated_unless_it_says_so() -> None:
    assert HttpRequest(path="/a", body=b"").repeatable is False


def test_every_question_of_the_catalogue_can_be_asked() -> None:
    """An age becomes a date on the way: the host reckons with legal days."""
    names = {kind.value for kind in PredicateKind} - {"years_at_least"} | {"not_after"}
    assert names == {kind.value for kind in YesNoKind}


def test_a_translator_without_its_functions_cannot_be_made() -> None:
    class Half(SourceTranslator):
        paths = frozenset({"/a"})

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]


def test_a_translator_of_ours_holds_nothing() -> None:
    assert vars(Department()) == {}
