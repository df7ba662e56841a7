"""What the person should know after the decision, drawn from its reasons alone."""

from dspace_core import Outcome, Text, Verdict
from dspace_social_security.rules import RULES

_APPROVED = (
    Text(
        "待遇核定结果将另行通知,待遇发放到您授权的账户;您无需再提交材料",
        "you will be told what your pension comes to, and it is paid into the account you authorised; "
        "there is nothing more to hand in",
    ),
)
_REFERRED = (
    Text(
        "未能自动核对的事项由工作人员核实,需要时会与您联系;您目前无需办理任何事项",
        "what could not be checked is looked into by a person, who turns to you if need be; for now there is nothing to do",
    ),
)
_REVIEW = Text("如对结果有异议,可以申请人工复核", "if you disagree, you can have a person review it")


def after(outcome: Outcome) -> tuple[Text, ...]:
    """The next steps: for a refusal what can be done about each rule that failed, in their order, and the review."""
    match outcome.verdict:
        case Verdict.APPROVE:
            return _APPROVED
        case Verdict.REFER:
            return _REFERRED
        case Verdict.REFUSE:
            failed = {reason.rule for reason in outcome.reasons if reason.held is False}
            return (*(rule.remedy for rule in RULES if rule.id in failed and rule.remedy), _REVIEW)
