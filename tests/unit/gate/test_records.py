"""What is recorded of grants and uses: it fits into a record, whatever the catalogue's items are called."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from dspace_core.catalog import STARTER, Catalogue, ServiceItem
from dspace_core.evidence import Act
from dspace_core.evidence.record import encode
from dspace_core.gate.records import Matter, by_grant, grant_draft, use_draft
from dspace_core.grants import ActKind, Attestation, By, Grant, NoticeId
from dspace_core.identifiers.item_codes import parse_guide_code
from dspace_core.values import CaseId, EvidenceId, GrantId, Period, Subject, UseId

CLAIM = "1244000045585999793440514001000"
GUIDE = "TE" + "0" * 28 + "1"
NOW = datetime(2026, 5, 1, tzinfo=UTC)
ONE = UUID(int=1)


def item(code: str) -> ServiceItem:
    found = Catalogue.from_file(STARTER).editions[0].item(CLAIM)
    return msgspec.structs.replace(found, code=parse_guide_code(code))


@pytest.mark.parametrize(("code", "recorded"), [(CLAIM, CLAIM), (GUIDE, None)])
def test_a_use_of_an_item_by_the_code_of_a_guide_can_be_recorded(code: str, recorded: str | None) -> None:
    matter = Matter(
        subject=Subject(ONE),
        plugin="social_security",
        item=item(code),
        case=CaseId(ONE),
        category=Catalogue.from_file(STARTER).editions[0].category("bank.account"),
        fields=frozenset({"account_no"}),
        purpose="p",
        use=UseId(ONE),
        entry=EvidenceId(ONE),
    )
    draft = use_draft(matter, by_grant(GrantId(ONE), "p"), Act.USE_RELEASED, NOW)
    assert draft.next.service == recorded
    assert encode(draft)


@pytest.mark.parametrize(("code", "recorded"), [(CLAIM, CLAIM), (GUIDE, None)])
def test_a_grant_for_an_item_by_the_code_of_a_guide_can_be_recorded(code: str, recorded: str | None) -> None:
    grant = Grant(
        subject=Subject(ONE),
        id=GrantId(ONE),
        plugin="social_security",
        recipient="human_resources",
        item=code,
        item_version=1,
        fields=frozenset({"bank.account.account_no"}),
        purpose="p",
        case=CaseId(ONE),
        period=Period(NOW, NOW.replace(month=6)),
        uses_left=None,
        notice=NoticeId(ONE),
        acts=frozenset(),
        evidence=EvidenceId(ONE),
    )
    act = Attestation(kind=ActKind.APPROVED, by=By.SUBJECT, entry=EvidenceId(ONE), act=ONE, at=NOW, grant=grant)
    draft = grant_draft(act)
    assert draft.next.service == recorded
    assert encode(draft)
