"""When somebody is told of a message that nobody has heard: the rules alone, time handed in."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.inbox.notification_rules import (
    CALL_LONGEST_S,
    LEVELS_MOST,
    LOOK_AGAIN_S,
    NOTHING_DONE,
    RETRIES_MOST,
    STEPS_MOST,
    Decision,
    Do,
    Level,
    Now,
    Plan,
    Quiet,
    Run,
    Step,
    Way,
    decide,
    due_after,
    next_step,
)

MAIL = Level(Way.MAIL, "anna", 10)
CALL = Level(Way.CALL, "5559876", 5)
TEXT = Plan(texts_to=("ben",))


def steps(plan: Plan) -> list[tuple[int, int]]:
    """All steps of a plan: (minute, level)."""
    found: list[tuple[int, int]] = []
    last = NOTHING_DONE
    while (step := next_step(plan, last)) is not None and len(found) < 50:
        found.append((step.minute, step.level))
        last = step
    return found


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (Plan(), []),
        (TEXT, [(0, 0)]),
        (Plan(levels=(MAIL,)), [(10, 1)]),
        (Plan(("ben",), levels=(MAIL, CALL)), [(0, 0), (10, 1), (15, 2)]),
        (Plan(levels=(replace(MAIL, retries=2),)), [(10, 1), (20, 1), (30, 1)]),
        (
            Plan(levels=(replace(MAIL, retries=1), replace(CALL, retries=1))),
            [(10, 1), (20, 1), (25, 2), (30, 2)],
        ),
        (
            Plan(levels=(replace(MAIL, continued=True), replace(CALL, retries=3))),
            [(10, 1), (15, 2), (20, 1), (20, 2), (25, 2), (30, 1), (30, 2)],
        ),
        (
            Plan(levels=(replace(CALL, continued=True), replace(MAIL, continued=True), CALL)),
            [(5, 1), (10, 1), (15, 1), (15, 2), (20, 1), (20, 3)],
        ),
    ],
)
def test_steps_of_a_plan_in_their_order(plan: Plan, expected: list[tuple[int, int]]) -> None:
    assert steps(plan) == expected


@pytest.mark.parametrize(
    ("quiet", "hour", "left_h"),
    [
        (Quiet(22 * 60, 7 * 60), 21.5, 0),
        (Quiet(22 * 60, 7 * 60), 22, 9),
        (Quiet(22 * 60, 7 * 60), 0, 7),
        (Quiet(22 * 60, 7 * 60), 6.5, 0.5),
        (Quiet(22 * 60, 7 * 60), 7, 0),
        (Quiet(12 * 60, 13 * 60), 12.25, 0.75),
        (Quiet(12 * 60, 13 * 60), 11, 0),
    ],
)
def test_quiet_hours_may_go_over_midnight(quiet: Quiet, hour: float, left_h: float) -> None:
    assert quiet.left_s(round(hour * 3600)) == left_h * 3600


PLAN = Plan(("ben",), levels=(MAIL, CALL), quiet=Quiet(0, 60))
TEXTED = Run(Step(0, 0), 1, due=1600.0)
MAILED = Run(Step(10, 1), 2, due=1900.0)


@pytest.mark.parametrize(
    ("run", "now", "expected"),
    [
        (Run(), Now(1000.0), Decision(Do.MAIL, Step(0, 0))),
        (Run(Step(0, 0), 1), Now(1000.0), Decision(Do.WAIT, Step(10, 1), 1600.0)),
        (TEXTED, Now(1599.0), Decision(Do.WAIT, Step(10, 1), 1600.0)),
        (TEXTED, Now(1600.0), Decision(Do.MAIL, Step(10, 1))),
        (TEXTED, Now(1100.0, "heard"), Decision(Do.END, why="heard")),
        (MAILED, Now(1900.0), Decision(Do.CALL, Step(15, 2))),
        (replace(MAILED, call=7, due=2500.0), Now(1900.0), Decision(Do.WAIT, look=2500.0)),
        (replace(MAILED, call=7, due=2500.0), Now(2500.0), Decision(Do.UNANSWERED, look=2500.0)),
        (replace(MAILED, call=7, due=2500.0), Now(1901.0, "taken"), Decision(Do.END, why="taken")),
        (Run(Step(15, 2), 3, due=1.0), Now(2.0), Decision(Do.END, why="all levels are done")),
        (
            replace(TEXTED, done=STEPS_MOST),
            Now(1600.0),
            Decision(Do.END, why="all levels are done"),
        ),
        (TEXTED, Now(1600.0, quiet_s=300.0), Decision(Do.HOLD, Step(10, 1), 1900.0)),
        (TEXTED, Now(1600.0, quiet_s=3e4), Decision(Do.HOLD, Step(10, 1), 1600.0 + LOOK_AGAIN_S)),
        (TEXTED, Now(1600.0, urgent=True, quiet_s=60.0), Decision(Do.HOLD, Step(10, 1), 1660.0)),
        (Run(), Now(0.0, quiet_s=60.0), Decision(Do.HOLD, Step(0, 0), 60.0)),
    ],
)
def test_what_is_done_with_a_run(run: Run, now: Now, expected: Decision) -> None:
    assert decide(PLAN, run, now) == expected


def test_urgent_message_is_told_of_in_quiet_hours_where_that_is_wanted() -> None:
    plan = replace(PLAN, urgent=True)
    assert decide(plan, TEXTED, Now(1600.0, urgent=True, quiet_s=60.0)).do is Do.MAIL
    assert decide(plan, TEXTED, Now(1600.0, urgent=False, quiet_s=60.0)).do is Do.HOLD


def test_what_follows_a_step_that_was_held_back_keeps_its_distance() -> None:
    assert due_after(PLAN, Step(10, 1), 90_000.0) == 90_300.0
    assert due_after(PLAN, Step(15, 2), 90_000.0) == 90_000.0
    assert CALL_LONGEST_S > 300


LEVELS = st.builds(
    Level,
    st.sampled_from(Way),
    st.just("anna"),
    st.integers(1, 20),
    st.integers(0, RETRIES_MOST),
    st.booleans(),
)
PLANS = st.builds(
    Plan, st.sampled_from([(), ("ben",)]), levels=st.lists(LEVELS, max_size=LEVELS_MOST).map(tuple)
)


@given(PLANS)
@settings(max_examples=60, deadline=None)
def test_whatever_the_plan_steps_go_forward_end_and_are_as_many_as_its_levels_want(
    plan: Plan,
) -> None:
    run, now, done = Run(), 0.0, []
    for _ in range(3 * STEPS_MOST):
        what = decide(plan, run, Now(now))
        if what.do is Do.END:
            break
        if what.do is Do.WAIT:
            assert what.look > now
            now, run = what.look, replace(run, due=what.look)
            continue
        assert what.step is not None
        done.append(what.step)
        run = Run(what.step, run.done + 1, due=due_after(plan, what.step, now))
    else:
        pytest.fail("it does not end")
    assert done == sorted(set(done))
    for number, level in enumerate(plan.levels, 1):
        taken = [step for step in done if step.level == number]
        if len(done) < STEPS_MOST:
            more = len(taken) - level.retries - 1
            assert more == 0 or (more > 0 and level.continued)
        assert all(60 * step.minute <= now for step in taken)
