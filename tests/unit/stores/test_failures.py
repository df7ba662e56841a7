"""What is left of a database error when it leaves the room."""

import asyncpg
import pytest

from dspace_core.stores.failures import unsay


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
