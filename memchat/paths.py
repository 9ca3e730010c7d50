"""Where memchat keeps its files. MEMCHAT_HOME puts all of them below one directory.

MEMCHAT_PROFILE names a profile: chats and memories of its own, the models and settings of all.
The functions read the environment at each call; only `make_private` creates anything.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import platformdirs

from memchat.errors import UsageError

PROFILE = "MEMCHAT_PROFILE"
_APP = "memchat"
_PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def home() -> Path | None:
    """The directory in MEMCHAT_HOME, absolute; None when it is unset or empty."""
    value = os.environ.get("MEMCHAT_HOME", "")
    return Path(value).expanduser().absolute() if value else None


def profile() -> str:
    """The profile's name; empty for the one without. Raises UsageError for one that is none."""
    name = os.environ.get(PROFILE, "")
    if name and not _PROFILE_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a profile.",
            "Use letters, digits, - and _; at most 32 of them, a letter or digit first.",
        )
    return name


def data_dir() -> Path:
    """Of the profile in use."""
    name = profile()
    return _shared_data_dir() / "profiles" / name if name else _shared_data_dir()


def database_file() -> Path:
    return data_dir() / "memchat.db"


def config_file() -> Path:
    return (home() or platformdirs.user_config_path(_APP, appauthor=False)) / "config.toml"


def log_file() -> Path:
    return (home() or platformdirs.user_log_path(_APP, appauthor=False)) / "memchat.log"


def cache_dir() -> Path:
    base = home()
    return base / "cache" if base else platformdirs.user_cache_path(_APP, appauthor=False)


def models_dir() -> Path:
    """Downloaded models and their adapters, for all profiles."""
    return _shared_data_dir() / "models"


def everything() -> dict[str, Path]:
    """Each location by its name, in the order in which `memchat paths` prints them."""
    return {
        "data": data_dir(),
        "database": database_file(),
        "models": models_dir(),
        "config": config_file(),
        "log": log_file(),
        "cache": cache_dir(),
    }


def make_private(folder: Path) -> None:
    """Create the directory and what is missing above it, for the owner alone. Raises OSError."""
    for each in reversed((folder, *folder.parents)):
        each.mkdir(mode=0o700, exist_ok=True)


def _shared_data_dir() -> Path:
    return home() or platformdirs.user_data_path(_APP, appauthor=False)
