"""The ways in which the scenario room says no, to operators about manifests and to authors about data.

None carries anything that a source answered: only ids, field names, files and counts.
"""

from dspace_core.errors import Refusal, Text


class ManifestMissing(Refusal):
    """A plugin's package has no readable `plugin.toml` beside its first module."""

    code = "scenario.manifest_missing"
    says = Text("缺少插件清单 {file}", "there is no plugin manifest {file}")
    remedy = Text(
        "请将 plugin.toml 放入插件包目录并随安装包发布", "put plugin.toml into the package and ship it in the wheel"
    )


class ManifestInvalid(Refusal):
    """A `plugin.toml` is no TOML, or not of the shape of a manifest. `problem` names the line or the field."""

    code = "scenario.manifest_invalid"
    says = Text("插件清单 {file} 有误:{problem}", "the plugin manifest {file} is wrong: {problem}")
    remedy = Text(
        "请更正该处;字段为 id、sdk、title、authority、uses(item、fields、purpose,用途不超过 60 字)",
        "correct that place; fields are id, sdk, title, authority, uses (item, fields, purpose of at most 60 characters)",
    )


class LevelUnsupported(Refusal):
    """A plugin was written for an SDK level that this release does not serve."""

    code = "scenario.level_unsupported"
    says = Text("插件清单 {file} 要求 SDK 级别 {level}", "the plugin manifest {file} asks for SDK level {level}")
    remedy = Text(
        "本版本支持级别 {served};请安装相应版本的插件",
        "this release serves {served}; install a matching plugin release",
    )


class PackageMissing(Refusal):
    """A distribution offers a plugin whose package is not there, or is a single module without a folder."""

    code = "scenario.package_missing"
    says = Text(
        "安装包 {distribution} 的插件包 {package} 不存在",
        "{distribution} offers a plugin in {package}, which is no package",
    )
    remedy = Text("请重新安装,或更正入口点", "install it again, or correct its entry point")


class IdDiffers(Refusal):
    """The manifest names another id than the entry point."""

    code = "scenario.id_differs"
    says = Text(
        "入口点名为 {plugin},清单中的 id 为 {declared}",
        "the entry point is {plugin}, the manifest says the id is {declared}",
    )
    remedy = Text("请使两者一致", "make the two the same")


class IdRepeated(Refusal):
    """More than one entry point offers a plugin of this id; none of them is used."""

    code = "scenario.id_repeated"
    says = Text(
        "插件 {plugin} 被重复提供:{distributions}", "the plugin {plugin} is offered more than once: {distributions}"
    )
    remedy = Text("请只保留一个", "keep one and remove the others")


class PluginUnknown(Refusal):
    """No plugin of this id is installed and fit for use."""

    code = "scenario.plugin_unknown"
    says = Text("没有可用的该插件", "no such plugin is installed and usable")
    remedy = Text("请检查插件 id 与安装情况", "check the id, and what the list of plugins says about it")


class ItemInvalid(Refusal):
    """An item handle that no manifest could declare, or a fact about a field that it does not ask for."""

    code = "scenario.item_invalid"
    says = Text("数据项 {item} 的声明有误:{problem}", "the handle of item {item} is wrong: {problem}")
    remedy = Text("请更正数据项的 id、字段与用途", "correct its id, the fields of its struct, or its purpose")


class DataRefused(Refusal):
    """The host refused an item. `reason` is the code of its refusal, such as `grants.withdrawn`."""

    code = "scenario.data_refused"
    says = Text("数据项 {item} 未获准使用({reason})", "the item {item} was refused ({reason})")
    remedy = Text("不要重试;由本人决定是否授权", "do not retry; whether to grant it is for the person to decide")

    def __init__(self, *, item: str, reason: str) -> None:
        super().__init__(item=item, reason=reason)
        self.reason = reason


class AnswerUnfit(Refusal):
    """A source's answer is not of the struct that the plugin declared for it."""

    code = "scenario.answer_unfit"
    says = Text("数据项 {item} 的内容与声明的结构不符", "the answer for item {item} does not fit the declared struct")
    remedy = Text(
        "请核对目录中的字段类型;可缺字段须设默认值",
        "compare the catalogue's types; give a default to what may be missing",
    )


class CallOver(Refusal):
    """Data was asked for after the call it belonged to had ended."""

    code = "scenario.call_over"
    says = Text("该次调用已结束", "the call has ended")
    remedy = Text("只在钩子返回之前使用 data", "use data only until the hook returns")


class HookUnanswered(Refusal):
    """The plugin does not answer this hook."""

    code = "scenario.hook_unanswered"
    says = Text("插件不提供 {hook}", "the plugin does not answer {hook}")
    remedy = Text("请跳过此步骤,或安装提供该钩子的插件", "go on without this step, or install a plugin that answers it")
