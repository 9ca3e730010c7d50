"""LoCoMo (Maharana et al., ACL 2024; CC BY-NC 4.0): ten long conversations, 1,986 questions.

Its irregularities are taken as they come: answers that are numbers, adversarial questions without
an answer, evidence ids that are malformed or missing, dates of sessions that do not exist.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from memchat.errors import IngestError, UsageError
from memchat.ingest.locomo import read_locomo
from memchat.ingest.turns import Conversation
from training.data.benchmark import Case, Question, text_field
from training.metrics import ADVERSARIAL, MULTI_HOP, OPEN_DOMAIN, SINGLE_HOP, TEMPORAL

CATEGORIES = {1: MULTI_HOP, 2: TEMPORAL, 3: OPEN_DOMAIN, 4: SINGLE_HOP, 5: ADVERSARIAL}
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")


class Split(StrEnum):
    """Memory-R1's split, by conversation."""

    ALL = "all"
    TRAIN = "train"
    VALIDATION = "val"
    TEST = "test"


_SPLITS = {"conv-26": Split.TRAIN, "conv-30": Split.VALIDATION}


def in_split(conversation: str, split: Split) -> bool:
    return split in (Split.ALL, _SPLITS.get(conversation, Split.TEST))


def read_cases(samples: Sequence[Mapping[str, Any]], path: Path) -> list[Case]:
    """A case for each sample. Raises IngestError naming the spot that is malformed."""
    conversations = read_locomo(samples, path)
    return [
        Case(conversation, tuple(_questions(sample, conversation, path)))
        for sample, conversation in zip(samples, conversations, strict=True)
    ]


def choose(cases: Sequence[Case], split: Split, names: Collection[str]) -> list[Case]:
    """The cases of a split; only those called one of `names` if any are given.

    Raises UsageError when that leaves none.
    """
    chosen = [
        case for case in cases if in_split(case.id, split) and (not names or case.id in names)
    ]
    missing = set(names) - {case.id for case in chosen}
    if missing or not chosen:
        held = ", ".join(f"{case.id} ({_SPLITS.get(case.id, Split.TEST)})" for case in cases)
        what = f"no conversation {min(missing)!r}" if missing else "nothing"
        raise UsageError(f"The data holds {what} in the split {split}.", f"It holds: {held}.")
    return chosen


def _questions(
    sample: Mapping[str, Any], conversation: Conversation, path: Path
) -> Iterator[Question]:
    turns = {turn.external_id for turn in conversation.turns}
    for number, entry in enumerate(sample.get("qa") or [], 1):
        where = f"{path}, sample {conversation.id}, question {number}"
        if not isinstance(entry, Mapping):
            raise IngestError(f"{where}: not an object")
        category = CATEGORIES.get(entry.get("category", 0))
        if category is None:
            raise IngestError(f"{where}: category must be 1 to 5, not {entry.get('category')!r}")
        unanswerable = category == ADVERSARIAL
        ids = (f"{conversation.id}/{each}" for each in evidence_ids(entry.get("evidence")))
        yield Question(
            id=f"{conversation.id}/q{number}",
            text=text_field(entry, "question", where),
            gold="" if unanswerable else text_field(entry, "answer", where),
            category=category,
            evidence=tuple(each for each in ids if each in turns),
            asked_at=None,
            unanswerable=unanswerable,
        )


def evidence_ids(value: object) -> list[str]:
    """The turns that an evidence field names.

    "D8:6; D9:17" is two, "D:11:26" and "D30:05" are slips, "D" is none.
    """
    named = " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    found = (f"D{int(session)}:{int(turn)}" for session, turn in _EVIDENCE.findall(named))
    return list(dict.fromkeys(found))
