"""The department API of docs/formats/department.md: the form in which a department can be asked without a line of code."""

from uuid import UUID

import msgspec

from dspace_core.scenario import FieldName, ItemId
from dspace_core.translation.messages import HttpRequest, HttpResponse
from dspace_core.translation.source import Record, SourceAnswer, SourceAsk, SourceTranslator, Stated, Who, YesNo
from dspace_core.translation.strict import read_json

RECORDS = "/v1/records"
STATUS = "/v1/status"


class _Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    request: UUID
    category: ItemId
    subject: Who | None = None
    fields: tuple[FieldName, ...] = ()
    questions: tuple[YesNo, ...] = ()


class _Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    request: UUID
    as_of: Stated | None
    subject: Who | None = None
    records: tuple[Record, ...] = ()


class Department(SourceTranslator):
    """The translator of that API."""

    paths = frozenset({RECORDS, STATUS})

    def encode(self, ask: SourceAsk) -> HttpRequest:
        """See `SourceTranslator`."""
        asked = _Asked(ask.request, ask.category, ask.who, ask.fields, ask.questions)
        path = STATUS if ask.who is None else RECORDS
        return HttpRequest(path=path, body=msgspec.json.encode(asked), repeatable=True)

    def decode(self, response: HttpResponse) -> SourceAnswer:
        """See `SourceTranslator`."""
        said = read_json(response.body, _Answered)
        return SourceAnswer(request=said.request, who=said.subject, as_of=said.as_of, records=said.records)
