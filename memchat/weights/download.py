"""Fetches a pinned file: taken up where it stopped, checked before it counts.

Until then it is called FILE.part. Nothing is sent but the request for the file.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import httpx

from memchat import __version__, paths
from memchat.errors import DownloadError, StorageFullError
from memchat.sizes import MEGABYTE, size_text
from memchat.weights.catalogue import DownloadableWeights
from memchat.weights.files import is_whole, part_of, sha256_of

SPARE_DISK = 256 * MEGABYTE
"""Left free beside the file, for the database and everybody else."""
WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt to take up a connection that broke."""
_TIMEOUT = httpx.Timeout(30.0, connect=15.0)
_PARTIAL_CONTENT = 206

Progress = Callable[[int], None]
"""Called with the bytes that are here. An exception it raises stops the download."""


def download(
    weights: DownloadableWeights,
    folder: Path,
    progress: Progress,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch the file into `folder` and return its path; at once when it is there already.

    Interrupted in any way it keeps what has come, and the next call goes on from there.
    Raises DownloadError when the file cannot be had or is not the pinned one (then nothing of it
    is kept), and StorageFullError.
    """
    target = folder / weights.file
    if is_whole(target, weights):
        return target
    with _open_part(part_of(target)) as file:
        if is_whole(target, weights):  # another process was faster
            part_of(target).unlink()
            return target
        _require_space(weights, folder, file.tell())
        _Transfer(weights, file, progress, sleep).run()
        with _full_disk_named(folder):
            file.flush()
            os.fsync(file.fileno())
        _check(weights, part_of(target))
        part_of(target).replace(target)
    return target


@dataclass(slots=True)
class _Transfer:
    """Appends to the part file until it has all bytes."""

    weights: DownloadableWeights
    file: IO[bytes]
    progress: Progress
    sleep: Callable[[float], None]

    def run(self) -> None:
        """A connection that broke is taken up again; one that never brought a byte is not."""
        waits: Iterator[float] = iter(())
        if self._here > self.weights.bytes:
            self.file.truncate(0)
        self.progress(self._here)
        while (before := self._here) < self.weights.bytes:
            try:
                self._receive()
            except httpx.TransportError as error:
                if self._here > before:
                    waits = iter(WAITS)
                wait = next(waits, None)
                if wait is None:
                    raise self._unreachable(error) from error
                self.sleep(wait)

    @property
    def _here(self) -> int:
        return self.file.seek(0, os.SEEK_END)

    def _receive(self) -> None:
        headers = {
            "Accept-Encoding": "identity",
            "User-Agent": f"memchat/{__version__}",
            "Range": f"bytes={self._here}-",
        }
        with httpx.stream(
            "GET", self.weights.url, headers=headers, follow_redirects=True, timeout=_TIMEOUT
        ) as response:
            self._begin(response)
            for chunk in response.iter_raw():
                if self._here + len(chunk) > self.weights.bytes:
                    raise self._another_file()
                with _full_disk_named(Path(self.file.name).parent):
                    self.file.write(chunk)
                self.progress(self._here)
            if not response.num_bytes_downloaded:
                raise httpx.ReadError("the answer is empty")

    def _begin(self, response: httpx.Response) -> None:
        """Go to where the answer starts, once it is clear that it is the file."""
        if not response.is_success:
            raise self._refused(response.status_code)
        if response.status_code == _PARTIAL_CONTENT:
            expected = f"bytes {self._here}-{self.weights.bytes - 1}/{self.weights.bytes}"
            if response.headers.get("Content-Range") != expected:
                raise self._another_file()
        else:  # the server knows no ranges: from the beginning
            length = response.headers.get("Content-Length", str(self.weights.bytes))
            if length != str(self.weights.bytes):
                raise self._another_file()
            self.file.truncate(0)

    @property
    def _host(self) -> str:
        return urlsplit(self.weights.url).hostname or ""

    def _unreachable(self, error: httpx.TransportError) -> DownloadError:
        here = f" {size_text(self._here)} are here already." if self._here else ""
        return DownloadError(
            f"{self._host} cannot be reached, or the connection broke: {_words(error)}.",
            f"Check the network and run the same command again.{here} "
            "The models that are here need no network.",
        )

    def _refused(self, status: int) -> DownloadError:
        if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return self._another_file()
        gone = 400 <= status < 500 and status != httpx.codes.TOO_MANY_REQUESTS
        return DownloadError(
            f"{self._host} answered {status} for {self.weights.name}.",
            "The file was taken away: choose another with `memchat models list`."
            if gone
            else "Try again later: what has come is kept.",
        )

    def _another_file(self) -> DownloadError:
        return DownloadError(
            f"What {self._host} has is not the file pinned as {self.weights.name}: "
            "its size differs.",
            "Nothing of it is used. Choose another model with `memchat models list`.",
        )


def _check(weights: DownloadableWeights, part: Path) -> None:
    found = sha256_of(part)
    if found == weights.sha256:
        return
    part.unlink()
    raise DownloadError(
        f"What came is not the file pinned as {weights.name}: "
        f"its SHA-256 is {found}, not {weights.sha256}.",
        "It is removed. Try again; if that does not help, the file was changed over there.",
    )


@contextmanager
def _open_part(part: Path) -> Iterator[IO[bytes]]:
    """The part file for this process alone, at its end."""
    paths.make_private(part.parent)
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DownloadError(
                f"Another memchat is downloading {part.stem}.", "Wait for it, or stop it."
            ) from error
        yield file


def _require_space(weights: DownloadableWeights, folder: Path, here: int) -> None:
    missing = weights.bytes - here + SPARE_DISK
    free = shutil.disk_usage(folder).free
    if free < missing:
        raise StorageFullError(
            f"{weights.name} needs {size_text(missing)} of disk, and {size_text(free)} are free.",
            f"Free some space at {folder}, or choose a smaller model.",
        )


@contextmanager
def _full_disk_named(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFullError(
            f"The download cannot be written to {folder}: {error.strerror}.",
            "Free some space and run the same command again: what has come is kept.",
        ) from error


def _words(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
