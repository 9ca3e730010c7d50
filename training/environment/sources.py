"""Tasks by the name of their source: a benchmark, a file, or a generator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from memchat.agents import manager
from memchat.agents.prompts import ABSTENTION
from memchat.config import Settings
from memchat.engine.protocol import Engine, Role
from memchat.errors import UsageError
from memchat.ingest.run import Progress
from memchat.ingest.turns import IngestTurn
from training.data.benchmark import Case, Question
from training.data.load import load_data
from training.data.locomo import Split
from training.data.samples import AnswerSample, DecideSample, ExtractSample
from training.data.samples import Task as TaskName
from training.data.scenarios import Scenario
from training.data.sources import stream
from training.environment.dialogue import (
    Asked,
    Checked,
    Dialogue,
    Expected,
    Gold,
    Passing,
    Truth,
    Unknown,
)
from training.environment.scripted import ScriptedEngine, decision_dialogue, two_dogs
from training.environment.tasks import FactsTask, answer_task, harvest
from training.environment.world import World
from training.rl_recipe import SYNTHETIC, TWO_DOGS, Agent, RlRecipe

if TYPE_CHECKING:
    from training.rollout import Task


@dataclass(frozen=True, slots=True)
class TaskSource:
    """Makes a recipe's tasks. The agents that are not trained are those of `engine`."""

    recipe: RlRecipe
    engine: Engine
    progress: Progress

    def tasks(self) -> list[Task]:
        """Of all the recipe's sources. Raises UsageError when there are too few to train on."""
        found = [task for source in self.recipe.data for task in self._of(source)]
        if len(found) <= self.recipe.held_out:
            raise UsageError(
                f"The data holds {len(found)} tasks for the {self.recipe.agent}, and "
                f"{self.recipe.held_out} are to be held out.",
                "Choose other data, more dialogues, or a smaller held_out.",
            )
        return found

    def _of(self, source: str) -> list[Task]:
        if source == TWO_DOGS:
            return self._scripted(two_dogs(self.recipe.seed))
        if source == SYNTHETIC:
            return self._synthetic()
        dialogues = read_dialogues(source, self.recipe.dialogues)
        if self.recipe.agent is not Agent.ANSWER and not self.engine.load().adapter(Role.MEMORY):
            raise UsageError(
                f"There is no adapter for the memory role, and {source} needs one to build banks.",
                "Train it by SFT first, and start from there.",
            )
        return harvest(self._world(self.engine), dialogues, self.recipe.agent, self.progress)

    def _scripted(self, dialogues: Iterator[Dialogue]) -> list[Task]:
        chosen = list(islice(dialogues, self.recipe.dialogues))
        engine = ScriptedEngine(self.engine, coached=self.recipe.coached)
        return harvest(self._world(engine), chosen, self.recipe.agent, self.progress)

    def _synthetic(self) -> list[Task]:
        recipe, seed = self.recipe, self.recipe.seed
        if recipe.agent is Agent.MANAGER:
            drawn = stream(SYNTHETIC, "decide", seed)
            decisions = (each for each in drawn if isinstance(each, DecideSample))
            return self._scripted(decision_dialogue(n, each) for n, each in enumerate(decisions))
        task: TaskName = "extract" if recipe.agent is Agent.EXTRACTOR else "answer"
        tasks = filter(None, map(_direct_task, stream(SYNTHETIC, task, seed)))
        return list(islice(tasks, recipe.dialogues))

    def _world(self, engine: Engine) -> World:
        recipe = self.recipe
        settings = Settings(max_candidates=recipe.notes, candidate_tokens=recipe.note_tokens)
        return World(engine, settings, raw_turns=recipe.raw_turns)


def read_dialogues(source: str, most: int) -> list[Dialogue]:
    """Up to `most` dialogues of a benchmark's train split, or of a file of scenarios."""
    data = load_data(source, split=Split.TRAIN)
    cases = [case_dialogue(case) for case in data.cases]
    return [*cases, *map(scenario_dialogue, data.scenarios)][:most]


def case_dialogue(case: Case) -> Dialogue:
    """A benchmark's conversation. A question can be answered once its last evidence is said;
    those without evidence, which abstention is mostly the answer to, at the end."""
    turns = case.conversation.turns
    places = {turn.external_id: place for place, turn in enumerate(turns)}
    asked = (
        Asked(
            question.text,
            _expected(question),
            max((places[each] for each in question.evidence), default=len(turns) - 1),
        )
        for question in case.questions
    )
    return Dialogue(case.id, turns, tuple(asked))


def scenario_dialogue(scenario: Scenario) -> Dialogue:
    """A scenario; its probes come after the last turn."""
    turns = tuple(
        IngestTurn(str(place), "user", "", turn.text, turn.said_at)
        for place, turn in enumerate(scenario.turns)
    )
    last = len(turns) - 1
    probes = tuple(Asked(probe.ask, Passing(probe), last) for probe in scenario.probes)
    return Dialogue(scenario.id, turns, probes, Checked(scenario.bank))


def _expected(question: Question) -> Expected:
    return Unknown() if question.unanswerable else Gold(question.gold)


def _direct_task(sample: object) -> Task | None:
    """A sample whose reply can be judged without a bank."""
    if isinstance(sample, ExtractSample):
        request = manager.extraction_request(sample.turn, coached=False)
        return FactsTask(request, sample.turn.subject, Truth(sample.facts))
    if isinstance(sample, AnswerSample) and sample.question.short:
        known = sample.reply != ABSTENTION
        return answer_task(sample.question, Gold(sample.reply) if known else Unknown())
    return None
