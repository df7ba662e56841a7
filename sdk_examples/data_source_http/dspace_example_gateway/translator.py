"""How the gateway writes what it is asked and what it answers: short names, codes, dates without dashes, local time.

Two pure functions. The address, the credential, time limits and retries are the host's; here nothing is opened.
"""

from datetime import datetime, timedelta, timezone
from typing import Annotated
from uuid import UUID

import msgspec

from dspace_core import (
    HttpRequest,
    HttpResponse,
    SourceAnswer,
    SourceAsk,
    SourceTranslator,
    Unreadable,
    Who,
    YesNoKind,
    read_json,
)

QUERY = "/gateway/query"
NAMES = {"scheme": "XZ", "enrolled_on": "CBRQ", "contribution_months": "LJYS", "receiving": "SFLQ"}
"""The catalogue's fields of `pension.record`, by the gateway's names: 险种, 参保日期, 累计月数, 是否领取."""
FIELDS = {theirs: ours for ours, theirs in NAMES.items()}
SCHEMES = {"1": "employee", "2": "resident"}
ANSWERS = {"0": False, "1": True}
OPERATORS = {YesNoKind.NOT_AFTER: "LE", YesNoKind.AT_LEAST: "GE", YesNoKind.IS: "EQ"}
BEIJING = timezone(timedelta(hours=8))


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="upper"):
    """A reply of the gateway: its result code, the serial number, the instant of its data, the person, the rows."""

    code: str
    lsh: UUID
    sjsj: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{14}\Z")]
    zjlx: str | None = None
    zjhm: str | None = None
    rows: tuple[dict[str, str], ...] = ()


class Gateway(SourceTranslator):
    """Translates asks about `pension.record`."""

    paths = frozenset({QUERY})

    def encode(self, ask: SourceAsk) -> HttpRequest:
        """Put the ask in the gateway's words. What it cannot ask raises KeyError, and is not sent."""
        said: dict[str, object] = {"LSH": str(ask.request), "ITEMS": [NAMES[name] for name in ask.fields]}
        said["TESTS"] = [
            {"ITEM": NAMES[one.of or ""], "OP": OPERATORS[one.kind], "VAL": str(one.operand), "AS": one.field}
            for one in ask.questions
        ]
        if ask.who is not None:
            said |= {"ZJLX": ask.who.type, "ZJHM": ask.who.number}
        return HttpRequest(path=QUERY, body=msgspec.json.encode(said), repeatable=True)

    def decode(self, response: HttpResponse) -> SourceAnswer:
        """Say it in ours, or raise: a code that is not in the tables is nothing to guess at."""
        reply = read_json(response.body, Reply)
        if reply.code != "0000":
            raise Unreadable
        who = None if reply.zjlx is None or reply.zjhm is None else Who(type=reply.zjlx, number=reply.zjhm)
        return SourceAnswer(
            request=reply.lsh,
            who=who,
            as_of=datetime.strptime(reply.sjsj, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING),
            records=tuple(dict(_field(name, text) for name, text in row.items()) for row in reply.rows),
        )


def _field(name: str, text: str) -> tuple[str, str | int | bool | None]:
    """One item of a row by the catalogue's name and type. An empty text says nothing."""
    ours = FIELDS.get(name, name)
    if text == "":
        return ours, None
    match ours:
        case "scheme":
            return ours, SCHEMES[text]
        case "enrolled_on":
            return ours, f"{text[:4]}-{text[4:6]}-{text[6:]}"
        case "contribution_months":
            return ours, int(text)
        case _:  # whether it is paid already, and the answers to questions
            return ours, ANSWERS[text]
