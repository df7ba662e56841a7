"""The ways in which the cases room says no. None carries more than an id, a code, a count or a name of our own lists."""

from dspace_core.errors import Refusal, Text
from dspace_core.scenario import Question

_PREPARE_AGAIN = Text("请重新打开办理页面", "open the page of the service again")


class FilingMalformed(Refusal):
    """A filing that no client of ours sends: `part` says of what."""

    code = "cases.filing_malformed"
    says = Text("申请内容格式有误({part})", "the filing is not well formed ({part})")
    remedy = Text(
        "幂等键为 1 至 64 个可打印 ASCII 字符; 答复逐项不超过 2000 字",
        "an idempotency key has 1 to 64 printable ASCII characters; an answer at most 2000 characters",
    )


class ItemUnserved(Refusal):
    """No plugin serves the service item."""

    code = "cases.item_unserved"
    says = Text("该事项暂不能在线办理", "no scenario serves this service item yet")
    remedy = Text("请到受理窗口办理", "apply at the counter")


class ContactMissing(Refusal):
    """The operator has not said how people reach the authority, and a notice has to say it (PIPL article 17)."""

    code = "cases.contact_missing"
    says = Text("未配置 {authority} 的联系方式", "there is no contact for {authority}")
    remedy = Text("请由运营方补充该部门的联系方式", "the operator has to configure how to reach the authority")


class NoticeNeeded(Refusal):
    """The item uses data that a person has to agree to, and the filing names no notice."""

    code = "cases.notice_needed"
    says = Text("该事项须先告知并取得同意", "this service item needs a notice and consent first")
    remedy = _PREPARE_AGAIN


class NoticeUnfit(Refusal):
    """The notice offers something else than this case needs: another case or item, or an older version of the item."""

    code = "cases.notice_unfit"
    says = Text("告知书与本办件不符, 或事项已更新", "the notice is not of this case, or the item has changed since")
    remedy = _PREPARE_AGAIN


class NeedsInput(Refusal):
    """Questions of the form are not answered. `questions` are for the screen; the refusal itself names them only."""

    code = "cases.needs_input"
    says = Text("还有 {count} 项需要本人填写: {names}", "{count} questions are not answered: {names}")
    remedy = Text("请填写后以新的幂等键再次提交", "answer them and file again under a new idempotency key")

    def __init__(self, questions: tuple[Question, ...]) -> None:
        super().__init__(count=len(questions), names=", ".join(question.name for question in questions))
        self.questions = questions


class AnswerUnasked(Refusal):
    """Answers were given to questions that the form does not ask; nothing is taken that was not asked for."""

    code = "cases.answer_unasked"
    says = Text("提交了 {count} 项未询问的内容", "{count} answers belong to no question of the form")
    remedy = Text("请只提交表单询问的内容", "answer only what the form asks")


class FormUnfit(Refusal):
    """A plugin's form names a question twice, or by something that is no plain name."""

    code = "cases.form_unfit"
    says = Text("场景 {plugin} 给出的表单不合规范", "the form of the scenario {plugin} is not fit")
    remedy = Text(
        "请由开发者更正: 问题名称为小写字母开头的标识符, 不得重复或含连续七位数字",
        "its developer has to name each question once, in lower case, without seven digits in a row",
    )


class KeyReused(Refusal):
    """The idempotency key stands for another filing."""

    code = "cases.key_reused"
    says = Text("该幂等键已用于另一份申请", "this idempotency key was used for another filing")
    remedy = Text("请为不同的申请使用不同的幂等键", "use a key of its own for each filing")


class InProgress(Refusal):
    """The same filing is being worked on elsewhere and did not end in time."""

    code = "cases.in_progress"
    says = Text("同一申请正在处理中", "the same filing is being worked on")
    remedy = Text("请稍后以同一幂等键重试", "try again shortly under the same key")


class AlreadyFiled(Refusal):
    """The case was filed before, under another key."""

    code = "cases.already_filed"
    says = Text("该办件已提交过", "this case was filed before")
    remedy = Text("请在“我的办件”中查看", "look under “My cases”")


class AnswerGone(Refusal):
    """The case's key was erased, and with it the stored answer to this filing."""

    code = "cases.answer_gone"
    says = Text("该办件的内容已删除, 无法再次给出答复", "the case was erased, and the answer to this filing with it")
    remedy = Text("如需再次办理, 请重新申请", "to apply again, open a new case")


class CaseUnknown(Refusal):
    """There is no such case of this subject."""

    code = "cases.unknown"
    says = Text("没有相应的办件", "there is no such case")
    remedy = Text("请在“我的办件”中查看", "look under “My cases”")


class CaseErased(Refusal):
    """The content of the case was erased; it can be read no more and moved no more."""

    code = "cases.erased"
    says = Text("该办件的内容已删除", "the content of this case was erased")
    remedy = Text("如需再次办理, 请重新申请", "to apply again, open a new case")


class MoveRefused(Refusal):
    """The case's state does not allow this act, or not to this actor."""

    code = "cases.move_refused"
    says = Text("办件当前状态({state})不允许此操作({act})", "a case that is {state} does not allow this: {act}")
    remedy = Text("请刷新后查看办件的当前状态", "look at the case's state and who may change it")
