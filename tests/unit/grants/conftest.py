"""Offers, grants and uses that fit together, to be changed in one point by a test."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from dspace_core.errors import Text
from dspace_core.grants import Category, Grant, NoticeId, Offer, OfferedField, Party, SeparateAct, Use
from dspace_core.values import CaseId, DataLevel, EvidenceId, GrantId, Period, Subject, random_id

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def grant() -> Grant:
    """A live grant for one case: an ordinary and a sensitive field, the latter by a separate act."""
    return Grant(
        subject=Subject(random_id()),
        id=GrantId(random_id()),
        plugin="social_security",
        recipient="human_resources",
        item="440111000001",
        item_version=3,
        fields=frozenset({"household.record.district", "bank.account.number"}),
        purpose="发放养老待遇",
        case=CaseId(random_id()),
        period=Period(NOW - timedelta(hours=1), NOW + timedelta(days=30)),
        uses_left=None,
        notice=NoticeId(random_id()),
        acts=frozenset({SeparateAct("human_resources", "bank.account")}),
        evidence=EvidenceId(random_id()),
    )


@pytest.fixture
def use(grant: Grant) -> Use:
    """A use that the grant covers."""
    return Use(
        subject=grant.subject,
        plugin=grant.plugin,
        item=grant.item,
        item_version=grant.item_version,
        fields=frozenset({"bank.account.number"}),
        declared=frozenset({"bank.account.number", "household.record.district", "household.record.birth_date"}),
        sensitive=frozenset({"bank.account.number"}),
        purpose=grant.purpose,
        case=grant.case,
    )


@pytest.fixture
def offer() -> Callable[..., Offer]:
    """An offer of an ordinary required, a sensitive optional and a yes-or-no field."""
    bank = Category("bank.account", Text("银行账户", "Bank account"), Text("银行", "the bank"))
    household = Category("household.record", Text("户籍", "Household"), Text("公安", "the police"))
    fields = (
        OfferedField(category=household, id="district", title=Text("所在区", "District"), level=DataLevel.L2),
        OfferedField(category=bank, id="number", title=Text("账号", "Account"), level=DataLevel.L3, required=False),
        OfferedField(
            category=household, id="over_60", title=Text("满60岁", "Over 60"), level=DataLevel.L4, answer=True
        ),
    )

    def make(**changes: object) -> Offer:
        made = Offer(
            plugin="social_security",
            recipient=Party("human_resources", Text("人社局", "Human resources"), Text("12333", "12333")),
            item="440111000001",
            item_version=3,
            item_title=Text("养老待遇申领", "Pension claim"),
            fields=fields,
            purpose="发放养老待遇",
            otherwise=Text("可到窗口提交材料", "bring the papers to the counter"),
            case=CaseId(random_id()),
        )
        return msgspec.structs.replace(made, **changes)

    return make
