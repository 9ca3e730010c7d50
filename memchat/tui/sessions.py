"""From one session to the next: incognito and back, another model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from memchat.bank.bank import Bank
from memchat.errors import UsageError
from memchat.tui.session import AssistantFactory, Emit, Session, Terms


class Sessions:
    """Makes the sessions of a screen. One is open at a time: the screen closes what it leaves.

    `private_bank` gives the empty bank of an incognito session, which never reaches the disk.
    """

    def __init__(
        self, make_assistant: AssistantFactory, private_bank: Callable[[], Bank], emit: Emit
    ) -> None:
        self._make_assistant = make_assistant
        self._private_bank = private_bank
        self._emit = emit

    def first(self, bank: Bank | None, chat_id: int | None) -> Session:
        """Over the user's bank; incognito without one."""
        if bank is None:
            return self._incognito(Terms(incognito=True))
        return Session(bank, self._make_assistant, self._emit, chat_id)

    def incognito(self, left: Session) -> Session:
        """One that reads nothing and leaves nothing; `left` is what it goes back to."""
        return self._incognito(Terms(left.terms.model, incognito=True, origin=left))

    def back(self, left: Session) -> Session:
        """From incognito to the bank and the chat of before.

        Raises UsageError when the program was started incognito: there is no before.
        """
        origin = left.terms.origin
        if origin is None:
            raise UsageError(
                "memchat was started incognito.", "Quit, and start it without --incognito."
            )
        return self._again(origin, left.terms.model)

    def with_model(self, left: Session, model: str) -> Session:
        """The same with another model. An incognito chat ends with its bank: a fresh one."""
        if left.incognito:
            return self._incognito(replace(left.terms, model=model))
        return self._again(left, model)

    def _again(self, left: Session, model: str) -> Session:
        again = Session(left.bank, self._make_assistant, self._emit, left.chat_id, Terms(model))
        again.mode = left.mode
        return again

    def _incognito(self, terms: Terms) -> Session:
        return Session(self._private_bank(), self._make_assistant, self._emit, None, terms)
