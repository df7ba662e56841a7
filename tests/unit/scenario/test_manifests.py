"""Manifests and the inventory: read strictly, complained about readably, and never by running a plugin."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.errors import Refusal
from dspace_core.scenario import SDK_LEVELS, Inventory, Manifest, installed, read_manifest
from dspace_core.scenario.refusals import (
    IdDiffers,
    IdRepeated,
    LevelUnsupported,
    ManifestInvalid,
    ManifestMissing,
    PackageMissing,
    PluginUnknown,
)

ROOT = Path(__file__).parents[3]
WHOLE = """\
id = "pension"
sdk = 1
title = { zh = "养老", en = "Pension" }
authority = { zh = "人社部门", en = "the authority" }

[[uses]]
item = "pension.record"
fields = ["paid_months"]
purpose = "核对养老保险缴费年限"
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[[str], Manifest]:
    def read(text: str) -> Manifest:
        file = tmp_path / "plugin.toml"
        file.write_text(text, encoding="utf-8")
        return read_manifest(file)

    return read


Read = Callable[[str], Manifest]


def test_a_manifest_says_what_a_plugin_is_and_may_ask(manifest: Read) -> None:
    found = manifest(WHOLE)
    assert (found.id, found.sdk, found.title.zh, found.authority.en) == ("pension", 1, "养老", "the authority")
    (use,) = found.uses
    assert (use.item, use.fields, use.purpose) == ("pension.record", frozenset({"paid_months"}), "核对养老保险缴费年限")


@pytest.mark.parametrize(
    "file", sorted((ROOT / "plugins").glob("*/dspace_*/plugin.toml")), ids=lambda file: file.parent.name
)
def test_the_manifests_of_the_house_are_valid(file: Path) -> None:
    assert read_manifest(file).sdk in SDK_LEVELS


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('id = "pension"', "id = pension", "line 1"),
        ('id = "pension"\n', "", "`id`"),
        ('id = "pension"', 'id = "Pension"', "`$.id`"),
        ('id = "pension"', 'id = "pension\\n"', "`$.id`"),
        ('id = "pension"', f'id = "{"p" * 41}"', "`$.id`"),
        ("sdk = 1", 'sdk = "1"', "`$.sdk`"),
        ("sdk = 1", "sdk = true", "`$.sdk`"),
        ('zh = "养老", ', "", "`$.title`"),
        ('zh = "养老"', 'zh = "  "', "`$.title.zh`"),
        ('en = "the authority"', 'en = ""', "`$.authority.en`"),
        ("sdk = 1", "sdk = 1\ncolour = 2", "`colour`"),
        ('fields = ["paid_months"]', "fields = []", "`$.uses[0].fields`"),
        ('fields = ["paid_months"]', 'fields = ["Paid"]', "`$.uses[0].fields[0]`"),
        ('item = "pension.record"', 'item = "pension record"', "`$.uses[0].item`"),
        ("核对养老保险缴费年限", "核" * 61, "`$.uses[0].purpose`"),
        ("核对养老保险缴费年限", "", "`$.uses[0].purpose`"),
        ('purpose = "核对养老保险缴费年限"\n', "", "`$.uses[0]`"),
        ('purpose = "核对', 'grant = "all"\npurpose = "核对', "`$.uses[0]`"),
    ],
)
def test_a_complaint_names_file_and_place(manifest: Read, tmp_path: Path, old: str, new: str, place: str) -> None:
    assert old in WHOLE
    with pytest.raises(ManifestInvalid) as caught:
        manifest(WHOLE.replace(old, new))
    assert caught.value.code == "scenario.manifest_invalid"
    assert caught.value.values["file"] == tmp_path / "plugin.toml"
    assert place in str(caught.value.values["problem"])
    assert "uses" in caught.value.advice.en


def test_one_use_declared_twice_is_a_contradiction(manifest: Read) -> None:
    with pytest.raises(ManifestInvalid, match=r"uses\[1\]"):
        manifest(WHOLE + WHOLE[WHOLE.index("[[uses]]") :])


def test_a_purpose_of_sixty_characters_is_short_enough(manifest: Read) -> None:
    assert manifest(WHOLE.replace("核对养老保险缴费年限", "核" * 60)).uses[0].purpose == "核" * 60


