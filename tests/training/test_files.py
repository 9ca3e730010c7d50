"""Files are there whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from memchat.errors import StorageFullError
from training.files import append_json, read_jsonl, replacing, write_json


def test_a_file_is_replaced_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    with pytest.raises(UnicodeEncodeError):
        write_json(path, {"a": "\ud800"})
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageFullError, match="No space"), replacing(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_a_line_cut_short_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    append_json(path, {"id": "ä"})
    with path.open("a") as file:
        file.write('{"id": "b", "an')
    append_json(path, {"id": "c"})
    assert read_jsonl(path) == [{"id": "ä"}, {"id": "c"}]
    assert read_jsonl(tmp_path / "none.jsonl") == []
