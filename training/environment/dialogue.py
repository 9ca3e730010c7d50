"""What is said, and what is asked about it: the common form of all sources of outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from memchat.ingest.turns import IngestTurn
from training.data.scenarios import BankCheck, Probe
from training.metrics import abstains, exact_match, f1_paper, normalise


class Expected(Protocol):
    """What a right answer is."""

    def score(self, answer: str) -> tuple[float, float]:
        """Exact match and F1 of `answer`, each between 0 and 1."""
        ...


@dataclass(frozen=True, slots=True)
class Gold:
    """These words."""

    text: str

    def score(self, answer: str) -> tuple[float, float]:
        return exact_match(answer, self.text), f1_paper(answer, self.text)


@dataclass(frozen=True, slots=True)
class Unknown:
    """That nobody said: an answer has to abstain."""

    def score(self, answer: str) -> tuple[float, float]:
        right = float(abstains(answer))
        return right, right


@dataclass(frozen=True, slots=True)
class Passing:
    """Whatever passes a scenario's probe."""

    probe: Probe

    def score(self, answer: str) -> tuple[float, float]:
        right = float(self.probe.passes(answer))
        return right, right


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and after which turn (by its place) there is enough to answer it."""

    text: str
    expected: Expected
    after: int


class Wanted(Protocol):
    """What a bank should hold."""

    def score(self, memories: Sequence[str]) -> tuple[float, float]:
        """Whether the active memories are all that is wanted, and how near: from 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """Whatever passes a scenario's check; near is the share of its demands that are met."""

    check: BankCheck

    def score(self, memories: Sequence[str]) -> tuple[float, float]:
        check, failures = self.check, len(self.check.failures(memories))
        demands = len(check.present) + len(check.absent) + (check.max_active is not None)
        return float(not failures), 1 - failures / max(demands, 1)


@dataclass(frozen=True, slots=True)
class Truth:
    """Exactly these memories; near is the mean F1 of each with its best match.

    The mean is over as many as are wanted or there, whichever are more, so that what is left over
    counts against the bank as what is missing does.
    """

    texts: tuple[str, ...]

    def score(self, memories: Sequence[str]) -> tuple[float, float]:
        exact = sorted(map(normalise, memories)) == sorted(map(normalise, self.texts))
        places = max(len(self.texts), len(memories))
        best = sum(
            max((f1_paper(each, text) for each in memories), default=0.0) for text in self.texts
        )
        return float(exact), best / places if places else 1.0


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Turns in the order they are said, each with its date."""

    id: str
    turns: tuple[IngestTurn, ...]
    questions: tuple[Asked, ...] = ()
    bank: Wanted | None = None
    """What the bank should hold after the last turn."""

    def asked_after(self, place: int) -> tuple[Asked, ...]:
        """The questions that become answerable with the turn at `place`."""
        return tuple(question for question in self.questions if question.after == place)

    def wanted_after(self, place: int) -> Wanted | None:
        return self.bank if place == len(self.turns) - 1 else None

    @property
    def ends_at(self) -> datetime | None:
        """When the last dated turn was said."""
        return max((turn.said_at for turn in self.turns if turn.said_at), default=None)
