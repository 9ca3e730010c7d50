"""The slash commands: one registry for the prompt, its popup, the palette and the help."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command. `argument` is shown after the name: `TEXT`, `[TITLE]`, `on|off`."""

    name: str
    summary: str
    argument: str = ""
    choices: tuple[str, ...] = ()
    """The only arguments that are understood; empty when it is free text."""
    key: str = ""
    """The key that does the same."""

    @property
    def usage(self) -> str:
        return f"/{self.name} {self.argument}".rstrip()

    @property
    def needs_argument(self) -> bool:
        return bool(self.argument) and not self.argument.startswith("[")


def _choosing(name: str, summary: str, *choices: str) -> Command:
    return Command(name, summary, "|".join(choices), choices)


COMMANDS = (
    Command("new", "Start a new chat"),
    Command("chats", "List the chats: resume, rename, delete, search", key="f3"),
    Command("resume", "Go on with the last chat, or with that one", "[ID]"),
    Command("rename", "Give this chat a title", "TITLE"),
    Command("delete", "Delete this chat; memories stay"),
    Command("export", "Write this chat to a file: .md or .json", "[FILE]"),
    Command("import", "Have a conversation from a file remembered", "FILE"),
    Command("model", "Go on with another model", "[NAME]", key="f4"),
    Command("regen", "Answer the last message again", key="f5"),
    Command("edit", "Edit the last message: sent again, it takes the place of it", key="alt+up"),
    Command("copy", "Copy the last answer", key="ctrl+y"),
    Command("remember", "Add a memory in your own words", "TEXT"),
    Command("forget", "Find a memory and forget it forever", "TEXT"),
    _choosing(
        "memory",
        "Memory: on, paused (reads, writes none), off (neither), …",
        "on",
        "pause",
        "off",
        "undo",
        "retry",
        "search",
        "why",
        "export",
        "log",
    ),
    Command("incognito", "A chat that reads nothing and saves nothing; again, it ends"),
    Command("theme", "Choose the colours", "[NAME]"),
    Command("keys", "Show the keys", key="f1"),
    Command("help", "Show the commands and the keys"),
    Command("quit", "Leave; unfinished memory work goes on at the next start", key="ctrl+q"),
)
BY_NAME = {command.name: command for command in COMMANDS}

_COMMAND_LINE = re.compile(r"/(?P<name>[^\s/]*)(?:\s+(?P<argument>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """A message for the model."""

    text: str


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command that can be carried out."""

    command: Command
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Misuse:
    """A line that looks like a command and is none; it must not be sent. `hint` says why."""

    hint: str


def parse(line: str) -> Text | Invocation | Misuse:
    """What a line written at the prompt means. `//` at the start stands for a plain slash."""
    if line.startswith("//"):
        return Text(line[1:])
    if not line.startswith("/"):
        return Text(line)
    match = _COMMAND_LINE.match(line)
    name = match["name"].casefold() if match else ""
    command = BY_NAME.get(name)
    if match is None or command is None or match.end() != len(line):
        return Misuse(_unknown(line))
    return _invocation(command, (match["argument"] or "").strip())


def complete(line: str) -> list[Command]:
    """The commands that the first word of `line` may become; none once that word is finished."""
    if not line.startswith("/") or line.startswith("//") or any(map(str.isspace, line)):
        return []
    return [command for command in COMMANDS if command.name.startswith(line[1:].casefold())]


def _invocation(command: Command, argument: str) -> Invocation | Misuse:
    if command.needs_argument and not argument:
        return Misuse(f"Write it as: {command.usage}")
    if command.choices and argument.casefold().split()[0] not in command.choices:
        return Misuse(f"Write it as: {command.usage}")
    return Invocation(command, argument)


def _unknown(line: str) -> str:
    word = line.split(maxsplit=1)[0]
    near = get_close_matches(word[1:].casefold(), BY_NAME, n=1, cutoff=0.5)
    suggestion = f" Did you mean /{near[0]}?" if near else " /help lists the commands."
    return f"There is no command {word}.{suggestion} To send it as it is, write /{line[:20]}"
