from __future__ import annotations

import json

import pytest

from memchat.bank.bank import Bank
from memchat.tui.preferences import MAX_PANE_WIDTH, PANE_WIDTH, Preferences, path
from memchat.tui.prompt_history import PromptHistory
from tests.fakes import FakeEngine
from tests.tui.conftest import make_app
from tests.tui.stories import telling


def write(content: str) -> None:
    path().parent.mkdir(parents=True, exist_ok=True)
    path().write_text(content)


def test_what_is_saved_is_read_back() -> None:
    path().parent.mkdir(parents=True)
    Preferences(theme="nord", pane_width=50, pane_hidden=True).save()
    assert Preferences.load() == Preferences("nord", 50, True)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"pane_width": "wide", "other": 1}', "\x00"])
def test_a_file_that_makes_no_sense_gives_the_defaults(content: str) -> None:
    write(content)
    assert Preferences.load() == Preferences()


def test_the_width_stays_within_reason() -> None:
    write(json.dumps({"pane_width": 4000}))
    assert Preferences.load().pane_width == MAX_PANE_WIDTH


def test_a_disk_that_refuses_is_no_trouble() -> None:
    Preferences().save()  # there is no such directory
    assert not path().exists()


async def test_theme_and_pane_are_as_they_were_left(bank: Bank, fake_engine: FakeEngine) -> None:
    path().parent.mkdir(parents=True)
    async with telling(make_app(bank, fake_engine)) as story:
        await story.says("/theme nord")
        await story.until(lambda: story.app.theme == "nord")
        await story.presses("f2", "less_than_sign")
        assert story.pane.styles.width.value == PANE_WIDTH + 4  # type: ignore[union-attr]
        await story.presses("f2")
    async with telling(make_app(bank, FakeEngine())) as story:
        assert story.app.theme == "nord"
        assert not story.pane.display
        await story.presses("f2")
        assert story.pane.styles.width.value == PANE_WIDTH + 4  # type: ignore[union-attr]


async def test_an_unknown_theme_is_named(bank: Bank, fake_engine: FakeEngine) -> None:
    async with telling(make_app(bank, fake_engine)) as story:
        await story.says("/theme vantablack")
        await story.sees("There is no theme vantablack.")


def test_history_goes_back_and_returns_to_the_draft() -> None:
    history = PromptHistory(lambda: ["newest", "older"])
    assert [history.older("draft"), history.older(""), history.older("")] == [
        "newest",
        "older",
        None,
    ]
    assert [history.newer(), history.newer(), history.newer()] == ["newest", "draft", None]


def test_history_is_read_only_when_needed() -> None:
    reads: list[int] = []

    def read() -> list[str]:
        reads.append(1)
        return []

    history = PromptHistory(read)
    assert not reads
    history.older("")
    history.older("")
    assert len(reads) == 1


async def test_the_profile_is_named(
    bank: Bank, fake_engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMCHAT_PROFILE", "work")
    async with telling(make_app(bank, fake_engine)) as story:
        await story.ready()
        assert "work · memory on" in story.status
