"""A web server on this machine that can also misbehave, and a catalogue that names it."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import tomlkit

from memchat.weights import catalogue
from memchat.weights.catalogue import DownloadableWeights

CONTENT = random.Random(1).randbytes(1_000_000)


@dataclass
class FileServer:
    """Serves `content` under any path. Each request takes the next of its misdeeds, if any."""

    content: bytes
    url: str = ""
    ranges: bool = True
    """Whether it knows what Range means."""
    cuts: list[int] = field(default_factory=list)
    """Bytes after which the connection is cut, one a request."""
    statuses: list[int] = field(default_factory=list)
    """Answers instead of the file, one a request."""
    redirect: bool = False
    asked: list[str] = field(default_factory=list)
    """The Range headers of the requests."""

    def weights(self, **more: object) -> DownloadableWeights:
        """What a catalogue would say of the file."""
        known: dict[str, object] = {
            "name": "tiny",
            "file": "Tiny-Q4_K_M.gguf",
            "url": f"{self.url}/commit/Tiny-Q4_K_M.gguf",
            "bytes": len(self.content),
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "licence": "Apache-2.0",
            "context_tokens": 32768,
            "memory": 2_000_000_000,
            "note": "small",
        }
        return DownloadableWeights(**known | more)  # type: ignore[arg-type]


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """A client that leaves early is what some tests are about."""


@contextmanager
def serving(content: bytes = CONTENT) -> Iterator[FileServer]:
    served = FileServer(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, served)

        def log_message(self, *_arguments: object) -> None:
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield served
        server.shutdown()


@contextmanager
def catalogue_of(server: FileServer, folder: Path) -> Iterator[None]:
    """The catalogue that ships, with `tiny` from the server as its only download."""
    shipped = catalogue.models_folder() / "catalogue.toml"
    tables = tomlkit.parse(shipped.read_text())
    tables["download"] = [asdict(server.weights())]
    (folder / "catalogue.toml").write_text(tomlkit.dumps(tables))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "models_folder", lambda: folder)
        catalogue.catalogue.cache_clear()
        yield
    catalogue.catalogue.cache_clear()


def _answer(request: BaseHTTPRequestHandler, served: FileServer) -> None:
    if served.redirect and not request.path.startswith("/cdn"):
        request.send_response(302)
        request.send_header("Location", f"/cdn{request.path}")
        request.end_headers()
        return
    wanted = request.headers.get("Range", "")
    served.asked.append(wanted)
    if served.statuses:
        request.send_response(served.statuses.pop(0))
        request.end_headers()
        return
    body = _send_headers(request, served, wanted)
    request.wfile.write(body[: served.cuts.pop(0)] if served.cuts else body)
    request.close_connection = True


def _send_headers(request: BaseHTTPRequestHandler, served: FileServer, wanted: str) -> bytes:
    found = re.fullmatch(r"bytes=(\d+)-", wanted)
    start, total = int(found[1]) if found and served.ranges else 0, len(served.content)
    if start >= total:
        request.send_response(416)
        request.send_header("Content-Length", "0")
        request.end_headers()
        return b""
    request.send_response(206 if found and served.ranges else 200)
    if found and served.ranges:
        request.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
    request.send_header("Content-Length", str(total - start))
    request.end_headers()
    return served.content[start:]
