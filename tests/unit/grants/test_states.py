"""The table of moves, walked whole; and what is derived instead of stored."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from msgspec.structs import replace

from dspace_core.grants import MOVES, Act, By, Condition, Grant, State, after, condition
from dspace_core.grants.refusals import MoveRefused
from dspace_core.grants.states import FINAL

LEGAL = {(move.start, move.act, by): move.to for move in MOVES for by in move.who}
"""What the table says, by the three things that decide."""


def test_the_table_names_each_move_once() -> None:
    assert len({(move.start, move.act) for move in MOVES}) == len(MOVES)


@pytest.mark.parametrize(("start", "act", "by"), list(product(State, Act, By)))
def test_a_move_is_what_the_table_says_or_refused(start: State, act: Act, by: By) -> None:
    if (start, act, by) in LEGAL:
        assert after(start, act, by) is LEGAL[start, act, by]
    else:
        with pytest.raises(MoveRefused) as caught:
            after(start, act, by)
        assert caught.value.values == {"state": start.value, "act": act.value}


def test_nothing_leads_out_of_an_end() -> None:
    assert {State.WITHDRAWN, State.REVOKED, State.ENDED} == FINAL


def test_only_the_subject_withdraws_and_never_revokes() -> None:
    assert {by for _, act, by in LEGAL if act is Act.WITHDRAW} == {By.SUBJECT}
    assert By.SUBJECT not in {by for _, act, by in LEGAL if act is Act.REVOKE}


def test_withdrawing_takes_no_more_than_pausing_did() -> None:
    assert LEGAL[State.LIVE, Act.WITHDRAW, By.SUBJECT] is LEGAL[State.PAUSED, Act.WITHDRAW, By.SUBJECT]


def test_expired_and_exhausted_are_no_states() -> None:
    assert set(Condition.__members__) - set(State.__members__) == {"EXPIRED", "EXHAUSTED"}


def test_a_live_grant_past_its_end_is_expired(grant: Grant, now: datetime) -> None:
    assert condition(grant, now) is Condition.LIVE
    assert condition(grant, now + timedelta(days=30)) is Condition.EXPIRED


def test_a_grant_without_uses_left_is_exhausted(grant: Grant, now: datetime) -> None:
    assert condition(replace(grant, uses_left=0), now) is Condition.EXHAUSTED
    assert condition(replace(grant, uses_left=1), now) is Condition.LIVE


@pytest.mark.parametrize("state", [state for state in State if state in FINAL])
def test_what_was_ended_by_an_act_says_so_for_good(grant: Grant, now: datetime, state: State) -> None:
    over = replace(grant, state=state, uses_left=0)
    assert condition(over, now + timedelta(days=400)).value == state.value


def test_a_paused_grant_is_paused_until_it_expires(grant: Grant, now: datetime) -> None:
    paused = replace(grant, state=State.PAUSED)
    assert condition(paused, now) is Condition.PAUSED
    assert condition(paused, now + timedelta(days=30)) is Condition.EXPIRED
