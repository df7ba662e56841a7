"""Signing keys are files of ours alone, published before they sign and after."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dspace_backend.tokens import AccessTokens, Bearer, SigningKeys
from dspace_backend.tokens.refusals import SigningKeyUnfit, TokenRefused
from dspace_backend.tokens.signing import PUBLISHED_AFTER, PUBLISHED_BEFORE, ROTATED_EVERY
from dspace_core.machine.refusals import HomeUnusable
from dspace_core.testing.device import Device
from dspace_core.values import random_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tokens"


def opened(folder: Path, clock: Any, *, development: bool = True) -> SigningKeys:
    return SigningKeys.open(folder, development=development, clock=clock)


def published(keys: SigningKeys) -> list[str]:
    return [key["kid"] for key in json.loads(keys.key_set())["keys"]]


def test_the_first_start_makes_a_key_that_only_we_can_read(folder: Path, clock: Any) -> None:
    keys = opened(folder, clock)
    [file] = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert published(keys) == [keys.current.kid]


def test_a_later_start_finds_it_again(folder: Path, clock: Any) -> None:
    assert opened(folder, clock).current.kid == opened(folder, clock).current.kid


def test_the_key_set_holds_no_private_member(folder: Path, clock: Any) -> None:
    [key] = json.loads(opened(folder, clock).key_set())["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_keys_of_development_say_so_and_are_no_keys_of_production(folder: Path, clock: Any) -> None:
    assert opened(folder, clock).current.kid.startswith("dev.")
    with pytest.raises(SigningKeyUnfit):
        opened(folder, clock, development=False)


def test_keys_of_production_are_no_keys_of_development(folder: Path, clock: Any) -> None:
    assert not opened(folder, clock, development=False).current.kid.startswith("dev.")
    with pytest.raises(SigningKeyUnfit):
        opened(folder, clock)


def test_a_new_key_is_published_before_it_signs(folder: Path, clock: Any) -> None:
    keys = opened(folder, clock)
    old = keys.current.kid
    new = keys.rotate()
    assert published(keys) == [new, old]
    assert keys.current.kid == old
    clock.pass_by(seconds=PUBLISHED_BEFORE.total_seconds())
    assert keys.current.kid == new


def test_an_old_key_is_published_until_its_last_token_is_over(folder: Path, clock: Any) -> None:
    keys = opened(folder, clock)
    old, new = keys.current.kid, keys.rotate()
    clock.pass_by(seconds=(PUBLISHED_BEFORE + PUBLISHED_AFTER).total_seconds() - 0.001)
    assert published(keys) == [new, old]
    clock.pass_by(seconds=0.001)
    assert published(keys) == [new]
    assert keys.verifier(old) is None


def test_the_private_half_of_an_old_key_is_removed_at_the_next_rotation(folder: Path, clock: Any) -> None:
    keys = opened(folder, clock)
    old = keys.current.kid
    keys.rotate()
    clock.pass_by(hours=1)
    keys.rotate()
    assert not [file for file in folder.iterdir() if old in file.name]
    assert len(list(folder.iterdir())) == 2


def test_tokens_go_on_across_a_rotation(folder: Path, clock: Any) -> None:
    keys = opened(folder, clock)
    tokens = AccessTokens(keys, issuer="i", audience="a")
    bearer = Bearer(sub=random_id(), client_id="phone", jkt=Device().jkt, sid=random_id(), acr="x", auth_time=1)
    keys.rotate()
    clock.pass_by(seconds=PUBLISHED_BEFORE.total_seconds() - 1)
    text = tokens.make(bearer, clock())
    clock.pass_by(seconds=119)
    assert keys.current.kid not in text
    assert tokens.check(text, clock()).sub == bearer.sub


def test_a_rotation_at_once_ends_every_token_of_before(folder: Path, clock: Any) -> None:
    keys = opened(folder, clock)
    tokens = AccessTokens(keys, issuer="i", audience="a")
    bearer = Bearer(sub=random_id(), client_id="phone", jkt=Device().jkt, sid=random_id(), acr="x", auth_time=1)
    text = tokens.make(bearer, clock())
    new = keys.rotate(at_once=True)
    assert published(keys) == [new] == [keys.current.kid]
    assert len(list(folder.iterdir())) == 1
    with pytest.raises(TokenRefused):
        tokens.check(text, clock())


def test_another_process_learns_of_a_rotation_when_it_meets_the_key(folder: Path, clock: Any) -> None:
    one, other = opened(folder, clock), opened(folder, clock)
    new = one.rotate(at_once=True)
    assert other.verifier(new) is None
    clock.pass_by(seconds=1)
    assert other.verifier(new) is not None


def test_another_process_learns_of_a_rotation_by_time(folder: Path, clock: Any) -> None:
    one, other = opened(folder, clock), opened(folder, clock)
    new = one.rotate()
    clock.pass_by(seconds=30)
    assert published(other)[0] == new


def test_keys_are_rotated_by_themselves_and_once_among_processes(folder: Path, clock: Any) -> None:
    one, other = opened(folder, clock), opened(folder, clock)
    one.keep()
    assert len(list(folder.iterdir())) == 1
    clock.pass_by(days=ROTATED_EVERY / timedelta(days=1))
    one.keep()
    other.keep()
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_could_read_is_refused(folder: Path, clock: Any, mode: int) -> None:
    opened(folder, clock)
    next(folder.iterdir()).chmod(mode)
    with pytest.raises(SigningKeyUnfit):
        opened(folder, clock)


@pytest.mark.parametrize("content", ["", "00" * 32, "ff" * 32, "01" * 31, "01" * 32, "zz" * 32])
def test_a_damaged_key_is_refused(folder: Path, clock: Any, content: str) -> None:
    opened(folder, clock)
    next(folder.iterdir()).write_text(content)
    with pytest.raises(SigningKeyUnfit):
        opened(folder, clock)


def test_a_stray_key_file_is_refused(folder: Path, clock: Any) -> None:
    opened(folder, clock)
    (folder / "mine.key").write_text("01" * 32)
    with pytest.raises(SigningKeyUnfit):
        opened(folder, clock)


def test_a_link_is_no_key(folder: Path, clock: Any, tmp_path: Path) -> None:
    opened(folder, clock)
    [file] = folder.iterdir()
    file.rename(tmp_path / "moved")
    file.symlink_to(tmp_path / "moved")
    with pytest.raises(SigningKeyUnfit):
        opened(folder, clock)


def test_a_folder_that_others_may_write_in_is_refused(folder: Path, clock: Any) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(HomeUnusable):
        opened(folder, clock)
