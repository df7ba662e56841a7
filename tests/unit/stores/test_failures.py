"""What is left of a database error when it leaves the room."""

import asyncpg
import pytest

from dspace_core.stores.failures import is_outage, unsay
from dspace_core.stores.refusals import LockTimeout, LoginRefused, OutcomeUnknown, Unavailable


def raised(state: str, **fields: str) -> asyncpg.PostgresError:
    letters = {"message": "M", "detail": "D", "hint": "H", "where": "W", "constraint": "n"}
    return asyncpg.PostgresError.new({"C": state, **{letters[name]: text for name, text in fields.items()}})


@pytest.mark.parametrize(
    "error",
    [
        raised("23505", message="secret", detail="Key (k)=(secret)", constraint="entry_key"),
        raised("22P02", message="invalid input: secret", where="secret", hint="secret"),
        asyncpg.InterfaceError("invalid input for query argument $1: secret"),
    ],
)
def test_no_quoted_value_is_left_in_an_error(error: Exception) -> None:
    unsay(error)
    assert "secret" not in f"{error} {error!r} {vars(error)}"


def test_the_constraint_keeps_its_name() -> None:
    error = raised("23505", message="secret", constraint="entry_key")
    unsay(error)
    assert error.constraint_name == "entry_key"


def test_a_fault_in_our_sql_keeps_its_text() -> None:
    error = raised("42703", message='column "sam" does not exist')
    unsay(error)
    assert str(error) == 'column "sam" does not exist'


@pytest.mark.parametrize(
    "error",
    [
        raised("57P01"),
        raised("08006"),
        raised("53300"),
        ConnectionResetError(),
        TimeoutError(),
        asyncpg.InterfaceError("connection is closed"),
        Unavailable(where="session", reason="x"),
        OutcomeUnknown(),
        LockTimeout(),
    ],
    ids=repr,
)
def test_what_passes_by_itself_is_an_outage(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize("error", [raised("23505"), raised("42703"), LoginRefused(setting="x"), ValueError()], ids=repr)
def test_a_fault_of_ours_or_the_operators_is_none(error: Exception) -> None:
    assert not is_outage(error)
