"""Where memchat keeps its files. MEMCHAT_HOME puts all of them below one directory.

The functions read the environment at each call and create nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "memchat"


def home() -> Path | None:
    """The directory in MEMCHAT_HOME, absolute; None when it is unset or empty."""
    value = os.environ.get("MEMCHAT_HOME", "")
    return Path(value).expanduser().absolute() if value else None


def data_dir() -> Path:
    return home() or platformdirs.user_data_path(_APP, appauthor=False)


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
    """Downloaded models and their adapters."""
    return data_dir() / "models"


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
