"""memchat memory export and import."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from memchat.bank.bank import Bank
from memchat.cli import transfer
from memchat.engine.protocol import Role
from tests.cli.conftest import Run, Terminal
from tests.fakes import FakeEngine


@pytest.fixture
def exported(memchat: Run, engine: FakeEngine, tmp_path: Path) -> Path:
    """Three memories in a file: one said, one written, one removed."""
    engine.enqueue("The user lives in Porto.", role=Role.MEMORY)
    memchat(stdin=b"I live in Porto.\n")
    memchat("memory", "add", "Likes tea.")
    memchat("memory", "add", "Likes rain.")
    memchat("memory", "rm", "3")
    file = tmp_path / "memories.jsonl"
    assert memchat("memory", "export", "-o", str(file)).code == 0
    return file


def test_a_file_moves_memories_to_another_profile(memchat: Run, exported: Path) -> None:
    there = ("--profile", "work", "memory")
    result = memchat(*there, "import", str(exported))
    assert result.out == "3 memories added.\n"
    assert "Memories: 3 of 3\n" in result.err
    assert memchat(*there, "list").out == memchat("memory", "list").out
    shown = memchat(*there, "show", "1").out
    assert "quote\tI live in Porto." in shown
    assert "\timport\t+ The user lives in Porto. (added)" in shown
    assert memchat(*there, "import", str(exported)).out == (
        "0 memories added, 3 skipped: already there.\n"
    )


def test_stdout_and_stdin_do_too(memchat: Run, exported: Path) -> None:
    written = memchat("memory", "export").out
    assert written == exported.read_text()
    result = memchat("--profile", "b", "memory", "import", "-", "--json", stdin=written.encode())
    assert result.json == {"added": 3, "skipped": 0}


def test_a_terminal_is_not_acted_upon(memchat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    memchat("memory", "add", "A \u202etrick\x9b2J")
    stdout = Terminal()
    monkeypatch.setattr(sys, "stdout", stdout)
    memchat("memory", "export")
    stdout.seek(0)
    assert not set(stdout.read()) & set("\u202e\x9b")


def test_a_wrong_line_is_named_and_nothing_is_imported(
    memchat: Run, engine: FakeEngine, bank: Bank, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.jsonl"
    file.write_text('{"text": "Likes tea."}\n{"txt": "Likes rain."}\n')
    result = memchat("memory", "import", str(file))
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"memchat: {file}, line 2: ")
    assert bank.memories(state=None) == []
    assert engine.embedded == []


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read(memchat: Run, tmp_path: Path, name: str) -> None:
    result = memchat("memory", "import", str(tmp_path / name))
    assert (result.code, result.out) == (1, "")
    assert str(tmp_path / name) in result.err


def test_an_existing_file_is_not_overwritten(memchat: Run, exported: Path) -> None:
    before = exported.read_text()
    assert memchat("memory", "export", "-o", str(exported)).code == 2
    assert exported.read_text() == before


def test_batches_keep_versions_together(
    memchat: Run, monkeypatch: pytest.MonkeyPatch, bank: Bank
) -> None:
    monkeypatch.setattr(transfer, "BATCH", 2)
    lines = [
        {"id": 1, "text": "A1", "state": "superseded", "superseded_by": 9},
        *({"text": f"B{number}"} for number in range(5)),
        {"id": 9, "text": "A2"},
    ]
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    result = memchat("memory", "import", "-", stdin=data)
    assert result.out == "7 memories added.\n"
    assert bank.memory(6).superseded_by == 7
    assert bank.integrity() == []


def test_ctrl_c_stops_between_batches_and_the_next_run_goes_on(
    memchat: Run, monkeypatch: pytest.MonkeyPatch, engine: FakeEngine
) -> None:
    monkeypatch.setattr(transfer, "BATCH", 2)
    data = "".join(f'{{"text": "Memory {number}"}}\n' for number in range(6)).encode()
    embed = engine.embed

    def interrupted(texts: list[str]) -> object:
        if "Memory 2" in texts:
            signal.raise_signal(signal.SIGINT)
        return embed(texts)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "embed", interrupted)
        result = memchat("memory", "import", "-", stdin=data)
    assert (result.code, result.out) == (130, "4 memories added.\n")
    assert "Run the same command again" in result.err
    again = memchat("memory", "import", "-", "--json", stdin=data)
    assert again.json == {"added": 2, "skipped": 4}
