"""What each slash command does. The registry says how they are written."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import work

from memchat import commands
from memchat.commands import BY_NAME, Command, Invocation, Misuse
from memchat.errors import MemchatError, UsageError
from memchat.tui import chat_export
from memchat.tui.say import complain, say
from memchat.tui.screens.confirm import Confirm
from memchat.tui.screens.memory_commands import MemoryCommands
from memchat.tui.session import Session
from memchat.tui.sessions import Sessions
from memchat.tui.widgets.prompt import Prompt


class ChatCommands(MemoryCommands):
    """Carries commands out; the chat screen supplies what they act on."""

    sessions: Sessions

    async def open_chat(self, chat_id: int | None) -> None:
        """Show a chat, or an empty page for a new one."""
        raise NotImplementedError

    async def change_session(self, session: Session) -> None:
        """Go on in another session."""
        raise NotImplementedError

    async def obey(self, line: str) -> str | None:
        """Carry out a command line. Returns the text instead when it is a message."""
        match commands.parse(line):
            case Invocation(command=command, argument=argument):
                await self.run_command(command, argument)
                return None
            case Misuse(hint=hint):
                self.query_one(Prompt).give_back(line)
                complain(self, UsageError(hint), "Not sent")
                return None
            case text:
                return text.text

    async def run_command(self, command: Command, argument: str = "") -> None:
        """Carry out one command. What goes wrong is said, not raised."""
        try:
            await getattr(self, f"command_{command.name}")(argument)
        except MemchatError as error:
            complain(self, error, f"/{command.name}")

    async def choose_command(self, name: str) -> None:
        """A command was chosen from a list: run it, or have its argument written."""
        command = BY_NAME[name]
        if command.needs_argument:
            prompt = self.query_one(Prompt)
            prompt.fill(f"/{name} ")
            prompt.focus()
        else:
            await self.run_command(command)

    async def command_new(self, _argument: str) -> None:
        await self.open_chat(None)

    async def command_chats(self, _argument: str) -> None:
        await self.run_action("chats")

    async def command_resume(self, argument: str) -> None:
        bank = self.session.bank
        if argument:
            if not argument.isdecimal():
                raise UsageError(f"{argument} is no chat id.", "/chats lists the chats.")
            await self.open_chat(bank.chat(int(argument)).id)
            return
        others = [chat for chat in bank.chats("chat", limit=2) if chat.id != self.session.chat_id]
        if not others:
            raise UsageError("There is no other chat.")
        await self.open_chat(others[0].id)

    async def command_rename(self, argument: str) -> None:
        self.session.bank.rename_chat(self._chat_id(), argument)
        say(self, argument, "Chat renamed")

    async def command_delete(self, _argument: str) -> None:
        self._delete_chat(self._chat_id())

    @work
    async def _delete_chat(self, chat_id: int) -> None:
        bank = self.session.bank
        question = Confirm(
            "Delete this chat?",
            bank.chat(chat_id).title,
            "Its messages are deleted. Memories drawn from it stay, without their source.",
            yes="Delete",
        )
        if await self.app.push_screen_wait(question):
            bank.delete_chat(chat_id)
            await self.open_chat(None)
            say(self, "Its memories stay", "Chat deleted")

    async def command_export(self, argument: str) -> None:
        chat = self.session.bank.chat(self._chat_id())
        path = Path(argument or chat_export.file_name(chat)).expanduser().absolute()
        chat_export.export(chat, self.session.bank.messages(chat.id), path)
        say(self, str(path), "Chat written to")

    async def command_regen(self, _argument: str) -> None:
        await self.run_action("regenerate")

    async def command_edit(self, _argument: str) -> None:
        await self.run_action("edit_last")

    async def command_copy(self, _argument: str) -> None:
        await self.run_action("copy_answer")

    async def command_incognito(self, _argument: str) -> None:
        """A fresh chat that leaves no trace; once more, back to where the user was."""
        away = self.sessions.back if self.session.incognito else self.sessions.incognito
        await self.change_session(away(self.session))

    async def command_model(self, argument: str) -> None:
        """Go on with another model, in this chat; what is being written stays."""
        from memchat.weights.inventory import Availability, find_entry

        if not argument:
            await self.run_action("model")
            return
        entry = await asyncio.to_thread(find_entry, argument)
        if entry.availability in (Availability.ABSENT, Availability.PARTIAL):
            raise UsageError(
                f"{entry.name} is not on this machine.", f"Run: memchat models pull {entry.name}"
            )
        await self.change_session(self.sessions.with_model(self.session, entry.name))
        say(self, f"`memchat models use {entry.name}` keeps it", f"Model {entry.name}")

    async def command_theme(self, argument: str) -> None:
        if not argument:
            self.app.action_change_theme()
        elif argument in self.app.available_themes:
            self.app.theme = argument
        else:
            names = ", ".join(sorted(self.app.available_themes))
            raise UsageError(f"There is no theme {argument}.", f"There are: {names}")

    async def command_keys(self, _argument: str) -> None:
        await self.run_action("help")

    async def command_help(self, _argument: str) -> None:
        await self.run_action("help")

    async def command_quit(self, _argument: str) -> None:
        await self.app.action_quit()

    def _chat_id(self) -> int:
        if self.session.chat_id is None:
            raise UsageError("There is no chat yet.", "Say something first.")
        return self.session.chat_id
