"""Loading a plugin inside the worker: find its entry point, import it, and hold its hooks to the spec.

pluggy checks the names of arguments and of hooks; that a hook is async and marked is checked here.
"""

import inspect
from collections.abc import Callable, Coroutine, Mapping
from importlib import metadata

import msgspec
import pluggy

from dspace_core.confine.wire import Flaw
from dspace_core.scenario import GROUP, HOOKS, PROJECT, Case, Data, Scenario

Answer = Callable[[Case, Data], Coroutine[object, object, object]]


class Unloadable(Exception):  # noqa: N818  (the worker's answer to Load, sent as Unfit)
    """A plugin cannot be loaded; `detail` names the hook, the argument or the error."""

    def __init__(self, flaw: Flaw, detail: str) -> None:
        self.flaw = flaw
        self.detail = detail[:500]
        super().__init__(flaw, detail)


class Loaded(msgspec.Struct, frozen=True):
    """A plugin in memory: its answers by hook, and the name of its top-level package."""

    answers: Mapping[str, Answer]
    package: str


def load(plugin: str) -> Loaded:
    """Import the plugin of this entry point and hold it to the spec. Raises Unloadable."""
    entry = _entry_point(plugin)
    try:
        offered = entry.load()
    except BaseException as failure:  # noqa: BLE001  (an import may raise anything, SystemExit too)
        raise Unloadable(Flaw.IMPORT_FAILED, f"{type(failure).__name__}: {failure}") from None
    if not (isinstance(offered, type) and issubclass(offered, Scenario)):
        raise Unloadable(Flaw.NO_SCENARIO, entry.value)
    _check_hooks(offered)
    try:
        scenario = offered()
    except BaseException as failure:  # noqa: BLE001  (as above)
        raise Unloadable(Flaw.IMPORT_FAILED, f"{type(failure).__name__}: {failure}") from None
    return Loaded(_registered(scenario), entry.module.partition(".")[0])


def _entry_point(plugin: str) -> metadata.EntryPoint:
    found = metadata.entry_points(group=GROUP, name=plugin)
    if len(found) != 1:
        raise Unloadable(Flaw.NOT_OFFERED, f"{len(found)} entry points")
    return next(iter(found))


def _check_hooks(offered: type[Scenario]) -> None:
    """What pluggy does not see: an answer without its mark is never called, one that is not async cannot wait."""
    for name in HOOKS:
        answer = getattr(offered, name)
        if answer is getattr(Scenario, name):
            continue
        if not hasattr(answer, f"{PROJECT}_impl"):
            raise Unloadable(Flaw.NOT_MARKED, name)
        if not inspect.iscoroutinefunction(answer):
            raise Unloadable(Flaw.NOT_ASYNC, name)


def _registered(scenario: Scenario) -> dict[str, Answer]:
    hooks = pluggy.PluginManager(PROJECT)
    hooks.add_hookspecs(Scenario)
    try:
        hooks.register(scenario)
    except pluggy.PluginValidationError as wrong:
        raise Unloadable(Flaw.ARGUMENTS_WRONG, " ".join(str(wrong).splitlines()[1:])) from None
    try:
        hooks.check_pending()
    except pluggy.PluginValidationError as wrong:
        raise Unloadable(Flaw.HOOK_UNKNOWN, str(wrong).partition(" in plugin")[0]) from None
    return {name: _answer(hooks, name) for name in HOOKS if getattr(hooks.hook, name).get_hookimpls()}


def _answer(hooks: pluggy.PluginManager, name: str) -> Answer:
    """One hook as a function of case and data; pluggy hands on the arguments that the plugin's answer names."""
    caller = getattr(hooks.hook, name)
    takes_data = "data" in caller.spec.argnames

    def answer(case: Case, data: Data) -> Coroutine[object, object, object]:
        coroutine: Coroutine[object, object, object] = caller(case=case, data=data) if takes_data else caller(case=case)
        return coroutine

    return answer
