"""The department API: what the translator writes, and what it makes of what the simulator writes."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.testing.department import Plain, Reply
from dspace_core.translation import (
    Department,
    HttpRequest,
    HttpResponse,
    Record,
    Scalar,
    SourceAnswer,
    SourceAsk,
    Who,
    YesNo,
    YesNoKind,
)

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
PEOPLE = st.builds(Who, type=st.just("111"), number=st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True))
QUESTIONS = st.builds(
    YesNo,
    field=NAMES,
    kind=st.sampled_from(YesNoKind),
    of=st.none() | NAMES,
    operand=st.none() | TEXTS | st.integers(-(2**53), 2**53),
)
ASKS = st.builds(
    SourceAsk,
    request=st.uuids(),
    category=st.just("pension.record"),
    who=st.none() | PEOPLE,
    fields=st.lists(NAMES, max_size=4).map(tuple),
    questions=st.lists(QUESTIONS, max_size=4).map(tuple),
)
RECORDS = st.dictionaries(NAMES, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS, max_size=5)


@given(ask=ASKS)
def test_all_of_an_ask_stands_in_the_body_and_nothing_elsewhere(ask: SourceAsk) -> None:
    request = Department().encode(ask)
    query = Plain().read(request.path, request.body)
    assert query.request == str(ask.request)
    assert query.subject == (None if ask.who is None else {"type": ask.who.type, "number": ask.who.number})
    assert tuple(query.fields) == ask.fields
    assert [(one["field"], one["kind"], one.get("of"), one.get("operand")) for one in query.questions] == [
        (one.field, one.kind.value, one.of, one.operand) for one in ask.questions
    ]
    assert request.path in Department.paths
    assert request.path == ("/v1/status" if ask.who is None else "/v1/records")


@given(ask=ASKS)
def test_an_ask_and_its_request_cross_a_wire_whole(ask: SourceAsk) -> None:
    request = Department().encode(ask)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(ask), type=SourceAsk) == ask
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(request), type=HttpRequest) == request


@given(request=st.uuids(), who=PEOPLE, at=st.datetimes(timezones=st.just(UTC)), records=st.lists(RECORDS, max_size=3))
def test_an_answer_says_what_the_department_wrote(request: UUID, who: Who, at: datetime, records: list[Record]) -> None:
    written = Plain().write(
        Reply(str(request), at, {"type": who.type, "number": who.number}, list[dict[str, Scalar]](records))
    )
    answer = Department().decode(HttpResponse(body=written))
    assert answer == SourceAnswer(request=request, who=who, as_of=at, records=tuple(records))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=SourceAnswer) == answer
