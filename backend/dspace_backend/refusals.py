"""The ways in which a known caller is refused for who it is."""

from dspace_core import Refusal, Text


class StepUpNeeded(Refusal):
    """The item asks for a surer identification than this session has (RFC 9470)."""

    code = "login.step_up_needed"
    says = Text("此事项需要第 {level} 级身份认证", "this needs an identification of level {level}")
    remedy = Text(
        "请以 acr_values=dspace:level:{level} 重新登录",
        "log in once more with acr_values=dspace:level:{level}",
    )


class PersonOnly(Refusal):
    """A route for persons was called with a session of another kind."""

    code = "login.person_only"
    says = Text("此接口仅供个人用户使用", "this is for persons, not for staff")
    remedy = Text("请以个人身份登录", "log in as a person")


class RoleMissing(Refusal):
    """A member of staff has no role that may do this."""

    code = "login.role_missing"
    says = Text("您的岗位无权进行此操作", "no role of yours may do this")
    remedy = Text("请由有相应岗位的人员办理", "leave it to somebody with that role")


class StaffOnly(Refusal):
    """A route for staff was called with a session of another kind."""

    code = "login.staff_only"
    says = Text("此接口仅供工作人员使用", "this is for members of staff")
    remedy = Text("请以工作人员身份登录", "log in as a member of staff")
