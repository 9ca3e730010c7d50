"""Where an evaluation keeps what is done, so that it goes on after any stop.

Results are filed under a hash of all that they depend on: data, weights, settings, and the code
of the agents and the bank. Nothing is ever taken from another experiment.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import memchat
from memchat import paths
from memchat.config import Settings
from memchat.engine.protocol import Role
from memchat.weights.files import sha256_of
from training.evaluation.systems import System
from training.files import append_json, read_jsonl

_CODE = ("agents/*.py", "bank/*.py", "assistant.py", "memorising.py", "responding.py", "context.py")


@dataclass(frozen=True, slots=True)
class Records:
    """A JSONL file of results, by their `id`."""

    path: Path

    def read(self) -> dict[str, dict[str, object]]:
        return {str(row["id"]): row for row in read_jsonl(self.path)}

    def add(self, record: dict[str, object]) -> None:
        """Keep a record; it survives whatever comes after."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        append_json(self.path, record)


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of one system's results on one piece of data."""

    folder: Path

    @property
    def bank(self) -> Path:
        return self.folder / "bank.db"

    def records(self, name: str) -> Records:
        return Records(self.folder / f"{name}.jsonl")

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def bank_store(system: System, data: object) -> Store:
    """For the bank that the system builds from `data`; the answer adapter plays no part in it."""
    weights = (_weights(system, Role.MEMORY),) if system.memory.extracts else ()
    return _store("bank", system.memory, data, *weights)


def answer_store(system: System, data: object, settings: Settings) -> Store:
    """For the system's answers about `data`."""
    weights = (_weights(system, Role.MEMORY), _weights(system, Role.ANSWER))
    return _store("answers", system.memory, data, settings, *weights)


def _store(*parts: object) -> Store:
    digest = hashlib.sha256(repr((parts, _code())).encode()).hexdigest()
    return Store(paths.cache_dir() / "evaluations" / digest[:16])


def _weights(system: System, role: Role) -> str:
    adapter = dict(system.spec.adapters).get(role)
    return _sha256(system.spec.model) + (_sha256(adapter) if adapter else "")


@cache
def _sha256(path: Path) -> str:
    return sha256_of(path)


@cache
def _code() -> str:
    """A hash of the code that decides what is remembered and answered."""
    package = Path(memchat.__file__).parent
    digest = hashlib.sha256()
    for path in _files(package):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(package: Path) -> Iterator[Path]:
    for pattern in _CODE:
        yield from sorted(package.glob(pattern))
