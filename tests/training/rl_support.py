"""Problems whose best policy is known, and a tiny model to solve them with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from memchat.engine.protocol import ChatMessage, GenerateRequest, Role
from tests.training.support import TINY, embedded_base
from training.backends import LAYERS
from training.policy import Policy
from training.rewards import Outcome

CHOICES = GenerateRequest(
    Role.MEMORY,
    (ChatMessage("user", "Which?"),),
    max_tokens=8,
    grammar='root ::= "ADD" | "NOOP" | "DELETE " n\nn ::= "1" | "2" | "3"',
)


@dataclass(frozen=True)
class Bandit:
    """One prompt, and a reward for each reply."""

    pay: Callable[[str], float]
    request: GenerateRequest = CHOICES

    def outcome(self, reply: str, *, truncated: bool) -> Outcome:
        return Outcome(bank=0.0 if truncated else self.pay(reply))


def pays(best: str) -> Bandit:
    """1 for exactly `best`, else nothing."""
    return Bandit(lambda reply: float(reply == best))


def tiny_policy(seed: int = 3, **options: Any) -> Policy:
    """A random two-layer Llama with the embedded model's vocabulary, and a fresh LoRA on it."""
    torch.manual_seed(seed)
    model = LlamaForCausalLM(LlamaConfig(**TINY, tie_word_embeddings=False))
    with torch.no_grad():
        model.lm_head.weight.normal_(std=0.1)  # open at first, with room to become certain
    lora = LoraConfig(r=8, lora_alpha=16, target_modules=LAYERS, task_type="CAUSAL_LM")
    return Policy(get_peft_model(model, lora), embedded_base().vocabulary, **options)
