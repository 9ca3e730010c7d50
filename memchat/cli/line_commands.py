"""The slash commands of the line mode. The registry says how they are written."""

from __future__ import annotations

from pathlib import Path

from memchat.bank.types import Chat
from memchat.cli import views
from memchat.cli.confirm import confirmed
from memchat.cli.line_memory import MemoryCommands
from memchat.cli.output import emit_rows, note, say
from memchat.commands import COMMANDS, Command
from memchat.errors import UsageError

_RECENT = 20


class Quit(Exception):  # noqa: N818 (it is no error)
    """The user wants to leave."""


class LineCommands(MemoryCommands):
    def answer_again(self, message_id: int) -> None:
        """Answer a saved message once more."""
        raise NotImplementedError

    def obey(self, command: Command, argument: str) -> None:
        """Carry out one command. Raises MemchatError when that fails, Quit when it says so."""
        method = getattr(self, f"command_{command.name}", None)
        if method is None:
            raise UsageError(f"/{command.name} is for the full screen.")
        method(argument)

    def command_new(self, _argument: str) -> None:
        self.chat_id = None
        note("A new chat begins with the next message.")

    def command_chats(self, _argument: str) -> None:
        chats = self.bank.chats("chat", limit=_RECENT)
        if not chats:
            note("There are no chats yet.")
            return
        here = {self.chat_id: "*"}
        rows = [
            (here.get(each.id, ""), str(each.id), views.minute(each.updated_at), each.title)
            for each in chats
        ]
        emit_rows(("", "id", "last", "title"), rows)

    def command_resume(self, argument: str) -> None:
        chat = self.bank.chat(_number(argument)) if argument else self._latest_other()
        self.chat_id = chat.id
        note(f"Chat {chat.id}: {chat.title}")
        for message in self.bank.messages(chat.id, limit=2):
            say(f"{views.speaker(message)}: {message.text}".replace("\n", "\n  "))

    def command_rename(self, argument: str) -> None:
        self.bank.rename_chat(self.chat().id, argument)
        note(f"This chat is called {argument} now.")

    def command_delete(self, _argument: str) -> None:
        chat = self.chat()
        instead = f"Run: memchat chats rm {chat.id} --yes"
        if confirmed("Delete this chat? Its memories stay.", chat.title, instead=instead):
            self.bank.delete_chat(chat.id)
            self.chat_id = None
            note("The chat is deleted.")

    def command_export(self, argument: str) -> None:
        from memchat.tui import chat_export

        chat = self.chat()
        path = Path(argument or chat_export.file_name(chat)).expanduser().absolute()
        chat_export.export(chat, self.bank.messages(chat.id), path)
        note(f"The chat is in {path}.")

    def command_regen(self, _argument: str) -> None:
        asked = [each for each in self.bank.messages(self.chat().id) if each.role == "user"]
        if not asked:
            raise UsageError("Nothing has been asked yet.")
        self.answer_again(asked[-1].id)

    def command_help(self, _argument: str) -> None:
        here = [each for each in COMMANDS if hasattr(self, f"command_{each.name}")]
        emit_rows(("command", "what it does"), [(each.usage, each.summary) for each in here])
        note("// at the start sends a plain /. Ctrl+C stops the answer; twice, it quits.")

    def command_quit(self, _argument: str) -> None:
        raise Quit

    def _latest_other(self) -> Chat:
        chats = [chat for chat in self.bank.chats("chat", limit=2) if chat.id != self.chat_id]
        if not chats:
            raise UsageError("There is no other chat.")
        return chats[0]


def _number(text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{text} is no number of a chat.", "/chats lists them.")
    return int(text)
