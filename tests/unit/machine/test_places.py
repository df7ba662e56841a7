"""Keys, signed heads and erasures: in the home in development, outside of it in production, or nothing starts."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from dspace_core.machine import Mode, Settings
from dspace_core.machine.home import Home
from dspace_core.machine.places import DEVELOPMENT_ORIGIN, Places, open_apart
from dspace_core.machine.refusals import ApartUnusable, InsideHome, SettingMissing
from dspace_core.testing.servers import settings_for

FIELDS = {
    "key_file": "DSPACE_KEY_FILE",
    "apart": "DSPACE_APART",
    "log_origin": "DSPACE_LOG_ORIGIN",
    "keys_backup_days": "DSPACE_KEYS_BACKUP_DAYS",
}


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    """Production, with everything that it asks for."""
    apart = tmp_path / "apart"
    apart.mkdir(mode=0o700)
    return msgspec.structs.replace(
        settings_for(tmp_path),
        mode=Mode.PRODUCTION,
        key_file=tmp_path / "root.keys",
        apart=apart,
        log_origin="log.example/evidence",
        keys_backup_days=14,
    )


def test_production_takes_what_was_given(given: Settings) -> None:
    places = Places.of(given, Home(given))
    assert (places.key_file, places.apart) == (given.key_file, given.apart)
    assert (places.heads.name, places.erasures.name) == ("cas", "erasures")
    assert (places.origin, places.backups) == ("log.example/evidence", timedelta(days=14))
    open_apart(given, Home(given))


@pytest.mark.parametrize("field", FIELDS)
def test_what_production_was_not_given_is_named(given: Settings, field: str) -> None:
    settings = msgspec.structs.replace(given, **{field: None})
    with pytest.raises(SettingMissing) as refused:
        Places.of(settings, Home(settings))
    assert refused.value.values == {"name": FIELDS[field]}
    assert FIELDS[field] in refused.value.advice.zh


@pytest.mark.parametrize("field", ["key_file", "apart"])
def test_in_production_neither_keys_nor_heads_lie_in_the_home(given: Settings, field: str) -> None:
    settings = msgspec.structs.replace(given, **{field: given.home / "inside"})
    with pytest.raises(InsideHome) as refused:
        Places.of(settings, Home(settings))
    assert refused.value.values == {"name": FIELDS[field]}


def test_a_link_from_outside_into_the_home_is_inside(given: Settings, tmp_path: Path) -> None:
    (given.home / "apart").mkdir(parents=True)
    (tmp_path / "link").symlink_to(given.home / "apart")
    settings = msgspec.structs.replace(given, apart=tmp_path / "link")
    with pytest.raises(InsideHome):
        Places.of(settings, Home(settings))


def test_development_needs_nothing_and_keeps_all_in_the_home(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    settings.home.mkdir()
    places = Places.of(settings, Home(settings))
    open_apart(settings, Home(settings))
    assert places.key_file.is_relative_to(settings.home)
    assert places.apart.is_relative_to(settings.home)
    assert places.apart.stat().st_mode & 0o777 == 0o700
    assert places.origin == DEVELOPMENT_ORIGIN
    assert places.origin.startswith("dev.")


def test_a_volume_that_is_not_mounted_is_no_new_deployment(given: Settings) -> None:
    settings = msgspec.structs.replace(given, apart=given.home.parent / "nothing")
    with pytest.raises(ApartUnusable) as refused:
        open_apart(settings, Home(settings))
    assert not (given.home.parent / "nothing").exists()
    assert "DSPACE_APART" in refused.value.title.en


def test_a_folder_apart_in_which_others_may_write_is_refused(given: Settings) -> None:
    assert given.apart is not None
    given.apart.chmod(0o770)
    with pytest.raises(ApartUnusable):
        open_apart(given, Home(given))


def test_a_file_in_place_of_the_folder_apart_is_refused(given: Settings) -> None:
    (given.home.parent / "file").write_text("")
    settings = msgspec.structs.replace(given, apart=given.home.parent / "file")
    with pytest.raises(ApartUnusable):
        open_apart(settings, Home(settings))
