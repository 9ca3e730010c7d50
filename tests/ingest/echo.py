"""A Memory Manager that takes each turn for one new fact."""

from __future__ import annotations

from collections.abc import Iterator

from memchat.engine.protocol import CancelToken, GenerateRequest, GenerationEvent, Role
from memchat.errors import EngineError
from tests.fakes import FakeEngine


class EchoManager(FakeEngine):
    """Needs no script, so that it can be interrupted anywhere. Fails on the turn `fail_on`."""

    fail_on = ""

    def generate(
        self, request: GenerateRequest, cancel: CancelToken | None = None
    ) -> Iterator[GenerationEvent]:
        if request.role is Role.MEMORY:
            self.enqueue(self._reply(request.messages[-1].content), role=Role.MEMORY)
        return super().generate(request, cancel)

    def _reply(self, task: str) -> str | EngineError:
        fact = task.splitlines()[-1].split(": ", 1)[1]
        if self.fail_on and self.fail_on in fact:
            return EngineError("The model broke.")
        return "ADD" if task.startswith("Memories:") else fact
