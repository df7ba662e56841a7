"""Why the gate stays shut. Values name items, fields and authorities as the catalogue does, never a subject or a value."""

from dspace_core.errors import Refusal, Text

UNKNOWN = Text("未知类别", "an unknown category")
"""Stands for a category that the catalogue does not have: what somebody wrote in its place may be anything."""


class LeaseLost(Refusal):
    """This process may not release now: its lease ran out, was revoked, or is not yet had."""

    code = "gate.lease_lost"
    says = Text("本进程暂不具备放行资格", "this process may not release now")
    remedy = Text("请稍后重试", "try again in a second")


class Stopped(Refusal):
    """The basis of this use was withdrawn, paused or ended while the use was on its way."""

    code = "gate.stopped"
    says = Text("授权在用数过程中已停止", "the basis was stopped while the use was on its way")
    remedy = Text("不要重试;由本人决定是否重新授权", "do not retry; whether to grant again is for the person to decide")


class EvidenceStale(Refusal):
    """Evidence waits for its number for too long; sensitive fields stay shut until it is numbered again."""

    code = "gate.evidence_stale"
    says = Text(
        "存证已超过 {seconds} 秒未编号,敏感数据项暂停提供",
        "evidence has waited for more than {seconds} s for its number; sensitive fields are shut",
    )
    remedy = Text("请检查存证进程后重试", "see that the notary runs, then try again")


class ItemUnserved(Refusal):
    """The plugin that asks is not the one that the catalogue names for the service item."""

    code = "gate.item_unserved"
    says = Text("目录未将该事项交由此插件办理", "the catalogue names another plugin for this item")
    remedy = Text("请核对目录与插件", "compare the catalogue with what is installed")


class Undeclared(Refusal):
    """The service item does not list the field, or not for this purpose (articles 4 and 10)."""

    code = "gate.undeclared"
    says = Text(
        "事项目录未列明为该用途使用 {category} 的全部所申请字段",
        "the service item does not list every field of {category} that was asked for, for this purpose",
    )
    remedy = Text("请按目录声明的字段和用途申请", "ask for the fields and the purpose that the catalogue lists")


class BasesMixed(Refusal):
    """One ask joins fields that rest on different bases."""

    code = "gate.bases_mixed"
    says = Text(
        "一次申请中 {category} 的字段依据不同", "one ask joins fields of {category} that rest on different bases"
    )
    remedy = Text("请按依据分开申请", "ask for them apart")


class BasisUnserved(Refusal):
    """The basis of the field is not one on which a plugin may ask."""

    code = "gate.basis_unserved"
    says = Text("{basis} 不是插件用数的依据", "{basis} is no basis on which a plugin may ask")
    remedy = Text("请更正事项目录", "correct the service item in the catalogue")


class DutyMissing(Refusal):
    """No duty in force covers the use: none is registered, approved by two, and running."""

    code = "gate.duty_missing"
    says = Text(
        "没有有效的依职能用数登记覆盖 {category} 的所申请字段",
        "no registered duty in force covers the fields of {category} that were asked for",
    )
    remedy = Text(
        "请由主管部门登记职能依据并经两人核准", "let the authority register the duty and have it approved by two"
    )


class DutyRepeated(Refusal):
    """A duty of this id is there already, with other words."""

    code = "gate.duty_repeated"
    says = Text("该编号的职能依据已登记且内容不同", "a duty of this id is registered, with other words")
    remedy = Text("请使用新的编号", "use another id")


class DutyUnknown(Refusal):
    """There is no duty of this id that could be approved or ended."""

    code = "gate.duty_unknown"
    says = Text("没有可核准或可终止的该职能依据", "there is no such duty to approve or to end")
    remedy = Text("请核对编号及其状态", "check the id and how it stands")


class ApproverRefused(Refusal):
    """A duty needs two approvers, who are neither its proposer nor the same person."""

    code = "gate.approver_refused"
    says = Text(
        "职能依据须由提出人以外的两个不同的人核准", "a duty is approved by two people, neither of whom proposed it"
    )
    remedy = Text("请由另一人核准", "let somebody else approve it")


class SourceMissing(Refusal):
    """No source is connected for the authority that holds the category."""

    code = "gate.source_missing"
    says = Text("未接入 {authority} 的数源", "no source of {authority} is connected")
    remedy = Text("请接入该数源, 或改为上传材料", "connect the source, or go on with an uploaded material")


class FieldUnknown(Refusal):
    """The catalogue has no such category or field to show."""

    code = "gate.field_unknown"
    says = Text("目录中没有所申请的 {category} 字段", "the catalogue has not all of the fields of {category}")
    remedy = Text("请对照目录核对", "compare with the catalogue")
