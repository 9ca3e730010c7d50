"""Downloads against a server on this machine: whole, interrupted, wrong, gone."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from memchat.errors import DownloadError, StorageFullError
from memchat.weights.catalogue import DownloadableWeights
from memchat.weights.download import WAITS, download
from memchat.weights.files import part_of
from tests.weights.file_server import CONTENT, FileServer, serving

CHUNK = 100_000


class Fetch:
    """Downloads, and remembers what it was told and how long it waited."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[int] = []
        self.waited: list[float] = []

    def __call__(self, weights: DownloadableWeights) -> Path:
        return download(weights, self.folder, self.seen.append, sleep=self.waited.append)


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    return Fetch(tmp_path / "data" / "models")


def test_the_file_arrives_whole_and_nothing_else_is_left(server: FileServer, fetch: Fetch) -> None:
    path = fetch(server.weights())
    assert path.read_bytes() == CONTENT
    assert [each.name for each in fetch.folder.iterdir()] == ["Tiny-Q4_K_M.gguf"]
    assert (fetch.seen[0], fetch.seen[-1]) == (0, len(CONTENT))
    assert fetch.seen == sorted(fetch.seen)


def test_the_folders_are_for_their_owner_alone(server: FileServer, fetch: Fetch) -> None:
    folder = fetch(server.weights()).parent
    assert [each.stat().st_mode & 0o777 for each in (folder, folder.parent)] == [0o700, 0o700]


def test_a_file_that_is_there_is_not_fetched_again(server: FileServer, fetch: Fetch) -> None:
    fetch(server.weights())
    fetch(server.weights())
    assert len(server.asked) == 1


def test_a_redirection_to_another_place_is_followed(server: FileServer, fetch: Fetch) -> None:
    server.redirect = True
    assert fetch(server.weights()).read_bytes() == CONTENT


def leave_part(fetch: Fetch, content: bytes) -> Path:
    fetch.folder.mkdir(parents=True)
    part = part_of(fetch.folder / "Tiny-Q4_K_M.gguf")
    part.write_bytes(content)
    return part


@pytest.mark.parametrize("here", [1, CHUNK, 999_999])
def test_an_interrupted_download_goes_on_where_it_stopped(
    server: FileServer, fetch: Fetch, here: int
) -> None:
    leave_part(fetch, CONTENT[:here])
    assert fetch(server.weights()).read_bytes() == CONTENT
    assert server.asked == [f"bytes={here}-"]
    assert fetch.seen[0] == here


def test_a_part_that_was_whole_needs_no_request(server: FileServer, fetch: Fetch) -> None:
    leave_part(fetch, CONTENT)
    assert fetch(server.weights()).read_bytes() == CONTENT
    assert server.asked == []


def test_a_part_that_is_too_long_is_no_part_of_it(server: FileServer, fetch: Fetch) -> None:
    leave_part(fetch, CONTENT + b"more")
    assert fetch(server.weights()).read_bytes() == CONTENT


def test_a_server_without_ranges_sends_it_all_again(server: FileServer, fetch: Fetch) -> None:
    leave_part(fetch, b"something else")
    server.ranges = False
    assert fetch(server.weights()).read_bytes() == CONTENT


def test_a_connection_cut_on_the_way_is_taken_up_again(server: FileServer, fetch: Fetch) -> None:
    server.cuts = [2 * CHUNK, CHUNK, 5]
    assert fetch(server.weights()).read_bytes() == CONTENT
    assert len(server.asked) == 4
    assert fetch.waited == [WAITS[0]] * 3


def test_a_network_that_is_gone_for_good_keeps_what_came(server: FileServer, fetch: Fetch) -> None:
    server.cuts = [2 * CHUNK] + [0] * len(WAITS)
    with pytest.raises(DownloadError, match="connection broke") as raised:
        fetch(server.weights())
    assert "are here already" in raised.value.hint
    assert fetch.waited == list(WAITS)
    assert part_of(fetch.folder / "Tiny-Q4_K_M.gguf").read_bytes() == CONTENT[: 2 * CHUNK]
    assert fetch(server.weights()).read_bytes() == CONTENT


def test_without_a_network_it_says_so_at_once(fetch: Fetch) -> None:
    with serving(b"") as gone:
        weights = gone.weights(bytes=9)
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 cannot be reached") as raised:
        fetch(weights)
    assert "Check the network" in raised.value.hint
    assert fetch.waited == []


def test_an_answer_without_a_body_is_no_endless_wait(server: FileServer, fetch: Fetch) -> None:
    server.cuts = [0]
    with pytest.raises(DownloadError):
        fetch(server.weights())


def test_the_wrong_content_is_removed(server: FileServer, fetch: Fetch) -> None:
    with pytest.raises(DownloadError, match="SHA-256") as raised:
        fetch(server.weights(sha256="0" * 64))
    assert "0" * 64 in raised.value.message
    assert list(fetch.folder.iterdir()) == []


def test_a_part_that_was_tampered_with_is_found_out(server: FileServer, fetch: Fetch) -> None:
    leave_part(fetch, b"x" + CONTENT[1:CHUNK])
    with pytest.raises(DownloadError, match="SHA-256"):
        fetch(server.weights())
    assert fetch(server.weights()).read_bytes() == CONTENT


@pytest.mark.parametrize("difference", [-5, 5, CHUNK])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_file_of_another_size_is_refused_before_it_comes(
    server: FileServer, fetch: Fetch, difference: int, ranges: bool
) -> None:
    server.ranges = ranges
    with pytest.raises(DownloadError, match="size differs"):
        fetch(server.weights(bytes=len(CONTENT) + difference))
    assert fetch.seen == [0]


@pytest.mark.parametrize(
    ("status", "advice"),
    [(404, "taken away"), (403, "taken away"), (429, "Try again later"), (503, "Try again later")],
)
def test_a_refusal_says_what_to_do(
    server: FileServer, fetch: Fetch, status: int, advice: str
) -> None:
    server.statuses = [status]
    with pytest.raises(DownloadError, match=f"answered {status} for tiny") as raised:
        fetch(server.weights())
    assert advice in raised.value.hint


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    server: FileServer, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=len(CONTENT)))
    with pytest.raises(StorageFullError, match="tiny needs 257 MB of disk, and 1 MB are free"):
        fetch(server.weights())
    assert server.asked == []


def test_a_disk_that_fills_up_is_named(server: FileServer, fetch: Fetch) -> None:
    fetch.folder.mkdir(parents=True)
    part_of(fetch.folder / "Tiny-Q4_K_M.gguf").symlink_to("/dev/full")
    with pytest.raises(StorageFullError, match=f"cannot be written to {fetch.folder}"):
        fetch(server.weights())


def test_stopping_keeps_what_came(server: FileServer, fetch: Fetch) -> None:
    def stop(here: int) -> None:
        if here:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.weights(), fetch.folder, stop)
    assert 0 < part_of(fetch.folder / "Tiny-Q4_K_M.gguf").stat().st_size < len(CONTENT)
    assert fetch(server.weights()).read_bytes() == CONTENT


def test_two_do_not_write_one_file(server: FileServer, fetch: Fetch) -> None:
    with leave_part(fetch, b"").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DownloadError, match=r"downloading Tiny-Q4_K_M\.gguf"):
            fetch(server.weights())
