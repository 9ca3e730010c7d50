"""The engine in a child process: the same answers, and what happens when the child dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from memchat.engine.factory import create_engine
from memchat.engine.local import LlamaEngine
from memchat.engine.process import ProcessEngine
from memchat.engine.protocol import CancelToken, EngineStatus, LoadState, ModelSpec, Role, TextDelta
from memchat.errors import ContextOverflowError, EngineCrashedError, EngineError, ModelError
from tests.engine.helpers import ask, run, say

PATIENCE = 20.0
"""Seconds for what takes milliseconds on a machine at rest."""


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine") / "logs" / "engine.log"


@pytest.fixture(scope="module")
def child(spec: ModelSpec, log_file: Path) -> Iterator[ProcessEngine]:
    engine = ProcessEngine(spec, log_file=log_file)
    yield engine
    engine.close()


@pytest.fixture
def fresh(spec: ModelSpec, tmp_path: Path) -> Iterator[ProcessEngine]:
    """An engine with a child of its own, to be mistreated."""
    engine = ProcessEngine(spec, log_file=tmp_path / "engine.log")
    yield engine
    engine.close()


def pid_of(engine: ProcessEngine) -> int:
    assert engine.pid is not None
    return engine.pid


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while psutil.pid_exists(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def test_nothing_runs_before_the_first_call(fresh: ProcessEngine) -> None:
    assert fresh.pid is None
    assert fresh.status() == EngineStatus()


def test_it_answers_as_the_engine_in_process_does(
    child: ProcessEngine, engine: LlamaEngine
) -> None:
    request = ask("Tell me about dogs.", max_tokens=16)
    assert say(child, request) == say(engine, request)
    texts = ["Hello there", "", "日本"]
    assert child.count_tokens(Role.ANSWER, texts) == engine.count_tokens(Role.ANSWER, texts)
    np.testing.assert_allclose(child.embed(texts), engine.embed(texts), atol=1e-4)
    assert child.load() == engine.load()


def test_errors_arrive_as_they_are(child: ProcessEngine) -> None:
    with pytest.raises(ContextOverflowError, match="holds 512") as caught:
        say(child, ask("word " * 600, role=Role.MEMORY))
    assert caught.value.hint
    with pytest.raises(EngineError, match="grammar cannot be used"):
        say(child, ask("Hello", grammar="nonsense"))


def test_a_bad_model_is_the_same_error(spec: ModelSpec, tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_text("no model")
    engine = ProcessEngine(replace(spec, model=bad), log_file=tmp_path / "engine.log")
    with pytest.raises(ModelError, match=r"bad\.gguf is not a GGUF file") as caught:
        engine.load(embedder=False)
    assert caught.value.hint
    assert engine.status().model_state is LoadState.FAILED
    engine.close()


def test_embedding_runs_beside_a_generation(child: ProcessEngine) -> None:
    child.load()
    events = child.generate(ask("Tell me a long story.", max_tokens=400))
    next(events)
    assert child.embed(["Hello"]).shape == (1, 384)
    assert child.count_tokens(Role.ANSWER, ["Hello"]) == [1]
    assert len(list(events)) > 10


def test_cancel_reaches_a_prompt_under_way(child: ProcessEngine) -> None:
    cancel = CancelToken()
    threading.Timer(0.2, cancel.cancel).start()
    started = time.perf_counter()
    _, last = run(child, ask("The quick brown fox. " * 600), cancel)
    assert last.reason == "cancelled"
    assert time.perf_counter() - started < PATIENCE / 2


def test_leaving_the_iterator_cancels(child: ProcessEngine) -> None:
    events = child.generate(ask("The quick brown fox. " * 600, max_tokens=400))
    next(events)
    events.close()  # type: ignore[attr-defined]
    started = time.perf_counter()
    assert say(child, ask("Say hi.", max_tokens=4))
    assert time.perf_counter() - started < PATIENCE / 2


def test_native_output_goes_to_the_log(
    child: ProcessEngine, log_file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EngineError):
        say(child, ask("Hello", grammar="root := broken"))
    assert capfd.readouterr() == ("", "")
    assert "broken" in log_file.read_text()


def test_a_child_killed_while_it_generates(fresh: ProcessEngine) -> None:
    events = fresh.generate(ask("Tell me a long story.", max_tokens=400))
    while not isinstance(next(events), TextDelta):
        pass
    killed = pid_of(fresh)
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(EngineCrashedError, match="SIGKILL") as caught:
        list(events)
    assert "engine.log" in caught.value.hint
    assert fresh.status().model_state is LoadState.UNLOADED
    assert say(fresh, ask("Say hi.", max_tokens=4))
    assert pid_of(fresh) != killed


def test_every_waiting_call_hears_of_the_crash(fresh: ProcessEngine) -> None:
    errors: list[EngineError] = []

    def call_and_note() -> None:
        try:
            fresh.load()
        except EngineError as error:
            errors.append(error)

    waiting = [threading.Thread(target=call_and_note) for _ in range(3)]
    for thread in waiting:
        thread.start()
    say(fresh, ask("Say hi.", max_tokens=1))  # the embedder still loads
    os.kill(pid_of(fresh), signal.SIGKILL)
    for thread in waiting:
        thread.join(PATIENCE)
    assert [type(error) for error in errors] == [EngineCrashedError] * 3


def test_a_child_that_keeps_dying_is_given_up(fresh: ProcessEngine) -> None:
    def kill_at_first_status(status: EngineStatus) -> None:
        if status.model_state is LoadState.LOADING:
            os.kill(pid_of(fresh), signal.SIGKILL)

    fresh._on_status = kill_at_first_status
    with pytest.raises(EngineCrashedError):
        fresh.load()
    for _ in range(2):
        with pytest.raises(EngineError, match="keeps crashing") as caught:
            fresh.load()
        assert not isinstance(caught.value, EngineCrashedError)


def test_a_crash_after_an_answer_is_forgiven_again(fresh: ProcessEngine) -> None:
    for _ in range(3):
        assert fresh.count_tokens(Role.ANSWER, ["Hello"]) == [1]
        os.kill(pid_of(fresh), signal.SIGKILL)
        wait_until_gone(pid_of(fresh))


def test_the_status_is_pushed_while_it_loads(spec: ModelSpec, tmp_path: Path) -> None:
    seen: list[EngineStatus] = []
    engine = create_engine(spec, log_file=tmp_path / "engine.log", on_status=seen.append)
    assert isinstance(engine, ProcessEngine)
    engine.load()
    states = [status.model_state for status in seen]
    assert LoadState.LOADING in states
    assert states[-1] is LoadState.READY
    assert engine.status() == seen[-1]
    before = len(seen)
    engine.close()
    wait_until_gone(pid_of(engine))
    assert len(seen) == before


def test_close_while_it_loads(fresh: ProcessEngine) -> None:
    errors: list[EngineError] = []

    def load() -> None:
        try:
            fresh.load()
        except EngineError as error:
            errors.append(error)

    loading = threading.Thread(target=load)
    loading.start()
    deadline = time.monotonic() + PATIENCE
    while fresh.status().embedder_state is not LoadState.LOADING:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    pid = pid_of(fresh)
    started = time.perf_counter()
    fresh.close()
    assert time.perf_counter() - started < 2.0
    loading.join(PATIENCE)
    assert [str(error) for error in errors] == ["The engine is closed."]
    assert not psutil.pid_exists(pid)
    fresh.close()
    with pytest.raises(EngineError, match="closed"):
        fresh.load()


def test_close_ends_a_child_that_hangs(fresh: ProcessEngine) -> None:
    fresh.count_tokens(Role.ANSWER, ["Hello"])
    pid = pid_of(fresh)
    os.kill(pid, signal.SIGSTOP)
    fresh.close()
    assert not psutil.pid_exists(pid)


def test_ctrl_c_does_not_reach_the_child(fresh: ProcessEngine) -> None:
    fresh.count_tokens(Role.ANSWER, ["Hello"])
    assert os.getpgid(pid_of(fresh)) != os.getpgid(0)
    os.kill(pid_of(fresh), signal.SIGINT)
    assert fresh.count_tokens(Role.ANSWER, ["Hello"]) == [1]


PARENT = """
import os, sys
from pathlib import Path
from memchat.engine.process import ProcessEngine
from memchat.engine.protocol import ModelSpec, Role

