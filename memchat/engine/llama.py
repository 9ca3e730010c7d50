"""The language model in this process: one set of weights, a context for each role."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import llama_cpp.llama_cpp as cpp

from memchat.engine import native
from memchat.engine.chat_template import ChatTemplate, segments, tokenise
from memchat.engine.context import AbortFlag, RoleContext
from memchat.engine.generation import Generation
from memchat.engine.protocol import (
    CancelToken,
    GenerateRequest,
    GenerationEvent,
    ModelSpec,
    Role,
)
from memchat.engine.threads import default_threads
from memchat.engine.vocabulary import Vocabulary
from memchat.errors import EngineError, ModelError


class LlamaModel:
    """A loaded GGUF. Contexts are made when their role first generates, to save memory.

    Raises ModelError when the model or an adapter cannot be used.
    """

    def __init__(self, spec: ModelSpec) -> None:
        self.threads = spec.threads or default_threads()
        self.name = spec.model.stem
        self._model = native.load_model(spec.model)
        self._contexts: dict[Role, RoleContext] = {}
        self._turn = threading.Lock()  # held by a generation from its start to its end
        self._native = threading.Lock()  # held around each call into llama.cpp
        self._closed = self._freed = False
        self._flag = AbortFlag()
        try:
            self.vocabulary = Vocabulary(self._model)
            self.template = self._chat_template(spec)
            self._adapters = {
                role: native.load_adapter(self._model, path) for role, path in spec.adapters
            }
        except BaseException:
            cpp.llama_model_free(self._model)
            raise
        trained: int = cpp.llama_model_n_ctx_train(self._model)
        self.windows = {
            Role.ANSWER: min(spec.context_tokens, trained),
            Role.MEMORY: min(spec.memory_context_tokens, trained),
        }
        """Context window per role, in tokens."""

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        """See Engine.generate."""
        with self._turn:
            with self._guard():
                generation = self._start(request)
            if cancel is not None:
                cancel.on_cancel(generation.flag.set)
            try:
                yield from generation.events()
            finally:
                generation.close()

    def prompt(self, request: GenerateRequest) -> list[int]:
        """Token ids of the whole prompt."""
        parts = segments(self.template, request.messages, request.prefill)
        return tokenise(parts, self.vocabulary.tokenise, self.vocabulary.bos)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See Engine.count_tokens."""
        with self._guard():
            return [len(self.vocabulary.tokenise(text)) for text in texts]

    def close(self) -> None:
        """Stop what runs and free everything. May be called twice, from any thread."""
        self._closed = True
        self._flag.set()
        with self._native:
            if self._freed:
                return
            self._freed = True
            for context in self._contexts.values():
                context.close()
            cpp.llama_model_free(self._model)

    def _start(self, request: GenerateRequest) -> Generation:
        context = self._context(request.role)
        prompt = self.prompt(request)
        generation = Generation(request, prompt, context, self.vocabulary, self._guard)
        self._flag = generation.flag
        return generation

    def _context(self, role: Role) -> RoleContext:
        if role not in self._contexts:
            self._contexts[role] = RoleContext(
                self._model, self.windows[role], self.threads, self._adapters.get(role)
            )
        return self._contexts[role]

    def _chat_template(self, spec: ModelSpec) -> ChatTemplate:
        source = native.metadata(self._model, "tokenizer.chat_template")
        if not source:
            raise ModelError(
                f"{spec.model} is not a chat model: it has no chat template.",
                "Choose an instruct or chat version of it.",
            )
        return ChatTemplate(source, self.vocabulary.bos_text, self.vocabulary.eos_text)

    @contextmanager
    def _guard(self) -> Iterator[None]:
        with self._native:
            if self._closed:
                raise EngineError("The engine is closed.")
            yield
