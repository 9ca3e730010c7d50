"""Prompts from chat messages, by the template that a GGUF carries.

Contents are data: a placeholder is rendered for each of them, and the text is cut at the
placeholders, so that a special token inside a content is never parsed as one. Training builds
its token ids with this module too. Nothing in here needs llama.cpp.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NoReturn

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from memchat.engine.protocol import ChatMessage
from memchat.errors import ModelError

Segment = tuple[str, bool]
"""A piece of a prompt, and whether special tokens are parsed in it."""

Tokenizer = Callable[[str, bool], list[int]]
"""Token ids of a text, special tokens parsed or not, nothing added around it."""

# Private-use characters: no template contains them, and no filter (trim, upper) changes them.
_PLACEHOLDER = "\ue000{}\ue001"
_PLACEHOLDERS = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A Jinja template, with the texts of the special tokens that it may name."""

    source: str
    bos: str = ""
    eos: str = ""


def segments(
    template: ChatTemplate, messages: Sequence[ChatMessage], prefill: str = ""
) -> list[Segment]:
    """The prompt for the next assistant message, ending in `prefill`.

    A template that has no place for a system message gets its text at the top of the first user
    message. Raises ModelError when the template fails or leaves a message out.
    """
    prompt = _render_complete(template, messages)
    if prompt is None:
        messages = _fold_system(messages)
        prompt = _render_complete(template, messages)
    if prompt is None:
        raise ModelError("The model's chat template leaves a message out.", _HINT)
    parts = list(_cut(prompt, messages))
    return [*parts, (prefill, False)] if prefill else parts


def tokenise(parts: Sequence[Segment], tokenizer: Tokenizer, bos: int | None = None) -> list[int]:
    """Token ids of a prompt; `bos` goes first unless the template wrote it already."""
    ids = [token for text, special in parts for token in tokenizer(text, special)]
    return ids if bos is None or ids[:1] == [bos] else [bos, *ids]


def _render_complete(template: ChatTemplate, messages: Sequence[ChatMessage]) -> str | None:
    """The prompt with placeholders; None when it has no place for the system message."""
    has_system = any(message.role == "system" for message in messages)
    try:
        prompt = _render(template, messages)
    except jinja2.TemplateError as error:
        if has_system:
            return None
        raise ModelError(f"The model's chat template fails: {error}", _HINT) from error
    found = {int(number) for number in _PLACEHOLDERS.findall(prompt)}
    return prompt if found == set(range(len(messages))) else None


def _render(template: ChatTemplate, messages: Sequence[ChatMessage]) -> str:
    return _compile(template.source).render(
        messages=[
            {"role": message.role, "content": _PLACEHOLDER.format(number)}
            for number, message in enumerate(messages)
        ],
        add_generation_prompt=True,
        enable_thinking=False,
        bos_token=template.bos,
        eos_token=template.eos,
    )


def _cut(prompt: str, messages: Sequence[ChatMessage]) -> Iterator[Segment]:
    # re.split puts the captured numbers at the odd places.
    for place, part in enumerate(_PLACEHOLDERS.split(prompt)):
        if place % 2:
            yield messages[int(part)].content, False
        elif part:
            yield part, True


def _fold_system(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    system = [message.content for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    for number, message in enumerate(rest):
        if message.role == "user":
            rest[number] = ChatMessage("user", "\n\n".join([*system, message.content]))
            return rest
    return [ChatMessage("user", "\n\n".join(system)), *rest]


@cache
def _compile(source: str) -> jinja2.Template:
    # The same environment as Transformers', which the templates are written for.
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    try:
        return environment.from_string(source)
    except jinja2.TemplateError as error:
        raise ModelError(f"The model's chat template cannot be read: {error}", _HINT) from error


def _tojson(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise_exception(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


def _strftime_now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)


_HINT = "Use another GGUF of this model, with a working tokenizer.chat_template."
