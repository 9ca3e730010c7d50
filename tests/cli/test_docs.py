"""docs/cli.md says what the commands say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generated() -> str:
    code = "from scripts.cli_docs import page; import sys; sys.stdout.write(page())"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_the_page_is_current(generated: str) -> None:
    assert (ROOT / "docs" / "cli.md").read_text() == generated, "Run: just docs"


def test_nothing_on_it_is_without_help(generated: str) -> None:
    items = [line for line in generated.splitlines() if line.startswith("- `")]
    assert len(items) > 60
    assert [line for line in items if line.endswith(("`:", "`: ", "None"))] == []
