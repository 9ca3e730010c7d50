"""`python -m training.data.synthetic`: look at samples, or at how varied they are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import islice

from training.data.samples import TASKS, Sample, render
from training.data.synthetic import generate
from training.data.synthetic.stats import report


def main() -> None:
    """Print samples as the model sees them, or statistics."""
    parser = argparse.ArgumentParser(prog="python -m training.data.synthetic", description=__doc__)
    parser.add_argument("--count", type=int, default=20, help="samples to draw (20)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same samples (0)")
    parser.add_argument("--task", choices=TASKS, help="only this task")
    parser.add_argument("--stats", action="store_true", help="print diversity, not samples")
    options = parser.parse_args()
    samples = islice(generate(options.seed, task=options.task), options.count)
    for line in report(samples) if options.stats else _shown(samples):
        sys.stdout.write(f"{line}\n")


def _shown(samples: Iterator[Sample]) -> Iterator[str]:
    for sample in samples:
        rendered = render(sample)
        yield f"--- {sample.task}, {sample.kind}"
        for message in rendered.messages:
            yield f"[{message.role}] {message.content}"
        yield f"[reply] {rendered.completion}"


if __name__ == "__main__":
    main()
