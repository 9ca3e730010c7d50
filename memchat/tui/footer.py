"""The line under an answer, in words: what it used, what it changed, how fast it was."""

from __future__ import annotations

from memchat.tui.turn_record import MemoryPhase, Phase, TurnRecord, badge

WAYS_OUT = {
    Phase.STOPPED: "F5 answers again",
    Phase.FAILED: "F5 tries again",
    Phase.UNANSWERED: "F5 answers it",
}


def footer(turn: TurnRecord) -> str:
    """All that is known about the turn, parts separated by ` · `."""
    trimmed = "context trimmed" if turn.trimmed else ""
    parts = [_state(turn), _used(turn), trimmed, _memory(turn), _speed(turn)]
    return " · ".join(part for part in parts if part)


def _state(turn: TurnRecord) -> str:
    if turn.phase is Phase.ANSWERED:
        return ""
    if turn.phase is Phase.THINKING and turn.progress[1]:
        return "thinking {} of {} tokens".format(*turn.progress)
    if turn.phase.busy:
        return f"{turn.phase}…"
    out = WAYS_OUT.get(turn.phase, "")
    return f"{turn.phase}, {out}" if out else turn.phase


def _used(turn: TurnRecord) -> str:
    if not (turn.used or turn.turns_used):
        return ""
    parts = [_count(len(turn.used), "memory", "memories")] if turn.used else []
    if turn.turns_used:
        parts.append(_count(turn.turns_used, "earlier turn", "earlier turns"))
    named = f" · {len(turn.cited)} cited" if turn.cited else ""
    return " and ".join(parts) + " used" + named


def _memory(turn: TurnRecord) -> str:
    marks = badge(turn.operations)
    if turn.memory is MemoryPhase.DONE:
        return marks or "nothing new to remember"
    if turn.memory is MemoryPhase.FAILED:
        return " · ".join(part for part in (marks, "memory failed, /memory retry") if part)
    return " · ".join(part for part in (marks, turn.memory.value) if part)


def _speed(turn: TurnRecord) -> str:
    if turn.stats is None or not turn.stats.completion_tokens:
        return ""
    seconds = turn.stats.prompt_seconds + turn.stats.decode_seconds
    return f"{turn.stats.tokens_per_second:.0f} tok/s · {seconds:.1f} s"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
