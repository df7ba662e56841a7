"""The examples of docs/formats/department.md are what is sent and what is read."""

import json
import re
from pathlib import Path
from uuid import UUID

from dspace_core.sources.exchange import Flaw, Limits, Trouble
from dspace_core.translation import Department, HttpResponse, SourceAsk, Who, YesNo, YesNoKind

PAGE = (Path(__file__).parents[2] / "docs/formats/department.md").read_text(encoding="utf-8")
ASKED, ANSWERED = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ASK = SourceAsk(
    request=UUID("0c0e8c5e-3f0a-4d6c-9d5e-6b1d1f1b7a11"),
    category="pension.record",
    who=Who(type="111", number="440100199003070011"),
    fields=("scheme",),
    questions=(YesNo(field="paid_180_months", kind=YesNoKind.AT_LEAST, of="contribution_months", operand=180),),
)


def test_the_example_of_a_request_is_what_is_sent() -> None:
    assert json.loads(Department().encode(ASK).body) == json.loads(ASKED)


def test_the_example_of_a_response_is_read() -> None:
    answer = Department().decode(HttpResponse(body=ANSWERED.encode()))
    assert (answer.request, answer.who) == (ASK.request, ASK.who)
    assert answer.records == ({"scheme": "resident", "paid_180_months": True},)


def test_every_reason_and_flaw_is_on_the_page() -> None:
    assert [one.value for one in (*Trouble, *Flaw) if f"`{one.value}`" not in PAGE] == []


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    limits = Limits()
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE))
    assert rows["connection, TLS included"] == f"{limits.connect:g} s"
    assert rows["one attempt"] == f"{limits.attempt:g} s"
    assert rows["one ask with all attempts and pauses"] == f"{limits.ask:g} s"
    assert rows["attempts"].startswith(f"{limits.attempts},")
    assert rows["connections at once"].startswith(f"{limits.connections};")
