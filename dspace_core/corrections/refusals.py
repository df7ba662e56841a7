"""Why a correction is not taken in or answered. None repeats a word of it."""

from dspace_core.errors import Refusal, Text


class FieldUnknown(Refusal):
    """The catalogue has no such field of which a record could be wrong."""

    code = "corrections.field_unknown"
    says = Text("目录中没有该数据项", "the catalogue has no such field")
    remedy = Text("请对照目录核对", "compare with the catalogue")


class WordsUnfit(Refusal):
    """What is said is empty or longer than anybody reads."""

    code = "corrections.words_unfit"
    says = Text("说明须为 1 至 {most} 字", "what is wrong is said in 1 to {most} characters")
    remedy = Text("请补充或缩短说明", "say it in other words")


class CorrectionUnknown(Refusal):
    """There is no such correction of this subject, or none for this authority."""

    code = "corrections.unknown"
    says = Text("没有该更正申请", "there is no such correction")
    remedy = Text("请核对编号", "check its id")


class AlreadyAnswered(Refusal):
    """The correction was answered before, with another answer."""

    code = "corrections.answered"
    says = Text("该更正申请已答复", "this correction was answered already")
    remedy = Text("如仍有异议, 请另行提出", "ask again if it is still wrong")
