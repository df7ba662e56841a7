"""Where a source may be, and what is shown to it: checked before anything is sent."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from dspace_core.sources.endpoint import Endpoint, PinnedResolver, read_endpoint
from dspace_core.sources.refusals import EndpointUnfit


def flaw(endpoint: Endpoint) -> object:
    with pytest.raises(EndpointUnfit, match=r"source\.endpoint_unfit") as no:
        read_endpoint("bank", endpoint)
    assert no.value.values["source"] == "bank"
    return no.value.values["flaw"]


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text("abc.DEF-123\n")
    return path


@pytest.mark.parametrize(
    "origin",
    [
        "https://department.example",
        "https://department.example:8443/api/v2",
        "https://10.0.0.7:8443",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
    ],
)
def test_an_address_that_can_be_used(origin: str) -> None:
    assert read_endpoint("bank", Endpoint(origin=origin)).origin == origin


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "department.example",
        "https://",
        "https://department.example/",
        "https://department.example/a?b",
        "https://department.example/a#b",
        "https://department.example?",
        "https://department.example/../a",
        "https://department.example/%61",
        "https://user@department.example",
        "https://user:word@department.example",
        "https://@department.example",
        "HTTPS://department.example",
        "https://Department.example",
        "https://department.example:0",
        "https://department.example:99999",
        "https://department.example:x",
        "https://部门.example",
        "https://-a.example",
        "https://a..example",
        "https://[::1",
        "https://a b.example",
        "https://a.example\r\nX: 1",
    ],
)
def test_an_address_that_has_two_readings_is_refused(origin: str) -> None:
    assert flaw(Endpoint(origin=origin)) == "origin"


@pytest.mark.parametrize(
    "origin", ["http://department.example", "http://10.0.0.7", "ftp://127.0.0.1", "http://localhost"]
)
def test_without_tls_only_a_literal_loopback_address_is_reached(origin: str) -> None:
    assert flaw(Endpoint(origin=origin)) == "scheme"


def test_addresses_are_literal() -> None:
    assert flaw(Endpoint(origin="https://a.example", addresses=("10.0.0.7", "b.example"))) == "addresses"


def test_a_credential_is_read_and_not_printed(token: Path) -> None:
    way = read_endpoint("bank", Endpoint(origin="https://a.example", credential=token))
    assert way.token == "abc.DEF-123"
    assert "abc" not in f"{way} {way!r}"


@pytest.mark.parametrize("written", [b"", b"\n", b"a b", b"a\nb\n", b"a\r\n", b"\xff", b"a" * 5000])
def test_a_credential_is_one_word_on_one_line(token: Path, written: bytes) -> None:
    token.write_bytes(written)
    assert flaw(Endpoint(origin="https://a.example", credential=token)) == "credential"


def test_a_credential_that_others_can_read_is_refused(token: Path) -> None:
    token.chmod(0o640)
    assert flaw(Endpoint(origin="https://a.example", credential=token)) == "credential"


def test_a_credential_is_no_link_no_folder_and_there(token: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(token)
    for path in (tmp_path / "link", tmp_path, tmp_path / "nothing"):
        assert flaw(Endpoint(origin="https://a.example", credential=path)) == "credential"


def test_a_credential_of_somebody_else_is_refused(token: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: ours + 1)
    assert flaw(Endpoint(origin="https://a.example", credential=token)) == "credential"


def test_trust_and_certificate_have_to_be_what_they_are_called(token: Path, tmp_path: Path) -> None:
    assert flaw(Endpoint(origin="https://a.example", trust=token)) == "trust"
    assert flaw(Endpoint(origin="https://a.example", trust=tmp_path / "nothing")) == "trust"
    assert flaw(Endpoint(origin="https://a.example", certificate=token)) == "certificate"
    assert flaw(Endpoint(origin="https://a.example", certificate=tmp_path / "nothing")) == "certificate"


# The name


async def test_a_configured_name_is_asked_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(*_: object, **__: object) -> object:
        raise AssertionError

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nobody)
    resolver = PinnedResolver("a.example", ("10.0.0.7", "::1"))
    found = await resolver.resolve("a.example", 443)
    assert [(one["host"], one["port"], one["family"]) for one in found] == [
        ("10.0.0.7", 443, socket.AF_INET),
        ("::1", 443, socket.AF_INET6),
    ]


async def test_another_name_has_no_address() -> None:
    with pytest.raises(OSError, match=r"^$"):
        await PinnedResolver("a.example", ("10.0.0.7",)).resolve("b.example", 443)


async def test_what_a_name_stood_for_first_it_stands_for_always(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["10.0.0.7", "169.254.169.254"])

    async def rebound(*_: object, **__: object) -> object:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 0))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebound)
    resolver = PinnedResolver("a.example", ())
    for _ in range(2):
        assert [one["host"] for one in await resolver.resolve("a.example", 443)] == ["10.0.0.7"]
