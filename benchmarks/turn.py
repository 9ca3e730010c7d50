"""What a turn costs: seconds per stage, tokens per second beside a bare loop, peak memory.

Usage: python benchmarks/turn.py [--turns N] [--model PATH]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.config import Settings
from memchat.engine.factory import create_engine
from memchat.engine.protocol import (
    ChatMessage,
    Engine,
    Finished,
    GenerateRequest,
    ModelSpec,
    Role,
)
from memchat.weights.discover import resolve_spec

TURNS = (
    "I adopted a dog named Buddy last weekend.",
    "What should I buy for him first?",
    "My sister Ana moved to Oslo and works as a nurse there.",
    "I'm allergic to peanuts, so no peanut butter at home.",
    "What is my dog called?",
    "Yesterday I started a pottery class, it was great fun!",
    "Can you suggest a name for a goldfish?",
    "We are flying to Lisbon next month.",
    "Where does my sister live?",
    "I no longer have my old bicycle, I sold it.",
)
STAGES = (
    ("embed", "embed (message and facts)"),
    ("search", "search (candidates, related memories)"),
    ("distil", "distil (name the notes)"),
    ("prompt", "prompt evaluation"),
    ("decode", "decode the reply"),
    ("extract", "extract facts"),
    ("decide", "decide operations"),
)
PROMPT = "Explain step by step how bread is made, from the field to the table."
DECODED_TOKENS = 200
REPEATS = 5


@dataclass(frozen=True)
class Throughput:
    """Median decoding speed, tokens per second, over the same weights and threads."""

    ours: float
    bare: float


def main() -> None:
    arguments = _arguments()
    spec = resolve_spec(arguments.model)
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(spec, log_file=Path(folder) / "engine.log")
        try:
            status = engine.load()
            console.print(_stage_table(engine, Path(folder), arguments.turns))
            own_peak = _peak(resource.RUSAGE_SELF)
            throughput = _throughput(engine, spec, status.threads)
        finally:
            engine.close()
    console.print(_speed_table(throughput, status.model_name, status.threads))
    console.print(_memory_table(own_peak, _peak(resource.RUSAGE_CHILDREN)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=len(TURNS), help="turns to run")
    parser.add_argument("--model", default="", help="GGUF file; the embedded model by default")
    return parser.parse_args()


def _stage_table(engine: Engine, folder: Path, turns: int) -> Table:
    with Bank.open(folder / "bank" / "memchat.db") as bank:
        assistant = Assistant(bank, engine, Settings(temperature=0.0, max_answer_tokens=128))
        seconds = [_run_turn(assistant, number) for number in range(turns)]
    table = Table(title=f"Seconds per stage of a turn, mean of {turns}")
    table.add_column("stage")
    table.add_column("seconds", justify="right")
    table.add_column("share", justify="right")
    total = sum(assistant.timings[stage] for stage, _ in STAGES)
    for stage, label in STAGES:
        spent = assistant.timings[stage]
        table.add_row(label, f"{spent / turns:.3f}", f"{spent / total:.0%}")
    table.add_section()
    answers, memory = zip(*seconds, strict=True)
    table.add_row("message to end of answer, median", f"{statistics.median(answers):.3f}", "")
    table.add_row("memory work after it, median", f"{statistics.median(memory):.3f}", "")
    return table


def _run_turn(assistant: Assistant, number: int) -> tuple[float, float]:
    """Seconds until the answer was whole, and seconds of memory work after it."""
    chat_id = (assistant.bank.chats(limit=1) or [assistant.bank.create_chat()])[0].id
    started = time.perf_counter()
    message = assistant.submit(chat_id, TURNS[number % len(TURNS)])
    for _ in assistant.answer(message.id):
        pass
    answered = time.perf_counter()
    for _ in assistant.manage():
        pass
    return answered - started, time.perf_counter() - answered


def _throughput(engine: Engine, spec: ModelSpec, threads: int) -> Throughput:
    """Both loops in turn, so that a change in the machine's load meets both."""
    bare = _BareLoop(spec, threads)
    ours_runs, bare_runs = [], []
    for _ in range(REPEATS):
        ours_runs.append(_our_speed(engine))
        bare_runs.append(bare.speed())
    return Throughput(statistics.median(ours_runs), statistics.median(bare_runs))


def _our_speed(engine: Engine) -> float:
    """Tokens per second by the wall clock of whoever consumes the stream."""
    request = GenerateRequest(
        Role.ANSWER, (ChatMessage("user", PROMPT),), max_tokens=DECODED_TOKENS
    )
    first = 0.0
    for event in engine.generate(request):
        if isinstance(event, Finished):
            return (event.completion_tokens - 1) / (time.perf_counter() - first)
        first = first or (time.perf_counter() if type(event).__name__ == "TextDelta" else 0.0)
    raise AssertionError("a generation ends in Finished")


class _BareLoop:
    """llama-cpp-python's own greedy loop, nothing around it."""

    def __init__(self, spec: ModelSpec, threads: int) -> None:
        import llama_cpp

        self._llama = llama_cpp.Llama(
            str(spec.model), n_ctx=2048, n_threads=threads, n_threads_batch=threads, verbose=False
        )
        self._prompt = self._llama.tokenize(PROMPT.encode())

    def speed(self) -> float:
        first, count = 0.0, 0
        for _ in self._llama.generate(self._prompt, temp=0.0, reset=True):
            first = first or time.perf_counter()
            count += 1
            if count == DECODED_TOKENS:
                break
        return (count - 1) / (time.perf_counter() - first)


def _speed_table(throughput: Throughput, model: str, threads: int) -> Table:
    table = Table(title=f"Decoding, tokens per second: {model}, {threads} thread(s)")
    table.add_column("loop")
    table.add_column("median", justify="right")
    table.add_column("of bare", justify="right")
    table.add_row("bare llama-cpp-python", f"{throughput.bare:.1f}", "1.00")
    ratio = throughput.ours / throughput.bare
    table.add_row("memchat, child process", f"{throughput.ours:.1f}", f"{ratio:.2f}")
    return table


def _peak(who: int) -> float:
    """Peak resident memory in MB; macOS counts bytes, Linux kibibytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit / 1e6


def _memory_table(own: float, child: float) -> Table:
    table = Table(title="Peak resident memory, MB")
    table.add_column("process")
    table.add_column("MB", justify="right")
    table.add_row("program (bank, turn pipeline)", f"{own:.0f}")
    table.add_row("child (language model, embedding model)", f"{child:.0f}")
    return table


if __name__ == "__main__":
    main()
