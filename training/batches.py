"""Samples as token ids, in batches that cost little to train on.

All prompts of a task begin alike. A batch holds samples of one task and of about one length, and
their common beginning once: the trainer evaluates it once for the whole batch. Rows are padded on
the right and need no attention mask, since no token looks ahead.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from training.data.samples import Sample, render
from training.model import TrainingVocabulary

IGNORED = -100
"""The label of a token that no loss is computed for."""
_WINDOW = 1024
"""Samples sorted by length at a time: enough for even batches, few enough to stay shuffled."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A sample in token ids; the loss is on `completion` alone."""

    task: str
    prompt: list[int]
    completion: list[int]

    def __len__(self) -> int:
        return len(self.prompt) + len(self.completion)


@dataclass(frozen=True, slots=True)
class Batch:
    """`prefix` followed by each row of `suffixes`; labels are the completions' ids, else IGNORED.

    `suffixes` and `labels` have the shape (samples, longest suffix).
    """

    prefix: list[int]
    suffixes: list[list[int]]
    labels: list[list[int]]

    @property
    def tokens(self) -> int:
        """Tokens that are evaluated, padding included."""
        return len(self.prefix) + len(self.suffixes) * len(self.suffixes[0])

    @property
    def covered_tokens(self) -> int:
        """Tokens that are trained on: the prefix counts for every row."""
        return len(self.suffixes) * (len(self.prefix) + len(self.suffixes[0]))


def encode(sample: Sample, vocabulary: TrainingVocabulary) -> Encoded:
    """The ids that the runtime would give the prompt, and those of the reply with its end."""
    messages, completion = render(sample)
    return Encoded(sample.task, vocabulary.prompt(messages), vocabulary.completion(completion))


def batches(
    samples: Sequence[Encoded], *, most_samples: int, most_tokens: int, pad: int, seed: int
) -> Iterator[Batch]:
    """The samples, each once, in batches within both limits. The same for the same seed."""
    for group in _groups(samples, most_samples, most_tokens, random.Random(seed)):
        yield collate(group, pad)


def collate(samples: Sequence[Encoded], pad: int) -> Batch:
    """One batch. At least the last token of every prompt stays out of the shared prefix."""
    shared = _common_length([sample.prompt[:-1] for sample in samples]) if len(samples) > 1 else 0
    longest = max(map(len, samples)) - shared
    suffixes, labels = [], []
    for sample in samples:
        asked = sample.prompt[shared:]
        filling = longest - len(asked) - len(sample.completion)
        suffixes.append([*asked, *sample.completion, *[pad] * filling])
        labels.append([*[IGNORED] * len(asked), *sample.completion, *[IGNORED] * filling])
    return Batch(list(samples[0].prompt[:shared]), suffixes, labels)


def _common_length(prompts: Sequence[list[int]]) -> int:
    columns = zip(*prompts, strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


def _groups(
    samples: Sequence[Encoded], most_samples: int, most_tokens: int, rng: random.Random
) -> Iterator[list[Encoded]]:
    order = list(samples)
    rng.shuffle(order)
    for start in range(0, len(order), _WINDOW):
        window = sorted(order[start : start + _WINDOW], key=lambda each: (each.task, len(each)))
        yield from _cut(window, most_samples, most_tokens)


def _cut(window: Iterable[Encoded], most_samples: int, most_tokens: int) -> Iterator[list[Encoded]]:
    group: list[Encoded] = []
    for sample in window:
        full = len(group) == most_samples or (len(group) + 1) * len(sample) > most_tokens
        if group and (full or sample.task != group[0].task):
            yield group
            group = []
        group.append(sample)
    if group:
        yield group
