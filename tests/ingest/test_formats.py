"""The format of a file is found by what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat.errors import IngestError, UsageError
from memchat.ingest.formats import Format, read_conversations

LINE = '{"role": "user", "text": "Hi"}'


def write(tmp_path: Path, data: str | bytes, name: str = "file.json") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize("text", [LINE, f"{LINE}\n{LINE}", f"\n{LINE}\n", f"\ufeff{LINE}"])
def test_lines_of_objects_are_jsonl_whatever_the_name(tmp_path: Path, text: str) -> None:
    [conversation] = read_conversations(write(tmp_path, text, "talk.txt"))
    assert conversation.turns[0].text == "Hi"


def test_a_broken_first_line_of_a_jsonl_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="line 1: not valid JSON"):
        read_conversations(write(tmp_path, f"{LINE[:-1]}\n{LINE}", "talk.jsonl"))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("", "the file is empty"),
        ("  \n", "the file is empty"),
        ('[\n{"conversation": {}},\n]', "line 3: not valid JSON"),
        (b'{"role": "user",\n"text": "\xff"}', "line 2: not UTF-8 text"),
        ("[1, 2]", "neither LoCoMo"),
        ("[]", "neither LoCoMo"),
        ('{"name": "x"}', "neither LoCoMo"),
        ('[{"mapping": {}}, 3]', "entry 2: not an object"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, data: str | bytes, complaint: str
) -> None:
    with pytest.raises(IngestError, match=complaint):
        read_conversations(write(tmp_path, data))


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_conversations(tmp_path / "nothing.json")
    with pytest.raises(UsageError, match="Is a directory"):
        read_conversations(tmp_path)


def test_a_format_can_be_insisted_on(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match='"conversation" is not an object'):
        read_conversations(write(tmp_path, LINE), Format.LOCOMO)
