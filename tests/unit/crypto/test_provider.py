import ast
import logging
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import dspace_core.crypto
from dspace_core.crypto import LOOKUP_PURPOSE, FileKeyProvider, KeyId, KeyProvider, Secret
from dspace_core.crypto.refusals import (
    KeyFileExists,
    KeyFileInsideHome,
    KeyFileMissing,
    KeyFileNotWritten,
    NameMalformed,
    RecordMalformed,
    RootUnknown,
    UnsealFailed,
)
from dspace_core.errors import Refusal

DOC = Path(__file__).parents[3] / "docs" / "formats" / "keys.md"
FILE = bytes.fromhex(
    "4453504b455953310100010102030405060708000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "6d249def236c59c6e263d63f4eb67e6a04b255199f40c714b0414ef9e562ee5c"
)
ROOT = KeyId("0102030405060708")
KEY = Secret(bytes(range(32, 64)))
contexts = st.binary(max_size=40)


def known(folder: Path) -> FileKeyProvider:
    folder.chmod(0o700)
    path = folder / "root.keys"
    path.touch(0o600)
    path.write_bytes(FILE)
    return FileKeyProvider.load(path, home=folder, production=False)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> KeyProvider:
    return known(tmp_path_factory.mktemp("keys"))


def test_a_purpose_key_gives_the_known_answer(provider: KeyProvider) -> None:
    derived = provider.derive(LOOKUP_PURPOSE, ROOT).reveal().hex()
    assert derived == "12244e7acb7708b331eccb63edda195a923171d60441499d4a6102707bdd35ff"
    assert derived in DOC.read_text("utf-8")


def test_purposes_get_keys_of_their_own(provider: KeyProvider) -> None:
    keys = {provider.derive(purpose, ROOT).reveal() for purpose in ("lookup", "lookup2", "replay", "wrap", "purpose")}
    assert len(keys) == 5
    assert bytes(range(32)) not in keys


def test_a_purpose_with_an_odd_name_is_refused(provider: KeyProvider) -> None:
    with pytest.raises(NameMalformed):
        provider.derive("dspace/v1/root", ROOT)


@given(st.binary(min_size=32, max_size=32).map(Secret), contexts)
def test_what_was_wrapped_unwraps(provider: KeyProvider, key: Secret, context: bytes) -> None:
    wrapped = provider.wrap(key, context)
    assert len(wrapped) == 114
    assert key.reveal() not in wrapped
    assert provider.unwrap(wrapped, context) == key


@given(contexts, contexts)
def test_a_wrapped_key_unwraps_in_its_own_context_only(provider: KeyProvider, one: bytes, other: bytes) -> None:
    assume(one != other)
    with pytest.raises(UnsealFailed):
        provider.unwrap(provider.wrap(KEY, one), other)


@given(at=st.integers(0, 113), change=st.integers(1, 255))
def test_one_changed_byte_of_a_wrapped_key_is_refused(provider: KeyProvider, at: int, change: int) -> None:
    wrapped = bytearray(provider.wrap(KEY, b"context"))
    wrapped[at] ^= change
    with pytest.raises(Refusal) as refused:
        provider.unwrap(bytes(wrapped), b"context")
    if at < 8:
        assert refused.value.code == "crypto.root_unknown"
    elif at > 9:
        assert refused.value.code == "crypto.unseal_failed"


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 81])
def test_a_wrapped_key_cut_short_is_malformed(provider: KeyProvider, size: int) -> None:
    with pytest.raises(RecordMalformed):
        provider.unwrap(provider.wrap(KEY, b"")[:size], b"")


def test_after_a_rotation_the_old_root_still_unwraps_and_the_new_one_wraps(tmp_path: Path) -> None:
    provider = known(tmp_path)
    before = provider.wrap(KEY, b"context")
    fresh = provider.rotate()
    assert provider.key_ids == (fresh, ROOT)
    assert provider.wrap(KEY, b"context")[:8].hex() == fresh
    assert provider.unwrap(before, b"context") == KEY
    reloaded = FileKeyProvider.load(tmp_path / "root.keys", home=tmp_path, production=False)
    assert reloaded.key_ids == (fresh, ROOT)
    assert reloaded.unwrap(provider.wrap(KEY, b"context"), b"context") == KEY


def test_a_purpose_key_belongs_to_its_root_and_survives_the_rotation(tmp_path: Path) -> None:
    provider = known(tmp_path)
    before = provider.derive(LOOKUP_PURPOSE, ROOT)
    fresh = provider.rotate()
    assert provider.derive(LOOKUP_PURPOSE, ROOT) == before
    assert provider.derive(LOOKUP_PURPOSE, fresh) != before


def test_a_record_moved_to_another_root_is_refused(tmp_path: Path) -> None:
    provider = known(tmp_path)
    wrapped = provider.wrap(KEY, b"")
    fresh = provider.rotate()
    with pytest.raises(UnsealFailed):
        provider.unwrap(bytes.fromhex(fresh) + wrapped[8:], b"")


