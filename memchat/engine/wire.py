"""What the program and its child process say to each other, pickled over a socket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from memchat.engine.protocol import EngineStatus
from memchat.errors import MemchatError

Method = Literal["load", "embed", "generate", "count_tokens"]


@dataclass(frozen=True, slots=True)
class Call:
    """Call the Engine's method of that name. `id` marks its replies."""

    id: int
    method: Method
    arguments: tuple[Any, ...]
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the generation with that id."""

    id: int


@dataclass(frozen=True, slots=True)
class Reply:
    """A result; of a generation, one event. `last` says that no more come."""

    id: int
    value: Any
    last: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """The call raised."""

    id: int
    error: MemchatError


ToChild = Call | Cancel
FromChild = Reply | Failed | EngineStatus
