"""What a scenario plugin is: the hooks it may answer, the manifest that says what it may touch, and which are installed.

The room knows no grant, no store and no process. An author sees its names through the public face; the host reads
manifests here without running a line of any plugin.
"""

from dspace_core.scenario.data import Data, Item
from dspace_core.scenario.manifest import SDK_LEVELS, Manifest, PluginId, read_manifest
from dspace_core.scenario.outcome import Fact, Outcome, Reason, Verdict, conclude
from dspace_core.scenario.refusals import AnswerUnfit, CallOver, DataRefused, HookUnanswered
from dspace_core.scenario.registry import GROUP, Inventory, Plugin, installed
from dspace_core.scenario.spec import (
    DECIDE,
    HOOKS,
    PREFILL,
    PREVIEW,
    PROJECT,
    SETTLE,
    Case,
    Filled,
    Hook,
    Prefill,
    Preview,
    Question,
    Scenario,
    Settlement,
    hookimpl,
)
from dspace_core.scenario.use import FieldName, ItemId, Purpose, Use

__all__ = (
    "DECIDE",
    "GROUP",
    "HOOKS",
    "PREFILL",
    "PREVIEW",
    "PROJECT",
    "SDK_LEVELS",
    "SETTLE",
    "AnswerUnfit",
    "CallOver",
    "Case",
    "Data",
    "DataRefused",
    "Fact",
    "FieldName",
    "Filled",
    "Hook",
    "HookUnanswered",
    "Inventory",
    "Item",
    "ItemId",
    "Manifest",
    "Outcome",
    "Plugin",
    "PluginId",
    "Prefill",
    "Preview",
    "Purpose",
    "Question",
    "Reason",
    "Scenario",
    "Settlement",
    "Use",
    "Verdict",
    "conclude",
    "hookimpl",
    "installed",
    "read_manifest",
)
