import copy
import json
import pickle
import pprint

import msgspec
import pytest

from dspace_core.crypto import FreshKey, Secret
from dspace_core.crypto.refusals import KeyMalformed

KEY = bytes(range(32))


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{0!r}".format, pprint.pformat, ascii])
def test_a_secret_shows_nothing(show: object) -> None:
    assert callable(show)
    shown = show(Secret(KEY)), show(Secret(KEY[::-1]))
    assert shown[0] == shown[1]


def test_a_struct_that_holds_a_secret_shows_nothing_of_it() -> None:
    assert repr(FreshKey(Secret(KEY), b"")) == repr(FreshKey(Secret(KEY[::-1]), b""))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(KEY), protocol=protocol)


@pytest.mark.parametrize("take", [json.dumps, msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins])
@pytest.mark.parametrize("holder", [Secret(KEY), [Secret(KEY)], FreshKey(Secret(KEY), b"")])
def test_no_serialiser_takes_a_secret(take: object, holder: object) -> None:
    assert callable(take)
    with pytest.raises(TypeError):
        take(holder)


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, vars, iter, len, bytes, hash, Secret.__getstate__])
def test_a_secret_has_no_side_door(take: object) -> None:
    assert callable(take)
    with pytest.raises(TypeError):
        take(Secret(KEY))


def test_a_json_writer_that_falls_back_to_text_writes_no_key() -> None:
    assert json.loads(json.dumps(Secret(KEY), default=str)) == "Secret(…)"


def test_secrets_are_equal_when_their_bytes_are() -> None:
    assert Secret(KEY) == Secret(bytes(range(32)))
    assert Secret(KEY) != Secret(KEY[::-1])
    assert Secret(KEY) != KEY


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(KeyMalformed):
        Secret(bytes(size))


def test_fresh_keys_differ() -> None:
    assert len({Secret.random().reveal() for _ in range(64)}) == 64
