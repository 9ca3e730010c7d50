"""What a check comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from memchat.errors import MemchatError


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """`detail` says how it is; `fix` says what to do unless that is well."""

    detail: str
    status: Status = Status.OK
    fix: str = ""


def warning(detail: str, fix: str) -> Finding:
    return Finding(detail, Status.WARNING, fix)


def failed(detail: str, fix: str) -> Finding:
    return Finding(detail, Status.FAILED, fix)


def run(check: Callable[[], Finding]) -> Finding:
    """A check that fails in any way is a finding too."""
    try:
        return check()
    except MemchatError as error:
        return failed(error.message, error.hint)
    except Exception as error:  # noqa: BLE001 (a broken installation raises anything)
        return failed(f"{type(error).__name__}: {error}", "Install memchat again.")
