"""The Textual application: one session, one main screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.theme import Theme

from memchat.bank.bank import Bank
from memchat.commands import COMMANDS
from memchat.keys import load_keys
from memchat.tui import clock, themes
from memchat.tui.bindings import bound
from memchat.tui.preferences import Preferences
from memchat.tui.screens.chat import ChatScreen
from memchat.tui.session import AssistantFactory, Session
from memchat.tui.sessions import Sessions
from memchat.turn import TurnEvent


class MemchatApp(App[None]):
    """`memchat`: the bank is open, `make_assistant` is called after the first frame.

    `chat_id` resumes a chat; without it a new one begins with the first message. Without
    a bank it is incognito: over what `private_bank` gives, which never reaches the disk.
    """

    TITLE = "memchat"
    HELP_TITLE = "The program"
    CSS_PATH = "memchat.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("quit", "quit", "Quit", tooltip="Quit; memory work goes on at the next start"),
    ]

    def __init__(
        self,
        bank: Bank | None,
        make_assistant: AssistantFactory,
        chat_id: int | None = None,
        *,
        now: clock.Clock = clock.now,
        private_bank: Callable[[], Bank] = Bank.in_memory,
    ) -> None:
        super().__init__()
        self.register_theme(themes.DARK)
        self.register_theme(themes.LIGHT)
        self._preferences = Preferences.load() if bank else Preferences()
        known = self._preferences.theme in self.available_themes
        self.theme = self._preferences.theme if known else themes.DARK.name
        sessions = Sessions(make_assistant, private_bank, self._emit)
        first = sessions.first(bank, chat_id)
        self.keys = load_keys()
        """Keys that the user has bound anew, by action."""
        self._chat = ChatScreen(first, sessions, now, self._preferences)

    @property
    def session(self) -> Session:
        """The one on screen."""
        return self._chat.session

    def on_mount(self) -> None:
        self.set_keymap(self.keys)
        self.theme_changed_signal.subscribe(self, self._remember_theme)

    def get_default_screen(self) -> ChatScreen:
        return self._chat

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """The palette: the slash commands, under the names they have at the prompt."""
        for command in COMMANDS:
            choose = partial(self._chat.choose_command, command.name)
            yield SystemCommand(f"/{command.name}", command.summary, choose)

    def on_unmount(self) -> None:
        self.session.close()

    def _remember_theme(self, theme: Theme) -> None:
        if theme.name != self._preferences.theme:
            self._preferences.theme = theme.name
            self._preferences.save()

    def _emit(self, session: Session, event: TurnEvent) -> None:
        """Called from the runner's thread."""
        if self._chat.is_running:
            self._chat.post_message(ChatScreen.Happened(session, event))
