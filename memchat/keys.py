"""The keys that can be bound anew in the `[keys]` table of the config file, checked one by one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from memchat import paths
from memchat.errors import UsageError


class Place(StrEnum):
    """Where a key works. Everywhere is where the others are, too."""

    EVERYWHERE = "everywhere"
    PROMPT = "prompt"
    PANE = "memory pane"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does; `keys` are its own, separated by commas."""

    keys: str
    place: Place


def _in(place: Place, **actions: str) -> dict[str, Action]:
    return {name: Action(keys, place) for name, keys in actions.items()}


ACTIONS: Mapping[str, Action] = {
    **_in(
        Place.EVERYWHERE,
        quit="ctrl+q",
        stop="escape",
        copy_or_stop="ctrl+c",
        help="f1",
        pane="f2",
        chats="f3",
        model="f4",
        regenerate="f5",
        edit_last="alt+up",
        copy_answer="ctrl+y",
        editor="ctrl+o",
        recall="ctrl+r",
        previous_turn="ctrl+up",
        next_turn="ctrl+down",
    ),
    **_in(Place.PROMPT, send="enter", newline="ctrl+j,shift+enter", complete="tab"),
    **_in(
        Place.PANE,
        edit="enter",
        delete="d",
        forget="D",
        undo="u",
        pin="p",
        accept="y",
        new_or_no="n",
        history="h",
        source="g",
        search="slash",
        decisions="v",
        wider="less_than_sign",
        narrower="greater_than_sign",
        leave="escape",
    ),
    **_in(Place.CONVERSATION, newest="end,G"),
}

_NAMED = (
    "up|down|left|right|home|end|pageup|pagedown|enter|tab|escape|space|backspace|delete|insert"
    "|slash|less_than_sign|greater_than_sign|f[1-9]|f1[0-9]|f2[0-4]"
)
_KEY = re.compile(rf"(?:(?:ctrl|alt|shift)\+)*(?:{_NAMED}|[^\s,])")
_TYPED = re.compile(r"(?:shift\+)?(?:[^\s,]|space|slash|\w+_sign)")
"""Keys that write a character; at the prompt they must go on doing so."""


def load_keys() -> dict[str, str]:
    """The keys of the config file, by action. Raises UsageError naming file, line and key."""
    path = paths.config_file()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return check_keys(tomllib.loads(text).get("keys", {}), text, path)


def check_keys(table: object, text: str, path: Path) -> dict[str, str]:
    """What the `[keys]` table of a config file binds. Raises UsageError as `load_keys` does."""
    if not isinstance(table, Mapping):
        raise UsageError(f"{path}: keys must be a table", "Write [keys] and the keys below it.")
    bound: dict[str, str] = {}
    for action, keys in table.items():
        where = f"{path}, line {_line(action, text)}: "
        bound[action] = _checked(action, keys, where)
        _refuse_clash(action, bound, where)
    return bound


def _checked(action: str, keys: object, where: str) -> str:
    if action not in ACTIONS:
        near = get_close_matches(action, ACTIONS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(ACTIONS)}."
        raise UsageError(f"{where}no action is called {action!r}", hint)
    if not isinstance(keys, str) or not keys.strip():
        raise UsageError(f'{where}{action} must be keys in quotes, such as "ctrl+g"')
    listed = [key.strip() for key in keys.split(",")]
    for key in listed:
        if not _KEY.fullmatch(key):
            hint = "Keys look like f6, ctrl+g, alt+enter or x; several are separated by commas."
            raise UsageError(f"{where}{action}: there is no key {key!r}", hint)
        if _TYPED.fullmatch(key) and ACTIONS[action].place in {Place.EVERYWHERE, Place.PROMPT}:
            hint = "Put ctrl+ or alt+ before it, or take a function key."
            raise UsageError(f"{where}{action}: {key} could not be typed any more", hint)
    return ",".join(listed)


def _refuse_clash(action: str, bound: Mapping[str, str], where: str) -> None:
    """Only what this table binds is compared: what it leaves alone gave way before, too."""
    place = ACTIONS[action].place
    for other, mine in ACTIONS.items():
        same = place is mine.place or Place.EVERYWHERE in {place, mine.place}
        if other == action or not same or {other, action} == {"stop", "leave"}:
            continue
        shared = set(bound[action].split(",")) & set(bound.get(other, mine.keys).split(","))
        if shared:
            key = min(shared)
            hint = f"Bind {other} to another key first, above it in the table."
            raise UsageError(f"{where}{action}: {key} is the key of {other}", hint)


def _line(action: str, text: str) -> int:
    """Where the action is bound, counted from 1."""
    lines = text.splitlines()
    headed = (number for number, line in enumerate(lines) if re.match(r"\s*\[\s*keys", line))
    start = next(headed, 0)
    wanted = re.compile(rf"\s*(?:keys\s*\.\s*)?[\"']?{re.escape(action)}[\"']?\s*=")
    found = (number for number in range(start, len(lines)) if wanted.match(lines[number]))
    return next(found, start) + 1
