"""Why a plugin could not be loaded, in words for its author."""

from dspace_core.confine.wire import Flaw
from dspace_core.errors import Text

_WORDS = {
    Flaw.NOT_OFFERED: Text("入口点不唯一或不存在({detail})", "no single entry point offers it ({detail})"),
    Flaw.IMPORT_FAILED: Text("导入失败({detail})", "its import failed ({detail})"),
    Flaw.NO_SCENARIO: Text(
        "入口点 {detail} 不是 Scenario 的子类", "the entry point {detail} is no subclass of Scenario"
    ),
    Flaw.HOOK_UNKNOWN: Text("没有这样的钩子({detail})", "there is no such hook ({detail})"),
    Flaw.ARGUMENTS_WRONG: Text("钩子的参数不符({detail})", "a hook takes other arguments ({detail})"),
    Flaw.NOT_ASYNC: Text("钩子 {detail} 不是 async def", "the hook {detail} is no async def"),
    Flaw.NOT_MARKED: Text("钩子 {detail} 缺少 @hookimpl", "the hook {detail} lacks @hookimpl"),
}


def told(flaw: Flaw, detail: str) -> Text:
    """The flaw in both languages, with its place."""
    return _WORDS[flaw].fill({"detail": detail})
