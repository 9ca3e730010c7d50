"""The training pipeline. Heavy imports stay inside its modules."""

from __future__ import annotations

import os

# Read when torch loads OpenMP. A thread that waits for the other spins by default: beside another
# busy process that costs six times what sleeping does.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
