"""The program's end of the child process: starts it, sends calls, routes the replies."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from memchat.engine.protocol import CancelToken, EngineStatus, ModelSpec
from memchat.engine.threads import default_threads
from memchat.engine.wire import Call, Cancel, Failed, FromChild, Method, Reply, ToChild
from memchat.errors import EngineError

LOG_LIMIT = 1_000_000
"""Bytes of an old log beyond which a new child starts it afresh."""

TERMINATE_SECONDS = 0.15
"""How long the child may take to end by itself before it is killed."""


class Child:
    """One running child process.

    `on_status` gets what it pushes. When the process has ended, `on_end` is called once with this
    object and makes the error that every waiting and later call raises. Both are called from the
    reader thread.
    """

    def __init__(
        self,
        spec: ModelSpec,
        log_file: Path,
        on_status: Callable[[EngineStatus], None],
        on_end: Callable[[Child], EngineError],
    ) -> None:
        self._on_status, self._on_end = on_status, on_end
        self._ids = itertools.count()
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._waiting: dict[int, SimpleQueue[Reply | Failed]] = {}
        self._error: EngineError | None = None
        self.answered = False
        """Whether any call was answered to its end."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _start(theirs.fileno(), spec, log_file)
            except OSError as error:
                ours.close()
                raise EngineError(
                    f"The process that runs the models cannot be started: {error.strerror}.",
                    "Close other programs and try again.",
                ) from error
        self._connection: Connection[ToChild | ModelSpec, FromChild] = Connection(ours.detach())
        self._send(spec)
        threading.Thread(target=self._read, name="engine-replies", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._error is not None

    @property
    def exit_reason(self) -> str:
        """How the process ended: "exit code 1", "SIGKILL"."""
        code = self._process.returncode
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def call(
        self,
        method: Method,
        *arguments: object,
        cancel: CancelToken | None = None,
        **options: object,
    ) -> Iterator[Any]:
        """The values of the replies. Leaving the iterator early cancels the call."""
        number, replies = self._register()
        self._send(Call(number, method, arguments, options))
        if cancel is not None:
            cancel.on_cancel(lambda: self._send(Cancel(number)))
        last = False
        try:
            while not last:
                message = replies.get()
                last = isinstance(message, Failed) or message.last
                if isinstance(message, Failed):
                    raise message.error
                yield message.value
        finally:
            if not last:
                self._send(Cancel(number))
            self._waiting.pop(number, None)

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self._process.terminate()
        try:
            self._process.wait(TERMINATE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _register(self) -> tuple[int, SimpleQueue[Reply | Failed]]:
        with self._lock:
            if self._error is not None:
                raise self._error
            number = next(self._ids)
            return number, self._waiting.setdefault(number, SimpleQueue())

    def _send(self, message: ToChild | ModelSpec) -> None:
        with self._sending, suppress(OSError):  # the reader notices a dead process, and tells
            self._connection.send(message)

    def _read(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                self._route(self._connection.recv())
        self.stop()
        with self._sending:
            self._connection.close()
        error = self._on_end(self)
        with self._lock:
            self._error = error
            waiting = list(self._waiting.items())
        for number, replies in waiting:
            replies.put(Failed(number, error))

    def _route(self, message: FromChild) -> None:
        if isinstance(message, EngineStatus):
            self._on_status(message)
            return
        self.answered |= isinstance(message, Failed) or message.last
        replies = self._waiting.get(message.id)
        if replies is not None:  # else its caller has left
            replies.put(message)


def _start(fd: int, spec: ModelSpec, log_file: Path) -> subprocess.Popen[bytes]:
    # -P: a module in the current directory must not stand in for one of ours.
    command = [sys.executable, "-P", "-m", "memchat.engine.server", str(fd)]
    threads = str(spec.threads or default_threads())
    with _open_log(log_file) as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[fd],
            env=os.environ | {"OMP_NUM_THREADS": threads},  # for torch; llama.cpp is told itself
            start_new_session=True,  # Ctrl+C in the terminal is for the program alone
        )


def _open_log(log_file: Path) -> IO[bytes]:
    try:
        log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        too_long = log_file.exists() and log_file.stat().st_size > LOG_LIMIT
        return log_file.open("wb" if too_long else "ab")
    except OSError:  # a read-only data directory is no reason not to answer
        return Path(os.devnull).open("wb")
