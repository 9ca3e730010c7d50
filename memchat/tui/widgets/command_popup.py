"""The commands that fit what has been typed, just above the prompt."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from memchat.commands import Command, complete
from memchat.marks import MUTED

NAME_CELLS = 18


class CommandPopup(OptionList, can_focus=False):
    """Lists completions while the prompt keeps the focus, and the keys."""

    def __init__(self) -> None:
        super().__init__(id="command-popup", compact=True, markup=False)
        self._commands: list[Command] = []

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    @property
    def command(self) -> Command | None:
        """The highlighted command, while the popup is open."""
        if not self.is_open or self.highlighted is None:
            return None
        return self._commands[self.highlighted]

    def offer(self, line: str) -> None:
        """Show what `line` may become; hide when there is nothing to choose from."""
        found = complete(line)
        if found == self._commands and self.is_open:
            return
        self._commands = found
        self.set_options(Option(_line(command)) for command in found)
        self.highlighted = 0 if found else None
        self.display = bool(found)

    def close(self) -> None:
        self.display = False


def _line(command: Command) -> Content:
    name = Content.styled(f"/{command.name:<{NAME_CELLS}}", "bold $text-primary")
    key = f"  {command.key}" if command.key else ""
    return Content.assemble(name, command.summary, (key, MUTED))
