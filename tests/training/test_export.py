"""What was trained is what llama.cpp runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from transformers import LlamaConfig, Qwen2Config, Qwen3Config

from memchat.agents.prompts import PROMPT_VERSION
from memchat.engine.llama import LlamaModel
from memchat.engine.protocol import ModelSpec, Role
from memchat.errors import ModelError
from memchat.weights.files import sha256_of
from tests.training.support import (
    correlation,
    embedded_base,
    embedded_model,
    llama_logits,
    random_adapter,
    tiny_model,
    transformers_logits,
)
from tests.training.test_model import HARD, request
from training.export import Quantisation, export_adapter, export_merged
from training.gguf_layout import field
from training.model import Base

PROMPT = "The user's sister Ana moved to Oslo on 2 March 2024, and her dog is called Buddy."
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
FAMILIES: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "llama": (LlamaConfig, {}),
    "llama3": (LlamaConfig, {"rope_parameters": LLAMA3_ROPE, "tie_word_embeddings": True}),
    "qwen2": (Qwen2Config, {}),
    "qwen3": (Qwen3Config, {"tie_word_embeddings": True}),
}


@pytest.fixture(scope="module")
def embedded() -> Base:
    return embedded_base()


@pytest.fixture(scope="module")
def ids(embedded: Base) -> list[int]:
    return embedded.vocabulary.encode(PROMPT, False)


@pytest.fixture(scope="module", params=FAMILIES)
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Base:
    config, options = FAMILIES[request.param]
    return tiny_model(tmp_path_factory.mktemp(request.param), config, **options)


@pytest.fixture(scope="module")
def trained(embedded: Base, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A PEFT model of the embedded base, and its adapter as a GGUF."""
    folder = tmp_path_factory.mktemp("trained")
    peft_model = random_adapter(embedded_model(), folder, std=0.3)
    return peft_model, export_adapter(folder, embedded, folder / "a.gguf", Role.ANSWER)


def test_an_adapter_of_the_embedded_base_gives_peft_s_logits(
    embedded: Base, ids: list[int], trained: tuple[Any, Path], tmp_path: Path
) -> None:
    peft_model, adapter = trained
    wanted = transformers_logits(peft_model, ids)
    assert embedded.gguf is not None
    assert correlation(wanted, llama_logits(embedded.gguf, ids, adapter)) > 0.99
    assert correlation(wanted, llama_logits(embedded.gguf, ids)) < 0.97  # it does something
    merged = export_merged(adapter.parent, embedded, tmp_path / "m.gguf", Quantisation.F16)
    assert correlation(wanted, llama_logits(merged, ids)) > 0.9999


def test_an_adapter_is_small_and_says_what_it_is_for(
    embedded: Base, trained: tuple[Any, Path]
) -> None:
    adapter = trained[1]
    assert adapter.stat().st_size < 3_100_000  # r = 4: under 12 MB at r = 16
    reader = gguf.GGUFReader(adapter)
    assert field(reader, "general.base_model.0.name") == "smollm2-135m-instruct"
    assert field(reader, "memchat.role") == "answer"
    assert field(reader, "memchat.prompt_version") == PROMPT_VERSION
    assert embedded.gguf is not None
    assert field(reader, "memchat.base_sha256") == sha256_of(embedded.gguf)


def test_every_family_exports_its_logits(tiny: Base, ids: list[int], tmp_path: Path) -> None:
    peft_model = random_adapter(tiny.load(torch.float32), tmp_path / "peft")
    wanted = transformers_logits(peft_model, ids)
    merged = export_merged(tmp_path / "peft", tiny, tmp_path / "m.gguf", Quantisation.F16)
    assert correlation(wanted, llama_logits(merged, ids)) > 0.999


def test_a_family_s_adapter_fits_its_own_gguf(tiny: Base, ids: list[int], tmp_path: Path) -> None:
    model = tiny.load(torch.float32)
    random_adapter(tiny.load(torch.float32), tmp_path / "nothing", std=0.0)
    base = export_merged(tmp_path / "nothing", tiny, tmp_path / "base.gguf", Quantisation.F16)
    assert correlation(transformers_logits(model, ids), llama_logits(base, ids)) > 0.999
    peft_model = random_adapter(model, tmp_path / "peft")
    adapter = export_adapter(tmp_path / "peft", tiny, tmp_path / "a.gguf", Role.MEMORY)
    wanted = transformers_logits(peft_model, ids)
    assert correlation(wanted, llama_logits(base, ids, adapter)) > 0.999


def test_an_exported_tokenizer_splits_hard_text_as_before(tiny: Base, tmp_path: Path) -> None:
    random_adapter(tiny.load(torch.float32), tmp_path / "peft")
    path = export_merged(tmp_path / "peft", tiny, tmp_path / "m.gguf", Quantisation.F16)
    runtime = LlamaModel(ModelSpec(path, path))
    # Transformers takes "½" for a digit, and composes accents for Qwen; llama.cpp does neither.
    for text in (text for text in HARD if not {"½", "\u0301"} & set(text)):
        wanted = request(text)
        assert runtime.prompt(wanted) == tiny.vocabulary.prompt(wanted.messages)
    runtime.close()


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return tiny_model(tmp_path_factory.mktemp("llama"), LlamaConfig)


def test_quantised_models_stay_close(llama: Base, tmp_path: Path, ids: list[int]) -> None:
    peft_model = random_adapter(llama.load(torch.float32), tmp_path / "peft")
    wanted = transformers_logits(peft_model, ids)
    least = {Quantisation.F16: 0.999, Quantisation.Q8_0: 0.99, Quantisation.Q4_0: 0.8}
    sizes = []
    for quantisation, close in least.items():
        path = export_merged(tmp_path / "peft", llama, tmp_path / "m.gguf", quantisation)
        assert correlation(wanted, llama_logits(path, ids)) > close
        sizes.append(path.stat().st_size)
    assert sizes[0] > 1.3 * sizes[1] > 1.3 * sizes[2]


def test_k_quants_of_narrow_rows_are_refused_before_anything_is_written(
    llama: Base, tmp_path: Path
) -> None:
    random_adapter(llama.load(torch.float32), tmp_path / "peft")
    with pytest.raises(ModelError, match="64 wide"):
        export_merged(tmp_path / "peft", llama, tmp_path / "m.gguf", Quantisation.Q4_K_M)
    assert not list(tmp_path.glob("*.gguf"))


def test_a_folder_that_is_no_adapter_is_refused(llama: Base, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a PEFT adapter"):
        export_adapter(tmp_path, llama, tmp_path / "out" / "a.gguf", Role.MEMORY)
    assert not (tmp_path / "out").exists()


def test_a_damaged_adapter_leaves_nothing_behind(llama: Base, tmp_path: Path) -> None:
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    (tmp_path / "adapter_model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{broken")
    with pytest.raises(ModelError, match="damaged"):
        export_adapter(tmp_path, llama, tmp_path / "a.gguf", Role.MEMORY)
    assert not list(tmp_path.glob("*a.gguf*"))


def test_dora_is_no_plain_lora(llama: Base, tmp_path: Path) -> None:
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "use_dora": True}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="use_dora"):
        export_adapter(tmp_path, llama, tmp_path / "a.gguf", Role.MEMORY)
