"""Checks of the data directory, SQLite and the database."""

from __future__ import annotations

import os
from pathlib import Path

from memchat import machine, paths, presence
from memchat.config import load_settings
from memchat.doctor.findings import Finding, failed, warning
from memchat.sizes import MEGABYTE, size_text

MIN_SQLITE = (3, 51, 3)
"""Older ones can lose committed data when the write-ahead log is reset."""
_WANTED_DISK = 200 * MEGABYTE


def settings_file() -> Finding:
    load_settings()
    path = paths.config_file()
    return Finding(str(path) if path.exists() else f"{path} (not there; defaults)")


def data_directory() -> Finding:
    directory, database = paths.data_dir(), paths.database_file()
    if not directory.exists():
        return Finding(f"{directory} (made at the first start)")
    if not os.access(directory, os.W_OK | os.X_OK):
        return failed(f"{directory} cannot be written", f"Run: chmod u+rwx '{directory}'")
    for path, mode in ((directory, 0o700), (database, 0o600)):
        if path.exists() and _others_may(path):
            fix = f"Run: chmod {mode:o} '{path}'"
            return warning(f"{path} can be read by other users of this machine", fix)
    return Finding(str(directory))


def sqlite() -> Finding:
    import apsw

    version = apsw.sqlite_lib_version()
    install = "Run: pip install --upgrade apsw"
    if tuple(int(part) for part in version.split(".")) < MIN_SQLITE:
        return failed(f"{version} is older than {'.'.join(map(str, MIN_SQLITE))}", install)
    if "ENABLE_FTS5" not in apsw.compile_options:
        return failed(f"{version} has no full-text search (FTS5)", install)
    return Finding(f"{version} with FTS5, by apsw {apsw.apsw_version()}")


def sqlite_vec() -> Finding:
    import apsw
    import sqlite_vec as extension

    connection = apsw.Connection(":memory:")
    try:
        connection.enable_load_extension(True)
        connection.load_extension(extension.loadable_path())
        return Finding(str(connection.execute("SELECT vec_version()").get))
    except apsw.Error as error:
        return failed(f"cannot be loaded: {error}", "Run: pip install --force-reinstall sqlite-vec")
    finally:
        connection.close()


def database() -> Finding:
    from memchat.bank.bank import Bank

    path = paths.database_file()
    if not path.exists():
        return Finding("not there yet (made at the first start)")
    with Bank.open(path, read_only=True) as bank:
        problems = bank.integrity()
        memories = sum(bank.counts().values())
        waiting = bank.pending_count()
    if problems:
        return failed("; ".join(problems), f"Keep a copy of {path} and report this.")
    return Finding(f"sound; memories: {memories}, turns waiting for memory work: {waiting}")


def others() -> Finding:
    if presence.others_running():
        return warning(
            "another memchat is running on this data directory",
            "Both work; each sees what the other has written.",
        )
    return Finding("none is running")


def disk() -> Finding:
    free, place = machine.free_disk(paths.data_dir())
    detail = f"{size_text(free)} at {place}"
    return warning(detail, "Free some space.") if free < _WANTED_DISK else Finding(detail)


def _others_may(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)
