"""A Transformers tokenizer in GGUF's metadata: byte-level BPE, as Llama 3 and Qwen have it."""

from __future__ import annotations

import ctypes
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memchat.errors import ModelError
from training.model import Base

if TYPE_CHECKING:
    from gguf import GGUFWriter
    from transformers import PreTrainedTokenizerBase

_PRE_TOKENISERS = ("llama-bpe", "qwen2", "smollm", "gpt-2")
"""llama.cpp's names for ways to cut a text into words; the file does not say which it is."""

_PROBES = (
    "I've told'em: WE'LL see… don’t",
    "  two  spaces\n\n\nlines\r\n\ttab ",
    "12345 3.14 1,000 a1b22c333",
    "naïve café 日本語 Ελληνικά עברית 🎉",
    "foo_bar(baz)[0] != {x}; <b>#tag @you</b>",
)
_UNUSED = "[PAD{}]"


def write_tokenizer(writer: GGUFWriter, base: Base, vocabulary_size: int) -> None:
    """Add the tokenizer and the chat template. Raises ModelError for another kind of tokenizer."""
    parts = json.loads(_backend(base).to_str())
    model = parts["model"]
    if model["type"] != "BPE" or "ByteLevel" not in json.dumps(parts["pre_tokenizer"]):
        raise ModelError(
            f"The tokenizer of {base.source} is not byte-level BPE.",
            "Use a GGUF of this model as the base.",
        )
    _write_vocabulary(writer, base.tokenizer, vocabulary_size, _merges(model))
    writer.add_tokenizer_pre(_find_pre_tokeniser(base, vocabulary_size, _merges(model)))
    writer.add_chat_template(base.vocabulary.template.source)


def _backend(base: Base) -> Any:
    backend = getattr(base.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelError(f"{base.source} has no tokenizer.json.", "Use a GGUF of it as the base.")
    return backend


def _merges(model: dict[str, Any]) -> list[str]:
    return [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]


def _write_vocabulary(
    writer: GGUFWriter, tokenizer: PreTrainedTokenizerBase, size: int, merges: list[str]
) -> None:
    from gguf import TokenType

    tokens = [_UNUSED.format(number) for number in range(size)]
    types = [TokenType.UNUSED] * size
    for token, number in tokenizer.get_vocab().items():
        tokens[number], types[number] = token, TokenType.NORMAL
    for number, added in tokenizer.added_tokens_decoder.items():
        types[number] = TokenType.CONTROL if added.special else TokenType.USER_DEFINED
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    _write_special_tokens(writer, tokenizer)


def _write_special_tokens(writer: GGUFWriter, tokenizer: PreTrainedTokenizerBase) -> None:
    if tokenizer.bos_token_id is not None:
        writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    begins = tokenizer("a")["input_ids"][0]
    writer.add_add_bos_token(bool(begins == tokenizer.bos_token_id))


def _find_pre_tokeniser(base: Base, size: int, merges: list[str]) -> str:
    """The pre-tokeniser under which llama.cpp gives the ids that Transformers gives."""
    wanted = [base.vocabulary.encode(probe, False) for probe in _PROBES]
    for name in _PRE_TOKENISERS:
        if _llama_ids(base.tokenizer, size, merges, name) == wanted:
            return name
    raise ModelError(
        f"llama.cpp cuts no text as the tokenizer of {base.source} does.",
        "Use a GGUF of this model as the base.",
    )


def _llama_ids(
    tokenizer: PreTrainedTokenizerBase, size: int, merges: list[str], pre: str
) -> list[list[int]]:
    """Ids of the probes from a GGUF that holds nothing but a vocabulary."""
    import gguf
    import llama_cpp.llama_cpp as cpp

    from memchat.engine.vocabulary import Vocabulary

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocabulary.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_tokenizer_pre(pre)
        _write_vocabulary(writer, tokenizer, size, merges)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        params = cpp.llama_model_default_params()
        params.vocab_only = True
        model = cpp.llama_model_load_from_file(str(path).encode(), params)
    if not model:
        return []
    vocabulary = Vocabulary(model)
    ids = [vocabulary.tokenise(probe) for probe in _PROBES]
    cpp.llama_model_free(ctypes.c_void_p(model) if isinstance(model, int) else model)
    return ids
