"""Opens what commands work with. Tests put a fake engine in through `open_engine`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from memchat import paths
from memchat.cli import logs
from memchat.config import Settings, load_settings
from memchat.errors import ReadOnlyError
from memchat.presence import announced

if TYPE_CHECKING:
    from memchat.assistant import Assistant
    from memchat.bank.bank import Bank
    from memchat.engine.protocol import Engine


def settings_with(model: str | None = None) -> Settings:
    """The settings of the config file; `model`, when given, takes the place of theirs."""
    settings = load_settings()
    return replace(settings, model=model) if model else settings


@contextmanager
def open_bank() -> Iterator[Bank]:
    """The bank in the data directory, made when there is none yet."""
    from memchat.bank.bank import Bank

    with Bank.open(paths.database_file()) as bank:
        yield bank


@contextmanager
def open_incognito() -> Iterator[Bank]:
    """An empty bank that ends with the block: nothing is read, and not a byte reaches the disk.

    From then on the process keeps no log either, nor do engines that it opens. Memory should be
    off: there is nothing to remember for.
    """
    with private_bank() as bank:
        yield bank


def private_bank() -> Bank:
    """The same, for the caller to close."""
    from memchat.bank.bank import Bank

    logs.silence()
    return Bank.in_memory()


@contextmanager
def view_bank() -> Iterator[Bank]:
    """The bank to look at: also where nothing may be written."""
    from memchat.bank.bank import Bank

    try:
        bank = Bank.open(paths.database_file())
    except ReadOnlyError:
        bank = Bank.open(paths.database_file(), read_only=True)
    with bank:
        yield bank


def open_engine(settings: Settings) -> Engine:
    """The engine in a child process. Nothing is loaded yet; a missing model is a ModelError."""
    from memchat.engine.factory import create_engine
    from memchat.weights.discover import resolve_spec

    spec = resolve_spec(
        settings.model,
        threads=settings.threads,
        context_tokens=settings.context_tokens,
        memory_context_tokens=settings.memory_context_tokens,
    )
    return create_engine(spec, log_file=logs.private_file())


def make_assistant(bank: Bank, settings: Settings) -> Assistant:
    """An assistant over `bank` with an engine of its own, for the caller to close."""
    from memchat.assistant import Assistant

    return Assistant(bank, open_engine(settings), settings)


@contextmanager
def open_assistant(settings: Settings, *, incognito: bool = False) -> Iterator[Assistant]:
    """An assistant over the bank in the data directory; its engine is closed at the end."""
    with open_incognito() if incognito else _open_shared_bank() as bank:
        assistant = make_assistant(bank, settings)
        try:
            yield assistant
        finally:
            assistant.engine.close()


@contextmanager
def _open_shared_bank() -> Iterator[Bank]:
    with open_bank() as bank, announced():
        yield bank
