"""Style, types and the direction of dependencies hold for the whole tree."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHECKS = {
    "ruff": [sys.executable, "-m", "ruff", "check", "--no-cache"],
    "format": [sys.executable, "-m", "ruff", "format", "--check", "--no-cache"],
    "mypy": [sys.executable, "-m", "mypy"],
    "imports": [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CHECKS)
def test_the_tree_is_clean(name: str) -> None:
    done = subprocess.run(CHECKS[name], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
