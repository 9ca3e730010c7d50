"""TRL's SFTTrainer, on batches that hold their common beginning once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import DynamicCache
from trl import SFTTrainer

from training.batches import IGNORED, Batch

Inputs = dict[str, torch.Tensor]

COMPLETE = "complete"
"""A checkpoint holds a file of this name once all of it is written."""


EAGER_WIDTH = 256
"""On a CPU the fused attention's backward pass is slower than the plain one for shorter rows."""


def collate_rows(rows: Sequence[Mapping[str, Any]]) -> Inputs:
    """A dataset's row is a whole batch (see batches.Batch)."""
    (row,) = rows
    return {
        "prefix": torch.tensor([row["prefix"]], dtype=torch.long),
        "input_ids": torch.tensor(row["suffixes"]),
        "labels": torch.tensor(row["labels"]),
    }


def answer_logits(model: Any, inputs: Inputs, *, share_prefix: bool) -> torch.Tensor:
    """Logits for the last columns of the batch, from the first that any row has a label in.

    Shape (rows, columns, vocabulary); `answer_labels` gives the labels that belong to them. With
    `share_prefix` the common beginning is evaluated once, its keys and values (and the gradients
    through them) serving every row; the result is the same either way.
    """
    prefix, suffixes = inputs["prefix"], inputs["input_ids"]
    more: dict[str, Any] = {"logits_to_keep": answer_labels(inputs).shape[1] + 1}
    if share_prefix:
        width = prefix.shape[1] + suffixes.shape[1]
        model.set_attn_implementation("eager" if width < EAGER_WIDTH else "sdpa")
    if prefix.numel() and share_prefix:
        cache = DynamicCache(config=model.config)
        model(input_ids=prefix, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache.batch_repeat_interleave(len(suffixes))
        more["past_key_values"] = cache
    elif prefix.numel():
        suffixes = torch.cat([prefix.expand(len(suffixes), -1), suffixes], dim=1)
    logits: torch.Tensor = model(input_ids=suffixes, **more).logits
    return logits[:, :-1]  # the last token predicts nothing that is in the batch


def answer_labels(inputs: Inputs) -> torch.Tensor:
    """The labels from the first column that holds one; shape (rows, columns)."""
    labels = inputs["labels"]
    first = int((labels != IGNORED).any(dim=0).int().argmax())
    return labels[:, first:]


class PrefixTrainer(SFTTrainer):
    """SFT on prepared batches; counts the tokens it has trained on."""

    def __init__(self, *, share_prefix: bool, **options: Any) -> None:
        super().__init__(data_collator=collate_rows, **options)
        self.share_prefix = share_prefix
        self.tokens = 0

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: Inputs,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Mean negative log-likelihood of the labels over the whole optimiser step."""
        logits = answer_logits(model, inputs, share_prefix=self.share_prefix)
        labels = answer_labels(inputs)
        asked = labels != IGNORED
        loss = cross_entropy(logits[asked].float(), labels[asked], reduction="sum")
        count = asked.sum() if num_items_in_batch is None else num_items_in_batch
        rows = len(inputs["input_ids"])
        self.tokens += rows * inputs["prefix"].shape[1] + inputs["input_ids"].numel()
        mean: torch.Tensor = loss / count * self.accelerator.num_processes  # DDP averages again
        return mean

    def create_model_card(self, *_names: Any, **_more: Any) -> None:
        """No card for a checkpoint: the one that ships is written by hand."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)  # type: ignore[no-untyped-call]
        folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
        (folder / COMPLETE).touch()


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end; None when there is none."""
    complete = [path.parent for path in folder.glob(f"checkpoint-*/{COMPLETE}")]
    return max(complete, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


@torch.no_grad()
def validate(model: Any, held_out: Sequence[Batch], *, share_prefix: bool) -> dict[str, float]:
    """Loss per token, and the share of samples whose every token greedy decoding would pick.

    The second is what matters at run time: a reply that is right token by token is the one that
    greedy decoding gives.
    """
    model.eval()
    loss = tokens = whole = rows = 0.0
    for batch in held_out:
        row = collate_rows([asdict(batch)])
        inputs = {key: value.to(model.device) for key, value in row.items()}
        labels = answer_labels(inputs)
        logits = answer_logits(model, inputs, share_prefix=share_prefix)
        asked = labels != IGNORED
        loss += cross_entropy(logits[asked].float(), labels[asked], reduction="sum").item()
        whole += ((logits.argmax(-1) == labels) | ~asked).all(dim=1).sum().item()
        tokens, rows = tokens + asked.sum().item(), rows + len(labels)
    model.train()
    return {"held_out_loss": loss / max(tokens, 1), "held_out_exact": whole / max(rows, 1)}
