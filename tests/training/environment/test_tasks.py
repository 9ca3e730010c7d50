"""A reply is given to the runtime in the model's place, and what comes of it is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memchat.agents import answerer
from memchat.bank.types import Hit
from tests.training.environment.puppet import BEGIN, moving, said, world
from training.data.scenarios import BankCheck
from training.environment.dialogue import Checked, Dialogue, Gold, Truth, Unknown
from training.environment.tasks import TurnTask, answer_task, harvest
from training.rewards import INVALID, Outcome
from training.rl_recipe import Agent
from training.rollout import Task


def tasks(dialogue: Dialogue, agent: Agent) -> list[Task]:
    return harvest(world(), [dialogue], agent, lambda *_: None)


def outcome(task: Task, reply: str) -> Outcome:
    return task.outcome(reply, truncated=False)


@pytest.fixture
def move() -> TurnTask:
    """The decision on "Ana lives in York.", the first of its turn."""
    found = tasks(moving(), Agent.MANAGER)
    assert len(found) == 2
    first = found[0]
    assert isinstance(first, TurnTask)
    return first


def test_the_request_is_the_runtime_s_own(move: TurnTask) -> None:
    asked = move.request.messages[-1].content
    assert asked.startswith("Memories:\n1. Ana lives in Leeds.\n2. Tom has a parrot.")
    assert asked.endswith("New fact: Ana lives in York.")
    assert move.request.grammar
    assert move.decided == 0


def test_the_answer_depends_on_the_operation(move: TurnTask) -> None:
    right = outcome(move, "UPDATE 1: Ana lives in York.")
    assert (right.exact_match, right.f1, right.validity) == (1.0, 1.0, 1.0)
    assert outcome(move, "NOOP").exact_match == 0.0  # Leeds, still
    assert outcome(move, "DELETE 1").exact_match == 0.0
    mended = outcome(move, "UPDATE 1: Somebody moved.")  # a guard adds the fact instead
    assert (mended.exact_match, mended.validity) == (1.0, 0.5)


def test_no_outcome_changes_the_next_one(move: TurnTask) -> None:
    replies = ("ADD", "UPDATE 1: Ana lives in York.", "NOOP", "DELETE 2")
    first = [outcome(move, reply) for reply in replies]
    assert [outcome(move, reply) for reply in reversed(replies)] == first[::-1]


def test_the_rest_of_the_turn_is_remembered_as_always(move: TurnTask) -> None:
    rain = len("It rains.")
    said = len("Ana lives in York. It rains.")
    assert outcome(move, "NOOP").growth == pytest.approx(rain / said)
    assert outcome(move, "ADD").growth == pytest.approx((rain + len("Ana lives in York.")) / said)
    assert outcome(move, "DELETE 1").growth == 0.0


def test_what_the_runtime_could_not_have_got_is_invalid(move: TurnTask) -> None:
    for reply in ("DELETE 9", "UPDATE 1:", "Maybe", "", "ADD and more"):
        assert outcome(move, reply) == INVALID


def test_a_reply_that_was_cut_off_is_mended_as_at_run_time(move: TurnTask) -> None:
    cut = move.outcome("UPDATE 1: Ana lives in Yo", truncated=True)
    assert cut.validity == 0.5
    assert cut.growth > 0  # the fact was added instead


def test_extraction_is_judged_by_what_becomes_of_its_facts() -> None:
    (task,) = tasks(moving(), Agent.EXTRACTOR)
    assert task.request.messages[-1].content.endswith("The user: Ana lives in York. It rains.")
    assert outcome(task, "NONE").exact_match == 0.0
    assert outcome(task, "NONE").growth == 0.0
    told = outcome(task, "Ana lives in York.\nIt rains.")
    assert told.growth > outcome(task, "It rains.").growth > 0.0


def test_answers_are_asked_over_the_whole_dialogue() -> None:
    (task,) = tasks(moving(), Agent.ANSWER)
    notes = task.request.messages[-1].content
    assert "Ana lives in York." in notes
    assert notes.endswith("Question: Where does Ana live?")
    assert outcome(task, "Using: 1, 2\nAnswer: York") == Outcome(exact_match=1.0, f1=1.0)
    assert outcome(task, "Using: none\nAnswer: in York").f1 == pytest.approx(2 / 3)
    assert outcome(task, "Using: 9\nAnswer: York") == INVALID
    assert outcome(task, "York") == INVALID


def test_a_question_without_notes_is_answered_freely() -> None:
    question = answerer.Question("Where?", BEGIN.date(), short=True)
    task = answer_task(question, Unknown())
    assert outcome(task, "I don't know.").exact_match == 1.0
    assert outcome(task, "York").exact_match == 0.0


def test_an_answer_has_the_room_of_both_steps() -> None:
    hit = Hit("memory", 1, "Ana lives in York.", BEGIN, 1.0)
    question = answerer.Question("Where?", BEGIN.date(), (hit,), short=True, coached=True)
    request = answer_task(question, Gold("York")).request
    notes = answerer.distillation_request(replace(question, coached=False))
    assert request.messages == notes.messages
    assert request.max_tokens == notes.max_tokens + answerer.MAX_SHORT_TOKENS


def test_a_bank_is_judged_after_the_last_turn() -> None:
    wanted = Truth(("Ana lives in York.", "Tom has a parrot.", "It rains."))
    dialogue = Dialogue("bank", moving().turns, bank=wanted)
    task, _rain = tasks(dialogue, Agent.MANAGER)
    right = outcome(task, "UPDATE 1: Ana lives in York.")
    assert (right.bank_exact, right.bank) == (1.0, 1.0)
    worse = outcome(task, "ADD")
    assert worse.bank_exact == 0.0
    assert worse.bank == pytest.approx(3 / 4)  # Leeds is left over


def test_the_truth_by_hand() -> None:
    wanted = Truth(("Ana lives in York.", "Tom has a parrot."))
    assert wanted.score(["tom has a parrot", "Ana lives in York"]) == (1.0, 1.0)
    # Of "ana lives in york" and "ana lives in leeds" three words of four are shared.
    assert wanted.score(["Ana lives in Leeds.", "Tom has a parrot."]) == (0.0, (0.75 + 1) / 2)
    assert wanted.score([]) == (0.0, 0.0)
    assert Truth(()).score([]) == (1.0, 1.0)
    assert Truth(()).score(["It rains."]) == (0.0, 0.0)


def test_a_check_by_hand() -> None:
    import re

    check = BankCheck((re.compile("york"), re.compile("parrot")), (re.compile("leeds"),), 2)
    assert Checked(check).score(["lives in york", "a parrot"]) == (1.0, 1.0)
    assert Checked(check).score(["leeds", "york", "x"]) == (0.0, 1 / 4)


def test_turns_of_the_assistant_are_told_and_never_remembered() -> None:
    turns = (*said("Ana lives in Leeds."), replace(said("x")[0], role="assistant"))
    dialogue = Dialogue("both", (*turns, *said("Ana lives in York.")), bank=Truth(()))
    assert len(tasks(dialogue, Agent.MANAGER)) == 1
