"""One turn, start to end: save, retrieve, answer, remember. No user interface, no llama.cpp."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from memchat.agents.manager import USER
from memchat.bank.bank import Bank
from memchat.bank.types import Actor, Event, Hit, MemoryState, Message
from memchat.config import Settings
from memchat.engine.protocol import (
    CancelToken,
    Engine,
    EngineStatus,
    GenerationCancelledError,
    Vectors,
)
from memchat.errors import (
    EngineCrashedError,
    MemchatError,
    StaleFactError,
    StorageError,
    UsageError,
)
from memchat.memorising import Memoriser
from memchat.responding import Responder
from memchat.timings import Timings
from memchat.turn import (
    AnswerFailed,
    EngineRestarting,
    MemoryFailed,
    MemoryFinished,
    MemoryMode,
    MemoryStarted,
    TurnEvent,
)


def _required(text: str) -> str:
    if not text.strip():
        raise UsageError("A memory needs some text.")
    return text.strip()


def now() -> datetime:
    """The current time with the machine's own offset."""
    return datetime.now().astimezone()


class Assistant:
    """Answers and remembers. Every method blocks; one thread at a time may generate."""

    def __init__(
        self,
        bank: Bank,
        engine: Engine,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.bank = bank
        self.engine = engine
        self.settings = settings
        self.timings = Timings()
        self._clock = clock
        self._responder = Responder(bank, engine, settings, self.embed, self.timings)
        self._memoriser = Memoriser(bank, engine, self.embed, self.timings)

    def load(self) -> EngineStatus:
        """Load the models and check that the bank was built with this embedding model."""
        status = self.engine.load()
        self.bank.claim_embedding(status.embedding_model, status.embedding_dimension)
        return status

    def submit(self, chat_id: int, text: str, mode: MemoryMode = MemoryMode.ON) -> Message:
        """Save the user's message, and queue it for memory if `mode` is on. No model is called.

        Raises UsageError for a blank message, StorageError when it cannot be saved.
        """
        if not text.strip():
            raise UsageError("The message is empty.")
        state = MemoryState.PENDING if mode is MemoryMode.ON else MemoryState.NONE
        return self.bank.add_message(
            chat_id, "user", text, said_at=self._clock(), memory_state=state
        )

    def answer(
        self,
        message_id: int,
        mode: MemoryMode = MemoryMode.ON,
        cancel: CancelToken | None = None,
        attachment: str = "",
    ) -> Iterator[TurnEvent]:
        """Retrieve, distil and reply. Ends in AnswerFinished or AnswerFailed.

        `attachment` is a document the user handed over with the message: shown to the model,
        never a source of memories. A cancelled answer keeps what was written so far.
        """
        message = self.bank.message(message_id)
        cancel = cancel or CancelToken()
        recall = mode is not MemoryMode.OFF
        try:
            try:
                yield from self._responder.respond(message, cancel, attachment, recall=recall)
            except EngineCrashedError as crash:
                yield EngineRestarting(crash)
                yield from self._responder.respond(message, cancel, attachment, recall=recall)
        except MemchatError as error:
            yield AnswerFailed(message_id, error)

    def manage(
        self, cancel: CancelToken | None = None, chat_id: int | None = None
    ) -> Iterator[TurnEvent]:
        """Work off the memory queue (of one chat, or of all) until it is empty or cancelled.

        A model's failure marks the message as failed and goes on. Raises StorageError when the
        bank cannot be written: the queue then stays as it is.
        """
        cancel = cancel or CancelToken()
        crashed: set[int] = set()
        while not cancel.cancelled and (queue := self.bank.pending(chat_id, limit=1)):
            message = queue[0]
            try:
                yield from self._memorise(message, cancel)
            except EngineCrashedError as crash:
                if message.id in crashed:
                    yield self._failed(message, crash)
                else:
                    crashed.add(message.id)
                    yield EngineRestarting(crash)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimension), from the model that the bank is bound to."""
        with self.timings.measure("embed"):
            vectors = self.engine.embed(texts)
        status = self.engine.status()
        self.bank.claim_embedding(status.embedding_model, status.embedding_dimension)
        return vectors

    def remember(self, text: str) -> Event:
        """Add a memory in the user's own words."""
        text = _required(text)
        return self.bank.add(text, vector=self.embed([text])[0], subject=USER, actor=Actor.USER)

    def edit_memory(self, memory_id: int, text: str) -> Event:
        """Correct a memory; from then on the manager may only suggest changes to it."""
        text = _required(text)
        return self.bank.edit(memory_id, text, vector=self.embed([text])[0])

    def search(self, text: str, limit: int = 20) -> list[Hit]:
        """Active memories and user turns nearest to `text`, best first."""
        return self.bank.search(text, self.embed([text])[0], limit=limit)

    def _memorise(self, message: Message, cancel: CancelToken) -> Iterator[TurnEvent]:
        yield MemoryStarted(message.id)
        try:
            yield from self._memoriser.work(message, cancel)
        except (GenerationCancelledError, StaleFactError):
            return  # it is still queued: picked up again, by us or by the process that is ahead
        except (EngineCrashedError, StorageError):
            raise
        except MemchatError as error:
            yield self._failed(message, error)
        else:
            yield MemoryFinished(message.id)

    def _failed(self, message: Message, error: MemchatError) -> MemoryFailed:
        self.bank.fail_memory(message.id, error.message)
        return MemoryFailed(message.id, error)
