"""The policy as it was when training began."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from training.backends import compute_in_bf16
from training.policy import Policy, Rollout

if TYPE_CHECKING:
    from peft import PeftModel

_CURRENT, _FROZEN = "default", "reference"


class Reference:
    """A frozen copy of the policy's adapter, kept beside it on the same weights.

    For a fresh adapter that is the base itself, for one from SFT it is the SFT model.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        model: PeftModel = policy.model
        model.add_adapter(_FROZEN, model.peft_config[_CURRENT])
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if f".{_CURRENT}." in name:
                    copy = model.get_parameter(name.replace(f".{_CURRENT}.", f".{_FROZEN}."))
                    copy.copy_(parameter)
        model.set_adapter(_CURRENT)
        compute_in_bf16(model)

    @torch.no_grad()
    def log_probs(self, rollouts: Sequence[Rollout]) -> torch.Tensor:
        """Shape (rollouts, longest completion); 0 behind a completion's end."""
        model: PeftModel = self._policy.model
        model.set_adapter(_FROZEN, inference_mode=True)
        try:
            return self._policy.score(rollouts).log_probs
        finally:
            model.set_adapter(_CURRENT)
