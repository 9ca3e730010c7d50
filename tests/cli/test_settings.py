"""memchat config: the settings in force, and changes to one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat import paths
from memchat.config import SETTINGS, load_settings
from tests.cli.conftest import Run


@pytest.fixture
def file(memchat_home: Path) -> Path:
    memchat_home.mkdir()
    paths.config_file().write_text('# mine\nmodel = "a.gguf"\ntop_p = 0.5  # calm\n')
    return paths.config_file()


def test_each_setting_says_where_it_comes_from(memchat: Run, file: Path) -> None:
    result = memchat("config")
    assert result.out.splitlines()[:2] == ['model\t"a.gguf"\tline 2', "threads\t0\tdefault"]
    assert "top_p\t0.5\tline 3\n" in result.out
    assert result.out.count("\n") == len(SETTINGS)
    assert result.err == f"The file is {file}.\n"


def test_as_json(memchat: Run, file: Path) -> None:
    shown = memchat("config", "--json").json
    assert shown["top_p"] == {"value": 0.5, "default": 0.95, "line": 3}
    assert shown["threads"] == {"value": 0, "default": 0, "line": None}


def test_looking_makes_nothing(memchat: Run, memchat_home: Path) -> None:
    assert "not there" in memchat("config").err
    assert memchat("config", "path").out == f"{memchat_home}/config.toml\n"
    assert not memchat_home.exists()


def test_setting_and_unsetting(memchat: Run, file: Path) -> None:
    assert memchat("config", "set", "threads", "3").out == "threads = 3\n"
    assert memchat("config", "set", "top_p", "1").out == "top_p = 1.0\n"
    assert (load_settings().threads, load_settings().top_p) == (3, 1.0)
    assert memchat("config", "unset", "model").out == 'model = "" (default)\n'
    assert file.read_text() == "# mine\ntop_p = 1.0  # calm\nthreads = 3\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["set", "thread", "3"], "unknown key 'thread'"),
        (["set", "threads", "three"], "threads must be a whole number"),
        (["set", "temperature", "9"], "temperature is 9"),
        (["set", "context_tokens", "1024"], "leave no room"),
        (["unset", "threads"], "threads is not set"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    memchat: Run, file: Path, arguments: list[str], complaint: str
) -> None:
    before = file.read_text()
    result = memchat("config", *arguments)
    assert (result.code, result.out) == (2, "")
    assert complaint in result.err
    assert file.read_text() == before


def test_a_wrong_file_is_named_and_can_be_repaired(memchat: Run, file: Path) -> None:
    file.write_text("thread = 2\n")
    assert f"{file}, line 1: unknown key 'thread'" in memchat("config").err
    assert memchat("config", "unset", "thread").out == "thread is taken out.\n"
    assert memchat("config").code == 0


def test_a_value_that_is_no_utf8_is_stored_all_the_same(memchat: Run) -> None:
    assert memchat("config", "set", "model", "caf\udce9").code == 0
    assert load_settings().model == "caf\ufffd"
