"""The settings of logging in: production takes https and nothing of development; what is wrong is named."""

import pytest

from dspace_core.machine import Mode, read
from dspace_core.machine.refusals import SettingInvalid

PRODUCTION = {"HOME": "/h", "DSPACE_MODE": "production"}
DEVELOPMENT = {"HOME": "/h", "DSPACE_MODE": "development"}


def test_nothing_is_given_by_itself() -> None:
    given = read(PRODUCTION).login
    assert (given.issuer, given.provider, given.phone, given.desk) == (None, None, (), ())
    assert dict(given.levels) == {"L1": 1, "L2": 2, "L3": 3, "L4": 4}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DSPACE_ISSUER", "https://space.example"),
        ("DSPACE_ISSUER", "https://space.example:8443"),
        ("DSPACE_IDP_URL", "https://idp.example/realms/gd"),
        ("DSPACE_IDP_CLIENT", "dspace-prod"),
        ("DSPACE_IDP_LEVELS", "urn:gd:level=3=2,urn:gd:face=4"),
        ("DSPACE_PHONE_REDIRECTS", "https://space.example/app,cn.example.space:/back"),
        ("DSPACE_DESK_REDIRECTS", "https://desk.example/back?from=login"),
    ],
)
def test_production_takes(name: str, text: str) -> None:
    assert read({**PRODUCTION, name: text}).mode is Mode.PRODUCTION


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DSPACE_ISSUER", "http://space.example"),
        ("DSPACE_ISSUER", "https://dev.space.example"),
        ("DSPACE_ISSUER", "https://space.example/"),
        ("DSPACE_ISSUER", "https://space.example/path"),
        ("DSPACE_ISSUER", "https://space.example?x"),
        ("DSPACE_ISSUER", "https://user@space.example"),
        ("DSPACE_ISSUER", "space.example"),
        ("DSPACE_ISSUER", "https://"),
        ("DSPACE_ISSUER", "https://space.example:port"),
        ("DSPACE_ISSUER", 'https://space.example"'),
        ("DSPACE_IDP_URL", "http://127.0.0.1:8001"),
        ("DSPACE_IDP_URL", "http://idp.example"),
        ("DSPACE_IDP_URL", "https://user:secret@idp.example"),
        ("DSPACE_IDP_URL", "https://idp.example#x"),
        ("DSPACE_IDP_URL", "https://idp.example?secret=x"),
        ("DSPACE_IDP_CLIENT", "a b"),
        ("DSPACE_IDP_CLIENT", "对"),
        ("DSPACE_IDP_LEVELS", "L1"),
        ("DSPACE_IDP_LEVELS", "L1=5"),
        ("DSPACE_IDP_LEVELS", "L1=0"),
        ("DSPACE_IDP_LEVELS", "L1=1,L1=2"),
        ("DSPACE_IDP_LEVELS", "L1=1,"),
        ("DSPACE_IDP_LEVELS", "=1"),
        ("DSPACE_PHONE_REDIRECTS", "http://space.example/app"),
        ("DSPACE_PHONE_REDIRECTS", "http://127.0.0.1:8000/app"),
        ("DSPACE_PHONE_REDIRECTS", "myapp:/back"),
        ("DSPACE_PHONE_REDIRECTS", "javascript:alert(1)"),
        ("DSPACE_PHONE_REDIRECTS", "cn.example.space://host/back"),
        ("DSPACE_PHONE_REDIRECTS", "https://space.example/app#x"),
        ("DSPACE_PHONE_REDIRECTS", "https://space.example/app,https://space.example/app"),
        ("DSPACE_PHONE_REDIRECTS", "https://space.example/app,"),
        ("DSPACE_DESK_REDIRECTS", "http://desk.example"),
    ],
)
def test_production_refuses_and_names_the_setting(name: str, text: str) -> None:
    with pytest.raises(SettingInvalid) as told:
        read({**PRODUCTION, name: text})
    assert told.value.values["name"] == name
    assert "example" not in str(told.value)


@pytest.mark.parametrize("text", ["http://dev.localhost:8000", "https://dev.space.example"])
def test_an_issuer_of_development_says_so(text: str) -> None:
    assert read({**DEVELOPMENT, "DSPACE_ISSUER": text}).login.issuer == text


@pytest.mark.parametrize("text", ["http://localhost:8000", "https://space.example", "http://127.0.0.1:8000"])
def test_development_cannot_take_the_name_of_a_real_issuer(text: str) -> None:
    with pytest.raises(SettingInvalid):
        read({**DEVELOPMENT, "DSPACE_ISSUER": text})


def test_development_may_go_over_http() -> None:
    given = read({**DEVELOPMENT, "DSPACE_IDP_URL": "http://127.0.0.1:9000", "DSPACE_PHONE_REDIRECTS": "http://a/b"})
    assert (given.login.provider, given.login.phone) == ("http://127.0.0.1:9000", ("http://a/b",))
