"""How varied a stream of samples is: distinct n-grams, duplicates, samples per kind, forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from training.data.samples import TASKS, ExtractSample, Sample, render
from training.data.synthetic.forms import topics

_SECTIONS = ("tell", "state", "change", "more", "adjust", "end", "ask", "ask_all", "ack")


@dataclass(slots=True)
class Diversity:
    """Counts over the samples of one task."""

    kinds: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    ngrams: dict[int, set[tuple[str, ...]]] = field(
        default_factory=lambda: {1: set(), 2: set(), 3: set()}
    )
    totals: Counter[int] = field(default_factory=Counter)
    longest: int = 0
    """Characters of the longest prompt with its completion."""

    def add(self, sample: Sample) -> None:
        self.kinds[sample.kind] += 1
        rendered = render(sample)
        prompt = "\n".join(message.content for message in rendered.messages[1:])
        self.texts[f"{prompt}\n{rendered.completion}"] += 1
        self.longest = max(self.longest, len(prompt) + len(rendered.completion))
        words = _words(sample, prompt)
        for size, seen in self.ngrams.items():
            grams = list(zip(*(words[start:] for start in range(size)), strict=False))
            self.totals[size] += len(grams)
            seen.update(grams)

    @property
    def duplicates(self) -> float:
        """Share of samples that are exact copies of an earlier one."""
        return 1 - len(self.texts) / max(self.texts.total(), 1)

    def distinct(self, size: int) -> float:
        """Share of n-grams of `size` words that are new."""
        return len(self.ngrams[size]) / max(self.totals[size], 1)


def _words(sample: Sample, prompt: str) -> list[str]:
    return (sample.turn.text if isinstance(sample, ExtractSample) else prompt).lower().split()


def report(samples: Iterable[Sample]) -> Iterator[str]:
    """Lines of a report on `samples`, after one on the language files."""
    yield from _language()
    found = {task: Diversity() for task in TASKS}
    for sample in samples:
        found[sample.task].add(sample)
    for task, diversity in found.items():
        if diversity.kinds:
            yield from _task(task, diversity)


def _language() -> Iterator[str]:
    """Forms and their expansions per act."""
    forms: Counter[str] = Counter()
    variants: Counter[str] = Counter()
    for topic in topics():
        for section in _SECTIONS:
            forms[section] += len(topic.forms(section))
            variants[section] += sum(len(form.variants) for form in topic.forms(section))
    yield f"topics: {len(topics())}"
    for section in _SECTIONS:
        yield f"{section}: {forms[section]} forms, {variants[section]} expansions"


def _task(task: str, diversity: Diversity) -> Iterator[str]:
    yield ""
    yield (
        f"{task}: {diversity.kinds.total()} samples, {diversity.duplicates:.2%} exact duplicates, "
        f"longest {diversity.longest} characters"
    )
    ratios = ", ".join(f"distinct-{size} {diversity.distinct(size):.3f}" for size in (1, 2, 3))
    yield f"  {ratios}"
    for kind, count in diversity.kinds.most_common():
        yield f"  {kind}: {count / diversity.kinds.total():.1%}"
