"""Evaluation data by name or path, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memchat.errors import IngestError, UsageError
from training.data import locomo, longmemeval, msc
from training.data.benchmark import Case, read_objects
from training.data.fetch import DATASETS, fetch
from training.data.locomo import Split
from training.data.scenarios import Scenario, read_scenarios

_READERS: dict[str, Callable[[Sequence[Mapping[str, Any]], Path], list[Case]]] = {
    "conversation": locomo.read_cases,
    "haystack_sessions": longmemeval.read_cases,
    "self_instruct": msc.read_cases,
}
"""By a field that only this format has."""


@dataclass(frozen=True, slots=True)
class Data:
    """A question set, or scenarios; the other is empty."""

    path: Path
    cases: tuple[Case, ...] = ()
    scenarios: tuple[Scenario, ...] = ()


def load_data(name: str, *, split: Split = Split.ALL, conversations: Collection[str] = ()) -> Data:
    """`name` is locomo, longmemeval, msc, or a path to a file in one of the formats.

    `split` is Memory-R1's split of LoCoMo. Raises UsageError, IngestError naming the line, or
    DownloadError.
    """
    path = fetch(DATASETS[name]) if name in DATASETS else Path(name).expanduser()
    objects = read_objects(path)
    if not objects:
        raise IngestError(f"{path} holds nothing.")
    if "probes" in objects[0]:
        return Data(path, scenarios=tuple(read_scenarios(objects, path)))
    reader = next((_READERS[key] for key in _READERS if key in objects[0]), None)
    if reader is None:
        raise UsageError(
            f"{path} is in no format that can be evaluated.",
            "Known: LoCoMo, LongMemEval, MSC-Self-Instruct, scenarios.",
        )
    return Data(path, cases=tuple(locomo.choose(reader(objects, path), split, conversations)))
