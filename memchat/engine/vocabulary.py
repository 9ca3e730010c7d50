"""The tokenizer of a loaded model."""

from __future__ import annotations

import ctypes

import llama_cpp.llama_cpp as cpp

from memchat.errors import EngineError


class Vocabulary:
    """Text to token ids and back. `tokenise` is a `chat_template.Tokenizer`."""

    def __init__(self, model: cpp.llama_model_p) -> None:
        self.pointer = cpp.llama_model_get_vocab(model)
        self.size: int = cpp.llama_vocab_n_tokens(self.pointer)
        bos = cpp.llama_vocab_bos(self.pointer)
        self.bos_text = self._text(bos)
        self.eos_text = self._text(cpp.llama_vocab_eos(self.pointer))
        self.bos: int | None = bos if cpp.llama_vocab_get_add_bos(self.pointer) else None
        """The token that every prompt begins with; None when the model wants none."""

    def tokenise(self, text: str, parse_special: bool = False) -> list[int]:
        """Token ids of `text` alone. With `parse_special`, special tokens' names become them."""
        data = text.encode(errors="replace")
        capacity = len(data) + 8
        while True:
            tokens = (cpp.llama_token * capacity)()
            count = cpp.llama_tokenize(
                self.pointer, data, len(data), tokens, capacity, False, parse_special
            )
            if count >= 0:
                return tokens[:count]
            if -count <= capacity:
                raise EngineError("The text cannot be tokenised.")
            capacity = -count

    def piece(self, token: int) -> bytes:
        """The bytes of a token, which may be part of a character; none for a special token."""
        buffer = ctypes.create_string_buffer(64)
        length = cpp.llama_token_to_piece(self.pointer, token, buffer, 64, 0, False)
        if length < 0:
            buffer = ctypes.create_string_buffer(-length)
            length = cpp.llama_token_to_piece(self.pointer, token, buffer, -length, 0, False)
        return buffer.raw[:length]

    def is_end(self, token: int) -> bool:
        """Whether the model ends its reply with this token."""
        return bool(cpp.llama_vocab_is_eog(self.pointer, token))

    def _text(self, token: int) -> str:
        if token < 0:
            return ""
        return (cpp.llama_vocab_get_text(self.pointer, token) or b"").decode(errors="replace")