def test_another_process_learns_the_new_root_when_it_meets_it(tmp_path: Path) -> None:
    rotating, other = known(tmp_path), known(tmp_path)
    fresh = rotating.rotate()
    assert fresh not in other.key_ids
    assert other.unwrap(rotating.wrap(KEY, b""), b"") == KEY
    assert other.key_ids == (fresh, ROOT)


def test_two_processes_that_rotate_keep_each_others_root(tmp_path: Path) -> None:
    one, other = known(tmp_path), known(tmp_path)
    first, second = one.rotate(), other.rotate()
    assert other.key_ids == (second, first, ROOT)


def test_a_root_that_is_not_held_is_refused(provider: KeyProvider) -> None:
    with pytest.raises(RootUnknown) as refused:
        provider.derive(LOOKUP_PURPOSE, KeyId("ffffffffffffffff"))
    assert refused.value.code == "crypto.root_unknown"
    assert refused.value.values == {}


def test_a_rotation_that_did_not_reach_the_disk_changes_nothing_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = known(tmp_path)

    def full(file: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(KeyFileNotWritten):
        provider.rotate()
    assert provider.key_ids == (ROOT,)


def test_a_new_file_holds_one_random_root_and_is_not_made_twice(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "root.keys"
    made = FileKeyProvider.create(path, home=tmp_path, production=False)
    assert len(made.key_ids) == 1
    assert FileKeyProvider.load(path, home=tmp_path, production=False).unwrap(made.wrap(KEY, b""), b"") == KEY
    with pytest.raises(KeyFileExists):
        FileKeyProvider.create(path, home=tmp_path, production=False)
    other = FileKeyProvider.create(tmp_path / "other.keys", home=tmp_path, production=False)
    assert other.key_ids != made.key_ids


def test_no_file_is_made_by_loading(tmp_path: Path) -> None:
    with pytest.raises(KeyFileMissing):
        FileKeyProvider.load(tmp_path / "root.keys", home=tmp_path, production=False)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A home with a secrets folder, a folder beside it, and links between the two."""
    for folder in ("home/secrets", "beside", "home-two"):
        (tmp_path / folder).mkdir(parents=True, mode=0o700)
    (tmp_path / "link-to-home").symlink_to(tmp_path / "home")
    (tmp_path / "beside" / "link-to-secrets").symlink_to(tmp_path / "home" / "secrets")
    (tmp_path / "home" / "link-out").symlink_to(tmp_path / "beside")
    return tmp_path


@pytest.mark.parametrize("home", ["home", "link-to-home", "beside/../home"])
@pytest.mark.parametrize(
    "path",
    [
        "home/root.keys",
        "home/secrets/root.keys",
        "link-to-home/secrets/root.keys",
        "beside/link-to-secrets/root.keys",
        "beside/../home/root.keys",
    ],
)
def test_production_refuses_a_file_inside_home_by_whatever_way(house: Path, home: str, path: str) -> None:
    for attempt in (FileKeyProvider.create, FileKeyProvider.load):
        with pytest.raises(KeyFileInsideHome) as refused:
            attempt(house / path, home=house / home, production=True)
        assert refused.value.code == "crypto.key_file_inside_home"
    FileKeyProvider.create(house / path, home=house / home, production=False)
    with pytest.raises(KeyFileInsideHome):
        FileKeyProvider.load(house / path, home=house / home, production=True)


@pytest.mark.parametrize("path", ["beside/root.keys", "home-two/root.keys", "home/link-out/root.keys", "root.keys"])
def test_production_takes_a_file_outside_home_and_warns_without_values(
    house: Path, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    house.chmod(0o700)
    with caplog.at_level(logging.DEBUG):
        made = FileKeyProvider.create(house / path, home=house / "home", production=True)
        loaded = FileKeyProvider.load(house / path, home=house / "home", production=True)
    assert loaded.key_ids == made.key_ids
    warned = [(record.name, record.levelname, record.args) for record in caplog.records]
    assert warned == [("dspace.crypto", "WARNING", ())] * 2
    assert caplog.messages[0] == "root keys are held in a file; in production prefer a hardware token"


def test_development_does_not_warn(house: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        FileKeyProvider.create(house / "home" / "root.keys", home=house / "home", production=False)
    assert caplog.records == []


def test_a_provider_shows_no_key(tmp_path: Path) -> None:
    provider = known(tmp_path)
    shown = f"{provider!r} {vars(provider)!r}"
    assert bytes(range(32)).hex() not in shown
    assert repr(bytes(range(32)))[2:-1] not in shown
    assert "Secret(…)" in shown


def test_no_key_comes_from_or_goes_to_the_environment() -> None:
    room = Path(str(dspace_core.crypto.__file__)).parent
    named = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for module in room.glob("*.py")
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.Attribute | ast.Name)
    }
    assert "fsync" in named, "the walk sees what the room uses"
    assert not named & {"environ", "environb", "getenv", "getenvb", "putenv"}
