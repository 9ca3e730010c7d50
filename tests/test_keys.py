"""The [keys] table of the config file: what it may say, and how it is told what is wrong."""

from __future__ import annotations

import pytest

from memchat import paths
from memchat.config import load_settings
from memchat.errors import UsageError
from memchat.keys import load_keys


def write(keys: str) -> None:
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text(f"threads = 2\n\n[keys]\n{keys}\n")


def test_keys_are_read_beside_the_settings() -> None:
    write('regenerate = "ctrl+g, f6"\ndelete = "x"')
    assert load_keys() == {"regenerate": "ctrl+g,f6", "delete": "x"}
    assert load_settings().threads == 2


def test_without_a_file_nothing_is_bound_anew() -> None:
    assert load_keys() == {}


def test_two_actions_can_change_places() -> None:
    write('wider = "w"\nnarrower = "less_than_sign"')
    assert load_keys()["narrower"] == "less_than_sign"


@pytest.mark.parametrize(
    ("keys", "line", "message", "hint"),
    [
        ('regenrate = "f6"', 4, "no action is called 'regenrate'", "regenerate?"),
        ('stop = "f5"', 4, "f5 is the key of regenerate", "Bind regenerate"),
        ('pin = "x"\ndelete = "x"', 5, "x is the key of pin", "Bind pin"),
        ('quit = "ctrl+banana"', 4, "there is no key", "f6"),
        ('quit = "q"', 4, "q could not be typed any more", "ctrl+"),
        ("quit = 3", 4, "must be keys in quotes", ""),
        ('quit = ""', 4, "must be keys in quotes", ""),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    keys: str, line: int, message: str, hint: str
) -> None:
    write(keys)
    for read in (load_keys, load_settings):
        with pytest.raises(UsageError, match=message) as caught:
            read()
        assert f"config.toml, line {line}: " in caught.value.message
        assert hint in caught.value.hint
