"""The background thread behind a front end: answers first, memory work whenever it is idle."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from memchat.assistant import Assistant
from memchat.bank.types import Message
from memchat.engine.protocol import CancelToken, LoadState
from memchat.errors import EngineError, MemchatError
from memchat.turn import AnswerFailed, EngineChanged, MemoryFailed, MemoryMode, TurnEvent

logger = logging.getLogger(__name__)

_POLL_SECONDS = 2.0
"""How often an idle runner looks for turns that another process left in the queue."""

Job = Callable[[CancelToken], Iterator[TurnEvent]]


class Runner:
    """Owns the only thread that calls the engine. `emit` is called from that thread.

    A new message pre-empts memory work, which resumes after it from the persistent queue.
    """

    def __init__(self, assistant: Assistant, emit: Callable[[TurnEvent], None]) -> None:
        self.assistant = assistant
        self._emit = emit
        self._mode = MemoryMode.ON
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._current: CancelToken | None = None
        self._memory: CancelToken | None = None
        self._memory_blocked = False
        self._closed = False
        self._busy = True
        self._thread = threading.Thread(target=self._run, name="memchat-runner", daemon=True)

    @property
    def mode(self) -> MemoryMode:
        return self._mode

    @mode.setter
    def mode(self, mode: MemoryMode) -> None:
        with self._changed:
            self._mode = mode
            self._pre_empt_memory()
            self._changed.notify_all()

    def start(self) -> None:
        """Load the language model, finish what an earlier run left, then wait for messages."""
        self._thread.start()

    def send(self, chat_id: int, text: str) -> Message:
        """Save the message now, on the caller's thread; answer it soon.

        Raises UsageError for a blank message, StorageError when it cannot be saved.
        """
        message = self.assistant.submit(chat_id, text, self._mode)
        self.answer(message.id)
        return message

    def answer(self, message_id: int) -> None:
        """Queue an answer to a saved message."""
        mode = self._mode
        self._put(lambda cancel: self.assistant.answer(message_id, mode, cancel))

    def call(self, work: Callable[[], None]) -> None:
        """Run `work`, which needs the engine, between generations. It handles its own errors."""

        def job(_cancel: CancelToken) -> Iterator[TurnEvent]:
            work()
            return iter(())

        self._put(job)

    def stop(self) -> None:
        """Stop the answer under way; what it wrote so far is kept."""
        with self._changed:
            if self._current is not None:
                self._current.cancel()

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until no answer and no memory work is left; False when `timeout` seconds pass."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, timeout)

    def close(self) -> None:
        """Stop everything. Unfinished memory work stays queued in the database."""
        with self._changed:
            self._closed = True
            self._jobs.clear()
            self._pre_empt_memory()
            if self._current is not None:
                self._current.cancel()
            self._changed.notify_all()
        self.assistant.engine.close()  # wakes a thread that waits for a model
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=1.0)

    def _put(self, job: Job) -> None:
        with self._changed:
            self._jobs.append(job)
            self._memory_blocked = False
            self._pre_empt_memory()
            self._changed.notify_all()

    def _pre_empt_memory(self) -> None:
        if self._memory is not None:
            self._memory.cancel()

    def _run(self) -> None:
        try:
            self._load()
            while not self._closed:
                self._step()
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()

    def _step(self) -> None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            self._changed.wait_for(self._has_work, timeout=_POLL_SECONDS)
            job = self._jobs.popleft() if self._jobs else None
            self._busy = True
            self._current = CancelToken() if job else None
            self._memory = None if job else CancelToken()
        if job is not None:
            self._answer(job, self._current or CancelToken())
        elif self._memory is not None and self._memory_is_due():
            self._remember(self._memory)

    def _has_work(self) -> bool:
        return self._closed or bool(self._jobs) or self._memory_is_due()

    def _memory_is_due(self) -> bool:
        if self._mode is not MemoryMode.ON or self._memory_blocked:
            return False
        return self.assistant.bank.pending_count() > 0

    def _is_idle(self) -> bool:
        return self._closed or not (self._busy or self._jobs or self._memory_is_due())

    def _load(self) -> None:
        """A failed turn is tried once more in each run, so that it is not lost for good."""
        status = self.assistant.engine.status()
        self._emit(EngineChanged(replace(status, model_state=LoadState.LOADING)))
        try:
            self.assistant.bank.retry_failed()
            status = self.assistant.engine.load(embedder=False)  # answers wait for no more
        except MemchatError as error:
            status = self.assistant.engine.status()
            status = replace(status, model_state=LoadState.FAILED, error=error.message)
        self._emit(EngineChanged(status))

    def _answer(self, job: Job, cancel: CancelToken) -> None:
        try:
            for event in job(cancel):
                if not self._closed:
                    self._emit(event)
        except Exception as error:  # noqa: BLE001 (whatever it is, the next message is answered)
            self._emit(AnswerFailed(0, _told(error)))

    def _remember(self, cancel: CancelToken) -> None:
        try:
            for event in self.assistant.manage(cancel):
                if not self._closed:
                    self._emit(event)
        except Exception as error:  # noqa: BLE001 (the queue is safe in the database)
            self._memory_blocked = True
            self._emit(MemoryFailed(0, _told(error)))


def _told(error: Exception) -> MemchatError:
    """`error` as one to show. One that nobody expected goes to the log with its traceback."""
    if isinstance(error, MemchatError):
        return error
    logger.error("the runner met an unexpected error", exc_info=error)
    return EngineError(f"Unexpected error: {type(error).__name__}: {error}")
