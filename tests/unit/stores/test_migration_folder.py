"""What counts as a folder of migrations."""

import hashlib
from pathlib import Path

import pytest

from dspace_core.errors import Refusal
from dspace_core.stores import read_folder
from dspace_core.stores.refusals import MigrationGap, MigrationMisnamed, MigrationTwice


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_text(f"SELECT '{name}';")
    return folder


def test_files_come_in_the_order_of_their_numbers_with_their_digests(tmp_path: Path) -> None:
    found = read_folder(put(tmp_path, "0002_second.sql", "0001_first.sql"))
    assert [migration.name for migration in found] == ["0001_first.sql", "0002_second.sql"]
    assert found[0].sha256 == hashlib.sha256(b"SELECT '0001_first.sql';").hexdigest()


def test_other_files_are_no_migrations(tmp_path: Path) -> None:
    put(tmp_path, "0001_first.sql", "README.md")
    assert len(read_folder(tmp_path)) == 1


@pytest.mark.parametrize("name", ["1_first.sql", "0001-first.sql", "0001_First.sql", "first.sql", "０００１_first.sql"])
def test_a_file_with_another_kind_of_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MigrationMisnamed) as refused:
        read_folder(put(tmp_path, name))
    assert refused.value.values == {"file": name}


@pytest.mark.parametrize(("names", "missing"), [(["0002_b.sql"], 1), (["0001_a.sql", "0003_c.sql"], 2)])
def test_a_gap_is_refused_and_named(tmp_path: Path, names: list[str], missing: int) -> None:
    with pytest.raises(MigrationGap) as refused:
        read_folder(put(tmp_path, *names))
    assert refused.value.values == {"number": missing}


def test_one_number_on_two_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MigrationTwice) as refused:
        read_folder(put(tmp_path, "0001_a.sql", "0001_b.sql"))
    assert refused.value.values == {"number": 1}


def test_the_refusals_have_stable_codes() -> None:
    codes: dict[type[Refusal], str] = {
        MigrationMisnamed: "stores.migration_misnamed",
        MigrationGap: "stores.migration_gap",
        MigrationTwice: "stores.migration_twice",
    }
    assert {kind: kind.code for kind in codes} == codes