@pytest.mark.parametrize("level", [0, 2, -1])
def test_another_level_is_refused_with_the_served_ones(manifest: Read, level: int) -> None:
    with pytest.raises(LevelUnsupported) as caught:
        manifest(WHOLE.replace("sdk = 1", f"sdk = {level}"))
    assert caught.value.code == "scenario.level_unsupported"
    assert (caught.value.values["level"], caught.value.values["served"]) == (level, "1")


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestMissing) as caught:
        read_manifest(tmp_path / "plugin.toml")
    assert caught.value.code == "scenario.manifest_missing"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_manifest_or_a_complaint(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(content)
    with pytest.raises((ManifestInvalid, LevelUnsupported)):
        read_manifest(file)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = " + b"[" * 20_000, b"[a]\n" + b"a." * 5000 + b"b = 1"])
def test_hostile_bytes_are_a_complaint(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "plugin.toml"
    file.write_bytes(content)
    with pytest.raises(ManifestInvalid):
        read_manifest(file)


# The inventory


class Site:
    """A site-packages folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(
        self, distribution: str, plugin: str = "pension", package: str = "dspace_pension", manifest: str | None = WHOLE
    ) -> None:
        info = self.folder / f"{distribution}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[dspace.plugins]\n{plugin} = {package}.scenario:Pension\n")
        (self.folder / package).mkdir(exist_ok=True)
        (self.folder / package / "__init__.py").write_text("raise SystemExit('the plugin was run')\n")
        if manifest is not None:
            (self.folder / package / "plugin.toml").write_text(manifest)

    def inventory(self) -> Inventory:
        return installed([str(self.folder)])

    def refusal(self) -> Refusal:
        found = self.inventory()
        (no,) = found.refused
        assert not found.plugins
        return no


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_plugin_is_found_and_not_run(site: Site) -> None:
    site.add("dspace_pension")
    found = site.inventory()
    assert found.refused == ()
    plugin = found.find("pension")
    assert (plugin.manifest.id, plugin.distribution, plugin.version) == ("pension", "dspace_pension", "1.2")
    assert "dspace_pension" not in sys.modules


def test_the_plugins_of_the_house_are_installed_here() -> None:
    assert installed().find("social_security").distribution == "dspace-social-security"


def test_an_unknown_plugin_is_refused(site: Site) -> None:
    with pytest.raises(PluginUnknown) as caught:
        site.inventory().find("pension")
    assert caught.value.code == "scenario.plugin_unknown"


def test_a_plugin_without_a_manifest_is_refused(site: Site) -> None:
    site.add("dspace_pension", manifest=None)
    assert isinstance(site.refusal(), ManifestMissing)


def test_a_plugin_of_another_level_is_refused(site: Site) -> None:
    site.add("dspace_pension", manifest=WHOLE.replace("sdk = 1", "sdk = 9"))
    assert isinstance(site.refusal(), LevelUnsupported)


def test_a_plugin_whose_package_is_not_there_is_refused(site: Site) -> None:
    site.add("dspace_pension")
    (site.folder / "dspace_pension").rename(site.folder / "elsewhere")
    no = site.refusal()
    assert isinstance(no, PackageMissing)
    assert no.code == "scenario.package_missing"


def test_an_id_other_than_the_entry_point_is_refused(site: Site) -> None:
    site.add("dspace_pension", plugin="pensions")
    no = site.refusal()
    assert isinstance(no, IdDiffers)
    assert no.code == "scenario.id_differs"
    assert no.values == {"plugin": "pensions", "declared": "pension"}


def test_an_id_offered_twice_is_used_by_neither(site: Site) -> None:
    site.add("dspace_pension")
    site.add("dspace_other", package="dspace_other")
    no = site.refusal()
    assert isinstance(no, IdRepeated)
    assert no.code == "scenario.id_repeated"
    assert no.values["distributions"] == "dspace_other, dspace_pension"


def test_a_bad_plugin_does_not_keep_the_good_ones_out(site: Site) -> None:
    site.add("dspace_pension")
    site.add("dspace_bad", plugin="bad", package="dspace_bad", manifest="id =")
    found = site.inventory()
    assert list(found.plugins) == ["pension"]
    assert [no.code for no in found.refused] == ["scenario.manifest_invalid"]


def test_a_distribution_hidden_by_one_of_its_name_does_not_count(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        Site(tmp_path / name).add("dspace_pension")
    found = installed([str(tmp_path / "first"), str(tmp_path / "second")])
    assert (list(found.plugins), found.refused) == (["pension"], ())
