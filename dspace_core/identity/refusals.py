"""The ways in which the identity room says no. None carries a number or a subject."""

from dspace_core.errors import Refusal, Text


class SubjectUnknown(Refusal):
    """A subject id that no document leads to."""

    code = "identity.subject_unknown"
    says = Text("没有该数据主体", "no document leads to this subject")
    remedy = Text("请重新登录后再试", "log in again")
