"""The model in training as a stochastic policy over replies, under the runtime's grammars.

A group of rollouts shares its prompt, which is evaluated once. What is sampled is the model's
distribution over the tokens that the grammar allows, renormalised; the losses use log-probabilities
of that same distribution, so that a token which the grammar forces carries no gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import KW_ONLY, asdict, dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence
from transformers import DynamicCache

from memchat.engine.protocol import GenerateRequest
from training.batches import IGNORED, Encoded, collate
from training.generation import generate
from training.grammar.tokens import Follower, TokenTable, allowed_along
from training.trainer import Inputs, collate_rows

if TYPE_CHECKING:
    from training.model import TrainingVocabulary


@dataclass(frozen=True, slots=True)
class Rollout:
    """One sampled completion, in token ids and as the runtime would read it."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]
    """Ends in the end token, unless truncated."""
    grammar: str | None
    text: str
    truncated: bool
    """The token limit cut it off."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model makes of rollouts, in shape (rollouts, longest completion)."""

    log_probs: torch.Tensor
    """Of the sampled tokens; 0 behind a completion's end."""
    entropies: torch.Tensor
    """Of the distributions they were sampled from, in nats."""
    mask: torch.Tensor
    """1 where a rollout has a token, else 0."""
    hidden: torch.Tensor
    """Last hidden states, which the tokens were sampled from: one more axis, the model's width."""


@dataclass(slots=True)
class _Draft:
    """A completion while it is sampled."""

    follower: Follower | None
    tokens: list[int] = field(default_factory=list)

    def take(self, token: int) -> None:
        self.tokens.append(token)
        if self.follower:
            self.follower.take(token)


