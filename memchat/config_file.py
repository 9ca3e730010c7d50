"""Changes one setting in the config file; comments and everything else stay as they are."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from memchat import paths
from memchat.config import SETTINGS, check_settings, check_value, read_settings
from memchat.errors import StorageError, UsageError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def set_key(key: str, value: object, path: Path | None = None) -> None:
    """Write `key = value`. Raises UsageError, changing nothing, when that cannot be loaded."""
    path = path or paths.config_file()
    checked = check_value(key, value)
    document = _document(path)
    document[key] = checked
    text = document.as_string()
    check_settings(text, path)
    _write(text, path)


def unset_key(key: str, path: Path | None = None) -> bool:
    """Go back to the default; False when the key is not in the file.

    It need not be a known key: this is how a wrong one is got rid of.
    """
    path = path or paths.config_file()
    document = _document(path)
    if key not in document:
        return False
    was_valid = _is_valid(document.as_string(), path)
    document.remove(key)
    after = document.as_string()
    if was_valid:
        check_settings(after, path)
    _write(after, path)
    return True


def parse_value(key: str, text: str) -> str | int | float:
    """`text` as it was typed, as a value of that setting. Raises UsageError."""
    wanted = type(SETTINGS[key].default) if key in SETTINGS else str
    value: str | int | float = text
    with suppress(ValueError):  # then check_value says what is wrong with it
        value = int(text) if wanted is int else float(text) if wanted is float else text
    return check_value(key, value)


def _document(path: Path) -> TOMLDocument:
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        return tomlkit.parse(read_settings(path))
    except ParseError as error:
        raise UsageError(f"{path}: {error}", "The file must be valid TOML.") from error


def _is_valid(text: str, path: Path) -> bool:
    try:
        check_settings(text, path)
    except UsageError:
        return False
    return True


def _write(text: str, path: Path) -> None:
    """All or nothing. A link stays one: people keep their settings elsewhere."""
    path = path.resolve()
    try:
        paths.make_private(path.parent)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            if path.exists():
                Path(name).chmod(path.stat().st_mode & 0o777)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror}.", "Check its permissions and the disk."
        ) from error
