"""Hand-written exchanges of everyday talk: what somebody says, what a good assistant replies."""

from __future__ import annotations

from functools import cache

from training.data.synthetic.forms import expand, lines
from training.data.synthetic.world import Values, World

Exchange = tuple[str, str]
"""A message and its reply."""


@cache
def conversations() -> tuple[tuple[str, ...], ...]:
    """Messages and replies in turn, with alternatives, of one or more exchanges each."""
    return tuple(
        tuple(form.source.split(" => ")) for section in lines("chats").values() for form in section
    )


def talk(world: World) -> list[Exchange]:
    """A random conversation, one wording of each part."""
    conversation = world.rng.choice(conversations())
    values = Values(world.rng, world.today)
    parts = [world.rng.choice(_expanded(part)).format_map(values) for part in conversation]
    return list(zip(parts[::2], parts[1::2], strict=True))


@cache
def _expanded(part: str) -> tuple[str, ...]:
    return tuple(expand(part))
