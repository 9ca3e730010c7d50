"""Where files are kept: one home, and a profile's own place in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from memchat import paths
from memchat.errors import UsageError


def test_a_profile_has_its_own_data_and_shares_the_rest(
    memchat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = paths.everything()
    monkeypatch.setenv("MEMCHAT_PROFILE", "work")
    own = paths.everything()
    assert own["data"] == memchat_home / "profiles" / "work"
    assert own["database"] == own["data"] / "memchat.db"
    assert {name for name in own if own[name] != shared[name]} == {"data", "database"}


@pytest.mark.parametrize("name", ["work", "2", "A-b_c", "x" * 32])
def test_a_good_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MEMCHAT_PROFILE", name)
    assert paths.data_dir().name == name


@pytest.mark.parametrize("name", ["..", "a/b", "-x", " ", "a b", "é", "x" * 33, "a\n", "~"])
def test_a_name_that_could_lead_elsewhere(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MEMCHAT_PROFILE", name)
    with pytest.raises(UsageError, match="no name for a profile"):
        paths.data_dir()


def test_new_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    paths.make_private(tmp_path / "a" / "b")
    paths.make_private(tmp_path / "a" / "b")
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path, tmp_path / "a", tmp_path / "a/b")]
    assert modes == [0o755, 0o700, 0o700]