@dataclass
class Policy:
    """Samples and scores replies."""

    model: Any
    vocabulary: TrainingVocabulary
    _: KW_ONLY
    temperature: float = 1.0
    share_prefix: bool = True
    """Evaluate a common prompt once: best on a CPU, where the cost is in the tokens."""
    constrained: bool = True
    """Sample under the grammars; without, they are left to the reward to teach."""
    generating: Callable[[], AbstractContextManager[None]] = nullcontext
    """Entered around a generation, for models that have to be told."""
    tokens: int = field(default=0, init=False)
    """Evaluated and sampled so far."""

    @cached_property
    def table(self) -> TokenTable:
        return TokenTable.of(self.vocabulary)

    @torch.no_grad()
    def sample(
        self, request: GenerateRequest, count: int, *, greedy: bool = False
    ) -> list[Rollout]:
        """`count` completions of `request`, drawn by torch's global random numbers."""
        if not self.constrained:
            request = replace(request, grammar=None)
        prompt = self.vocabulary.prompt(request.messages, request.prefill)
        sample = self._decode if self.share_prefix else self._generate
        found = sample(prompt, request, count, greedy=greedy)
        return [self._rollout(prompt, request.grammar, tokens) for tokens in found]

    def _decode(
        self, prompt: list[int], request: GenerateRequest, count: int, *, greedy: bool
    ) -> list[list[int]]:
        """Token by token on one cache, the prompt evaluated once."""
        grammar = request.grammar
        drafts = [_Draft(Follower(self.table, grammar) if grammar else None) for _ in range(count)]
        live, cache = drafts, DynamicCache(config=self.model.config)
        logits = self._next_logits([prompt], cache).expand(count, -1)
        cache.batch_repeat_interleave(count)
        for left in reversed(range(request.max_tokens)):
            self._extend(live, logits, greedy=greedy)
            rows = [row for row, draft in enumerate(live) if draft.tokens[-1] != self.table.end]
            if not rows or not left:
                break
            if len(rows) < len(live):
                cache.batch_select_indices(torch.tensor(rows, device=logits.device))
                live = [live[row] for row in rows]
            logits = self._next_logits([draft.tokens[-1:] for draft in live], cache)
        return [draft.tokens for draft in drafts]

    def _generate(
        self, prompt: list[int], request: GenerateRequest, count: int, *, greedy: bool
    ) -> list[list[int]]:
        temperature = 0.0 if greedy else self.temperature
        with self.generating():
            found = generate(self.model, self.table, [prompt] * count, request, temperature)
        self.tokens += count * len(prompt) + sum(map(len, found))
        return found

    def score(self, rollouts: Sequence[Rollout], model: Any = None) -> Scores:
        """The log-probabilities of rollouts under `model` (the policy's own), differentiable.

        Rollouts of one prompt should stand together: they are evaluated together.
        """
        model = model or self.model
        width = max(len(rollout.completion) for rollout in rollouts)
        parts = [self._score_batch(model, batch, width) for batch in self._batches(rollouts)]
        return Scores(
            torch.cat([part.log_probs for part in parts]),
            torch.cat([part.entropies for part in parts]),
            torch.cat([part.mask for part in parts]),
            torch.cat([part.hidden for part in parts]),
        )

    def _next_logits(self, tokens: list[list[int]], cache: DynamicCache) -> torch.Tensor:
        """Logits after the last of `tokens`, shape (rows, vocabulary)."""
        self.tokens += len(tokens) * len(tokens[0])
        ids = torch.tensor(tokens, device=self.model.device)
        reply = self.model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        logits: torch.Tensor = reply.logits[:, -1]
        return logits

    def _extend(self, drafts: list[_Draft], logits: torch.Tensor, *, greedy: bool) -> None:
        """One more token for each draft."""
        logits = logits.float() / self.temperature
        followers = [draft.follower for draft in drafts]
        if self.constrained and all(followers):
            allowed = np.stack([follower.allowed for follower in followers if follower])
            logits = logits.masked_fill(~self._to_vocabulary(allowed, logits), -torch.inf)
        picked = logits.argmax(-1) if greedy else torch.multinomial(logits.softmax(-1), 1)
        for draft, token in zip(drafts, picked.flatten().tolist(), strict=True):
            draft.take(token)

    def _rollout(self, prompt: list[int], grammar: str | None, tokens: list[int]) -> Rollout:
        truncated = tokens[-1] != self.table.end
        text = self.table.text(tokens)
        return Rollout(tuple(prompt), tuple(tokens), grammar, text, truncated)

    def _batches(self, rollouts: Sequence[Rollout]) -> Iterator[list[Rollout]]:
        if not self.share_prefix:
            yield list(rollouts)
            return
        for _, group in groupby(rollouts, key=lambda rollout: rollout.prompt):
            yield list(group)

    def _score_batch(self, model: Any, rollouts: list[Rollout], width: int) -> Scores:
        logits, hidden = self._evaluate(model, rollouts)
        logits = logits.float() / self.temperature
        if self.constrained:
            allowed = np.concatenate([self._allowed(rollout) for rollout in rollouts])
            forbidden = ~self._to_vocabulary(allowed, logits)
            logits = logits.masked_fill(forbidden, torch.finfo(torch.float32).min)
        log_probs = logits.log_softmax(-1)
        tokens = [token for rollout in rollouts for token in rollout.completion]
        picked = log_probs[range(len(tokens)), tokens]
        entropies = -(log_probs.exp() * log_probs).sum(-1)
        lengths = [len(rollout.completion) for rollout in rollouts]
        columns = (picked, entropies, torch.ones_like(picked), hidden)
        return Scores(*(_rows(column, lengths, width) for column in columns))

    def _evaluate(self, model: Any, rollouts: list[Rollout]) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and last hidden states that the completions' tokens were picked from.

        Shapes (tokens, vocabulary) and (tokens, width), one rollout after another. The output layer
        sees those places alone: it costs more than the rest of a small model.
        """
        inputs = self._inputs(rollouts)
        prefix, suffixes = inputs["prefix"], inputs["input_ids"]
        places = pad(inputs["labels"][:, 1:] != IGNORED, (0, 1))
        self.tokens += prefix.numel() + suffixes.numel()
        cache = None
        if prefix.numel() and self.share_prefix:
            cache = DynamicCache(config=self.model.config)
            model(input_ids=prefix, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache.batch_repeat_interleave(len(suffixes))
        elif prefix.numel():
            suffixes = torch.cat([prefix.expand(len(suffixes), -1), suffixes], dim=1)
            places = pad(places, (prefix.shape[1], 0))
        with _output_layer_at(self.model, places) as seen:
            reply = model(input_ids=suffixes, past_key_values=cache, use_cache=cache is not None)
        return reply.logits, seen[0]

    def _inputs(self, rollouts: list[Rollout]) -> Inputs:
        samples = [Encoded("", [*each.prompt], [*each.completion]) for each in rollouts]
        row = collate_rows([asdict(collate(samples, self.table.end))])
        return {key: value.to(self.model.device) for key, value in row.items()}

    def _allowed(self, rollout: Rollout) -> NDArray[np.bool_]:
        if rollout.grammar:
            return allowed_along(self.table, rollout.grammar, rollout.completion)
        return np.ones((len(rollout.completion), len(self.table.pieces)), dtype=np.bool_)

    @staticmethod
    def _to_vocabulary(allowed: NDArray[np.bool_], logits: torch.Tensor) -> torch.Tensor:
        """`allowed` as wide as the logits: models pad their vocabulary."""
        mask = torch.from_numpy(allowed).to(logits.device)
        return pad(mask, (0, logits.shape[-1] - mask.shape[-1]))


@contextmanager
def _output_layer_at(model: Any, places: torch.Tensor) -> Iterator[list[torch.Tensor]]:
    """Inside, the output layer gets the hidden states at `places` alone; they are collected.

    `places` is a mask of shape (rows, tokens).
    """
    seen: list[torch.Tensor] = []

    def select(_layer: torch.nn.Module, inputs: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        seen.append(inputs[0][places])
        return (seen[-1],)

    handle = model.get_output_embeddings().register_forward_pre_hook(select)
    try:
        yield seen
    finally:
        handle.remove()


def _rows(values: torch.Tensor, lengths: Sequence[int], width: int) -> torch.Tensor:
    """A row for each of `lengths`, filled with 0 to `width` columns."""
    rows = [*torch.split(values, [*lengths]), values.new_zeros(width, *values.shape[1:])]
    return pad_sequence(rows, batch_first=True)[:-1]
