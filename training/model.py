"""The model that training starts from: a GGUF, de-quantised, or any Transformers model.

Token ids are built by the module that the chat builds them with, and for a GGUF by llama.cpp's
own tokenizer: a prompt has the same ids in training as it has at run time.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memchat.engine.chat_template import ChatTemplate, Tokenizer, segments, tokenise
from memchat.engine.protocol import ChatMessage
from memchat.errors import MemchatError, ModelError
from memchat.weights.discover import base_name, find_model

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Base:
    """A model by its files; nothing is loaded until asked for.

    `source` is a GGUF file, a folder in Transformers' format, or a name on the Hugging Face hub.
    """

    source: str

    @property
    def gguf(self) -> Path | None:
        """The GGUF file; None for a model in Transformers' format."""
        return Path(self.source) if self.source.endswith(".gguf") else None

    @property
    def name(self) -> str:
        """What the adapter folder of this base is called, such as smollm2-135m-instruct."""
        return base_name(Path(self.source)) if self.gguf else Path(self.source).name.lower()

    @cached_property
    def vocabulary(self) -> TrainingVocabulary:
        """Raises ModelError when the files are damaged or hold no chat template."""
        return _gguf_vocabulary(self.gguf) if self.gguf else _hub_vocabulary(self)

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Transformers' tokenizer, which the trainers want; its end token is the real one."""
        quieten()
        from transformers import AutoTokenizer

        tokenizer: PreTrainedTokenizerBase = _load(AutoTokenizer.from_pretrained, self)
        if self.gguf:
            # Transformers 5.17 takes the id of the BOS token for both.
            end = self.vocabulary.end
            tokenizer.eos_token = tokenizer.convert_ids_to_tokens(end)
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        return tokenizer

    def load(self, dtype: torch.dtype, device: str = "cpu") -> PreTrainedModel:
        """The weights, de-quantised where need be. Raises ModelError when they cannot be used."""
        quieten()
        from transformers import AutoModelForCausalLM, GgufConfig

        options: dict[str, Any] = {"dtype": dtype, "device_map": device}
        if self.gguf:
            options["quantization_config"] = GgufConfig(dequantize=True)
        model: PreTrainedModel = _load(AutoModelForCausalLM.from_pretrained, self, **options)
        if self.gguf:
            # PEFT would ask the hub about a model of the folder's name.
            model.name_or_path = model.config.name_or_path = ""
        return model


@dataclass(frozen=True, slots=True)
class TrainingVocabulary:
    """Token ids of prompts and completions, as the runtime builds and reads them."""

    template: ChatTemplate
    encode: Tokenizer
    bos: int | None
    end: int
    """The token that ends a reply."""
    pieces: Callable[[], tuple[bytes, ...]]
    """The bytes of each token by its id; none for a special one."""

    def prompt(self, messages: Sequence[ChatMessage], prefill: str = "") -> list[int]:
        """Ids of everything before the reply, `prefill` included."""
        return tokenise(segments(self.template, messages, prefill), self.encode, self.bos)

    def completion(self, text: str) -> list[int]:
        """Ids of a whole reply, its end included."""
        return [*self.encode(text, False), self.end]


@cache
def find_base(name: str = "") -> Base:
    """The model called `name`: empty for the embedded one, a catalogue name, a GGUF file, a
    folder in Transformers' format, or a name on the hub such as Qwen/Qwen3-1.7B.

    Raises ModelError when there is no such file.
    """
    folder = Path(name).expanduser()
    if name and (folder / "config.json").is_file():
        return Base(str(folder.resolve()))
    if name.count("/") == 1 and not folder.exists() and not name.endswith(".gguf"):
        return Base(name)
    return Base(str(find_model(name)))


def _gguf_vocabulary(path: Path) -> TrainingVocabulary:
    import llama_cpp.llama_cpp as cpp

    from memchat.engine import native
    from memchat.engine.vocabulary import Vocabulary

    model = native.load_model(path)  # mapped, not read; it lives as long as the process
    vocabulary = Vocabulary(model)
    source = native.metadata(model, "tokenizer.chat_template")
    if not source:
        raise _no_template(str(path))
    template = ChatTemplate(source, vocabulary.bos_text, vocabulary.eos_text)
    end: int = cpp.llama_vocab_eos(vocabulary.pointer)

    def pieces() -> tuple[bytes, ...]:
        return tuple(map(vocabulary.piece, range(vocabulary.size)))

    return TrainingVocabulary(template, vocabulary.tokenise, vocabulary.bos, end, pieces)


def _hub_vocabulary(base: Base) -> TrainingVocabulary:
    tokenizer = base.tokenizer
    if not isinstance(tokenizer.chat_template, str):
        raise _no_template(base.source)

    def encode(text: str, special: bool) -> list[int]:
        encoded = tokenizer(text, add_special_tokens=False, split_special_tokens=not special)
        return list(encoded["input_ids"])

    texts = {"bos": _text(tokenizer.bos_token), "eos": _text(tokenizer.eos_token)}
    adds_bos = tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id
    return TrainingVocabulary(
        ChatTemplate(tokenizer.chat_template, **texts),
        encode,
        bos=tokenizer.bos_token_id if adds_bos else None,
        end=int(tokenizer.eos_token_id),
        pieces=partial(_byte_pieces, tokenizer),
    )


def _byte_pieces(tokenizer: PreTrainedTokenizerBase) -> tuple[bytes, ...]:
    """What byte-level BPE (Llama 3, Qwen, SmolLM) writes for each token."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    byte_of = {character: byte for byte, character in bytes_to_unicode().items()}  # type: ignore[no-untyped-call]
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return tuple(
        b"" if number in special else _bytes(token, byte_of) for number, token in enumerate(tokens)
    )


def _bytes(token: str, byte_of: Mapping[str, int]) -> bytes:
    """Nothing for a token that is not written in the byte alphabet."""
    if not all(character in byte_of for character in token):
        return b""
    return bytes(byte_of[character] for character in token)


def _no_template(source: str) -> ModelError:
    return ModelError(
        f"{source} is not a chat model: it has no chat template.",
        "Choose an instruct or chat version of it.",
    )


def _text(token: object) -> str:
    return token if isinstance(token, str) else ""


def _load(from_pretrained: Callable[..., Any], base: Base, **options: Any) -> Any:
    try:
        if base.gguf:
            folder, file = str(base.gguf.parent), base.gguf.name
            with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
                return from_pretrained(folder, gguf_file=file, local_files_only=True, **options)
        return from_pretrained(base.source, **options)
    except MemchatError:
        raise
    except (OSError, ValueError, KeyError, RuntimeError, NotImplementedError) as error:
        raise ModelError(
            f"{base.source} cannot be loaded for training: {error}",
            "Give a GGUF file, a folder with config.json, or the name of a model on the hub.",
        ) from error


def quieten() -> None:
    """Keep Transformers from drawing its own progress bars over ours."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    for name in ("transformers", "huggingface_hub", "accelerate", "datasets"):
        logging.getLogger(name).setLevel(logging.ERROR)
