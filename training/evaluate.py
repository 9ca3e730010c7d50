"""Evaluates ways of remembering over benchmark data: `memchat eval`.

The pipeline is the chat's own: its Assistant, bank, prompts, grammars and search, with the engine
in this process. Everything is kept as it is made, so that an interrupted run goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from memchat import paths
from memchat.agents.prompts import PROMPT_VERSION
from memchat.assistant import Assistant
from memchat.bank.types import State
from memchat.config import Settings
from memchat.engine.factory import create_engine
from memchat.engine.protocol import Engine
from memchat.ingest.run import Progress
from training.data.benchmark import Case
from training.data.load import Data
from training.evaluation.building import Building, build
from training.evaluation.questions import Reader
from training.evaluation.report import Record, Report, bank_report, question_report, scenario_report
from training.evaluation.scenarios import Scenarios
from training.evaluation.store import answer_store, bank_store
from training.evaluation.systems import System, bank_type


@dataclass(frozen=True, slots=True)
class Result:
    """A system's report, and the records that it was made from."""

    system: System
    report: Report
    records: list[Record]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Data and settings that systems are compared on; `fresh` takes no earlier results."""

    data: Data
    settings: Settings
    progress: Progress
    fresh: bool = False

    def run(self, systems: Sequence[System]) -> list[Result]:
        """A result for each system. Raises MemchatError when data or weights cannot be used."""
        return [self._run(system) for system in systems]

    def _run(self, system: System) -> Result:
        with _engine(system) as engine:
            if self.data.scenarios:
                return self._scenarios(system, engine)
            return self._questions(system, engine)

    def _scenarios(self, system: System, engine: Engine) -> Result:
        store = answer_store(system, "scenarios", self.settings)
        if self.fresh:
            store.clear()
        runner = Scenarios(engine, self.settings, system.memory, store.records("scenarios"))
        records = runner.run(self.data.scenarios, self.progress)
        return Result(system, _described(system) | scenario_report(records), [*records])

    def _questions(self, system: System, engine: Engine) -> Result:
        records: list[Record] = []
        timings: list[Record] = []
        buildings: list[Building] = []
        memories = 0
        for case in self.data.cases:
            building, active, seconds, answers = self._case(system, engine, case)
            records += answers
            timings += seconds
            buildings.append(building)
            memories += active
        report = question_report(records)
        if system.memory.extracts:
            report["bank"] = bank_report(buildings, memories, timings)
        return Result(system, _described(system) | report, records)

    def _case(
        self, system: System, engine: Engine, case: Case
    ) -> tuple[Building, int, list[Record], list[Record]]:
        """Building, active memories, seconds by turn, and answers of one conversation."""
        built, answered = (
            bank_store(system, case.conversation),
            answer_store(system, case, self.settings),
        )
        if self.fresh:
            built.clear()
            answered.clear()
        timings = built.records("timings")
        built.folder.mkdir(parents=True, exist_ok=True)
        with bank_type(system.memory).open(built.bank) as bank:
            assistant = Assistant(bank, engine, self.settings)
            building = build(assistant, case.conversation, system.memory, timings, self.progress)
            reader = Reader(assistant, case, system.memory, answered.records("answers"))
            answers = reader.ask_all(self.progress)
            active = bank.counts().get(State.ACTIVE, 0)
        return building, active, [*timings.read().values()], [*answers]


def to_json(results: Sequence[Result], data: Data, settings: Settings) -> Report:
    """The first system's numbers at the top level, and every system's under `systems`."""
    return {
        **results[0].report,
        "data": str(data.path),
        "settings": asdict(settings),
        "prompt_version": PROMPT_VERSION,
        "systems": [{**result.report, "records": result.records} for result in results],
    }


def _described(system: System) -> Report:
    adapters = {str(role): str(path) for role, path in system.spec.adapters}
    return {
        "memory": str(system.memory),
        "adapters": system.adapters.name,
        "adapter_files": adapters,
        "model": Path(system.spec.model).name,
    }


@contextmanager
def _engine(system: System) -> Iterator[Engine]:
    engine = create_engine(system.spec, in_process=True, log_file=paths.log_file())
    try:
        yield engine
    finally:
        engine.close()
