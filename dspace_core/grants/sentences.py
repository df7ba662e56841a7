"""The sentences of a notice: one small catalogue, each in Chinese and English, in the normal and the elder wording.

The elder wording (适老化) is short, calls things by everyday names and asks for one thing at a time.
"""

from enum import Enum

import msgspec

from dspace_core.errors import Text


class Language(Enum):
    """The language a notice is shown in."""

    ZH = "zh"
    EN = "en"


class Mode(Enum):
    """The wording: normal, or elder mode."""

    NORMAL = "normal"
    ELDER = "elder"


class Voice(msgspec.Struct, frozen=True):
    """In which language and wording to speak."""

    language: Language = Language.ZH
    mode: Mode = Mode.NORMAL

    def words(self, text: Text) -> str:
        """A text that comes from outside the catalogue, in this language."""
        return text.zh if self.language is Language.ZH else text.en

    def say(self, name: str, **values: str) -> str:
        """A sentence of the catalogue with its values put in. Values are not read as patterns."""
        normal, elder = SENTENCES[name]
        return self.words(elder if self.mode is Mode.ELDER else normal).format_map(values)


SENTENCES: dict[str, tuple[Text, Text]] = {
    "heading": (
        Text("授权用数告知书", "Notice: use of your data"),
        Text("请您看一看:有人想用您的资料", "Please read: somebody asks to use your data"),
    ),
    "who": (
        Text("{recipient}请求使用您的数据,联系方式:{contact}", "{recipient} asks to use your data. Contact: {contact}"),
        Text(
            "{recipient}想用您的资料。有疑问请拨打或联系:{contact}", "{recipient} wants your data. Questions: {contact}"
        ),
    ),
    "item": (
        Text("办理事项:{item}", "For the service: {item}"),
        Text("您要办的事:{item}", "What you are doing: {item}"),
    ),
    "purpose": (Text("使用目的:{purpose}", "Purpose: {purpose}"), Text("拿去做什么:{purpose}", "What for: {purpose}")),
    "until_case": (
        Text("授权期限:本次办理结束即止,最迟至 {day}", "Period: until this case is closed, at the latest {day}"),
        Text("用到什么时候:这件事办完就停,最晚 {day}", "How long: until this is done, {day} at the latest"),
    ),
    "until_day": (
        Text("授权期限:至 {day}", "Period: until {day}"),
        Text("用到什么时候:{day}", "How long: until {day}"),
    ),
    "uses": (
        Text("使用次数:最多 {uses} 次", "Uses: at most {uses}"),
        Text("最多用 {uses} 次", "At most {uses} times"),
    ),
    "field": (
        Text("{field}(来源:{source};{level})", "{field} (source: {source}; {level})"),
        Text("{field}(从{source}取得;{level})", "{field} (from {source}; {level})"),
    ),
    "answer": (
        Text("{field}:只回答“是”或“否”(来源:{source};{level})", "{field}: yes or no only (source: {source}; {level})"),
        Text("{field}:只说“是”或“否”(问{source};{level})", "{field}: only yes or no (from {source}; {level})"),
    ),
    "optional": (
        Text("可不提供", "You can decline this one"),
        Text("这一项可以不给", "You need not give this one"),
    ),
    "added": (Text("本次新增", "New in this change"), Text("这一项是新加的", "This one is new")),
    "removed": (
        Text("不再使用:{field}", "No longer used: {field}"),
        Text("以后不用了:{field}", "Not used any more: {field}"),
    ),
    "before": (
        Text("变更前:期限至 {day}", "Before this change: until {day}"),
        Text("原来用到:{day}", "Before: until {day}"),
    ),
    "before_uses": (
        Text("变更前:剩余 {uses} 次", "Before this change: {uses} uses left"),
        Text("原来还能用 {uses} 次", "Before: {uses} more times"),
    ),
    "separate": (
        Text(
            "我单独同意将我的敏感个人信息“{category}”提供给{recipient}",
            "I consent separately to {recipient} having my sensitive data: {category}",
        ),
        Text("我同意把“{category}”交给{recipient}", "I agree that {recipient} gets: {category}"),
    ),
    "refuse": (
        Text("如不同意:{otherwise}", "If you refuse: {otherwise}"),
        Text("不同意也可以:{otherwise}", "You may say no: {otherwise}"),
    ),
    "withdraw": (
        Text(
            "您可随时在“我的授权”中撤回,撤回后立即停止使用;撤回前已进行的使用仍然有效",
            "Withdraw at any time under “My grants”; use stops at once, and what was done before stays valid",
        ),
        Text(
            "想停就停:打开“我的授权”,点“撤回”,马上停止",
            "Stop at any time: open “My grants”, tap “Withdraw”. It stops at once",
        ),
    ),
    "rights": (
        Text(
            "您有权查阅、复制、转移、更正、删除您的个人信息;每次使用均有记录,可在“数据足迹”查看",
            "You may see, copy, move, correct and erase your data; each use is recorded under “Data trail”",
        ),
        Text(
            "谁用过您的资料,都记在“数据足迹”里,您随时能看",
            "Who used your data is written under “Data trail”; look at any time",
        ),
    ),
    "level_1": (Text("一级,公开信息", "level 1, open"), Text("公开信息", "open")),
    "level_2": (Text("二级,一般个人信息", "level 2, ordinary"), Text("一般信息", "ordinary")),
    "level_3": (Text("三级,敏感个人信息", "level 3, sensitive"), Text("敏感信息", "sensitive")),
    "level_4": (
        Text("四级,不提供原值", "level 4, never as a value"),
        Text("最敏感,不给原文", "most sensitive, never as a value"),
    ),
}
"""The normal and the elder wording of each sentence, by name."""
