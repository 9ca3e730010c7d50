"""What the memory pane lists, worked out from the bank and the turn's events. No widgets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from memchat.bank.types import Event, Fact, Hit, Memory, Op, State
from memchat.marks import OF_OPERATION, Mark
from memchat.tui.ages import age
from memchat.tui.clock import Clock
from memchat.tui.filters import Filter
from memchat.turn import MemoryMode


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of the list. `key` names the same entry from one rebuild to the next."""

    key: str
    mark: Mark
    text: str
    note: str = ""
    """Words for the mark, and when: `updated · just now`."""
    old: str = ""
    """The text before an update, to show as a change."""
    dim: bool = False
    memory_id: int | None = None
    event: Event | None = None


@dataclass
class PaneModel:
    """The state of the pane.

    `recent` are the operations since the last message was sent, newest last; `used` and `cited`
    are the memories behind the selected answer; `checking` are facts not yet decided, by message.
    """

    clock: Clock
    memories: dict[int, Memory] = field(default_factory=dict)
    suggestions: list[Event] = field(default_factory=list)
    log: list[Event] = field(default_factory=list)
    recent: dict[int, Event] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    cited: set[int] = field(default_factory=set)
    checking: dict[int, list[Fact]] = field(default_factory=dict)
    saving: dict[int, str] = field(default_factory=dict)
    """Edits on their way to the bank, by memory; 0 is a new one."""
    filter: Filter = field(default_factory=Filter)
    near: Sequence[int] = ()
    """Memories that the words of the filter mean, the nearest first."""
    show_log: bool = False

    def renew(self, memories: Iterable[Memory], suggestions: Iterable[Event]) -> None:
        """These memories were changed. Those no longer active leave the list."""
        for memory in memories:
            self.memories.pop(memory.id, None)
            if memory.state is State.ACTIVE:
                self.memories[memory.id] = memory
        self.suggestions = list(suggestions)

    def load(self, memories: Iterable[Memory], suggestions: Iterable[Event]) -> None:
        self.memories = {memory.id: memory for memory in memories}
        self.suggestions = list(suggestions)

    def begin_turn(self) -> None:
        """A message was sent: what the last one did is no longer news."""
        self.recent.clear()
        self.select_answer((), ())

    def select_answer(self, used: Iterable[int], cited: Iterable[int]) -> None:
        """Mark the memories behind another answer."""
        self.used, self.cited = set(used), set(cited)

    def retrieved(self, hits: Iterable[Hit]) -> None:
        self.used = {hit.id for hit in hits if hit.kind == "memory"}

    def named(self, hits: Iterable[Hit]) -> None:
        self.cited = {hit.id for hit in hits if hit.kind == "memory"}

    def record(self, event: Event) -> None:
        """Remember an operation as news, by the memory it concerns."""
        if event.memory_id is not None and event.op is not Op.NOOP:
            self.recent.pop(event.memory_id, None)
            self.recent[event.memory_id] = event

    def decided(self, message_id: int, event: Event) -> None:
        """An operation of the manager came in; its ghost row goes."""
        facts = self.checking.get(message_id, [])
        self.checking[message_id] = [fact for fact in facts if fact.text != event.fact]
        self.record(event)

    def title(self, counts: Mapping[State, int], mode: MemoryMode) -> str:
        """`Memory paused  5 active · 1 removed`: what is listed, the mode, the counts.

        What is wrong with the search line, when something is.
        """
        if self.filter.problem:
            return self.filter.problem
        words = ["Decisions" if self.show_log else "Memory"]
        words += [mode.value] if mode is not MemoryMode.ON else []
        parts = [f"{counts.get(State.ACTIVE, 0)} active"]
        if removed := counts.get(State.DELETED, 0):
            parts.append(f"{removed} removed")
        if self.suggestions:
            parts.append(f"{len(self.suggestions)} to decide")
        return f"{' '.join(words)}  {' · '.join(parts)}"

    def rows(self, limit: int | None = None) -> list[Row]:
        """What to list, top to bottom, after the filter; the first `limit` of it."""
        rows = self._log_rows() if self.show_log else self._memory_rows()
        if not self.near or self.show_log:
            return list(islice(filter(self._shown, rows), limit))
        fitting: list[Row] = []
        others: list[Row] = []
        for row in rows:
            (fitting if self._shown(row) else others).append(row)
        return [*fitting, *self._near_rows(others)][:limit]

    def _near_rows(self, others: Iterable[Row]) -> list[Row]:
        """Those that the search found by meaning: no word of it is in them."""
        rows = {row.memory_id: row for row in others}
        return [
            replace(rows[each], note=" · ".join(filter(None, ("similar", rows[each].note))))
            for each in self.near
            if each in rows
        ]

    def _shown(self, row: Row) -> bool:
        memory = self.memories.get(row.memory_id) if row.memory_id else None
        event = row.event or (self.recent.get(row.memory_id) if row.memory_id else None)
        return self.filter.matches(
            text=f"{row.old} {row.text} {memory.subject if memory else ''}",
            op=event.op if event else None,
            used=row.memory_id in self.used or row.memory_id in self.cited,
            pinned=bool(memory and memory.pinned),
            at=event.at if event else memory.updated_at if memory else None,
        )

    def _memory_rows(self) -> Iterator[Row]:
        yield from self._ghosts()
        yield from (self._suggestion(event) for event in self.suggestions)
        news = list(reversed(self.recent.values()))
        yield from (row for event in news if (row := self._news(event)))
        rest = [memory for memory in self.memories.values() if memory.id not in self.recent]
        rest.sort(key=self._rank)
        yield from (self._plain(memory) for memory in rest)

    def _ghosts(self) -> Iterator[Row]:
        if 0 in self.saving:
            yield Row("saving", Mark.SAVING, self.saving[0], note="saving…", dim=True)
        for message_id, facts in self.checking.items():
            for index, fact in enumerate(facts):
                key = f"checking:{message_id}:{index}"
                yield Row(key, Mark.CHECKING, fact.text, note="checking…", dim=True)

    def _suggestion(self, event: Event) -> Row:
        removal = event.proposed == Op.DELETE.value
        return Row(
            key=f"event:{event.id}",
            mark=Mark.ASKED,
            text=event.old if removal else event.new,
            old="" if removal else event.old,
            note=f"{'remove' if removal else 'change'} it? y / n",
            memory_id=event.memory_id,
            event=event,
        )

    def _news(self, event: Event) -> Row | None:
        """The row of a memory that has just changed; None when it left without a trace."""
        memory = self.memories.get(event.memory_id or 0)
        if memory is None:
            return self._gone(event) if event.op is Op.DELETE else None
        if memory.id in self.saving or event.op is Op.SUGGEST:
            return self._plain(memory)
        mark = OF_OPERATION[event.op]
        if event.op in {Op.PIN, Op.UNPIN}:
            return self._plain(memory)
        changed = mark is Mark.UPDATED and event.new == memory.text
        return Row(
            key=f"memory:{memory.id}",
            mark=mark,
            text=memory.text,
            old=event.old if changed else "",
            note=self._words("edited" if event.op is Op.EDIT else mark.word, event.at, memory),
            memory_id=memory.id,
        )

    def _gone(self, event: Event) -> Row:
        return Row(
            key=f"memory:{event.memory_id}",
            mark=Mark.REMOVED,
            text=event.old,
            note=self._words("removed", event.at),
            dim=True,
            memory_id=event.memory_id,
        )

    def _plain(self, memory: Memory) -> Row:
        key = f"memory:{memory.id}"
        if memory.id in self.saving:
            return Row(key, Mark.SAVING, self.saving[memory.id], "saving…", memory_id=memory.id)
        mark = self._standing(memory)
        words = [mark.word] if mark.word else []
        if memory.pinned and mark is not Mark.PINNED:
            words.append("pinned")
        return Row(key, mark, memory.text, " · ".join(words), memory_id=memory.id)

    def _standing(self, memory: Memory) -> Mark:
        if memory.id in self.cited:
            return Mark.CITED
        if memory.id in self.used:
            return Mark.USED
        return Mark.PINNED if memory.pinned else Mark.PLAIN

    def _rank(self, memory: Memory) -> tuple[int, float]:
        order = (Mark.CITED, Mark.USED, Mark.PINNED, Mark.PLAIN)
        return order.index(self._standing(memory)), -memory.updated_at.timestamp()

    def _log_rows(self) -> Iterator[Row]:
        yield from self._ghosts()
        for event in reversed(self.log):
            mark = OF_OPERATION[event.op]
            words = [mark.word, event.actor.value, age(event.at, self.clock())]
            if event.correction:
                words.insert(1, event.correction)
            yield Row(
                key=f"event:{event.id}",
                mark=mark,
                text=event.new or event.old or event.fact,
                old=event.old if mark is Mark.UPDATED else "",
                note=" · ".join(words),
                dim=event.undone_by is not None,
                memory_id=event.memory_id,
                event=event,
            )

    def _words(self, word: str, at: datetime, memory: Memory | None = None) -> str:
        pinned = ["pinned"] if memory and memory.pinned else []
        return " · ".join([word, age(at, self.clock()), *pinned])
