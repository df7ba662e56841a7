"""Why a source gives nothing. Values name the source, the category and the field, never the subject or the value."""

from dspace_core.errors import Refusal, Text


class SourceUnavailable(Refusal):
    """The source cannot be reached, took too long or failed. `reason` is the kind of the failure."""

    code = "source.unavailable"
    says = Text("数源 {source} 暂不可用({reason})", "the source {source} is not available ({reason})")
    remedy = Text("请稍后再试; 办事可改为上传材料", "try again later; the case can go on with an uploaded material")


class SourceFieldUnknown(Refusal):
    """The source has no such field in this category, or cannot answer it in the way it was asked."""

    code = "source.field_unknown"
    says = Text(
        "数源 {source} 没有 {category} 的数据项 {field}", "the source {source} has no {field} of {category} to give"
    )
    remedy = Text("请对照目录核对数据项", "compare the field with the catalogue")


class NoRecord(Refusal):
    """The source has no record of the subject in this category."""

    code = "source.no_record"
    says = Text("{source} 没有您的 {category} 记录", "{source} has no record of {category} for this subject")
    remedy = Text("如认为有误, 请向该部门申请更正", "if that is wrong, ask the authority to correct it")


class RecordAmbiguous(Refusal):
    """The source has more than one record where there can be one. Nobody chooses between them."""

    code = "source.ambiguous"
    says = Text("{source} 的 {category} 记录不唯一", "{source} has more than one record of {category} for this subject")
    remedy = Text("请向该部门申请更正", "ask the authority to correct it")


class SourceStale(Refusal):
    """The source's own statement of completeness is older than the catalogue allows, or is missing."""

    code = "source.stale"
    says = Text("{source} 的 {category} 数据已过时", "the data of {source} on {category} are out of date")
    remedy = Text("请待数源部门更新后再试", "try again when the authority has renewed them")


class AnswerOnly(Refusal):
    """A field of level 4 was asked for as a value; only yes or no may leave."""

    code = "source.answer_only"
    says = Text("{category} 的数据项 {field} 只能给出是或否", "of {field} of {category} only yes or no may leave")
    remedy = Text("请改用判断类数据项", "ask for a yes-or-no field instead")


class AnswerUnfit(Refusal):
    """The source's answer is none to what was asked, or not of the catalogue's types. `flaw` says in what.

    `about` is the category, or one field of it. Nothing of such an answer is used.
    """

    code = "source.answer_unfit"
    says = Text("数源 {source} 对 {about} 的答复不可用({flaw})", "what {source} answers on {about} is unfit ({flaw})")
    remedy = Text("请核对数源与目录的对应关系", "compare the source with the catalogue")


class EndpointUnfit(Refusal):
    """The address, certificate or credential with which a source is to be reached cannot be used."""

    code = "source.endpoint_unfit"
    says = Text(
        "数源 {source} 的接入配置不可用({flaw})", "the source {source} cannot be reached as configured ({flaw})"
    )
    remedy = Text("请按 docs/formats/department.md 更正配置", "correct it as docs/formats/department.md says")


class PopulationSize(Refusal):
    """A made population has between 1 and 1,000,000 people."""

    code = "source.population_size"
    says = Text("人口数须在 1 至 {most} 之间", "a population has 1 to {most} people")
    remedy = Text("请更改人数", "choose another number")


class AlreadyFilled(Refusal):
    """A made authority holds a population already; another one on top of it would be nobody's truth."""

    code = "source.already_filled"
    says = Text("数源 {source} 已有演示数据", "the made authority {source} is filled already")
    remedy = Text(
        "如确需替换,请加 --again(原有数据将被清空)", "give --again to replace it; what is there is emptied first"
    )
