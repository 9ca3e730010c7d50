"""Where training samples come from, by name, and how many of each task are taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, zip_longest

from memchat.errors import UsageError
from training.data.samples import Sample, Task

SOURCES = ("synthetic", "locomo")


def stream(source: str, task: Task, seed: int) -> Iterator[Sample]:
    """Samples of a source for one task, the same for the same seed; some sources never end.

    Raises UsageError for a source that does not exist.
    """
    if source == "synthetic":
        from training.data.synthetic import generate

        return generate(seed, task=task)
    if source == "locomo" or source.endswith(".json"):
        from training.data.locomo_samples import locomo_samples

        return locomo_samples(source, task)
    known = ", ".join(SOURCES)
    raise UsageError(f"There is no data source {source!r}.", f"Known: {known}, LoCoMo's file.")


def take(
    sources: Sequence[str], shares: Mapping[Task, float], count: int, seed: int
) -> Iterator[Sample]:
    """Up to `count` samples, divided among tasks by `shares` and evenly among the sources.

    A source that ends leaves its part to the others. Fewer come only when all of them end.
    """
    total = sum(shares.values())
    for task, share in shares.items():
        streams = [stream(source, task, seed) for source in sources]
        turns = chain.from_iterable(zip_longest(*streams))
        yield from islice((each for each in turns if each), round(count * share / total))
