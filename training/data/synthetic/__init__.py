"""A generator of everyday conversations with a known truth.

`generate(seed)` streams samples of the three tasks for ever, the same ones for the same seed.
A small world is drawn first (`world`), then what is true in it (`statement`, from the language
files in `forms/`), then the words: turns (`extract`), decisions (`decide`), answers (`answer`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from training.data.samples import TASKS, Sample, Task
from training.data.synthetic.answer import answer_samples
from training.data.synthetic.decide import decide_samples
from training.data.synthetic.extract import extract_samples
from training.data.synthetic.world import World, make_world

_MAKERS: dict[Task, Callable[[World], Iterator[Sample]]] = {
    "extract": extract_samples,
    "decide": decide_samples,
    "answer": answer_samples,
}


def generate(seed: int, *, task: Task | None = None) -> Iterator[Sample]:
    """Samples without end: all tasks in equal numbers, or those of `task` alone.

    The same seed gives the same samples; different seeds give different ones.
    """
    rng = Random(f"{seed}/{task}")
    while True:
        for each in (task,) if task else TASKS:
            yield _one(rng, each)


def _one(rng: Random, task: Task) -> Sample:
    """The next usable sample; a world whose draw came out bad is thrown away."""
    while True:
        for sample in _MAKERS[task](make_world(rng)):
            return sample
