"""--profile: chats and memories apart from each other."""

from __future__ import annotations

import os

import pytest

from memchat import paths
from memchat.cli import session
from tests.cli.conftest import Run


def test_what_one_profile_remembers_no_other_knows(memchat: Run) -> None:
    memchat("--profile", "work", "memory", "add", "Reports to Ana.")
    memchat("memory", "add", "Has a dog.")
    assert "dog" in memchat("memory", "list").out
    at_work = memchat("--profile", "work", "memory", "list")
    assert "Ana" in at_work.out
    assert "dog" not in at_work.out


def test_a_new_profile_says_so_once(memchat: Run) -> None:
    first = memchat("--profile", "wrok", "memory", "list")
    assert first.err.startswith("The profile wrok is new")
    assert "new" not in memchat("--profile", "wrok", "memory", "list").err


def test_the_environment_can_choose_it(memchat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    memchat("--profile", "work", "memory", "add", "Reports to Ana.")
    monkeypatch.setenv(paths.PROFILE, "work")
    assert "Ana" in memchat("memory", "list").out
    assert memchat("--profile", "", "memory", "list").out == ""


def test_a_bad_name_is_refused(memchat: Run) -> None:
    result = memchat("--profile", "../other", "memory", "list")
    assert (result.code, result.out) == (2, "")
    assert "'../other' is no name for a profile" in result.err


def test_processes_that_are_started_know_it(memchat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(session, "open_bank", lambda: seen.append(os.environ[paths.PROFILE]))
    memchat("--profile", "work", "memory", "rm", "1")
    assert seen == ["work"]
    assert os.environ.get(paths.PROFILE, "") == ""


def test_the_folders_above_are_private_too(memchat: Run) -> None:
    memchat("--profile", "work", "memory", "add", "Reports to Ana.")
    folder = paths.data_dir() / "profiles" / "work"
    assert [each.stat().st_mode & 0o777 for each in (folder, *folder.parents[:2])] == [0o700] * 3
