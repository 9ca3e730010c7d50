"""Which models there are, and what of them is on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat import paths
from memchat.errors import ModelError, NotFoundError
from memchat.weights.discover import find_model, resolve_spec
from memchat.weights.download import download
from memchat.weights.files import part_of
from memchat.weights.inventory import Availability, entries, find_entry, remove
from tests.weights.file_server import FileServer


@pytest.fixture
def pulled(tiny_catalogue: FileServer) -> Path:
    return download(tiny_catalogue.weights(), paths.models_dir(), lambda _here: None)


@pytest.mark.usefixtures("tiny_catalogue")
def test_before_anything_is_pulled() -> None:
    found = {entry.name: entry.availability for entry in entries()}
    assert found == {
        "smollm2-135m-instruct": Availability.EMBEDDED,
        "tiny": Availability.ABSENT,
    }
    assert find_entry("smollm2-135m-instruct").sha256
    with pytest.raises(ModelError, match="tiny is not on this machine") as raised:
        find_model("tiny")
    assert raised.value.hint == "Run: memchat models pull tiny"


def test_a_pulled_model_is_found_by_its_name_and_by_its_file(pulled: Path) -> None:
    assert find_entry("tiny").availability is Availability.HERE
    assert find_entry("tiny-q4_k_m.gguf").path == pulled
    assert resolve_spec("Tiny").model == pulled


def test_half_a_model_is_not_found(pulled: Path) -> None:
    part_of(pulled).write_bytes(pulled.read_bytes()[:1000])
    pulled.unlink()
    entry = find_entry("tiny")
    assert (entry.availability, entry.here, entry.bytes) == (Availability.PARTIAL, 1000, 1_000_000)
    with pytest.raises(ModelError):
        find_model("tiny")


@pytest.mark.usefixtures("pulled")
def test_files_put_there_by_hand_are_listed_too() -> None:
    mine = paths.models_dir() / "Mine-Q8_0.gguf"
    mine.write_bytes(b"GGUF")
    entry = find_entry("mine-q8_0")
    assert (entry.availability, entry.bytes, entry.pin, entry.sha256) == (
        Availability.HERE,
        4,
        None,
        "",
    )
    assert find_model("Mine-Q8_0") == mine
    assert [each.name for each in entries()][-2:] == ["tiny", "Mine-Q8_0"]


def test_removing_takes_what_came_so_far_too(pulled: Path) -> None:
    part_of(pulled).touch()
    remove(find_entry("tiny"))
    assert list(paths.models_dir().iterdir()) == []
    assert find_entry("tiny").availability is Availability.ABSENT


def test_what_is_part_of_the_program_cannot_be_removed() -> None:
    with pytest.raises(ModelError, match="part of the program"):
        remove(find_entry("smollm2-135m-instruct"))
    assert find_model("").is_file()


@pytest.mark.parametrize("name", ["../memchat.db", "/etc/passwd", "", "tinny"])
@pytest.mark.usefixtures("pulled")
def test_only_what_is_listed_has_a_name(name: str) -> None:
    with pytest.raises(NotFoundError, match="There is no model"):
        find_entry(name)
