"""What the identity provider says is taken as said or not at all."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dspace_backend.login import claims
from dspace_backend.login.refusals import IdentityRefused
from dspace_core.catalog import TrustLevel

GOOD: dict[str, Any] = {
    "sub": "s1",
    "aud": "dspace",
    "acr": "L3",
    "iat": 1_772_424_000,
    "document_type": "111",
    "document_number": "440100199003070011",
}
LEVELS = {"L2": 2, "L3": 3}


def take(said: dict[str, Any], clock: Any) -> None:
    read = claims.read(said, "dspace")
    claims.level_of(read, LEVELS)
    claims.authenticated_at(read, clock())
    claims.document_of(read, clock())


def refused(reason: str, said: dict[str, Any], clock: Any) -> None:
    with pytest.raises(IdentityRefused) as told:
        take(said, clock)
    assert told.value.values == {"reason": reason}


def test_a_person_is_known_by_his_document_and_how_surely(clock: Any) -> None:
    said = claims.read(GOOD, "dspace")
    assert claims.document_of(said, clock()).message == b"111440100199003070011"
    assert claims.level_of(said, LEVELS) is TrustLevel.THREE


@pytest.mark.parametrize(
    ("claim", "value", "reason"),
    [
        ("aud", "other", "aud"),
        ("aud", ["dspace", "other"], "aud"),
        ("aud", ["other"], "aud"),
        ("aud", [], "aud"),
        ("aud", None, "form"),
        ("azp", "other", "azp"),
        ("acr", "L4", "acr"),
        ("acr", "3", "acr"),
        ("acr", None, "form"),
        ("sub", "", "form"),
        ("iat", "1772424000", "form"),
        ("auth_time", 10**18, "auth_time"),
        ("document_type", None, "document"),
        ("document_number", None, "document"),
        ("document_type", "000", "document"),
        ("document_number", "440100199003070012", "document"),
        ("document_number", "", "document"),
        ("document_number", 440100199003070011, "form"),
    ],
)
def test_a_claim_that_says_something_else_refuses_the_login(clock: Any, claim: str, value: Any, reason: str) -> None:
    refused(reason, {**GOOD, claim: value}, clock)


def test_the_trap_of_the_library_a_token_for_another_with_our_azp_is_refused(clock: Any) -> None:
    refused("aud", {**GOOD, "aud": "other", "azp": "dspace"}, clock)


@pytest.mark.parametrize("audience", ["dspace", ["dspace"]])
def test_a_token_for_us_alone_is_taken(audience: Any) -> None:
    assert claims.read({**GOOD, "aud": audience, "azp": "dspace"}, "dspace").sub == "s1"


def test_an_authentication_of_the_future_is_one_of_now(clock: Any) -> None:
    said = claims.read({**GOOD, "auth_time": 2_000_000_000}, "dspace")
    assert claims.authenticated_at(said, clock()) == clock()


def test_a_company_is_known_by_its_code(clock: Any) -> None:
    said = claims.read({**GOOD, "document_type": "001", "document_number": "91440100MA9000142Y"}, "dspace")
    assert claims.document_of(said, clock()).type == "001"


def test_a_number_is_in_no_refusal_and_no_repr(clock: Any) -> None:
    said = claims.read(GOOD, "dspace")
    assert "440100199003070011" not in repr(said)
    with pytest.raises(IdentityRefused) as told:
        claims.document_of(claims.read({**GOOD, "document_number": "440100199003070012"}, "dspace"), clock())
    assert "440100199003070012" not in f"{told.value} {told.value!r} {told.value.__context__}"


STAFF = {**GOOD, "authority": "human_resources", "roles": ["clerk", "reviewer"]}


def test_staff_have_an_authority_and_roles() -> None:
    assert claims.office_of(claims.read(STAFF, "dspace")) == ("human_resources", frozenset({"clerk", "reviewer"}))


@pytest.mark.parametrize(
    ("claim", "value", "reason"),
    [
        ("authority", None, "authority"),
        ("authority", "Human Resources", "authority"),
        ("authority", "", "authority"),
        ("roles", None, "roles"),
        ("roles", [], "roles"),
        ("roles", ["Clerk"], "roles"),
        ("roles", ["a" * 65], "roles"),
        ("roles", [f"r{number}" for number in range(21)], "roles"),
    ],
)
def test_staff_without_a_plain_authority_and_roles_are_refused(claim: str, value: Any, reason: str) -> None:
    with pytest.raises(IdentityRefused) as told:
        claims.office_of(claims.read({**STAFF, claim: value}, "dspace"))
    assert told.value.values == {"reason": reason}


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the claims
@given(st.dictionaries(st.sampled_from(list(STAFF)), st.none() | st.booleans() | st.integers() | st.text()))
def test_no_claims_whatever_break_us(said: dict[str, Any]) -> None:
    try:
        claims.read(said, "dspace")
    except IdentityRefused:
        return
    assert said["aud"] == "dspace"
