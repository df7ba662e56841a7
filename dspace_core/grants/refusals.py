"""The ways in which the grants room says no. None carries more than a code, a count, a version or the name of a part.

The first group are the reasons of `rules.decide` and of `admission.admit`; there they are values, not exceptions.
"""

from dspace_core.errors import Refusal, Text

_ASK_AGAIN = Text("请重新请求本人授权", "ask the person for a new grant")
_ASK_FOR_LESS = Text("请只请求授权书上列明的内容", "ask only for what the grant names")


class GrantMissing(Refusal):
    """There is no such grant of this subject."""

    code = "grants.missing"
    says = Text("没有相应的授权", "there is no such grant")
    remedy = _ASK_AGAIN


class OtherSubject(Refusal):
    """The grant is another subject's."""

    code = "grants.other_subject"
    says = Text("该授权属于其他数据主体", "the grant is another subject's")
    remedy = _ASK_AGAIN


class OtherPlugin(Refusal):
    """The grant was given to another plugin."""

    code = "grants.other_plugin"
    says = Text("该授权不是给予本场景的", "the grant was given to another scenario")
    remedy = _ASK_AGAIN


class OtherItem(Refusal):
    """The grant is for another service item, or for another version of it."""

    code = "grants.other_item"
    says = Text("该授权针对其他事项或事项的其他版本", "the grant is for another service item or another version of it")
    remedy = _ASK_AGAIN


class FieldNotGranted(Refusal):
    """A field asked for is not both granted and declared by the item; or no field was asked for."""

    code = "grants.field_not_granted"
    says = Text("请求的数据项超出授权或事项目录", "a field asked for is not both granted and declared by the item")
    remedy = _ASK_FOR_LESS


class OtherPurpose(Refusal):
    """The grant was given for another purpose."""

    code = "grants.other_purpose"
    says = Text("用途与授权不符", "the grant was given for another purpose")
    remedy = _ASK_FOR_LESS


class OtherCase(Refusal):
    """The grant serves another case."""

    code = "grants.other_case"
    says = Text("该授权针对其他办件", "the grant serves another case")
    remedy = _ASK_AGAIN


class NotBegun(Refusal):
    """The grant's period has not begun."""

    code = "grants.not_begun"
    says = Text("授权尚未生效", "the grant has not begun")
    remedy = Text("请在授权生效后再试", "try again once it has begun")


class Expired(Refusal):
    """The grant's period is over."""

    code = "grants.expired"
    says = Text("授权已到期", "the grant's period is over")
    remedy = _ASK_AGAIN


class Paused(Refusal):
    """The subject paused the grant."""

    code = "grants.paused"
    says = Text("授权已被本人暂停", "the person has paused the grant")
    remedy = Text("请待本人恢复授权", "wait until the person resumes it")


class WithdrawnGrant(Refusal):
    """The subject withdrew the grant."""

    code = "grants.withdrawn"
    says = Text("授权已被本人撤回", "the person has withdrawn the grant")
    remedy = _ASK_AGAIN


class RevokedGrant(Refusal):
    """An authority or the system revoked the grant."""

    code = "grants.revoked"
    says = Text("授权已被撤销", "the grant was revoked")
    remedy = Text("请联系受理部门", "ask the authority that handles the item")


class EndedGrant(Refusal):
    """The case that the grant served is closed."""

    code = "grants.ended"
    says = Text("授权已随办件结束", "the grant ended with its case")
    remedy = _ASK_AGAIN


class Exhausted(Refusal):
    """The grant's uses are used up."""

    code = "grants.exhausted"
    says = Text("授权次数已用完", "the grant's uses are used up")
    remedy = _ASK_AGAIN


class SeparateConsentMissing(Refusal):
    """A sensitive category is asked for, or approved, without the separate consent that it needs."""

    code = "grants.separate_consent_missing"
    says = Text("敏感个人信息缺少单独同意", "sensitive data lacks the separate consent it needs")
    remedy = Text("请对每一类敏感信息逐项单独同意", "consent to each sensitive category by an act of its own")


