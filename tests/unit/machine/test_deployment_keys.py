"""The root keys are made by development or by the operator; the checkpoint key stays the one that signed."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from dspace_core.crypto.refusals import KeyFileExists, KeyFileMissing
from dspace_core.evidence import Checkpoint, Frontier, sign_checkpoint
from dspace_core.evidence.heads import Head, Heads
from dspace_core.machine import keys
from dspace_core.machine.home import Home
from dspace_core.machine.refusals import CheckpointKeyLost
from dspace_core.testing.servers import open_folder, settings_for

ORIGIN = "dev.log.example/evidence"


@pytest.fixture
def home() -> Home:
    home = Home(settings_for(open_folder()))
    home.prepare({})
    return home


@pytest.fixture
def heads(home: Home) -> Heads:
    return Heads(home.path / "cas")


def sign(home: Home, heads: Heads, origin: str = ORIGIN) -> None:
    """What the notary does with the first entry."""
    signer = keys.checkpoint_signer(home, heads, origin)
    root = Frontier().append([b"\0" * 32]).frontier.root()
    checkpoint = Checkpoint(origin, 1, root)
    heads.put(Head.of(checkpoint, sign_checkpoint(checkpoint, signer)))


def test_development_makes_its_root_keys_once(home: Home) -> None:
    settings = settings_for(home.path.parent)
    keys.make_root_of_development(settings, home)
    made = keys.provider(settings, home).key_ids
    keys.make_root_of_development(settings, home)
    assert keys.provider(settings, home).key_ids == made


def test_a_key_file_that_was_named_is_not_made_by_a_start(home: Home) -> None:
    settings = msgspec.structs.replace(settings_for(home.path.parent), key_file=home.path / "named.keys")
    keys.make_root_of_development(settings, home)
    with pytest.raises(KeyFileMissing):
        keys.provider(settings, home)
    keys.make_root(settings, home)
    assert len(keys.provider(settings, home).key_ids) == 1
    with pytest.raises(KeyFileExists):
        keys.make_root(settings, home)


def test_the_operator_makes_the_root_keys_with_one_command(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    command = [sys.executable, "-m", "dspace_core.machine.root_keys"]
    environment = {
        "DSPACE_HOME": str(tmp_path / "home"),
        "DSPACE_KEY_FILE": str(folder / "root.keys"),
        "DSPACE_APART": str(tmp_path),
        "DSPACE_LOG_ORIGIN": "log.example",
        "DSPACE_KEYS_BACKUP_DAYS": "7",
        "PYTHONPATH": ":".join(sys.path),
    }
    done = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        for _ in range(2)
    ]
    assert [one.returncode for one in done] == [0, 1]
    assert (folder / "root.keys").stat().st_mode & 0o777 == 0o600
    assert "Warning" not in done[0].stderr
    assert "crypto.key_file_exists" in done[1].stderr


def test_the_checkpoint_key_is_made_once_and_private(home: Home, heads: Heads) -> None:
    made = keys.checkpoint_signer(home, heads, ORIGIN).public
    assert keys.checkpoint_signer(home, heads, ORIGIN).public == made
    assert (home.secrets / "checkpoint").stat().st_mode & 0o777 == 0o600


def test_the_key_that_signed_goes_on_signing(home: Home, heads: Heads) -> None:
    before = keys.checkpoint_signer(home, heads, ORIGIN).public
    sign(home, heads)
    assert keys.checkpoint_signer(home, heads, ORIGIN).public == before


def test_a_lost_checkpoint_key_is_not_made_anew(home: Home, heads: Heads) -> None:
    """Else one log would be signed by two keys, and whoever trusts the first would call the second a forgery."""
    sign(home, heads)
    (home.secrets / "checkpoint").unlink()
    with pytest.raises(CheckpointKeyLost) as refused:
        keys.checkpoint_signer(home, heads, ORIGIN)
    assert refused.value.values == {"path": home.secrets / "checkpoint"}
    assert not (home.secrets / "checkpoint").exists()


@pytest.mark.parametrize("content", ["A" * 43, "A" * 41, "short", "x" * 44])
def test_another_checkpoint_key_is_refused(home: Home, heads: Heads, content: str) -> None:
    sign(home, heads)
    (home.secrets / "checkpoint").write_text(content)
    with pytest.raises(CheckpointKeyLost):
        keys.checkpoint_signer(home, heads, ORIGIN)


def test_a_log_of_a_new_name_may_have_a_new_key(home: Home, heads: Heads) -> None:
    """That is what remains when the old one is lost."""
    sign(home, heads)
    (home.secrets / "checkpoint").unlink()
    sign(home, heads, "dev.log.example/second")
    assert heads.origins == (ORIGIN, "dev.log.example/second")
