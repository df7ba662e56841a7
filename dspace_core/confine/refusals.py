"""The ways in which a call of a plugin ends without a result. None carries a value of the case, nor words of the plugin."""

from dspace_core.errors import Refusal, Text


class PluginUnfit(Refusal):
    """A plugin cannot be loaded. `problem` says why and names the hook or the module."""

    code = "confine.plugin_unfit"
    says = Text("插件 {plugin} 无法加载:{problem}", "the plugin {plugin} cannot be loaded: {problem}")
    remedy = Text("请更正插件后重新安装", "correct the plugin and install it again")


class WorkerUnready(Refusal):
    """The plugin's process was not up in time for this call."""

    code = "confine.worker_unready"
    says = Text("插件 {plugin} 尚未就绪", "the plugin {plugin} is not up")
    remedy = Text("请稍后重试", "try again later")


class WorkerLost(Refusal):
    """The plugin's process ended, or was ended by us, while the call was open. Nothing of the call is kept."""

    code = "confine.worker_lost"
    says = Text("插件 {plugin} 的进程已中止", "the process of the plugin {plugin} ended during the call")
    remedy = Text("请重试;插件会自动重启", "try again; it starts again by itself")


class WorkerBusy(Refusal):
    """The plugin has as many calls open as it may."""

    code = "confine.worker_busy"
    says = Text("插件 {plugin} 忙({limit} 个调用进行中)", "the plugin {plugin} has {limit} calls open")
    remedy = Text("请稍后重试", "try again later")


class DeadlinePassed(Refusal):
    """The plugin gave no result in the time it had."""

    code = "confine.deadline_passed"
    says = Text("插件 {plugin} 未在时限内答复({hook})", "the plugin {plugin} did not finish {hook} in time")
    remedy = Text("请稍后重试;若反复出现,请联系插件负责人", "try again; if it recurs, tell the plugin's owner")


class FrameRefused(Refusal):
    """The plugin's process sent something that the wire does not allow. The call it belongs to is over.

    `flaw` is one of: oversize, unreadable, unexpected, other_case, ask_number, asks_exceeded, refusal_unknown.
    """

    code = "confine.frame_refused"
    says = Text("插件 {plugin} 违反通信约定({flaw})", "the plugin {plugin} broke the rules of the wire ({flaw})")
    remedy = Text("该次调用已终止;请停用该插件并报告", "the call is over; pause the plugin and report it")


class ResultRefused(Refusal):
    """The result of a hook is not the struct that the hook promises."""

    code = "confine.result_refused"
    says = Text(
        "插件 {plugin} 的 {hook} 结果不符合约定",
        "the plugin {plugin} answered {hook} with something else than promised",
    )
    remedy = Text("请更正插件的返回值", "make the hook return the struct of its signature")


class ResultTooLarge(Refusal):
    """The result of a hook is larger than the wire takes."""

    code = "confine.result_too_large"
    says = Text(
        "插件 {plugin} 的 {hook} 结果超过 {limit} 字节",
        "the plugin {plugin} answered {hook} with more than {limit} bytes",
    )
    remedy = Text("请缩短结果", "return less")


class PluginRaised(Refusal):
    """A hook raised. `kind` is a built-in exception's name, `line` the line of the plugin's code; its text is not kept."""

    code = "confine.plugin_raised"
    says = Text(
        "插件 {plugin} 的 {hook} 出错({kind},第 {line} 行)",
        "{hook} of the plugin {plugin} raised ({kind}, line {line})",
    )
    remedy = Text("请联系插件负责人", "tell the plugin's owner")


class CaseTooLarge(Refusal):
    """A case, with what the person entered, is larger than the wire takes; the plugin was not called."""

    code = "confine.case_too_large"
    says = Text("填写内容过长(上限 {limit} 字节)", "the case with its answers is over {limit} bytes")
    remedy = Text("请缩短填写内容", "enter less")


class AnswerTooLarge(Refusal):
    """An answer to an ask is larger than the wire takes; nothing was released."""

    code = "confine.answer_too_large"
    says = Text("数据过大,未予提供(上限 {limit} 字节)", "the answer is over {limit} bytes and was not released")
    remedy = Text("请申请更少的字段", "ask for fewer fields")


class AskUnanswered(Refusal):
    """The host neither released nor refused. Silence is a refusal."""

    code = "confine.ask_unanswered"
    says = Text("数据申请未获答复", "the ask got no answer")
    remedy = Text("请稍后重试", "try again later")


class ReleaseAborted(Refusal):
    """A release could not be handed over in time, or the plugin's process is gone."""

    code = "confine.release_aborted"
    says = Text("数据未能及时送达,已中止", "the release did not get through in time and was stopped")
    remedy = Text("请稍后重试", "try again later")
