"""The pane's search line: plain words and `op:`, `used:`, `pin:`, `after:`, `before:`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memchat.bank.types import Op

OPERATIONS = {
    "add": frozenset({Op.ADD}),
    "update": frozenset({Op.UPDATE, Op.EDIT}),
    "edit": frozenset({Op.EDIT}),
    "delete": frozenset({Op.DELETE}),
    "noop": frozenset({Op.NOOP}),
    "undo": frozenset({Op.UNDO}),
    "suggest": frozenset({Op.SUGGEST}),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Everything given must hold; an empty filter lets all through."""

    words: tuple[str, ...] = ()
    ops: frozenset[Op] | None = None
    used: bool = False
    pinned: bool = False
    after: str = ""
    """ISO date or a beginning of one, compared as text: `2026`, `2026-01`, `2026-01-31`."""
    before: str = ""
    problem: str = ""
    """What in the line could not be understood; the rest of it still filters."""

    def matches(
        self, *, text: str, op: Op | None, used: bool, pinned: bool, at: datetime | None
    ) -> bool:
        lowered = text.casefold()
        return (
            all(word in lowered for word in self.words)
            and (self.ops is None or op in self.ops)
            and (used or not self.used)
            and (pinned or not self.pinned)
            and self._in_time(at)
        )

    def _in_time(self, at: datetime | None) -> bool:
        if not (self.after or self.before):
            return True
        if at is None:
            return False
        day = at.date().isoformat()
        return day >= self.after and (not self.before or day < self.before)


def parse(line: str) -> Filter:
    """Read a search line; never fails, see `Filter.problem`."""
    found: dict[str, str] = {}
    words: list[str] = []
    for token in line.split():
        key, colon, value = token.partition(":")
        if colon and key in {"op", "used", "pin", "after", "before"}:
            found[key] = value
        else:
            words.append(token.casefold())
    op = found.get("op", "")
    return Filter(
        words=tuple(words),
        ops=OPERATIONS.get(op),
        used="used" in found,
        pinned="pin" in found,
        after=found.get("after", ""),
        before=found.get("before", ""),
        problem=f"op:{op}? one of {', '.join(OPERATIONS)}" if op and op not in OPERATIONS else "",
    )
