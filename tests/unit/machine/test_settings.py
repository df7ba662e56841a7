"""The environment is read once, strictly; what is wrong is named."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.errors import Text
from dspace_core.machine import SETTINGS, Mode, read
from dspace_core.machine.refusals import SettingInvalid, SettingUnknown
from dspace_core.sources.population import MOST_PEOPLE, PEOPLE


def test_without_any_setting_the_mode_is_production_and_everything_is_embedded() -> None:
    settings = read({"HOME": "/home/somebody"})
    assert settings.mode is Mode.PRODUCTION
    assert (settings.database_url, settings.keys_database_url, settings.redis_url) == (None, None, None)
    assert settings.port == 8000


def test_as_many_people_are_made_as_the_sources_make_by_themselves_and_never_more_than_they_can() -> None:
    environ = {"HOME": "/home/somebody"}
    assert read(environ).people == PEOPLE
    assert read({**environ, "DSPACE_PEOPLE": str(MOST_PEOPLE)}).people == MOST_PEOPLE


def test_an_empty_setting_counts_as_unset() -> None:
    assert read({"HOME": "/home/somebody", "DSPACE_PORT": ""}).port == 8000


@pytest.mark.skipif(os.geteuid() == 0, reason="as root the default home is /var/lib/dspace")
def test_a_plain_user_s_home_is_in_their_own_folder() -> None:
    assert read({"HOME": "/home/somebody"}).home == Path("/home/somebody/.local/share/dspace")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has the system's folder as default")
def test_root_s_home_is_the_system_s_folder() -> None:
    assert read({"HOME": "/root-home"}).home == Path("/var/lib/dspace")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DSPACE_MODE", "Production"),
        ("DSPACE_MODE", "test"),
        ("DSPACE_PORT", "0"),
        ("DSPACE_PORT", "65536"),
        ("DSPACE_PORT", "80x"),
        ("DSPACE_PORT", "٨٠"),
        ("DSPACE_PORT", "-1"),
        ("DSPACE_WEB", "0"),
        ("DSPACE_PEOPLE", "-1"),
        ("DSPACE_PEOPLE", "1000001"),
        ("DSPACE_WEB", "9999999999999"),
        ("DSPACE_HOME", "relative/folder"),
        ("DSPACE_HOME", "/somewhere/../else"),
        ("DSPACE_RUNTIME", "run"),
        ("DSPACE_DATABASE_URL", "mysql://host/db"),
        ("DSPACE_DATABASE_URL", "postgresql://host"),
        ("DSPACE_DATABASE_URL", "postgresql://host:port/db"),
        ("DSPACE_DATABASE_URL", "postgresql://[::1/db"),
        ("DSPACE_DATABASE_URL", "postgresql://user:secret@host/db"),
        ("DSPACE_KEYS_DATABASE_URL", "http://host/db"),
        ("DSPACE_REDIS_URL", "http://host"),
        ("DSPACE_REDIS_URL", "redis://"),
        ("DSPACE_UID_BASE", "0"),
        ("DSPACE_DATABASE_URL", "postgresql://host/db?user=bob&password=secret"),
        ("DSPACE_DATABASE_URL", "postgresql://host/db?passfile=/somewhere"),
        ("DSPACE_REDIS_URL", "redis://:secret@host/0"),
        ("DSPACE_REDIS_URL", "redis://host/0?password=secret"),
        ("DSPACE_RUNTIME", "/run/a,b"),
        ("DSPACE_RUNTIME", "/run/" + "x" * 100),
        ("DSPACE_KEY_FILE", "root.keys"),
        ("DSPACE_APART", "/mnt/../apart"),
        ("DSPACE_LOG_ORIGIN", "dev.log.example/evidence"),
        ("DSPACE_LOG_ORIGIN", "log.example/evidence\nsize"),
        ("DSPACE_LOG_ORIGIN", "log example"),
        ("DSPACE_LOG_ORIGIN", "log.example+key"),
        ("DSPACE_LOG_ORIGIN", "x" * 201),
        ("DSPACE_KEYS_BACKUP_DAYS", "3651"),
    ],
)
def test_a_bad_text_is_refused_with_the_setting_s_name_and_without_the_text(name: str, text: str) -> None:
    with pytest.raises(SettingInvalid) as refused:
        read({"HOME": "/home/somebody", name: text})
    assert refused.value.values["name"] == name
    assert name in refused.value.advice.zh
    expected = refused.value.values["expected"]
    assert isinstance(expected, Text)
    assert expected.zh != expected.en
    assert text not in refused.value.values.values()


def test_a_password_in_a_url_is_taken_in_development_only() -> None:
    url = "postgresql://user:secret@host/db"
    settings = read({"HOME": "/h", "DSPACE_MODE": "development", "DSPACE_DATABASE_URL": url})
    assert settings.database_url == url


def test_a_log_of_development_says_so_in_its_name() -> None:
    development = {"HOME": "/h", "DSPACE_MODE": "development"}
    assert read({**development, "DSPACE_LOG_ORIGIN": "dev.log.example"}).log_origin == "dev.log.example"
    with pytest.raises(SettingInvalid):
        read({**development, "DSPACE_LOG_ORIGIN": "log.example"})
    assert read({"HOME": "/h", "DSPACE_LOG_ORIGIN": "log.example"}).log_origin == "log.example"


def test_settings_never_show_an_address() -> None:
    url = "redis://:secret@host/0"
    assert "secret" not in repr(read({"HOME": "/h", "DSPACE_MODE": "development", "DSPACE_REDIS_URL": url}))


def test_a_mistyped_setting_is_refused_and_the_nearest_is_named() -> None:
    with pytest.raises(SettingUnknown) as refused:
        read({"HOME": "/h", "DSPACE_PROT": "8000"})
    assert refused.value.values["nearest"] == "DSPACE_PORT"


@given(st.text(max_size=50))
def test_any_text_as_a_url_is_taken_or_refused_never_an_accident(text: str) -> None:
    for name in ("DSPACE_DATABASE_URL", "DSPACE_REDIS_URL", "DSPACE_PORT", "DSPACE_HOME"):
        try:
            read({"HOME": "/h", name: text})
        except SettingInvalid as refusal:
            assert refusal.values["name"] == name


def test_each_setting_is_listed_once_in_both_languages() -> None:
    names = [setting.name for setting in SETTINGS]
    assert len(names) == len(set(names))
    assert all(setting.meaning.zh and setting.meaning.en for setting in SETTINGS)
