"""Supervised fine-tuning of one adapter, from recipe to GGUF.

    python -m training.sft --recipe training/recipes/sft-memory.toml

One folder holds a run: the recipe as it was used, metrics.jsonl, curve.png, checkpoints, the PEFT
adapter and the GGUF that memchat loads. A run that stopped goes on with --resume.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
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
from training.files import write_json
from training.model import Base, find_base
from training.recipe import SftRecipe, load_recipe

if TYPE_CHECKING:
    from training.trainer import PrefixTrainer


HELD_OUT_SEED = 1_000_003
"""Added to a recipe's seed for the samples that it validates on."""


@dataclass(frozen=True, slots=True)
class Run:
    """The folder of a run."""

    folder: Path

    @property
    def recipe(self) -> Path:
        return self.folder / "recipe.json"

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def adapter(self) -> Path:
        return self.folder / "adapter"

    def begin(self, recipe: SftRecipe, *, resume: bool) -> None:
        """Claim the folder. Raises UsageError when it holds another run, or this one's result."""
        values = json.loads(json.dumps(dataclasses.asdict(recipe)))
        if not self.recipe.exists():
            write_json(self.recipe, values)
        elif not resume:
            raise UsageError(
                f"{self.folder} holds a run already.", "Add --resume to go on, or choose --out."
            )
        elif json.loads(self.recipe.read_bytes()) != values:
            raise UsageError(
                f"{self.folder} was begun with another recipe.",
                f"Compare {self.recipe}, or choose another --out.",
            )


@dataclass(frozen=True, slots=True)
class Prepared:
    """Batches of a recipe, and how many samples were too long to take part."""

    training: list[Batch]
    validation: list[Batch]
    left_out: int


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


def _draw(recipe: SftRecipe, base: Base, count: int, seed: int) -> list[Encoded]:
    samples = take(recipe.data, recipe.tasks, count, seed)
    return [encode(sample, base.vocabulary) for sample in samples]


def _cut(samples: Sequence[Encoded], recipe: SftRecipe, pad: int) -> list[Batch]:
    limits = {"most_samples": recipe.batch_samples, "most_tokens": recipe.batch_tokens}
    return list(batches(samples, **limits, pad=pad, seed=recipe.seed))


def train(recipe: SftRecipe, out: Path, *, backend: Backend, resume: bool = False) -> Path | None:
    """Train the recipe's adapter in the folder `out`; the path of the GGUF.

    None when it was interrupted: the same call with `resume` goes on from the last checkpoint.
    Raises MemchatError when recipe, base or data cannot be used.
    """
    run = Run(out)
    run.begin(recipe, resume=resume)
    backend = choose_backend(backend)
    base = find_base(recipe.base)
    prepared = prepare(recipe, base)
    if not _fit(recipe, run, base, backend, prepared):
        return None
    gguf = export_adapter(run.adapter, base, out / f"{recipe.role}.gguf", recipe.role)
    from training.plots import plot_training

    plot_training(run.metrics, out / "curve.png")
    return gguf


def _fit(recipe: SftRecipe, run: Run, base: Base, backend: Backend, prepared: Prepared) -> bool:
    """Whether the last step was reached; then the adapter is saved."""
    from training.progress import Recorder, StopOnInterrupt, show_training
    from training.trainer import last_checkpoint, validate

    trainer = make_trainer(recipe, run, base, backend, prepared)
    steps = trainer.args.max_steps
    interrupt = StopOnInterrupt()
    with show_training(f"SFT {recipe.role}", steps) as show:
        held_out, share = prepared.validation, trainer.share_prefix
        check = partial(validate, trainer.model, held_out, share_prefix=share)
        every = recipe.validation_steps
        trainer.add_callback(Recorder(run.metrics, show, lambda: trainer.tokens, check, every))
        trainer.add_callback(interrupt)
        checkpoint = last_checkpoint(run.checkpoints)
        _describe(recipe, prepared, steps, checkpoint)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if trainer.state.global_step < steps:
        note("Stopped. The same command with --resume goes on from here.")
        return False
    _save_adapter(trainer, run)
    return True


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
        max_steps=recipe.steps or max(len(prepared.training) // recipe.accumulation, 1),
        per_device_train_batch_size=1,
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


def _describe(recipe: SftRecipe, prepared: Prepared, steps: int, checkpoint: Path | None) -> None:
    rows = sum(len(batch.suffixes) for batch in prepared.training)
    text = f"{rows} samples in {len(prepared.training)} batches, {steps} steps"
    if prepared.left_out:
        text += f"; {prepared.left_out} longer than {recipe.max_tokens} tokens left out"
    if checkpoint:
        text += f"; going on from step {checkpoint.name.rpartition('-')[2]}"
    note(text + ".")


def _save_adapter(trainer: PrefixTrainer, run: Run) -> None:
    partial_folder = run.folder / ".adapter.partial"
    shutil.rmtree(partial_folder, ignore_errors=True)
    trainer.save_model(str(partial_folder))
    shutil.rmtree(run.adapter, ignore_errors=True)
    partial_folder.rename(run.adapter)


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
        if options.steps:
            recipe = dataclasses.replace(recipe, steps=options.steps)
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
