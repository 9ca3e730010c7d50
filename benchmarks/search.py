"""Retrieval over 1k, 10k and 100k memories, beside numpy brute force.

    python benchmarks/search.py --sizes 1000,10000

Random unit vectors and generated words, fixed seed. The peer is the fastest exact search there
is without an index: one matrix product over all vectors, held in memory.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from memchat.bank.bank import Bank
from memchat.bank.types import Fact, Op, Operation
from memchat.engine.protocol import Vector

SEED = 2023
WORDS = 20_000
MOST_COMMON_RANK = 50
"""The words more common than this are the stop words that no query holds."""
WORDS_A_MEMORY = 12

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Result:
    size: int
    build_seconds: float
    file_bytes: int
    latencies: dict[str, NDArray[np.float64]]
    """Milliseconds per query, by method."""
    recall: float
    """Share of numpy's top k that the vector search found."""


class Corpus:
    """Texts of content words that follow the Zipf-Mandelbrot law; a random vector for each."""

    def __init__(self, size: int, dimension: int) -> None:
        self._random = np.random.default_rng(SEED)
        shares = 1 / (np.arange(WORDS) + MOST_COMMON_RANK)
        self._cumulative = np.cumsum(shares / shares.sum())
        self.vectors = self._unit_vectors(size, dimension)
        self.texts = [self.text() for _ in range(size)]

    def _unit_vectors(self, size: int, dimension: int) -> Vectors:
        vectors = self._random.standard_normal((size, dimension), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def text(self, words: int = WORDS_A_MEMORY) -> str:
        ranks = np.searchsorted(self._cumulative, self._random.random(words))
        return " ".join(f"word{rank}" for rank in ranks)

    def query(self) -> tuple[str, Vector]:
        return self.text(6), self._unit_vectors(1, self.vectors.shape[1])[0]


def main() -> None:
    options = _options()
    table = _table(options.k, options.dimension)
    for size in options.sizes:
        _add_rows(table, _measure(size, options.dimension, options.queries, options.k))
    Console().print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=_numbers, default=[1_000, 10_000, 100_000])
    parser.add_argument("--queries", type=int, default=50, help="queries for each method")
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("-k", type=int, default=60, help="results asked for")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _measure(size: int, dimension: int, queries: int, k: int) -> Result:
    corpus = Corpus(size, dimension)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "memchat.db"
        with Bank.open(path) as bank:
            started = time.perf_counter()
            _fill(bank, corpus)
            build_seconds = time.perf_counter() - started
        file_bytes = path.stat().st_size
        with Bank.open(path) as bank:
            asked = [corpus.query() for _ in range(queries)]
            latencies, recall = _ask(bank, corpus, asked, k)
    return Result(size, build_seconds, file_bytes, latencies, recall)


def _fill(bank: Bank, corpus: Corpus) -> None:
    """One transaction a memory, as in use, the fsync included."""
    bank.claim_embedding("random", corpus.vectors.shape[1])
    for text, vector in zip(corpus.texts, corpus.vectors, strict=True):
        bank.apply(Operation(Op.ADD, Fact(text), text), vector=vector, message_id=None)


def _ask(
    bank: Bank, corpus: Corpus, queries: list[tuple[str, Vector]], k: int
) -> tuple[dict[str, NDArray[np.float64]], float]:
    methods: dict[str, Callable[[str, Vector], list[int]]] = {
        "hybrid (both, fused)": lambda text, vector: _ids(bank, text, vector, k),
        "vectors (vec0, L2)": lambda _, vector: _ids(bank, "", vector, k),
        "words (FTS5 BM25)": lambda text, _: _ids(bank, text, None, k),
        "numpy brute force": lambda _, vector: _brute_force(corpus.vectors, vector, k),
    }
    latencies: dict[str, NDArray[np.float64]] = {}
    found: dict[str, list[list[int]]] = {}
    for name, method in methods.items():
        method(*queries[0])  # warm the page cache
        latencies[name], found[name] = _timed(method, queries)
    exact, ours = found["numpy brute force"], found["vectors (vec0, L2)"]
    shared = [len(set(a) & set(b)) / len(a) for a, b in zip(exact, ours, strict=True)]
    return latencies, float(np.mean(shared))


def _timed(
    method: Callable[[str, Vector], list[int]], queries: list[tuple[str, Vector]]
) -> tuple[NDArray[np.float64], list[list[int]]]:
    times, found = [], []
    for text, vector in queries:
        started = time.perf_counter()
        found.append(method(text, vector))
        times.append((time.perf_counter() - started) * 1000)
    return np.array(times), found


def _ids(bank: Bank, text: str, vector: Vector | None, k: int) -> list[int]:
    return [hit.id for hit in bank.related(text, vector, limit=k)]


def _brute_force(vectors: Vectors, query: Vector, k: int) -> list[int]:
    similarity = vectors @ query
    top = np.argpartition(-similarity, min(k, len(similarity) - 1))[:k]
    return [int(row) + 1 for row in top[np.argsort(-similarity[top])]]


def _table(k: int, dimension: int) -> Table:
    table = Table(
        title=f"Retrieval, k = {k}, {dimension} dimensions, {os.cpu_count()} cores",
        caption="Recall: share of brute force's results that vec0 found. To add: one transaction "
        "a memory (row, vector, words, event), fsync included.",
    )
    for heading in ("memories", "method", "p50 ms", "p95 ms", "recall", "ms to add", "MB"):
        is_text = heading == "method"
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=True)
    return table


def _add_rows(table: Table, result: Result) -> None:
    added = f"{result.build_seconds / result.size * 1000:.2f}"
    shared = (f"{result.recall:.3f}", added, f"{result.file_bytes / 1e6:.0f}")
    for row, (name, times) in enumerate(result.latencies.items()):
        p50, p95 = np.percentile(times, [50, 95])
        table.add_row(
            f"{result.size:,}" if row == 0 else "",
            name,
            f"{p50:.2f}",
            f"{p95:.2f}",
            *(shared if row == 0 else ("", "", "")),
        )
    table.add_section()


if __name__ == "__main__":
    main()
