"""Changing one setting leaves the rest of the file as its owner wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memchat import paths
from memchat.config import SETTINGS, Settings, load_settings
from memchat.config_file import parse_value, set_key, unset_key
from memchat.errors import StorageError, UsageError

WRITTEN = """\
# Mine.
temperature = 0.5   # calm

threads = 2

# more to come
"""


@pytest.fixture
def file(memchat_home: Path) -> Path:
    memchat_home.mkdir()
    paths.config_file().write_text(WRITTEN)
    return paths.config_file()


def test_the_first_setting_makes_a_file_for_its_owner_alone() -> None:
    set_key("threads", 3)
    assert load_settings().threads == 3
    assert paths.config_file().stat().st_mode & 0o777 == 0o600


def test_comments_and_order_survive(file: Path) -> None:
    set_key("temperature", 0.9)
    assert file.read_text() == WRITTEN.replace("0.5", "0.9")


def test_a_new_key_goes_beside_the_others(file: Path) -> None:
    set_key("model", 'C:\\"x".gguf')
    assert load_settings() == Settings(model='C:\\"x".gguf', temperature=0.5, threads=2)
    assert "# more to come" in file.read_text()


def test_unsetting_goes_back_to_the_default(file: Path) -> None:
    assert unset_key("threads")
    assert not unset_key("threads")
    assert load_settings() == Settings(temperature=0.5)
    assert "# Mine." in file.read_text()


def test_a_wrong_key_can_be_got_rid_of(file: Path) -> None:
    file.write_text("thread = 2\n" + WRITTEN)
    with pytest.raises(UsageError, match="unknown key 'thread'"):
        set_key("threads", 4)
    assert unset_key("thread")
    assert file.read_text() == WRITTEN


@pytest.mark.parametrize(
    ("key", "value"),
    [("thread", 2), ("threads", "two"), ("top_p", 7.0), ("context_tokens", 1024)],
)
def test_what_could_not_be_loaded_is_not_written(file: Path, key: str, value: object) -> None:
    with pytest.raises(UsageError, match=key):
        set_key(key, value)
    assert file.read_text() == WRITTEN


def test_what_the_rest_needs_is_not_unset(file: Path) -> None:
    file.write_text("context_tokens = 65536\ncandidate_tokens = 16000\n")
    with pytest.raises(UsageError, match="leave no room"):
        unset_key("context_tokens")
    assert load_settings().context_tokens == 65536


def test_a_file_that_is_no_toml_is_left_alone(file: Path) -> None:
    file.write_text("threads = = 2")
    for change in (lambda: set_key("threads", 2), lambda: unset_key("threads")):
        with pytest.raises(UsageError, match=str(file)):
            change()
    assert file.read_text() == "threads = = 2"


def test_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    elsewhere = file.rename(tmp_path / "dotfiles.toml")
    elsewhere.chmod(0o644)
    file.symlink_to(elsewhere)
    set_key("threads", 4)
    assert file.is_symlink()
    assert "threads = 4" in elsewhere.read_text()
    assert elsewhere.stat().st_mode & 0o777 == 0o644


def test_a_place_that_cannot_be_written_is_named(memchat_home: Path) -> None:
    memchat_home.touch()
    with pytest.raises(StorageError, match=str(paths.config_file())):
        set_key("threads", 2)


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("threads", "4", 4),
        ("temperature", "1", 1.0),
        ("temperature", "1e-1", 0.1),
        ("model", "12", "12"),
    ],
)
def test_what_is_typed_becomes_the_type_of_the_setting(key: str, typed: str, value: object) -> None:
    parsed = parse_value(key, typed)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "typed", "complaint"),
    [
        ("threads", "many", "threads must be a whole number, not 'many'"),
        ("threads", "2.5", "threads must be a whole number, not '2.5'"),
        ("top_k", "-1", "top_k is -1"),
        ("min_p", "nan", "min_p is nan"),
        ("topk", "1", "unknown key 'topk'"),
    ],
)
def test_what_is_typed_wrongly_is_named_without_a_line(
    key: str, typed: str, complaint: str
) -> None:
    with pytest.raises(UsageError) as raised:
        parse_value(key, typed)
    assert raised.value.message == complaint


@given(text=st.text(), key=st.sampled_from(list(SETTINGS)))
def test_anything_typed_is_taken_or_refused_and_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory, text: str, key: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "typed.toml"
    file.unlink(missing_ok=True)
    try:
        value = parse_value(key, text)
        set_key(key, value, file)
    except UsageError:
        return
    assert getattr(load_settings(file), key) == value
