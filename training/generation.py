"""Sampling by Transformers' own `generate`, bound by a grammar: for GPUs, and for Unsloth.

Unsloth decodes with kernels and a cache of its own, which only `generate` knows how to drive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import pad
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList

from memchat.engine.protocol import GenerateRequest
from training.grammar.tokens import Follower, TokenTable


class GrammarProcessor(LogitsProcessor):
    """Forbids what a grammar does not allow. One processor is for one call of `generate`."""

    def __init__(self, table: TokenTable, grammar: str, rows: int) -> None:
        self._end = table.end
        self._followers = [Follower(table, grammar) for _ in range(rows)]
        self._started = False

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """`scores` of shape (rows, vocabulary), with -inf for the tokens that may not follow."""
        if self._started:
            for follower, token in zip(self._followers, input_ids[:, -1].tolist(), strict=True):
                follower.take(token)  # the end, and what comes after it, changes nothing
        self._started = True
        allowed = torch.from_numpy(np.stack([each.allowed for each in self._followers]))
        allowed = pad(allowed, (0, scores.shape[-1] - allowed.shape[-1]))
        return scores.masked_fill(~allowed.to(scores.device), -torch.inf)


def generate(
    model: Any,
    table: TokenTable,
    prompts: Sequence[Sequence[int]],
    request: GenerateRequest,
    temperature: float,
) -> list[list[int]]:
    """Completions of `prompts`, which are of one length, by `request`'s grammar and limit.

    In token ids, each up to its end; temperature 0 is greedy.
    """
    config = GenerationConfig(  # type: ignore[no-untyped-call]
        max_new_tokens=request.max_tokens,
        do_sample=temperature > 0,
        temperature=temperature or 1.0,
        top_k=0,  # a model's own settings would fill in whatever is left out
        top_p=1.0,
        repetition_penalty=1.0,
        eos_token_id=table.end,
        pad_token_id=table.end,
    )
    grammar = request.grammar
    processors = [GrammarProcessor(table, grammar, len(prompts))] if grammar else []
    ids = torch.tensor(prompts, device=model.device)
    with torch.no_grad():
        out = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            generation_config=config,
            logits_processor=LogitsProcessorList(processors),
        )
    return [_until_end(row, table.end) for row in out[:, ids.shape[1] :].tolist()]


def _until_end(tokens: list[int], end: int) -> list[int]:
    return tokens[: tokens.index(end) + 1] if end in tokens else tokens
