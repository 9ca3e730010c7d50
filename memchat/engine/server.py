"""The child process: a LlamaEngine behind a socket. Started by `child.Child`, never by hand.

Usage: python -m memchat.engine.server FD, with FD the number of an inherited socket. The first
message on it is the ModelSpec. Standard output and error are the log.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from memchat.engine.local import LlamaEngine
from memchat.engine.protocol import CancelToken, EngineStatus, Finished, ModelSpec
from memchat.engine.wire import Call, Cancel, Failed, FromChild, Reply, ToChild
from memchat.errors import EngineError, MemchatError

logger = logging.getLogger("memchat.engine")


class Server:
    """Answers calls, each on a thread of its own; the engine's locks put them in order."""

    def __init__(self, connection: Connection[FromChild, ToChild], spec: ModelSpec) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._tokens: dict[int, CancelToken] = {}
        self._engine = LlamaEngine(spec, on_status=self._send)

    def serve(self) -> None:
        """Load both models at once and answer until the other side is gone."""
        _start(self._preload, self._engine.load_model)
        _start(self._preload, self._engine.load_embedder)
        while True:
            message = self._connection.recv()
            if isinstance(message, Cancel):
                if token := self._tokens.get(message.id):
                    token.cancel()
                continue
            # Made before the thread starts: a Cancel may be the next message.
            self._tokens[message.id] = CancelToken()
            _start(self._answer, message)

    def _preload(self, load: Callable[[], object]) -> None:
        with suppress(MemchatError):  # the status tells; the next call that needs it raises
            load()

    def _answer(self, call: Call) -> None:
        try:
            self._dispatch(call)
        except MemchatError as error:
            self._send(Failed(call.id, error))
        except Exception as error:
            logger.exception("%s failed", call.method)
            self._send(Failed(call.id, EngineError(f"{type(error).__name__}: {error}")))
        finally:
            del self._tokens[call.id]

    def _dispatch(self, call: Call) -> None:
        if call.method == "generate":
            (request,) = call.arguments
            for event in self._engine.generate(request, self._tokens[call.id]):
                self._send(Reply(call.id, event, last=isinstance(event, Finished)))
            return
        result = getattr(self._engine, call.method)(*call.arguments, **call.options)
        self._send(Reply(call.id, result))

    def _send(self, message: Reply | Failed | EngineStatus) -> None:
        with self._sending:
            self._connection.send(message)


def _start(target: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=target, args=arguments, daemon=True).start()


def main() -> None:
    """Serve until the parent closes the socket or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    sys.setswitchinterval(0.0005)  # importing torch must not starve the thread that decodes
    connection: Connection[FromChild, Any] = Connection(int(sys.argv[1]))
    try:
        Server(connection, connection.recv()).serve()
    except (EOFError, OSError):
        os._exit(0)  # threads are in native code: they cannot be joined


if __name__ == "__main__":
    main()
