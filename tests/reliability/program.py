"""A chat that is killed: 200 scripted turns, each acknowledged on stdout once it is saved.

Usage: python -m tests.reliability.program DATABASE TURNS. Started again, it goes on where the
database says it was.
"""

from __future__ import annotations

import sys
from pathlib import Path

from memchat.assistant import Assistant
from memchat.bank.bank import Bank
from memchat.bank.types import Op
from memchat.config import Settings
from memchat.engine.protocol import Role
from memchat.turn import AnswerFinished, Decided
from tests.fakes import FakeEngine


def fact(number: int) -> str:
    """What turn `number` says, and what the scripted extractor finds in it."""
    return f"The user owns lamp{number} from city{number % 7}."


def say(*words: object) -> None:
    print(*words, flush=True)


def main() -> None:
    with Bank.open(Path(sys.argv[1])) as bank:
        engine = FakeEngine(default_replies={Role.MEMORY: "ADD", Role.ANSWER: "Noted, thank you."})
        assistant = Assistant(bank, engine, Settings())
        chats = bank.chats()
        chat_id = chats[0].id if chats else bank.create_chat().id
        finish_pending(assistant, engine)
        said = sum(message.role == "user" for message in bank.messages(chat_id))
        for number in range(said, int(sys.argv[2])):
            take_turn(assistant, engine, chat_id, number)


def take_turn(assistant: Assistant, engine: FakeEngine, chat_id: int, number: int) -> None:
    message = assistant.submit(chat_id, fact(number))
    say("said", message.id, number)
    for event in assistant.answer(message.id):
        if isinstance(event, AnswerFinished):
            say("answered", event.reply.id)
    finish_pending(assistant, engine)


def finish_pending(assistant: Assistant, engine: FakeEngine) -> None:
    """Each pending turn alone, so that the script knows which fact the extractor must say."""
    while waiting := assistant.bank.pending():
        if not waiting[0].facts:
            engine.enqueue(waiting[0].text, role=Role.MEMORY)
        for event in assistant.manage():
            if isinstance(event, Decided) and event.event.op is Op.ADD:
                say("decided", event.event.id, event.event.memory_id)


if __name__ == "__main__":
    main()