class GrantChanged(Refusal):
    """The grant was amended since the terms that this act or this use was decided on."""

    code = "grants.changed"
    says = Text("授权内容已变更", "the grant was amended meanwhile")
    remedy = Text("请按最新的授权内容重试", "look at the grant as it is now and try again")


class UseConflict(Refusal):
    """The id of the use was used before on another ground: under another grant, or by a duty of law."""

    code = "grants.use_conflict"
    says = Text("该用数标识已用于另一依据", "the id of this use was used on another ground")
    remedy = Text("请以新的用数标识重试", "ask again as a new use")


# What follows are refusals of notices, approvals and changes.


class GrantMalformed(Refusal):
    """A grant was to be made that no grant can be: `part` is fields, period, uses or acts."""

    code = "grants.malformed"
    says = Text("授权内容不成立({part})", "no grant can be like this ({part})")
    remedy = Text(
        "授权须有数据项、不超过 365 天的期限与有效次数",
        "a grant has fields, a period of at most 365 days, and a count of uses that fits",
    )


class OfferMalformed(Refusal):
    """An offer cannot be put into a notice: `part` says what is wrong with it."""

    code = "grants.offer_malformed"
    says = Text("无法据此出具告知书({part})", "no notice can be made of this offer ({part})")
    remedy = Text(
        "请检查: 至少一项请求, 数据项不重复, L4 仅限是非答复, 文字可显示, 期限不超过 365 天",
        "check: one offer at least, fields once each, level 4 as yes or no only, printable texts, at most 365 days",
    )


class AmendmentMismatch(Refusal):
    """A notice offers to amend a grant of another plugin, recipient, item, purpose or case."""

    code = "grants.amendment_mismatch"
    says = Text("变更内容与原授权不属同一事项、用途或办件", "the amendment is not of the same item, purpose or case")
    remedy = _ASK_AGAIN


class NoticeUnknown(Refusal):
    """There is no such notice of this subject."""

    code = "grants.notice_unknown"
    says = Text("没有这份告知书", "there is no such notice for this person")
    remedy = Text("请重新打开授权页面", "open the grant page again")


class NoticeExpired(Refusal):
    """The notice was shown too long ago."""

    code = "grants.notice_expired"
    says = Text("告知书已过期", "the notice has expired")
    remedy = Text("请重新打开授权页面", "open the grant page again")


class NoticeUsed(Refusal):
    """The notice was approved before."""

    code = "grants.notice_used"
    says = Text("告知书已使用过", "the notice was used before")
    remedy = Text("请在“我的授权”中查看", "look under “My grants”")


class ActNotOffered(Refusal):
    """An approval carries a separate consent that the notice did not ask for."""

    code = "grants.act_not_offered"
    says = Text("含有告知书未列出的单独同意({count} 项)", "{count} separate consents are not among those offered")
    remedy = Text("请只确认告知书列出的内容", "approve only what the notice lists")


class DeclineRefused(Refusal):
    """An approval declines what is not an optional field of the notice, or declines all."""

    code = "grants.decline_refused"
    says = Text(
        "只能不提供标明“可不提供”的数据项, 且不能全部不提供", "only optional fields can be declined, and not all"
    )
    remedy = Text("如不同意, 请不授权并选择其他办理方式", "to say no to the rest, do not approve and go the other way")


class MoveRefused(Refusal):
    """The grant's state does not allow this act, or not to this actor."""

    code = "grants.move_refused"
    says = Text("授权当前状态({state})不允许此操作({act})", "a grant that is {state} does not allow this: {act}")
    remedy = Text("请刷新后查看授权的当前状态", "look at the grant's state and who may change it")


class WiderNeedsNotice(Refusal):
    """An amendment without a notice would allow more than before."""

    code = "grants.wider_needs_notice"
    says = Text("扩大授权须重新告知并同意", "more than before needs a new notice")
    remedy = Text("请打开新的授权页面", "open a new grant page")


class NothingChanged(Refusal):
    """An amendment leaves the grant as it is."""

    code = "grants.nothing_changed"
    says = Text("授权内容没有变化", "the amendment changes nothing")
    remedy = Text("请检查要变更的内容", "check what was to change")
