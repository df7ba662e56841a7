"""The one place where an instant becomes a legal day."""

from datetime import UTC, date, datetime, timedelta, timezone

from dspace_core.calendar.refusals import LegalDayUnknown
from dspace_core.values import utc

# Asia/Shanghai has stood at UTC+8 without a change since its last summer time ended, at 2:00 summer time on
# 1991-09-15 (IANA tz database, rule PRC). A fixed offset is therefore exact from there on and, unlike zoneinfo, cannot
# depend on whether a host has the database; before that moment it would be an hour off on some days, so we refuse.
_SHANGHAI = timezone(timedelta(hours=8))
_SUMMER_TIME_ENDED = datetime(1991, 9, 14, 17, tzinfo=UTC)
_LAST_DATE_ENDED = datetime(9999, 12, 31, 16, tzinfo=UTC)


def legal_day(instant: datetime) -> date:
    """The date in Asia/Shanghai on which the instant falls (法定日).

    Raises NaiveInstant without an offset; LegalDayUnknown before summer time ended on 1991-09-15 or past year 9999.
    """
    moment = utc(instant)
    if not _SUMMER_TIME_ENDED <= moment < _LAST_DATE_ENDED:
        raise LegalDayUnknown
    return moment.astimezone(_SHANGHAI).date()