engine = ProcessEngine(ModelSpec(Path(sys.argv[1]), Path(sys.argv[2])), log_file=Path(os.devnull))
engine.count_tokens(Role.ANSWER, ["Hello"])
print(engine.pid, flush=True)
sys.stdin.read()
"""


def test_the_child_ends_with_its_parent(spec: ModelSpec) -> None:
    command = [sys.executable, "-c", PARENT, str(spec.model), str(spec.embedder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.kill()
    wait_until_gone(pid)


def test_a_log_that_cannot_be_written_is_done_without(spec: ModelSpec, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    engine = ProcessEngine(spec, log_file=tmp_path / "file" / "engine.log")
    assert engine.count_tokens(Role.ANSWER, ["Hello"]) == [1]
    engine.close()


def test_a_module_in_the_current_folder_is_not_taken_for_ours(
    fresh: ProcessEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jinja2.py").write_text("raise SystemExit('wrong module')")
    monkeypatch.chdir(tmp_path)
    assert fresh.count_tokens(Role.ANSWER, ["Hello"]) == [1]


def test_an_overlong_log_is_begun_afresh(
    spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memchat.engine.child.LOG_LIMIT", 10)
    log_file = tmp_path / "engine.log"
    log_file.write_text("old " * 10)
    engine = ProcessEngine(spec, log_file=log_file)
    engine.count_tokens(Role.ANSWER, ["Hello"])
    assert "old" not in log_file.read_text()
    engine.close()
