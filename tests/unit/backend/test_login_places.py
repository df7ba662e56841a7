"""Where we are reached: development knows it by itself, production is told or does not start."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dspace_backend.devidp.people import People
from dspace_backend.devidp.refusals import DevelopmentOnly
from dspace_backend.devidp.server import DevelopmentProvider
from dspace_backend.login.places import LoginPlaces
from dspace_core.machine import read
from dspace_core.machine.refusals import SettingInvalid
from dspace_core.machine.supervisor import _ports, _residents

GIVEN = {
    "HOME": "/h",
    "DSPACE_ISSUER": "https://space.example",
    "DSPACE_IDP_URL": "https://idp.example/gd",
    "DSPACE_PHONE_REDIRECTS": "cn.example.space:/back",
}


def test_development_is_reached_on_this_machine_and_named_dev() -> None:
    places = LoginPlaces.of(read({"HOME": "/h", "DSPACE_MODE": "development", "DSPACE_PORT": "8123"}))
    assert places.issuer == "http://dev.localhost:8123"
    assert places.audience == "http://dev.localhost:8123/v1"
    assert places.bases == ("http://127.0.0.1:8123", "http://localhost:8123")
    assert places.provider == "http://127.0.0.1:8124"
    assert places.callback == "http://127.0.0.1:8123/login/callback"


def test_production_is_reached_where_it_was_told() -> None:
    places = LoginPlaces.of(read(GIVEN))
    assert places.bases == ("https://space.example",)
    assert (places.issuer, places.provider) == ("https://space.example", "https://idp.example/gd")
    assert (places.phone, places.desk) == (("cn.example.space:/back",), ())


@pytest.mark.parametrize("name", ["DSPACE_ISSUER", "DSPACE_IDP_URL"])
def test_production_takes_nothing_for_granted(name: str) -> None:
    with pytest.raises(SettingInvalid) as told:
        LoginPlaces.of(read({**GIVEN, name: ""}))
    assert told.value.values["name"] == name


@pytest.mark.parametrize(
    ("left_out", "code"),
    [
        ("DSPACE_ISSUER", "machine.setting_invalid"),
        ("DSPACE_IDP_URL", "machine.setting_invalid"),
        ("", "machine.secret_missing"),
    ],
)
def test_a_web_process_of_production_says_what_was_left_out_and_opens_nothing(
    tmp_path: Path, left_out: str, code: str
) -> None:
    given = {name: text for name, text in GIVEN.items() if name != left_out}
    done = subprocess.run(
        [sys.executable, "-m", "dspace_backend.web"],
        env={**given, "DSPACE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(code)
    assert left_out in done.stderr
    assert not (tmp_path / "home").exists()


# The development provider is impossible in production


def test_the_provider_is_not_made_in_production(clock: Any) -> None:
    def nowhere() -> Any:
        raise AssertionError

    with pytest.raises(DevelopmentOnly):
        DevelopmentProvider(read(GIVEN), "secret", People(nowhere), clock)


def test_its_process_ends_at_once_in_production(tmp_path: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dspace_backend.devidp"],
        env={"DSPACE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "devidp.development_only" in done.stderr
    assert not (tmp_path / "home").exists()


def test_nothing_starts_it_in_production_or_beside_a_named_provider() -> None:
    production = read(GIVEN)
    named = read({"HOME": "/h", "DSPACE_MODE": "development", "DSPACE_IDP_URL": "http://127.0.0.1:9000"})
    alone = read({"HOME": "/h", "DSPACE_MODE": "development"})
    started = {
        name: "devidp" in {resident.name for resident in _residents(settings)}
        for name, settings in (("production", production), ("named", named), ("alone", alone))
    }
    assert started == {"production": False, "named": False, "alone": True}
    assert [len(_ports(settings)) for settings in (production, named, alone)] == [1, 1, 2]


def test_a_web_process_does_not_hold_its_code() -> None:
    code = "import sys, dspace_backend.web; print([name for name in sys.modules if 'devidp' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
