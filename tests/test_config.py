"""Settings: what is wrong is named by file, line and key."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memchat import paths
from memchat.config import Settings, load_settings
from memchat.errors import UsageError


@pytest.fixture
def file(memchat_home: Path) -> Path:
    memchat_home.mkdir()
    return paths.config_file()


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings() == Settings()


def test_what_is_set_is_used_and_the_rest_is_default(file: Path) -> None:
    file.write_text('model = "a.gguf"\ntemperature = 0\n')
    assert load_settings() == Settings(model="a.gguf", temperature=0.0)


def test_the_defaults_are_valid_settings(file: Path) -> None:
    written = (f"{key} = {value!r}" for key, value in asdict(Settings()).items())
    file.write_text("\n".join(written))
    assert load_settings() == Settings()


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("# hello\n\nthread = 2", 3, "unknown key 'thread'"),
        ("[answer]\ntop_p = 0.5", 1, "unknown key 'answer'"),
        ('threads = "2"', 1, "threads must be a whole number, not '2'"),
        ("\nthreads = true", 2, "threads must be a whole number, not True"),
        ("threads = 2.0", 1, "threads must be a whole number, not 2.0"),
        ("model = 3", 1, "model must be text in quotes, not 3"),
        ("model = 'x'\ntop_p = 1.5", 2, "top_p is 1.5"),
        ("temperature = nan", 1, "temperature is nan"),
        ("threads = -1", 1, "threads is -1"),
        ('"max_candidates" = 61', 1, "max_candidates is 61"),
    ],
)
def test_a_wrong_value_is_named_by_file_line_and_key(
    file: Path, text: str, line: int, complaint: str
) -> None:
    file.write_text(text)
    with pytest.raises(UsageError) as raised:
        load_settings()
    assert raised.value.message == f"{file}, line {line}: {complaint}"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"threads = \n", "line 1"),
        (b"threads = 1\nthreads = 2\n", "line 2"),
        (b"model = '\xff'", "not UTF-8"),
        (b"context_tokens = 1024", "leave no room in context_tokens"),
    ],
)
def test_a_file_that_makes_no_sense_is_named(file: Path, data: bytes, complaint: str) -> None:
    file.write_bytes(data)
    with pytest.raises(UsageError, match=complaint) as raised:
        load_settings()
    assert str(file) in raised.value.message


@given(
    key=st.sampled_from([field.name for field in fields(Settings)]),
    value=st.one_of(st.integers(), st.floats(), st.booleans(), st.just("'text'"), st.just("[]")),
)
def test_any_value_is_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text(f"{key} = {str(value).lower()}")
    try:
        load_settings(file)
    except UsageError as error:
        assert str(file) in error.message  # noqa: PT017
