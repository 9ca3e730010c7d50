"""Picks the next token: llama.cpp's sampler chain, bound by a grammar where one is given."""

from __future__ import annotations

import ctypes

import llama_cpp.llama_cpp as cpp
import numpy as np

from memchat.engine.protocol import Sampling
from memchat.engine.vocabulary import Vocabulary
from memchat.errors import EngineError

PENALTY_WINDOW = 64
"""Tokens back that the repeat penalty looks."""

# The memory layout of llama_token_data.
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Sampler:
    """Samples from the last output of a context, and remembers what it picked."""

    def __init__(self, vocabulary: Vocabulary, sampling: Sampling, grammar: str | None) -> None:
        self._grammar = None if grammar is None else _init_grammar(vocabulary, grammar)
        self._chain = _init_chain(vocabulary, sampling)
        self._candidates = np.zeros(vocabulary.size if grammar else 0, dtype=_CANDIDATE)
        self._ids = np.arange(self._candidates.size, dtype=np.int32)

    def sample(self, context: cpp.llama_context_p) -> int:
        """The next token, accepted already."""
        if self._grammar is None:
            return int(cpp.llama_sampler_sample(self._chain, context, -1))
        token = self._sample_bound(context)
        cpp.llama_sampler_accept(self._grammar, token)
        cpp.llama_sampler_accept(self._chain, token)
        return token

    def close(self) -> None:
        cpp.llama_sampler_free(self._chain)
        if self._grammar is not None:
            cpp.llama_sampler_free(self._grammar)

    def _sample_bound(self, context: cpp.llama_context_p) -> int:
        # The grammar costs milliseconds over a whole vocabulary and next to nothing for one
        # token: the free choice is checked, and made again under the grammar only if refused.
        token = self._pick(self._all_candidates(context))
        if self._admits(token):
            return token
        candidates = self._all_candidates(context)
        cpp.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
        if not np.isfinite(self._candidates["logit"]).any():
            raise EngineError(
                "The grammar admits no token here.", "This is a fault in the grammar; report it."
            )
        return self._pick(candidates)

    def _pick(self, candidates: cpp.llama_token_data_array) -> int:
        cpp.llama_sampler_apply(self._chain, ctypes.byref(candidates))
        return int(candidates.data[candidates.selected].id)

    def _admits(self, token: int) -> bool:
        single = cpp.llama_token_data(id=token, logit=1.0, p=0.0)
        array = cpp.llama_token_data_array(ctypes.pointer(single), 1, -1, False)
        cpp.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return bool(np.isfinite(single.logit))

    def _all_candidates(self, context: cpp.llama_context_p) -> cpp.llama_token_data_array:
        logits = cpp.llama_get_logits_ith(context, -1)
        self._candidates["id"] = self._ids  # the chain sorts the array in place
        self._candidates["logit"] = np.ctypeslib.as_array(logits, (self._candidates.size,))
        data = self._candidates.ctypes.data_as(cpp.llama_token_data_p)
        return cpp.llama_token_data_array(data, self._candidates.size, -1, False)


def _init_chain(vocabulary: Vocabulary, sampling: Sampling) -> cpp.llama_sampler_p:
    chain: cpp.llama_sampler_p = cpp.llama_sampler_chain_init(
        cpp.llama_sampler_chain_default_params()
    )
    for sampler in _samplers(vocabulary, sampling):
        cpp.llama_sampler_chain_add(chain, sampler)
    return chain


def _samplers(vocabulary: Vocabulary, sampling: Sampling) -> list[cpp.llama_sampler_p]:
    """The links of the chain, which frees them with itself."""
    links = []
    if sampling.repeat_penalty != 1.0:
        penalty = sampling.repeat_penalty
        links.append(
            cpp.llama_sampler_init_penalties(vocabulary.size, PENALTY_WINDOW, penalty, 0.0, 0.0)
        )
    if sampling.temperature <= 0:
        return [*links, cpp.llama_sampler_init_greedy()]
    return [
        *links,
        cpp.llama_sampler_init_top_k(sampling.top_k),
        cpp.llama_sampler_init_top_p(sampling.top_p, 1),
        cpp.llama_sampler_init_min_p(sampling.min_p, 1),
        cpp.llama_sampler_init_temp(sampling.temperature),
        cpp.llama_sampler_init_dist(sampling.seed),
    ]


def _init_grammar(vocabulary: Vocabulary, grammar: str) -> cpp.llama_sampler_p:
    sampler: cpp.llama_sampler_p | None = None
    if grammar.strip():  # llama.cpp takes an empty grammar for none at all
        sampler = cpp.llama_sampler_init_grammar(vocabulary.pointer, grammar.encode(), b"root")
    if not sampler:
        head = "\n".join(grammar.splitlines()[:5])
        raise EngineError(
            f"The grammar cannot be used. It begins:\n{head}",
            "It must be GBNF with a rule named root; rule names take letters, digits and -.",
        )
    return sampler
