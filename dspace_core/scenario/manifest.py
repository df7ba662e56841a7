"""`plugin.toml` as a struct: what a plugin is, for which SDK level it was written, and what it may ask for.

The host, the catalogue and the consent screen read it; nobody imports the plugin to learn what it wants.
"""

from pathlib import Path
from typing import Annotated

import msgspec

from dspace_core.errors import Text
from dspace_core.scenario.refusals import LevelUnsupported, ManifestInvalid, ManifestMissing
from dspace_core.scenario.use import Use

SDK_LEVELS = (1,)
"""The SDK levels this release serves."""

PluginId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*\Z", max_length=40)]
"""The id of a plugin: the name of its entry point and of nothing else in the space."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in a `plugin.toml`."""

    id: PluginId
    sdk: int
    title: Text
    authority: Text
    """The department on whose behalf the plugin acts (主管部门), as people call it."""
    uses: tuple[Use, ...] = ()
    """Everything the plugin may ever ask for; a service item may allow less, never more."""


def read_manifest(file: Path) -> Manifest:
    """Read a manifest strictly.

    Raises ManifestMissing without a readable file; ManifestInvalid, which names the line or the field, for anything
    that is not of the shape above; LevelUnsupported for a level that this release does not serve.
    """
    try:
        text = file.read_bytes()
    except OSError:
        raise ManifestMissing(file=file) from None
    try:
        manifest = msgspec.toml.decode(text, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise ManifestInvalid(file=file, problem=_readable(wrong)) from None
    if manifest.sdk not in SDK_LEVELS:
        served = ", ".join(map(str, SDK_LEVELS))
        raise LevelUnsupported(file=file, level=manifest.sdk, served=served)
    problem = _contradiction(manifest)
    if problem is not None:
        raise ManifestInvalid(file=file, problem=problem)
    return manifest


def _readable(wrong: Exception) -> str:
    match wrong:
        case UnicodeDecodeError():
            return f"not UTF-8 at byte {wrong.start}"
        case RecursionError():
            return "nested too deeply"
        case _:
            return str(wrong)


def _contradiction(manifest: Manifest) -> str | None:
    """What the shape alone does not forbid: a text without words, one use declared twice."""
    for name, text in (("title", manifest.title), ("authority", manifest.authority)):
        for language, words in (("zh", text.zh), ("en", text.en)):
            if not words.strip():
                return f"no words - at `$.{name}.{language}`"
    seen: dict[tuple[str, str], int] = {}
    for place, use in enumerate(manifest.uses):
        first = seen.setdefault((use.item, use.purpose), place)
        if first != place:
            return f"the item and purpose of `$.uses[{first}]` again - at `$.uses[{place}]`"
    return None
