"""The table of moves, walked whole."""

from itertools import product

import pytest

from dspace_core.cases import DECIDED, FINAL, MOVES, Act, By, State, after
from dspace_core.cases.refusals import MoveRefused

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
    assert {State.CLOSED, State.WITHDRAWN} == FINAL


def test_a_decision_leads_to_the_close_and_nowhere_else() -> None:
    assert {(act, to) for (start, act, _), to in LEGAL.items() if start in DECIDED} == {(Act.CLOSE, State.CLOSED)}


def test_only_the_applicant_withdraws_and_supplies() -> None:
    assert {by for _, act, by in LEGAL if act in (Act.WITHDRAW, Act.SUPPLY)} == {By.APPLICANT}


def test_every_state_is_reached_from_acceptance() -> None:
    seen, todo = set(), {State.ACCEPTED}
    while todo:
        seen |= todo
        todo = {to for (start, _, _), to in LEGAL.items() if start in seen} - seen
    assert seen == set(State)


def test_what_was_referred_to_a_human_no_system_decides() -> None:
    assert {by for start, act, by in LEGAL if start is State.REFERRED and act in (Act.APPROVE, Act.REFUSE)} == {
        By.STAFF
    }
