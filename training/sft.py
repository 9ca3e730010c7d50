"""Supervised fine-tuning of one adapter, from recipe to GGUF.

    python -m training.sft --recipe training/recipes/sft-memory.toml

One folder holds a run: the recipe as it was used, metrics.jsonl, curve.png, checkpoints, the PEFT
adapter and the GGUF that memchat loads. A run that stopped goes on with --resume.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from memchat.cli.output import note
from memchat.errors import MemchatError, UsageError
from training.backends import Backend, LoraShape, choose_backend, load_trainable
from training.batches import Batch, Encoded, batches, encode
from training.data.sources import take
from training.export import export_adapter
from training.model import Base, find_base
from training.recipe import SftRecipe, load_recipe
from training.runs import Run

if TYPE_CHECKING:
    from training.trainer import PrefixTrainer

HELD_OUT_SEED = 1_000_003
"""Added to a recipe's seed for the samples that it validates on."""
CPU_TOKENS_PER_SECOND = 500
"""On one core, for the embedded base and prompts of a hundred tokens; for estimates."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Batches of a recipe, and how many samples were too long to take part."""

    training: list[Batch]
    validation: list[Batch]
    left_out: int

    def steps(self, recipe: SftRecipe) -> int:
        """Optimiser steps: the recipe's, or one pass over the batches."""
        return recipe.steps or max(len(self.training) // recipe.accumulation, 1)

    def summary(self, recipe: SftRecipe) -> str:
        rows = sum(len(batch.suffixes) for batch in self.training)
        text = f"{rows} samples in {len(self.training)} batches, {self.steps(recipe)} steps"
        if self.left_out:
            text += f", {self.left_out} longer than {recipe.max_tokens} tokens left out"
        return text


def prepare(recipe: SftRecipe, base: Base) -> Prepared:
    """Draw, encode and batch the samples. The same for the same recipe."""
    drawn = _draw(recipe, base, recipe.samples, recipe.seed)
    held_out = _draw(recipe, base, recipe.held_out, recipe.seed + HELD_OUT_SEED)
    training, validation = (
        [sample for sample in samples if len(sample) <= recipe.max_tokens]
        for samples in (drawn, held_out)
    )
    if not training:
        raise UsageError(
            f"None of the {len(drawn)} samples has at most {recipe.max_tokens} tokens.",
            "Check the recipe's data and max_tokens.",
        )
    cut = partial(_cut, recipe=recipe, pad=base.vocabulary.end)
    return Prepared(cut(training), cut(validation), len(drawn) - len(training))


def describe(recipe: SftRecipe) -> str:
    """What training by this recipe amounts to, without training."""
    base = find_base(recipe.base)
    prepared = prepare(recipe, base)
    used = prepared.steps(recipe) * recipe.accumulation / len(prepared.training)
    tokens = round(sum(batch.covered_tokens for batch in prepared.training) * used)
    return (
        f"SFT of the {recipe.role} adapter on {base.name}, data: {', '.join(recipe.data)}; "
        f"{prepared.summary(recipe)}; {tokens:,} tokens, "
        f"about {tokens / CPU_TOKENS_PER_SECOND / 3600:.1f} hours on a CPU core with the "
        f"embedded base."
    )


def train(recipe: SftRecipe, out: Path, *, backend: Backend, resume: bool = False) -> Path | None:
    """Train the recipe's adapter in the folder `out`; the path of the GGUF.

    None when it was interrupted: the same call with `resume` goes on from the last checkpoint.
    Raises MemchatError when recipe, base or data cannot be used.
    """
    run = Run(out)
    run.begin(dataclasses.asdict(recipe), resume=resume)
    backend = choose_backend(backend)
    base = find_base(recipe.base)
    prepared = prepare(recipe, base)
    trainer = make_trainer(recipe, run, base, backend, prepared)
    if not _fit(trainer, recipe, run, prepared):
        note("Stopped. The same command with --resume goes on from here.")
        return None
    from training.plots import plot_training

    run.save_adapter(trainer.save_model)
    plot_training(run.metrics, out / "curve.png")
    return export_adapter(run.adapter, base, out / f"{recipe.role}.gguf", recipe.role)


def make_trainer(
    recipe: SftRecipe, run: Run, base: Base, backend: Backend, prepared: Prepared
) -> PrefixTrainer:
    """A trainer over the prepared batches, silent but for its callbacks."""
    shape = LoraShape(recipe.rank, recipe.alpha, recipe.dropout, recipe.seed, recipe.max_tokens)
    model = load_trainable(backend, base, shape)
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import SFTConfig

    from training.trainer import PrefixTrainer

    on_cpu = model.device.type == "cpu"
    config = SFTConfig(
        output_dir=str(run.checkpoints),
        max_steps=prepared.steps(recipe),
        per_device_train_batch_size=1,  # of rows that are whole batches
        gradient_accumulation_steps=recipe.accumulation,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_gradient_norm,
        logging_steps=1,
        save_steps=recipe.checkpoint_steps,
        save_total_limit=2,
        seed=recipe.seed,
        max_length=None,
        bf16=not on_cpu,  # on a CPU the weights are bf16 already
        use_cpu=on_cpu,
        gradient_checkpointing=False,
        dataloader_pin_memory=not on_cpu,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        report_to="none",
        disable_tqdm=True,
    )
    trainer = PrefixTrainer(
        share_prefix=on_cpu,
        model=model,
        args=config,
        train_dataset=Dataset.from_list([dataclasses.asdict(batch) for batch in prepared.training]),
        processing_class=base.tokenizer,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _draw(recipe: SftRecipe, base: Base, count: int, seed: int) -> list[Encoded]:
    samples = take(recipe.data, recipe.tasks, count, seed)
    return [encode(sample, base.vocabulary) for sample in samples]


def _cut(samples: Sequence[Encoded], recipe: SftRecipe, pad: int) -> list[Batch]:
    limits = {"most_samples": recipe.batch_samples, "most_tokens": recipe.batch_tokens}
    return list(batches(samples, **limits, pad=pad, seed=recipe.seed))


def _fit(trainer: PrefixTrainer, recipe: SftRecipe, run: Run, prepared: Prepared) -> bool:
    """Train from the last checkpoint on; whether the last step was reached."""
    from training.progress import MetricsLog, Recorder, StopOnInterrupt, show_training
    from training.trainer import last_checkpoint, validate

    share = trainer.share_prefix
    check = partial(validate, trainer.model, prepared.validation, share_prefix=share)
    checkpoint = last_checkpoint(run.checkpoints)
    going_on = f", going on from {checkpoint.name}" if checkpoint else ""
    note(f"{prepared.summary(recipe)}{going_on}.")
    with show_training(f"SFT {recipe.role}", trainer.args.max_steps) as show:
        every = recipe.validation_steps if prepared.validation else 0
        log = MetricsLog(run.metrics, show, lambda: trainer.tokens)
        trainer.add_callback(Recorder(log, check, every))
        trainer.add_callback(StopOnInterrupt())
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return trainer.state.global_step >= trainer.args.max_steps


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. The exit code."""
    parser = argparse.ArgumentParser(description="Supervised fine-tuning of one adapter.")
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="folder of the run; default runs/<recipe>")
    parser.add_argument("--backend", type=Backend, choices=list(Backend), default=Backend.AUTO)
    parser.add_argument("--steps", type=int, help="instead of the recipe's")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args(arguments)
    try:
        recipe = load_recipe(options.recipe, SftRecipe)
        recipe = dataclasses.replace(recipe, steps=options.steps or recipe.steps)
        out = options.out or Path("runs") / options.recipe.stem
        gguf = train(recipe, out, backend=options.backend, resume=options.resume)
    except MemchatError as error:
        note(f"{error.message} {error.hint}".strip(), style="red")
        return error.exit_code
    if gguf is None:
        return 130
    note(f"Wrote {gguf}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
