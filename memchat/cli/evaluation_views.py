"""Tables of an evaluation, and what failed in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memchat.cli.output import emit_rows, say

Report = Mapping[str, Any]
Row = tuple[str, Report, Sequence[Report]]
"""A system's label, its report, and the records behind it."""

_SYSTEM_HEADINGS = (
    *("system", "n", "F1", "95 %", "F1 official", "BLEU-1", "EM", "words", "abstains"),
    *("recall@5", "@10", "@20", "@60", "memories", "s/turn", "s/question"),
)


def print_questions(results: Sequence[Row]) -> None:
    """One row a system, then each system by category."""
    rows = [_question_row(label, report) for label, report, _ in results]
    emit_rows(_SYSTEM_HEADINGS, rows)
    for label, report, _ in results:
        say("")
        say(f"{label}, by category", style="bold")
        scores = report["by_category"].items()
        emit_rows(
            ("category", "n", "F1", "95 %", "F1 official", "BLEU-1", "EM", "words"),
            [(name, *_score_cells(score)) for name, score in scores],
        )
        _print_bank(report.get("bank"))


def _question_row(label: str, report: Report) -> tuple[str, ...]:
    bank = report.get("bank") or {}
    seconds = report["seconds"]
    return (
        label,
        *_score_cells(report),
        _percent(report["abstention"]["rate"]),
        *(_percent(recall) for recall in report["evidence_recall"].values()),
        str(bank.get("memories", "-")),
        _cell(bank.get("turn_seconds", {}).get("turn")),
        _cell((seconds["search"] or 0) + (seconds["answer"] or 0)),
    )


def _score_cells(score: Report) -> tuple[str, ...]:
    low, high = score["f1_interval"]
    return (
        str(score["n"]),
        _percent(score["f1"]),
        f"{_percent(low)}-{_percent(high)}",
        *(_percent(score[name]) for name in ("f1_official", "bleu1", "em")),
        _cell(score["words"]),
    )


def _print_bank(bank: Report | None) -> None:
    if bank:
        for heading in ("operations", "corrections", "turn_seconds"):
            counted = ", ".join(f"{name} {count}" for name, count in bank[heading].items())
            say(f"{heading}: {counted or 'none'}")


def print_scenarios(results: Sequence[Row]) -> None:
    """One row a system, then each system by kind, and what failed in it."""
    emit_rows(
        ("system", "scenarios", "probes pass", "banks pass", "wrong writes", "s/turn"),
        [_scenario_row(label, report) for label, report, _ in results],
    )
    for label, report, records in results:
        say("")
        say(f"{label}, by kind", style="bold")
        emit_rows(
            ("kind", "scenarios", "probes pass", "banks pass"),
            [
                (
                    kind,
                    str(rates["scenarios"]),
                    _percent(rates["probe_rate"]),
                    _percent(rates["bank_rate"]),
                )
                for kind, rates in report["by_kind"].items()
            ],
        )
        for record in records:
            _print_failure(record)


def _scenario_row(label: str, report: Report) -> tuple[str, ...]:
    return (
        label,
        str(report["scenarios"]),
        _percent(report["probe_rate"]),
        _percent(report["bank_rate"]),
        _percent(report["wrong_writes"]["rate"]),
        _cell(report["memory_seconds"]),
    )


def _print_failure(record: Mapping[str, Any]) -> None:
    """What was said, remembered and answered, where a probe or a check failed."""
    failed = [probe for probe in record["probes"] if not probe["passed"]]
    if not failed and not record["bank_failures"]:
        return
    say("")
    say(f"{record['scenario']} ({record['kind']})", style="bold")
    for turn in record["transcript"]:
        say(f"  user: {turn['user']}")
        say(f"  reply: {turn['reply']}", style="dim")
        for done in turn["operations"]:
            text = done.get("new") or done.get("fact", "")
            say(f"    {done['op']} {text}", style="cyan")
    for memory in record["memories"]:
        say(f"  memory: {memory}")
    for failure in record["bank_failures"]:
        say(f"  bank: {failure}", style="red")
    for probe in failed:
        say(f"  probe: {probe['ask']} -> {probe['answer']}", style="red")


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
