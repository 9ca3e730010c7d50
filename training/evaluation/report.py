"""Numbers from records: what the tables show and the JSON holds."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from training.data.scenarios import NOTHING_TO_REMEMBER
from training.evaluation.building import Building
from training.evaluation.questions import CUTOFFS
from training.evaluation.scenarios import writes
from training.metrics import (
    abstains,
    bleu1,
    bootstrap,
    exact_match,
    f1_official,
    f1_paper,
    mean,
    words,
)

Record = Mapping[str, Any]
Report = dict[str, Any]

_MEASURES: dict[str, Callable[[Record], float]] = {
    "f1": lambda record: f1_paper(record["answer"], record["gold"]),
    "f1_official": lambda record: f1_official(record["answer"], record["gold"], record["category"]),
    "bleu1": lambda record: bleu1(record["answer"], record["gold"]),
    "em": lambda record: exact_match(record["answer"], record["gold"]),
}


def question_report(records: Sequence[Record]) -> Report:
    """Scores over the questions that have an answer; the others apart, as abstention."""
    answerable = [record for record in records if not record["unanswerable"]]
    others = [record for record in records if record["unanswerable"]]
    by_category: dict[str, list[Record]] = defaultdict(list)
    for record in answerable:
        by_category[record["category"]].append(record)
    return {
        **_scores(answerable),
        "by_category": {name: _scores(each) for name, each in sorted(by_category.items())},
        "abstention": {
            "n": len(others),
            "rate": _number(mean(abstains(record["answer"]) for record in others)),
            "false_rate": _number(mean(abstains(record["answer"]) for record in answerable)),
        },
        "evidence_recall": _recall(records),
        "seconds": {
            "search": _middle(record["search_seconds"] for record in records),
            "answer": _middle(record["answer_seconds"] for record in records),
        },
    }


def bank_report(buildings: Sequence[Building], memories: int, timings: Sequence[Record]) -> Report:
    """Size of the banks, what was done to them, and the median seconds of a turn by stage."""
    operations: Counter[str] = Counter()
    corrections: Counter[str] = Counter()
    for building in buildings:
        operations.update(building.operations)
        corrections.update(building.corrections)
    stages = sorted({key for row in timings for key in row if key != "id"})
    return {
        "memories": memories,
        "operations": dict(operations),
        "corrections": dict(corrections),
        "failures": sum(building.failures for building in buildings),
        "turn_seconds": {key: _middle(row.get(key, 0.0) for row in timings) for key in stages},
    }


def scenario_report(records: Sequence[Record]) -> Report:
    """Pass rates over all probes, and over all scenarios' checks on the bank."""
    by_kind: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_kind[record["kind"]].append(record)
    turns = [turn for record in records for turn in record["transcript"]]
    return {
        **_rates(records),
        "by_kind": {kind: _rates(each) for kind, each in sorted(by_kind.items())},
        "memory_seconds": _middle(turn["memory_seconds"] for turn in turns),
        "wrong_writes": _wrong_writes(records),
    }


def _scores(records: Sequence[Record]) -> Report:
    report: Report = {"n": len(records)}
    for name, measure in _MEASURES.items():
        interval = bootstrap([measure(record) for record in records])
        report[name] = _number(interval.mean)
        report[f"{name}_interval"] = [_number(interval.low), _number(interval.high)]
    report["words"] = _number(mean(len(words(record["answer"])) for record in records))
    return report


def _recall(records: Sequence[Record]) -> Report:
    known = [record["recall"] for record in records if record["recall"]]
    return {str(k): _number(mean(recall[str(k)] for recall in known)) for k in CUTOFFS}


def _rates(records: Sequence[Record]) -> Report:
    probes = [probe["passed"] for record in records for probe in record["probes"]]
    banks = [not record["bank_failures"] for record in records]
    return {
        "scenarios": len(records),
        "probes": len(probes),
        "probe_rate": _number(mean(probes)),
        "bank_rate": _number(mean(banks)),
    }


def _wrong_writes(records: Sequence[Record]) -> Report:
    """Turns with nothing to remember that put something into the bank all the same."""
    turns = [
        turn
        for record in records
        if record["kind"] in NOTHING_TO_REMEMBER and record["nothing_to_remember"]
        for turn in record["transcript"]
    ]
    return {"turns": len(turns), "rate": _number(mean(writes(turn) for turn in turns))}


def _middle(values: Any) -> float | None:
    found = list(values)
    return round(median(found), 4) if found else None


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return None if math.isnan(value) else round(float(value), 4)
