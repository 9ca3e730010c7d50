"""Tasks with an open outcome come more often, and a run can be taken up where it stopped."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from training.curriculum import Curriculum


def test_a_task_with_a_spread_in_rewards_is_drawn_more_often() -> None:
    curriculum = Curriculum(3, seed=5)
    for task, rewards in enumerate(([0.0, 0.0], [1.0, 0.0], [1.0, 1.0])):
        curriculum.record(task, rewards)
    drawn = Counter(curriculum.draw() for _ in range(600))
    assert drawn[1] > 400
    assert min(drawn[0], drawn[2]) > 10  # what was hopeless or done may not stay so


def test_untried_tasks_come_before_decided_ones() -> None:
    curriculum = Curriculum(2, seed=5)
    curriculum.record(0, [1.0, 1.0])
    drawn = Counter(curriculum.draw() for _ in range(100))
    assert drawn[1] > 80
    assert curriculum.tried == 1


def test_a_restored_curriculum_goes_on_alike() -> None:
    curriculum = Curriculum(5, seed=5)
    for _ in range(7):
        curriculum.record(curriculum.draw(), [0.0, 1.0, 0.5])
    state = json.loads(json.dumps(curriculum.state()))
    copy = Curriculum(5, seed=99)
    copy.restore(state)
    assert [copy.draw() for _ in range(20)] == [curriculum.draw() for _ in range(20)]


def test_the_state_of_other_tasks_is_refused() -> None:
    with pytest.raises(ValueError, match="2 tasks then, 3 now"):
        Curriculum(3, seed=1).restore(Curriculum(2, seed=1).state())
