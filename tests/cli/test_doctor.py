"""memchat doctor: each finding says how it is and what to do."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from memchat import machine, paths, presence
from memchat.doctor import storage
from memchat.errors import ModelError
from tests.cli.conftest import Run, Terminal
from tests.fakes import FakeEngine


def examine(memchat: Run, *arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
    result = memchat("doctor", "--json", *arguments)
    assert result.code == code, result
    return {check["name"]: check for check in result.json}


def test_a_good_installation_passes_and_nothing_is_made(memchat: Run, memchat_home: Path) -> None:
    checks = examine(memchat)
    of_the_machine = {"free disk", "free memory"}
    rest = {name: check["status"] for name, check in checks.items() if name not in of_the_machine}
    assert set(rest.values()) == {"ok"}
    assert checks["sqlite-vec"]["detail"].startswith("v0.")
    assert "FTS5" in checks["SQLite"]["detail"]
    assert "SmolLM2" in checks["models"]["detail"]
    assert not memchat_home.exists()


def test_in_a_pipe_there_are_marks_and_no_colours(memchat: Run) -> None:
    result = memchat("doctor")
    assert "✓ SQLite: " in result.out
    assert "\x1b" not in result.out
    assert result.err == "To load the models too: memchat doctor --full\n"


def test_on_a_terminal_trouble_has_a_colour(memchat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = Terminal()
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    memchat("doctor", "--model", "/nothing.gguf")
    stdout.seek(0)
    assert "\x1b[31m✗ models" in stdout.read()


def test_a_full_examination_loads_the_models(memchat: Run, engine: FakeEngine) -> None:
    checks = examine(memchat, "--full")
    assert checks["embedding"]["detail"].startswith("384 dimensions")
    assert checks["generation"]["detail"].startswith("fake-model")
    assert engine.closed


def test_a_model_that_does_not_work_fails(memchat: Run, engine: FakeEngine) -> None:
    engine.enqueue(ModelError("It is no chat model.", "Take another."))
    check = examine(memchat, "--full", code=1)["generation"]
    assert (check["status"], check["detail"]) == ("failed", "It is no chat model.")
    assert check["fix"] == "Take another."


def test_a_missing_model_fails_with_what_to_do(memchat: Run) -> None:
    checks = examine(memchat, "--model", "/nothing.gguf", code=1)
    assert checks["models"]["status"] == "failed"
    assert checks["models"]["fix"]


def test_wrong_settings_fail_and_the_rest_is_examined(memchat: Run, memchat_home: Path) -> None:
    memchat_home.mkdir(mode=0o700)
    paths.config_file().write_text("modle = 1")
    checks = examine(memchat, "--full", code=1)
    assert "unknown key 'modle'" in checks["settings"]["detail"]
    assert checks["SQLite"]["status"] == "ok"


def test_files_that_others_may_read_are_a_warning(memchat: Run, memchat_home: Path) -> None:
    memchat("memory", "add", "Likes tea.")
    memchat_home.chmod(0o755)
    check = examine(memchat)["data directory"]
    assert (check["status"], check["fix"]) == ("warning", f"Run: chmod 700 '{memchat_home}'")
    memchat_home.chmod(0o700)
    paths.database_file().chmod(0o644)
    assert "chmod 600" in examine(memchat)["data directory"]["fix"]


def test_a_corrupt_database_fails(memchat: Run, memchat_home: Path) -> None:
    memchat("memory", "add", "Likes tea.")
    assert "memories: 1," in examine(memchat)["database"]["detail"]
    paths.database_file().write_bytes(b"nonsense" * 1000)
    assert examine(memchat, code=1)["database"]["status"] == "failed"


def test_another_memchat_is_noticed(memchat: Run, memchat_home: Path) -> None:
    memchat_home.mkdir(mode=0o700)
    with presence.announced():
        assert examine(memchat)["other memchat"]["status"] == "warning"
    assert examine(memchat)["other memchat"]["status"] == "ok"


def test_announcing_needs_no_writable_directory() -> None:
    with presence.announced():
        assert not presence.others_running()


def test_little_disk_or_memory_is_a_warning(memchat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1))
    monkeypatch.setattr(machine, "available_memory", lambda: 1)
    checks = examine(memchat)
    assert checks["free disk"]["status"] == checks["free memory"]["status"] == "warning"
    assert checks["free memory"]["detail"].startswith("0 MB available, about ")


def test_an_old_sqlite_fails(memchat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "MIN_SQLITE", (99, 0, 0))
    check = examine(memchat, code=1)["SQLite"]
    assert "is older than 99.0.0" in check["detail"]


def test_llama_cpp_that_cannot_be_loaded_fails(
    memchat: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    check = examine(memchat, code=1)["llama.cpp"]
    assert check["detail"].startswith("cannot be loaded")
    assert "compiler" in check["fix"]
