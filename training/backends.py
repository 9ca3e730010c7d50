"""What trains: Unsloth where there is a CUDA GPU, Transformers and PEFT everywhere else."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, cast

from memchat.errors import ModelError
from training.model import Base

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import Tensor
    from torch.nn import Linear, Module

LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
"""All linear layers of a block, as Llama and Qwen name them."""


@dataclass(frozen=True, slots=True)
class LoraShape:
    """A fresh adapter; `max_tokens` is the longest sequence it will be trained on."""

    rank: int
    alpha: int
    dropout: float
    seed: int
    max_tokens: int


class Backend(StrEnum):
    AUTO = "auto"
    UNSLOTH = "unsloth"
    TRL = "trl"


def choose_backend(wanted: Backend = Backend.AUTO) -> Backend:
    """The backend to train with. Call it before anything imports trl: Unsloth patches it.

    Raises ModelError when Unsloth was asked for and cannot be had.
    """
    import torch

    installed = importlib.util.find_spec("unsloth") is not None
    if wanted is Backend.AUTO:
        wanted = Backend.UNSLOTH if installed and torch.cuda.is_available() else Backend.TRL
    if wanted is Backend.UNSLOTH:
        _import_unsloth(installed, gpu=torch.cuda.is_available())
    return wanted


def _import_unsloth(installed: bool, gpu: bool) -> None:
    if not gpu:
        raise ModelError(
            "Unsloth needs a CUDA GPU, and there is none.", "Use --backend trl: it runs anywhere."
        )
    if not installed:
        raise ModelError(
            "Unsloth is not installed.",
            "Run: pip install 'memchat[train-gpu]', or use --backend trl.",
        )
    importlib.import_module("unsloth")


def device() -> str:
    """Where plain Transformers trains: the first CUDA device, else the CPU.

    Apple's GPU is left out: bf16 there is slower than the CPU's for models of this size.
    """
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def load_trainable(backend: Backend, base: Base, shape: LoraShape) -> PeftModel:
    """`base` in bf16 with a fresh LoRA adapter on all linear layers."""
    if backend is Backend.UNSLOTH:
        return _load_unsloth(base, shape)
    model = _load_peft(base, shape)
    # The hidden states that logits are wanted for are a slice. Of what is not contiguous, torch
    # makes a batch of products, with a copy of the head's weights for each: half of a step's time.
    model.get_output_embeddings().register_forward_pre_hook(_contiguous)
    return model


def _contiguous(_head: Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(each.contiguous() for each in inputs)


def _load_peft(base: Base, shape: LoraShape) -> PeftModel:
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=shape.rank,
        lora_alpha=shape.alpha,
        lora_dropout=shape.dropout,
        target_modules=LAYERS,
        task_type="CAUSAL_LM",
    )
    torch.manual_seed(shape.seed)
    model = get_peft_model(base.load(torch.bfloat16, device()), config)
    compute_in_bf16(model)
    return model


def compute_in_bf16(model: PeftModel) -> None:
    """Multiply adapters in the activations' type; their weights stay fp32 for the optimiser.

    To be called again when an adapter was added.

    PEFT would raise the activations to fp32 instead, which takes a quarter of a step's time.
    """
    from peft.tuners.lora import LoraLayer

    for layer in model.modules():
        if isinstance(layer, LoraLayer):
            layer.cast_input_dtype_enabled = False
            for factor in (*layer.lora_A.values(), *layer.lora_B.values()):
                factor.forward = partial(_multiply, cast("Linear", factor))


def _multiply(factor: Linear, activations: Tensor) -> Tensor:
    from torch.nn.functional import linear

    return linear(activations, factor.weight.to(activations.dtype))


def _load_unsloth(base: Base, shape: LoraShape) -> PeftModel:
    import torch
    from unsloth import FastLanguageModel

    with tempfile.TemporaryDirectory() as folder:
        source = base.source
        if base.gguf:  # Unsloth reads Transformers' format alone
            source = folder
            base.load(torch.bfloat16).save_pretrained(folder)
            base.tokenizer.save_pretrained(folder)
        model, _tokenizer = FastLanguageModel.from_pretrained(
            source,
            max_seq_length=shape.max_tokens,
            dtype=torch.bfloat16,
            load_in_4bit=False,
            use_gradient_checkpointing=False,
        )
    adapted: PeftModel = FastLanguageModel.get_peft_model(
        model,
        r=shape.rank,
        lora_alpha=shape.alpha,
        lora_dropout=shape.dropout,
        target_modules=LAYERS,
        use_gradient_checkpointing=False,
        random_state=shape.seed,
    )
    return adapted


@contextmanager
def generating(backend: Backend, model: PeftModel) -> Iterator[None]:
    """Inside, `model` may generate: Unsloth's has to be told, and told again to go on training."""
    if backend is not Backend.UNSLOTH:
        yield
        return
    from unsloth import FastLanguageModel

    FastLanguageModel.for_inference(model)
    try:
        yield
    finally:
        FastLanguageModel.for_training(model, use_gradient_checkpointing=False)
