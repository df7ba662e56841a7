"""What can be wrong with a day, a calendar file or a limit. All values are dates, file names and counts."""

from dspace_core.errors import Refusal, Text


class LegalDayUnknown(Refusal):
    """An instant before summer time ended in China, or past the last day that a date can name."""

    code = "calendar.legal_day_unknown"
    says = Text("该时间的法定日无法确定", "the legal day of this instant is not known")
    remedy = Text("请检查时间;可用范围自 1991-09-15 起", "check the instant; legal days are known from 1991-09-15 on")


class YearMissing(Refusal):
    """No notice of the State Council is on file for a year, so its working days are not known."""

    code = "calendar.year_missing"
    says = Text("没有 {year} 年的工作日历", "there is no working calendar for {year}")
    remedy = Text(
        "请按国务院办公厅当年节假日安排通知编写 {file}",
        "write {file} after the State Council's notice on the holidays of that year",
    )


class FileUnreadable(Refusal):
    """A calendar file is no TOML of the shape we ask for: a syntax error, an unknown or missing field, a wrong type."""

    code = "calendar.file_unreadable"
    says = Text("日历文件 {file} 无法读取:{problem}", "the calendar file {file} cannot be read: {problem}")
    remedy = Text(
        "请更正该文件;字段为 year、source、working_weekends、holidays",
        "correct the file; its fields are year, source, working_weekends and holidays",
    )


class YearWrong(Refusal):
    """A calendar file is not named after the year that it holds."""

    code = "calendar.year_wrong"
    says = Text("日历文件 {file} 的年份是 {year}", "the calendar file {file} holds the year {year}")
    remedy = Text("请将文件命名为“年份.toml”,或更正 year", "name the file YEAR.toml, or correct its year")


class DayOutsideYear(Refusal):
    """A calendar file names a day of another year."""

    code = "calendar.day_outside_year"
    says = Text("日历文件 {file} 中的 {day} 不在该年内", "the calendar file {file} names {day}, a day of another year")
    remedy = Text("请将该日写入其所在年份的文件", "write the day into the file of its own year")


class DayTwice(Refusal):
    """A calendar file names a day more than once, perhaps as a holiday and as a working day."""

    code = "calendar.day_twice"
    says = Text("日历文件 {file} 重复列出 {day}", "the calendar file {file} names {day} more than once")
    remedy = Text("请对照通知,只保留一处", "compare with the notice and keep one")


class SpanReversed(Refusal):
    """A holiday in a calendar file ends before it begins."""

    code = "calendar.span_reversed"
    says = Text(
        "日历文件 {file} 中始于 {first} 的假期结束早于开始",
        "the calendar file {file} ends the holiday of {first} before it begins",
    )
    remedy = Text("请对照通知更正 first 和 last", "compare with the notice and correct first and last")


class WorkingWeekendNone(Refusal):
    """A calendar file lists as a working weekend (调休) a day that is neither Saturday nor Sunday."""

    code = "calendar.working_weekend_none"
    says = Text(
        "日历文件 {file} 中的调休上班日 {day} 不是周末",
        "the calendar file {file} lists {day} as a working weekend, but it is none",
    )
    remedy = Text("请对照通知更正日期", "compare with the notice and correct the date")


class YearTwice(Refusal):
    """The operator's folder holds a year that the package already brings; neither silently wins."""

    code = "calendar.year_twice"
    says = Text("{year} 年的日历已内置,{file} 与之重复", "{file} repeats the year {year}, which is built in")
    remedy = Text("请删除该文件", "remove the file")


class LimitInvalid(Refusal):
    """A limit of no days that is not IMMEDIATE, of less than none, or of more than four digits."""

    code = "calendar.limit_invalid"
    says = Text("时限 {amount} 天无效", "a limit of {amount} days is none")
    remedy = Text("请填写 1 至 9999;即办请用 IMMEDIATE", "give 1 to 9999, or IMMEDIATE for 即办")


class PauseReversed(Refusal):
    """A special procedure ended before it began."""

    code = "calendar.pause_reversed"
    says = Text("特殊环节的结束日 {ended} 早于开始日 {begun}", "a special procedure begun on {begun} ended on {ended}")
    remedy = Text("请检查起止日期", "check which date is which")


class PauseBeforeAcceptance(Refusal):
    """A special procedure began before the case was accepted, when no clock was running yet."""

    code = "calendar.pause_before_acceptance"
    says = Text(
        "特殊环节的开始日 {begun} 早于受理日 {accepted}",
        "a special procedure began on {begun}, before acceptance on {accepted}",
    )
    remedy = Text("请检查受理日和特殊环节的开始日", "check the day of acceptance and the day the procedure began")
