"""Tiny models and adapters, and llama.cpp's view of them."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as cpp
import numpy as np
import torch
from numpy.typing import NDArray
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, PreTrainedModel

from memchat.engine import native
from memchat.engine.context import RoleContext
from training.model import Base, find_base

Logits = NDArray[np.float32]

TINY = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 49152,
    "max_position_embeddings": 512,
}


@cache
def embedded_base() -> Base:
    """The embedded base, once: its tokenizer takes seconds to read."""
    return find_base()


@cache
def _loaded() -> PreTrainedModel:
    return embedded_base().load(torch.float32)


def embedded_model() -> PreTrainedModel:
    """A copy of the embedded base's weights, which take seconds to de-quantise."""
    return copy.deepcopy(_loaded())


def tiny_model(folder: Path, config_type: type[Any], **options: Any) -> Base:
    """A random model of a family, in Transformers' format, with the embedded model's tokenizer."""
    torch.manual_seed(7)
    config = config_type(**TINY, **options)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.2)  # apart enough that a wrong layout shows
    model.save_pretrained(folder)
    embedded_base().tokenizer.save_pretrained(folder)
    return find_base(str(folder))


def random_adapter(model: PreTrainedModel, folder: Path, std: float = 0.05) -> Any:
    """A PEFT model whose LoRA does something; saved in `folder`."""
    torch.manual_seed(11)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    peft_model = get_peft_model(model, config)
    with torch.no_grad():
        for name, parameter in peft_model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=std)
    peft_model.save_pretrained(str(folder))
    return peft_model.eval()


def transformers_logits(model: Any, ids: list[int]) -> Logits:
    """Logits after the last of `ids`, shape (vocabulary,)."""
    with torch.no_grad():
        logits: Logits = model(input_ids=torch.tensor([ids])).logits[0, -1].float().numpy()
    return logits


def llama_logits(path: Path, ids: list[int], adapter: Path | None = None) -> Logits:
    """The same from llama.cpp."""
    model = native.load_model(path)
    lora = native.load_adapter(model, adapter) if adapter else None
    context = RoleContext(model, 512, 1, lora)
    context.decode(0, ids)
    size = cpp.llama_vocab_n_tokens(cpp.llama_model_get_vocab(model))
    logits = np.ctypeslib.as_array(cpp.llama_get_logits_ith(context.pointer, -1), (size,)).copy()
    context.close()
    cpp.llama_model_free(model)
    return logits


def correlation(one: Logits, other: Logits) -> float:
    return float(np.corrcoef(one, other)[0, 1])
