"""What the status bar says: the model, its state in a word, the context, the memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from memchat.engine.protocol import EngineStatus, Finished, LoadState
from memchat.tui.turn_record import Phase, TurnRecord
from memchat.turn import (
    AnswerFailed,
    AnswerFinished,
    Decided,
    EngineChanged,
    EngineRestarting,
    FactsExtracted,
    MemoryFailed,
    MemoryFinished,
    MemoryMode,
    MemoryStarted,
    Thinking,
    TurnEvent,
)


@dataclass
class Status:
    """Fed by turn events; its properties are the words on screen."""

    engine: EngineStatus = field(default_factory=EngineStatus)
    restarting: bool = False
    turn: TurnRecord | None = None
    """The newest turn sent since the program started."""
    stats: Finished | None = None
    mode: MemoryMode = MemoryMode.ON
    incognito: bool = False
    profile: str = ""
    """Its name, where it is not the usual one."""
    memory_message: int | None = None
    """The message that the Memory Manager reads."""
    pending: int = 0
    """Messages waiting for the Memory Manager."""
    memory_failed: bool = False
    failure: str = ""
    """Why there is no engine at all."""

    def apply(self, event: TurnEvent) -> None:
        match event:
            case EngineChanged(status=status):
                self.engine, self.restarting = status, False
            case EngineRestarting():
                self.restarting = True
            case Thinking():
                self.restarting = False
            case AnswerFinished(stats=stats):
                self.stats, self.restarting = stats, False
            case MemoryStarted(message_id=message_id) | FactsExtracted(message_id=message_id):
                self.memory_message, self.restarting = message_id, False
                self.memory_failed = False
            case Decided(message_id=message_id):
                self.memory_message = message_id
            case MemoryFinished():
                self.memory_message = None
            case AnswerFailed():
                self.restarting = False
            case MemoryFailed():
                self.memory_message, self.memory_failed = None, True
                self.restarting = False
            case _:
                pass

    @property
    def model(self) -> str:
        """Its name; empty until it is known."""
        return self.engine.model_name

    @property
    def state(self) -> str:
        """One word or two for what the answering half does."""
        if self.failure or self.engine.model_state is LoadState.FAILED:
            return "model failed"
        if self.restarting:
            return "restarting model"
        turn = self.turn
        if turn and turn.phase is Phase.THINKING and turn.progress[1]:
            return "thinking {} of {}".format(*turn.progress)
        if turn and turn.phase.busy:
            return turn.phase.value
        queued = ", message queued" if turn and turn.phase is Phase.QUEUED else ""
        if self.engine.model_state is not LoadState.READY:
            return f"loading model{queued}"
        return turn.phase.value if queued and turn else "ready"

    @property
    def context(self) -> str:
        """`ctx 2.1k/8.2k`: tokens of the last prompt and reply, of the window."""
        if not self.engine.context_tokens or self.stats is None:
            return ""
        taken = self.stats.prompt_tokens + self.stats.completion_tokens
        return f"ctx {_thousands(taken)}/{_thousands(self.engine.context_tokens)}"

    @property
    def speed(self) -> str:
        if self.stats is None or not self.stats.completion_tokens:
            return ""
        return f"{self.stats.tokens_per_second:.0f} tok/s"

    @property
    def memory(self) -> str:
        """What memory does, or is set to do."""
        if self.incognito:
            return "incognito"
        if self.mode is not MemoryMode.ON:
            return f"memory {self.mode}"
        if self.memory_failed:
            return "memory failed"
        if self.memory_message is not None:
            return "memory working"
        return f"memory queued {self.pending}" if self.pending else "memory on"


def _thousands(tokens: int) -> str:
    return str(tokens) if tokens < 1000 else f"{tokens / 1000:.1f}k"
