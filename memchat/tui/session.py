"""What the screen works on: the bank, the chat, and the runner that answers. No widgets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from memchat.bank.bank import Bank
from memchat.bank.types import Event, Message
from memchat.errors import EngineError, MemchatError, UsageError
from memchat.tui.titling import write_title
from memchat.turn import AnswerFailed, MemoryMode, TurnEvent

if TYPE_CHECKING:
    from memchat.assistant import Assistant
    from memchat.runner import Runner

AssistantFactory = Callable[[Bank, str], "Assistant"]
"""Builds the assistant over a bank, without loading a model. Called on a thread of its own.

The text names a model; empty, it is the one of the settings.
"""
Emit = Callable[["Session", TurnEvent], None]
Outcome = Event | MemchatError
Change = Callable[["Assistant"], Event]

TITLE_CHARACTERS = 60
EXCHANGE = 2
"""Messages that a title is made from: a question and its answer."""
LEAST_SIMILARITY = 0.35
"""Cosine of a memory that a search by meaning shows."""
NEAREST = 12
"""Memories and turns that a search by meaning looks at."""


def title_of(text: str) -> str:
    """What a chat is called until it has a better title: the beginning of its first message."""
    return " ".join(text.split())[:TITLE_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Terms:
    """What is special about a session."""

    model: str = ""
    """The model's name; empty for that of the settings."""
    incognito: bool = False
    origin: Session | None = None
    """Where an incognito session goes back to; None when there is no such place."""


class Session:
    """A bank with one chat open, and what is needed to talk in it.

    The runner is built by `open`, after the first frame; `save` waits for it. `emit` is called
    from the runner's thread. An `incognito` one is over a bank in memory and leaves memory off.
    """

    def __init__(
        self,
        bank: Bank,
        make_assistant: AssistantFactory,
        emit: Emit,
        chat_id: int | None = None,
        terms: Terms | None = None,
    ) -> None:
        self.bank = bank
        self.chat_id = chat_id
        self.terms = terms or Terms()
        self._make_assistant = make_assistant
        self._emit = emit
        self._mode = MemoryMode.OFF if self.incognito else MemoryMode.ON
        self._runner: Runner | None = None
        self._assistant: Assistant | None = None
        self._failure: MemchatError | None = None
        self._titled: set[int] = set()
        """Chats that the model was asked to name."""
        self._opened = asyncio.Event()
        self._closed = False

    @property
    def incognito(self) -> bool:
        """Whether nothing is read and nothing is saved."""
        return self.terms.incognito

    @property
    def mode(self) -> MemoryMode:
        """What memory does for the next message."""
        return self._mode

    @mode.setter
    def mode(self, mode: MemoryMode) -> None:
        self._mode = mode
        if self._runner is not None:
            self._runner.mode = mode

    @property
    def runner(self) -> Runner | None:
        """None until `open` has built it."""
        return self._runner

    def refuse_incognito(self) -> None:
        """Raises UsageError in an incognito session."""
        if self.incognito:
            raise UsageError("Incognito: no memory is read or written.", "/incognito ends it.")

    async def open(self) -> None:
        """Build the runner and start it, which loads the models. Raises MemchatError."""
        loop = asyncio.get_running_loop()

        def build() -> None:
            self._build()
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._opened.set)

        threading.Thread(target=build, name="memchat-open", daemon=True).start()
        await self._opened.wait()
        if self._failure is not None:
            raise self._failure

    async def save(self, text: str) -> Message:
        """Save a message of the user's; `answer` has it answered.

        Waits for `open`, and for another process that writes. Raises MemchatError when the
        message is not saved.
        """
        await self._opened.wait()
        assistant = self._assistant
        if assistant is None:
            raise self._failure or EngineError("memchat is closing.")
        return await asyncio.to_thread(self._save, assistant, text)

    def answer(self, message_id: int) -> None:
        """Answer a saved message (again)."""
        if self._runner is not None:
            self._runner.answer(message_id)

    def remove(self, message_id: int) -> None:
        """Remove a message and its reply, once no model reads them."""
        if self._runner is not None:
            self._runner.call(lambda: self._remove(message_id))

    def _remove(self, message_id: int) -> None:
        try:
            self.bank.remove_turn(message_id)
        except MemchatError as error:
            self._emit(self, AnswerFailed(0, error))

    def find(self, text: str, found: Callable[[list[int]], None]) -> None:
        """Ids of the memories nearest in meaning, best first; nothing when no model can say.

        `found` is called from the runner's thread.
        """
        runner, assistant = self._runner, self._assistant
        if runner is None or assistant is None or self.bank.is_empty():
            return

        def look() -> None:
            with suppress(MemchatError):
                hits = assistant.search(text, limit=NEAREST)
                near = [hit for hit in hits if (hit.similarity or 0) >= LEAST_SIMILARITY]
                found([hit.id for hit in near if hit.kind == "memory"])

        runner.call(look)

    def stop(self) -> None:
        """Stop the answer under way; what there is of it is kept."""
        if self._runner is not None:
            self._runner.stop()

    def change(self, work: Change, done: Callable[[Outcome], None]) -> None:
        """Change the bank with the help of a model, on the runner's thread.

        `done` is called from that thread, with the event or with what went wrong.
        """
        runner, assistant = self._runner, self._assistant
        if runner is None or assistant is None:
            done(self._failure or EngineError("The models are not loaded yet.", "Try again soon."))
            return

        def attempt() -> None:
            try:
                outcome: Outcome = work(assistant)
            except MemchatError as error:
                outcome = error
            done(outcome)

        runner.call(attempt)

    def give_title(self) -> None:
        """Have the model name the chat, once, when nothing else waits. The user's title stays."""
        runner, assistant, chat_id = self._runner, self._assistant, self.chat_id
        idle = runner is not None and runner.wait_idle(0)
        if runner is None or assistant is None or chat_id is None or not idle:
            return
        if self.incognito or chat_id in self._titled or self.bank.chat(chat_id).messages < EXCHANGE:
            return
        self._titled.add(chat_id)
        runner.call(partial(self._give_title, assistant, chat_id))

    def _give_title(self, assistant: Assistant, chat_id: int) -> None:
        with suppress(MemchatError):
            question, answer = self.bank.messages(chat_id)[:EXCHANGE]
            given = title_of(question.text)
            if self.bank.chat(chat_id).title != given:
                return
            title = write_title(assistant.engine, question.text, answer.text)
            if title and self.bank.chat(chat_id).title == given:
                self.bank.rename_chat(chat_id, title)

    def wake(self) -> None:
        """Have the runner look at the memory queue again, now."""
        if self._runner is not None:
            self._runner.call(lambda: None)

    def close(self) -> None:
        """Stop everything within a second; pending memory work stays in the database."""
        self._closed = True
        if self._runner is not None:
            self._runner.close()
        if self.incognito:
            self.bank.close()

    def _save(self, assistant: Assistant, text: str) -> Message:
        if self.chat_id is None:
            self.chat_id = self.bank.create_chat(title=title_of(text)).id
        return assistant.submit(self.chat_id, text, self._mode)

    def _build(self) -> None:
        from memchat.runner import Runner

        try:
            self._assistant = self._make_assistant(self.bank, self.terms.model)
        except MemchatError as error:
            self._failure = error
            return
        runner = Runner(self._assistant, partial(self._emit, self))
        runner.mode = self._mode
        if not self._closed:
            self._runner = runner
            runner.start()
