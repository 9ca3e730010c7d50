"""The main screen: the conversation on the left, the memory pane on the right."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message as TextualMessage

from memchat import paths
from memchat.bank.types import Event, MemoryState, Message, Op
from memchat.engine.protocol import LoadState
from memchat.errors import MemchatError, ModelError
from memchat.marks import OF_OPERATION
from memchat.tui.bindings import bound
from memchat.tui.chat_history import ChatHistory
from memchat.tui.clock import Clock
from memchat.tui.preferences import Preferences
from memchat.tui.prompt_history import PromptHistory, sent_messages
from memchat.tui.say import complain, say
from memchat.tui.screens.chat_pane import ChatPane
from memchat.tui.session import Session
from memchat.tui.sessions import Sessions
from memchat.tui.status import Status
from memchat.tui.turn_record import MemoryPhase, Phase, TurnRecord
from memchat.tui.welcome import welcome
from memchat.tui.widgets.command_popup import CommandPopup
from memchat.tui.widgets.memory_pane import MemoryPane
from memchat.tui.widgets.prompt import INCOGNITO_TITLE, TITLE, Prompt
from memchat.tui.widgets.status_bar import StatusBar
from memchat.tui.widgets.transcript import Transcript
from memchat.tui.widgets.turn import Turn
from memchat.turn import (
    AnswerFailed,
    AnswerFinished,
    Decided,
    EngineChanged,
    EngineRestarting,
    MemoryFailed,
    MemoryFinished,
    MemoryStarted,
    TurnEvent,
)

WIDE_COLUMNS = 100
IDLE_SECONDS = 3.0
"""How often it is seen whether the model has time to name the chat."""
MEMORY_MOVES = (AnswerFinished, MemoryStarted, MemoryFinished, MemoryFailed)
"""Events that may change how many messages wait for the Memory Manager."""


class ChatScreen(ChatPane):
    """Sends what is written, and shows what the runner reports."""

    HELP_TITLE = "Everywhere"

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE_COLUMNS, "-wide")]  # noqa: RUF012

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("stop", "stop", "Stop", tooltip="Stop the answer; what there is stays"),
        bound("regenerate", "regenerate", "Again", tooltip="Answer the last message again"),
    ]

    @dataclass
    class Happened(TextualMessage):
        """Something happened in a turn; posted from the runner's thread."""

        session: Session
        event: TurnEvent

    def __init__(
        self, session: Session, sessions: Sessions, clock: Clock, preferences: Preferences
    ) -> None:
        super().__init__()
        self.preferences = preferences
        self.session = session
        self.sessions = sessions
        self.status = Status(profile=paths.profile())
        self.clock = clock
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._chat_opened = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="body"):
            with Vertical(id="chat"):
                yield Transcript()
                popup = CommandPopup()
                yield popup
                yield Prompt(popup, PromptHistory(lambda: sent_messages(self.session.bank)))
            yield MemoryPane(self.session, self.clock, self.preferences)
        yield StatusBar()

    def on_mount(self) -> None:
        self._mark_incognito()
        self.set_class(self.preferences.pane_hidden, "-pane-hidden")
        self.query_one(Prompt).focus()
        self._draw_status()
        self.set_interval(IDLE_SECONDS, self._give_title)
        self.run_worker(self._deliver())

    async def _deliver(self) -> None:
        """Set the session up, then send what was written, one message after the other."""
        await self._begin()
        while True:
            await self._take(await self._outbox.get())

    def _give_title(self) -> None:
        """While the user writes, the model keeps itself free for the answer."""
        if not self.query_one(Prompt).text:
            self.session.give_title()

    async def _begin(self) -> None:
        """Once the first frame is on screen: read the chat, and have the models loaded."""
        shown = asyncio.Event()
        self.app.call_after_refresh(shown.set)
        await shown.wait()
        self.run_worker(self._open_session())
        await asyncio.to_thread(import_module, "memchat.tui.widgets.answer")
        self.query_one(MemoryPane).open(self.session)
        if not self._chat_opened:  # else the user was quicker
            await self.open_chat(self.session.chat_id)

    async def _open_session(self) -> None:
        session = self.session
        try:
            await session.open()
        except MemchatError as error:
            if session is not self.session:
                return
            self.status.failure = error.message
            complain(self, error, "No model")
        self._draw_status()

    async def change_session(self, session: Session) -> None:
        """Leave the session, whatever it is at, and go on with another."""
        left, self.session = self.session, session
        self.status = Status(profile=paths.profile())
        self._mark_incognito()
        self.query_one(MemoryPane).open(session)
        self.query_one(Prompt).forget_history()
        await self.open_chat(session.chat_id)
        self._draw_status()
        await asyncio.to_thread(left.close)  # one model at a time in the machine's memory
        self.run_worker(self._open_session())

    def _mark_incognito(self) -> None:
        incognito = self.session.incognito
        self.preferences.kept = not incognito
        self.set_class(incognito, "-incognito")
        self.query_one(Prompt).title = INCOGNITO_TITLE if incognito else TITLE

    async def open_chat(self, chat_id: int | None) -> None:
        """Show a chat, or an empty page for a new one."""
        self._chat_opened = True
        self.replace(None)
        bank, transcript = self.session.bank, self.query_one(Transcript)
        try:
            greeting = welcome(bank, incognito=self.session.incognito)
            await transcript.open(ChatHistory(bank, chat_id), greeting)
        except MemchatError as error:
            complain(self, error, "The chat cannot be read")
            return
        self.session.chat_id = chat_id
        self.select_turn(None)

    @on(Prompt.Sent)
    def _post(self, sent: Prompt.Sent) -> None:
        self._outbox.put_nowait(sent.text)

    async def _take(self, line: str) -> None:
        """A line was written: carry it out as a command, or send it."""
        text = await self.obey(line)
        if text is not None:
            await self._send(text)

    async def _send(self, text: str) -> None:
        """Save the message, show it, have it answered."""
        replaced = self.take_replaced()
        try:
            message = await self.session.save(text)
        except MemchatError as error:
            self.query_one(Prompt).give_back(text)
            self.replace(replaced)
            complain(self, error, "Not sent")
            return
        if replaced is not None:
            self.session.remove(replaced.question.id)
            await self.query_one(Transcript).drop(replaced)
        if message.chat_id == self.session.chat_id:
            self.select_turn(None)
            self.query_one(MemoryPane).begin_turn()
            await self.query_one(Transcript).add(self._record(message))
        self.count_pending()
        self._draw_status()
        self.session.answer(message.id)

    def _record(self, message: Message) -> TurnRecord:
        queued = message.memory_state is MemoryState.PENDING
        return TurnRecord(message, memory=MemoryPhase.QUEUED if queued else MemoryPhase.NONE)

    @on(Happened)
    async def _show(self, happened: Happened) -> None:
        if not self.is_attached or happened.session is not self.session:
            return  # the app is closing, piece by piece; or this is of a session that was left
        event = happened.event
        self.status.apply(event)
        if isinstance(event, MEMORY_MOVES):
            self.count_pending()
        self.query_one(MemoryPane).show(event)
        await self.query_one(Transcript).show(event)
        self._announce(event)
        self._draw_status()

    def count_pending(self) -> None:
        with suppress(MemchatError):
            self.status.pending = self.session.bank.pending_count()
        self._draw_status()

    def _announce(self, event: TurnEvent) -> None:
        """Say aloud what cannot be seen otherwise."""
        if isinstance(event, EngineRestarting):
            complain(self, event.error, "The model is restarting; your text is kept")
        elif isinstance(event, MemoryFailed) and not event.message_id:
            complain(self, event.error, "Memory is waiting")
        elif isinstance(event, AnswerFailed) and not event.message_id:
            complain(self, event.error, "That did not work")
        elif isinstance(event, EngineChanged) and event.status.error:
            hint = "See `memchat doctor`; /quit, and start again when it is mended."
            complain(self, ModelError(event.status.error, hint), "No model")
        elif isinstance(event, Decided) and not self.pane_shown:
            self._announce_operation(event.event)

    def _announce_operation(self, operation: Event) -> None:
        if operation.op is not Op.NOOP:
            mark = OF_OPERATION[operation.op]
            say(self, f"{mark.glyph} {operation.new or operation.old}", f"Memory {mark.word}")

    def action_stop(self) -> None:
        if not self.stop_answer():
            self.replace(None)

    def stop_answer(self) -> bool:
        self.session.stop()  # also an answer that goes on in a chat no longer on screen
        record = self.query_one(Transcript).busy
        if record is None:
            return False
        record.phase = Phase.STOPPING
        self._redraw_turn(record)
        self._draw_status()
        return True

    def mode_changed(self) -> None:
        self._draw_status()
        self.query_one(MemoryPane).draw()

    @on(Turn.Selected)
    def _turn_clicked(self, clicked: Turn.Selected) -> None:
        self.select_turn(None if clicked.record is self.selected else clicked.record)

    async def action_regenerate(self) -> None:
        transcript = self.query_one(Transcript)
        record = transcript.last
        if record is None or record.phase.busy or record.phase is Phase.QUEUED:
            return
        record.restart()
        if turn := transcript.turn(record):
            await turn.restart()
        self._draw_status()
        self.session.answer(record.question.id)

    def _begin_next(self, transcript: Transcript) -> None:
        """The runner answers in order: the first that waits is next, and retrieval is silent."""
        if record := transcript.waiting:
            record.phase = Phase.RETRIEVING
            self._redraw_turn(record)

    def _redraw_turn(self, record: TurnRecord) -> None:
        if turn := self.query_one(Transcript).turn(record):
            turn.redraw()

    def _draw_status(self) -> None:
        transcript = self.query_one(Transcript)
        if self.status.engine.model_state is LoadState.READY and not transcript.busy:
            self._begin_next(transcript)
        self.status.turn = transcript.busy or transcript.waiting
        self.status.mode, self.status.incognito = self.session.mode, self.session.incognito
        self.query_one(StatusBar).show(self.status)
