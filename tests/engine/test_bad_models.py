"""Files that cannot be used: each gives a ModelError that says what is wrong and what to do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from memchat.engine.local import LlamaEngine
from memchat.engine.protocol import LoadState, ModelSpec, Role
from memchat.errors import ModelError
from tests.engine.gguf_files import truncated, without_chat_template, write_adapter

Make = Callable[[Path, Path], Path]


def text_file(_model: Path, path: Path) -> Path:
    path.write_text("I am not a model")
    return path


def missing(_model: Path, path: Path) -> Path:
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (missing, "cannot be read: No such file"),
        (text_file, "is not a GGUF file"),
        (lambda model, path: truncated(model, path, 2), "is not a GGUF file"),
        (lambda model, path: truncated(model, path, 1000), "cannot be loaded"),
        (lambda model, path: truncated(model, path, 50_000_000), "within the file bounds"),
        (without_chat_template, "is not a chat model"),
    ],
)
def test_a_bad_model(make: Make, message: str, spec: ModelSpec, tmp_path: Path) -> None:
    model = make(spec.model, tmp_path / "bad.gguf")
    engine = LlamaEngine(replace(spec, model=model))
    with pytest.raises(ModelError, match=message) as caught:
        engine.load()
    assert "bad.gguf" in caught.value.message
    assert caught.value.hint
    assert engine.status().model_state is LoadState.FAILED
    assert engine.status().error == caught.value.message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (missing, "cannot be read: No such file"),
        (text_file, "is not a GGUF file"),
        (lambda _model, path: write_adapter(path, width=64), "incorrect shape"),
        (lambda _model, path: write_adapter(path, architecture="qwen3"), "arch mismatch"),
        (lambda model, _path: model, "does not fit this model"),
    ],
)
def test_a_bad_adapter(make: Make, message: str, spec: ModelSpec, tmp_path: Path) -> None:
    adapter = make(spec.model, tmp_path / "bad.gguf")
    engine = LlamaEngine(replace(spec, adapters=((Role.MEMORY, adapter),)))
    with pytest.raises(ModelError, match=message) as caught:
        engine.load()
    assert caught.value.hint


def test_a_folder_that_is_no_embedding_model(spec: ModelSpec, tmp_path: Path) -> None:
    engine = LlamaEngine(replace(spec, embedder=tmp_path))
    with pytest.raises(ModelError, match="is not an embedding model"):
        engine.embed(["text"])
    assert engine.status().embedder_state is LoadState.FAILED


OUT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from memchat.engine.llama import LlamaModel
from memchat.engine.protocol import ChatMessage, GenerateRequest, ModelSpec, Role
from memchat.errors import ModelError

model = LlamaModel(ModelSpec(Path(sys.argv[1]), Path(), context_tokens=8192, threads=1))
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 50_000_000, -1))
try:
    next(model.generate(GenerateRequest(Role.ANSWER, (ChatMessage("user", "Hi"),))))
except ModelError as error:
    print(error.message, error.hint)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory limit is Linux's")
def test_too_little_memory_for_the_context(spec: ModelSpec) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OUT_OF_MEMORY, str(spec.model)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "not enough memory for a context of 8192 tokens" in done.stdout
    assert "lower context_tokens" in done.stdout
