"""The id of a use: the same for the same reading, another for any other, and nothing to be read from it."""

from uuid import RFC_4122, UUID

import pytest

from dspace_core.crypto import Secret
from dspace_core.grants import use_id
from dspace_core.values import CaseId, GrantId, UseId

KEY = Secret(b"\x05" * 32)


def made(changes: dict[str, object] | None = None, key: Secret = KEY) -> UseId:
    parts: dict[str, object] = {
        "case": CaseId(UUID(int=1)),
        "hook": "decide",
        "item": "household.record",
        "fields": ["district", "street"],
        "basis": GrantId(UUID(int=2)),
    }
    return use_id(key, **{**parts, **(changes or {})})  # type: ignore[arg-type]


def test_a_hook_that_runs_again_repeats_its_ids() -> None:
    assert made() == made() == made({"fields": ["street", "district", "street"]})


@pytest.mark.parametrize(
    "changes",
    [
        {"case": CaseId(UUID(int=9))},
        {"case": None},
        {"hook": "form"},
        {"item": "marriage.record"},
        {"fields": ["district"]},
        {"fields": ["districtstreet"]},
        {"basis": GrantId(UUID(int=9))},
    ],
    ids=["case", "no case", "hook", "item", "fewer fields", "joined fields", "basis"],
)
def test_any_other_reading_has_another_id(changes: dict[str, object]) -> None:
    assert made(changes) != made()


def test_without_the_key_an_id_cannot_be_made() -> None:
    assert made(key=Secret(b"\x06" * 32)) != made()


def test_an_id_is_a_uuid_of_version_8() -> None:
    for number in range(20):
        identifier = made({"hook": f"hook{number}"})
        assert (identifier.version, identifier.variant) == (8, RFC_4122)
