"""A trained set of adapters as a model of its own, for `memchat models use`."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from memchat import paths
from memchat.engine.protocol import Role
from memchat.errors import UsageError
from memchat.weights.discover import base_name
from training.files import replacing
from training.frozen import base_gguf
from training.model import Base

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def check_name(name: str) -> str:
    """Raises UsageError when `name` cannot be that of a model."""
    if not _NAME.fullmatch(name) or base_name(Path(f"{name}.gguf")) != name:
        raise UsageError(
            f"{name!r} is no name for a model.",
            "Use small letters, digits, hyphens and dots, without a quantisation at the end.",
        )
    return name


def register(name: str, base: Base, adapters: Mapping[Role, Path]) -> Path:
    """Put `base` and GGUF adapters into the models folder under `name`; the path of the model.

    The base's file is linked where that is possible, else copied.
    """
    folder = paths.models_dir()
    model = folder / f"{check_name(name)}.gguf"
    with replacing(model) as temporary:
        _link_or_copy(base_gguf(base, folder), temporary)
    for role, path in adapters.items():
        with replacing(folder / name / f"{role}.gguf") as temporary:
            shutil.copyfile(path, temporary)
    return model


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
