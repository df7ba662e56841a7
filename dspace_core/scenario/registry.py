"""What is installed, read from package metadata and manifests alone. No plugin code is imported here.

One bad plugin does not keep the others out: it is left out, and its refusal says why.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from types import MappingProxyType

import msgspec

from dspace_core.errors import Refusal
from dspace_core.scenario.manifest import Manifest, read_manifest
from dspace_core.scenario.refusals import IdDiffers, IdRepeated, PackageMissing, PluginUnknown

GROUP = "dspace.plugins"
"""The entry point group by which a distribution offers its plugins."""
MANIFEST = "plugin.toml"


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """An installed plugin: its manifest, and the distribution it came with."""

    manifest: Manifest
    distribution: str
    version: str


class Inventory(msgspec.Struct, frozen=True):
    """Everything installed: what can be used, by id, and why the rest cannot."""

    plugins: Mapping[str, Plugin]
    refused: tuple[Refusal, ...]

    def find(self, plugin: str) -> Plugin:
        """The plugin of this id. Raises PluginUnknown."""
        try:
            return self.plugins[plugin]
        except KeyError:
            raise PluginUnknown from None


def installed(path: Sequence[str] | None = None) -> Inventory:
    """Take stock of the distributions on `path` (by default, of this interpreter's own environment)."""
    offers: dict[str, list[tuple[metadata.EntryPoint, metadata.Distribution]]] = {}
    for distribution in _distributions(path):
        for entry in distribution.entry_points.select(group=GROUP):
            offers.setdefault(entry.name, []).append((entry, distribution))
    plugins: dict[str, Plugin] = {}
    refused: list[Refusal] = []
    for name, offer in sorted(offers.items()):
        try:
            plugins[name] = _one(name, offer, path)
        except Refusal as no:
            refused.append(no)
    return Inventory(MappingProxyType(plugins), tuple(refused))


def _distributions(path: Sequence[str] | None) -> Iterator[metadata.Distribution]:
    """Each distribution once: the first on the path hides later ones of the same name, as it does for imports."""
    seen: set[str] = set()
    for found in metadata.distributions() if path is None else metadata.distributions(path=list(path)):
        name = found.name.lower().replace("-", "_").replace(".", "_")
        if name not in seen:
            seen.add(name)
            yield found


def _one(
    name: str, offer: Sequence[tuple[metadata.EntryPoint, metadata.Distribution]], path: Sequence[str] | None
) -> Plugin:
    """(1) one distribution offers the id  (2) its package is there  (3) with a manifest  (4) of the same id."""
    if len(offer) > 1:  # 1
        raise IdRepeated(plugin=name, distributions=", ".join(sorted({found.name for _, found in offer})))
    entry, distribution = offer[0]
    manifest = read_manifest(_folder(entry, distribution, path) / MANIFEST)  # 2, 3
    if manifest.id != name:  # 4
        raise IdDiffers(plugin=name, declared=manifest.id)
    return Plugin(manifest=manifest, distribution=distribution.name, version=distribution.version)


def _folder(entry: metadata.EntryPoint, distribution: metadata.Distribution, path: Sequence[str] | None) -> Path:
    """The folder of the entry point's top-level package, found and not imported."""
    package = entry.module.partition(".")[0]
    found = PathFinder.find_spec(package, None if path is None else list(path))
    if found is None or not found.submodule_search_locations:
        raise PackageMissing(distribution=distribution.name, package=package)
    return Path(next(iter(found.submodule_search_locations)))
