"""The circuit of a source, on a clock that the test turns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.sources.breaker import FAILURES, FIRST_OPEN, LONGEST_OPEN, Breaker, State


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def state(breaker: Breaker) -> State:
    return breaker.state


def passage(breaker: Breaker) -> int:
    taken = breaker.enter()
    assert taken is not None
    return taken


def fail(breaker: Breaker, times: int = FAILURES) -> list[bool]:
    return [breaker.failed(passage(breaker)) for _ in range(times)]


def test_failures_in_a_row_open_it_and_the_last_one_says_so(breaker: Breaker) -> None:
    assert fail(breaker) == [False] * (FAILURES - 1) + [True]
    assert state(breaker) is State.OPEN
    assert breaker.enter() is None


def test_a_success_between_failures_counts_them_anew(breaker: Breaker) -> None:
    fail(breaker, FAILURES - 1)
    breaker.succeeded(passage(breaker))
    fail(breaker, FAILURES - 1)
    assert state(breaker) is State.CLOSED


def test_when_its_time_is_up_one_passage_finds_out(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += FIRST_OPEN - 0.001
    assert breaker.enter() is None
    clock.now += 0.001
    assert state(breaker) is State.HALF_OPEN
    first = passage(breaker)
    assert breaker.enter() is None
    breaker.succeeded(first)
    assert state(breaker) is State.CLOSED


def test_each_failure_to_find_out_doubles_the_time_up_to_the_longest(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    for expected in (5.0, 10.0, 20.0, 40.0, 60.0, 60.0):
        clock.now += expected - 0.001
        assert state(breaker) is State.OPEN
        clock.now += 0.001
        assert fail(breaker, 1) == [True]


def test_after_it_closed_the_time_begins_anew(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += FIRST_OPEN
    fail(breaker, 1)
    clock.now += 2 * FIRST_OPEN
    breaker.succeeded(passage(breaker))
    fail(breaker)
    clock.now += FIRST_OPEN
    assert state(breaker) is State.HALF_OPEN


def test_a_passage_that_was_abandoned_lets_another_find_out(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += FIRST_OPEN
    breaker.abandoned(passage(breaker))
    breaker.succeeded(passage(breaker))
    assert state(breaker) is State.CLOSED


def test_what_began_before_the_circuit_changed_says_nothing_about_it(breaker: Breaker, clock: Clock) -> None:
    old = [passage(breaker) for _ in range(3)]
    fail(breaker)
    breaker.succeeded(old[0])
    assert state(breaker) is State.OPEN
    clock.now += FIRST_OPEN
    probe = passage(breaker)
    breaker.abandoned(old[1])
    assert breaker.enter() is None
    assert breaker.failed(old[2]) is False
    breaker.succeeded(probe)
    assert state(breaker) is State.CLOSED


@pytest.mark.parametrize(("asked", "rests"), [(3.0, 3.0), (86_400.0, LONGEST_OPEN)])
def test_a_source_that_asks_for_rest_gets_it_up_to_the_longest(
    breaker: Breaker, clock: Clock, asked: float, rests: float
) -> None:
    assert breaker.failed(passage(breaker), rest=asked) is True
    clock.now += rests - 0.001
    assert breaker.enter() is None
    clock.now += 0.001
    assert breaker.enter() is not None


@given(steps=st.lists(st.tuples(st.sampled_from(["enter", "ok", "no", "gone"]), st.floats(0, 30)), max_size=60))
def test_it_never_stays_shut_for_longer_than_the_longest(steps: list[tuple[str, float]]) -> None:
    clock = Clock()
    breaker = Breaker(clock)
    held: list[int] = []
    for step, seconds in steps:
        clock.now += seconds
        if step == "enter":
            taken = breaker.enter()
            held += [] if taken is None else [taken]
        elif held:
            back = held.pop()
            match step:
                case "ok":
                    breaker.succeeded(back)
                case "no":
                    breaker.failed(back)
                case _:
                    breaker.abandoned(back)
    for one in held:
        breaker.abandoned(one)
    clock.now += LONGEST_OPEN
    assert breaker.enter() is not None
