"""One role's llama.cpp context: its KV cache, whose prefixes are used again."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import llama_cpp.llama_cpp as cpp

from memchat.engine.native import last_error
from memchat.engine.protocol import SLOTS
from memchat.errors import EngineError, ModelError

if TYPE_CHECKING:
    from memchat.engine.native import Adapter

BATCH = 512
"""Prompt tokens evaluated at once."""

_OK, _ABORTED = 0, 2

# llama.cpp asks the abort callback once per graph node. A Python function would take the GIL
# for each; strlen does the same job on the flag's two bytes: "" is false, "\1" is true.
_flag_is_set: Any = ctypes.cast(ctypes.CDLL(None).strlen, cpp.ggml_abort_callback)


class AbortFlag:
    """Stops a decode under way, from any thread."""

    def __init__(self) -> None:
        self._flag = ctypes.create_string_buffer(2)
        self.address = ctypes.addressof(self._flag)

    def set(self) -> None:
        self._flag.value = b"\1"

    @property
    def is_set(self) -> bool:
        return bool(self._flag.value)


class AbortedError(Exception):
    """The abort flag was set; the KV cache holds exactly the tokens it is known to hold."""


class RoleContext:
    """A llama_context with SLOTS sequences that share one window.

    `window` is its size in tokens. When one sequence needs the room, the others are dropped.
    """

    def __init__(
        self,
        model: cpp.llama_model_p,
        window: int,
        threads: int,
        adapter: Adapter | None,
    ) -> None:
        self.pointer = _init_context(model, window, threads)
        self.window = window
        self._memory = cpp.llama_get_memory(self.pointer)
        self._tokens: list[list[int]] = [[] for _ in range(SLOTS)]
        self._batch = cpp.llama_batch_init(BATCH, 0, 1)
        self._flag = AbortFlag()
        if adapter is not None:
            self._set_adapter(adapter)

    def use_flag(self, flag: AbortFlag) -> None:
        """Let `flag` abort the decodes from now on."""
        self._flag = flag  # keeps its memory alive while llama.cpp may read it
        cpp.llama_set_abort_callback(self.pointer, _flag_is_set, flag.address)

    def reuse(self, slot: int, prompt: Sequence[int]) -> int:
        """Cut the sequence down to what it shares with `prompt`; the number of tokens kept.

        The last token of the prompt is never kept: its logits are needed.
        """
        tokens = self._tokens[slot]
        shared = min(_common_prefix(tokens, prompt), len(prompt) - 1)
        if shared < len(tokens) and not self._truncate(slot, shared):
            self._clear(slot)  # hybrid models cannot go back part of the way
        return len(self._tokens[slot])

    def extend(self, slot: int, prompt: Sequence[int]) -> int:
        """Evaluate the next batch of `prompt`; the number of its tokens done so far."""
        done = len(self._tokens[slot])
        self.decode(slot, prompt[done : done + BATCH])
        return len(self._tokens[slot])

    def decode(self, slot: int, tokens: Sequence[int]) -> None:
        """Append at most BATCH `tokens` to the sequence; the last one's logits are kept.

        Raises AbortedError when the flag is set, EngineError when llama.cpp fails.
        """
        self._make_room(slot, len(tokens))
        self._fill_batch(slot, tokens)
        result = cpp.llama_decode(self.pointer, self._batch)
        if result == _OK:
            self._tokens[slot].extend(tokens)
            return
        if not self._truncate(slot, len(self._tokens[slot])):
            self._clear(slot)
        if result == _ABORTED:
            raise AbortedError
        raise EngineError(f"llama.cpp could not evaluate the text (code {result}): {last_error()}.")

    def close(self) -> None:
        cpp.llama_batch_free(self._batch)
        cpp.llama_free(self.pointer)

    def _fill_batch(self, slot: int, tokens: Sequence[int]) -> None:
        batch, start = self._batch, len(self._tokens[slot])
        batch.n_tokens = len(tokens)
        for place, token in enumerate(tokens):
            batch.token[place] = token
            batch.pos[place] = start + place
            batch.n_seq_id[place] = 1
            batch.seq_id[place][0] = slot
            batch.logits[place] = 0
        batch.logits[len(tokens) - 1] = 1

    def _make_room(self, slot: int, count: int) -> None:
        if sum(map(len, self._tokens)) + count <= self.window:
            return
        for other in range(SLOTS):
            if other != slot:
                self._clear(other)

    def _truncate(self, slot: int, length: int) -> bool:
        if not cpp.llama_memory_seq_rm(self._memory, slot, length, -1):
            return False
        del self._tokens[slot][length:]
        return True

    def _clear(self, slot: int) -> None:
        cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
        self._tokens[slot].clear()

    def _set_adapter(self, adapter: Adapter) -> None:
        adapters = (cpp.llama_adapter_lora_p_ctypes * 1)(adapter)
        scales = (ctypes.c_float * 1)(1.0)
        if cpp.llama_set_adapters_lora(self.pointer, adapters, 1, scales):
            raise ModelError(f"The adapter cannot be applied: {last_error()}.", "Use another.")


def _init_context(model: cpp.llama_model_p, window: int, threads: int) -> cpp.llama_context_p:
    params = cpp.llama_context_default_params()
    params.n_ctx = window
    params.n_batch = params.n_ubatch = BATCH
    params.n_seq_max = params.n_outputs_max = SLOTS
    params.n_threads = params.n_threads_batch = threads
    params.kv_unified = True  # one sequence may fill the whole window
    context: cpp.llama_context_p | None = cpp.llama_init_from_model(model, params)
    if context is None:
        raise ModelError(
            f"There is not enough memory for a context of {window} tokens: {last_error()}.",
            "Close other programs, lower context_tokens, or choose a smaller model.",
        )
    return context


def _common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    for place, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return place
    return min(len(left), len(right))
