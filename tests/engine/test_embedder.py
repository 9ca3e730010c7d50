from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from memchat.engine.local import LlamaEngine
from memchat.engine.protocol import LoadState, ModelSpec

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")


def test_vectors_are_unit_float32_rows(engine: LlamaEngine) -> None:
    vectors = engine.embed([f"text {number}" for number in range(40)])
    assert vectors.shape == (40, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_give_no_rows(engine: LlamaEngine) -> None:
    assert engine.embed([]).shape == (0, 384)


def test_close_in_meaning_is_close_in_space(engine: LlamaEngine) -> None:
    dog, puppy, tax = engine.embed(["I have a dog.", "A puppy lives with me.", "Taxes are due."])
    assert dog @ puppy > dog @ tax + 0.2


def test_the_order_of_the_texts_is_kept(engine: LlamaEngine) -> None:
    texts = ["short", "a much longer text about the sea and the ships on it", "mid size text"]
    together = engine.embed(texts)
    alone = np.vstack([engine.embed([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_long_text_counts_by_its_beginning(engine: LlamaEngine) -> None:
    beginning = "the sea " * 300
    long, longer = engine.embed([beginning, beginning + "taxes " * 300])
    np.testing.assert_allclose(long, longer, atol=1e-5)


def test_odd_texts_have_vectors(engine: LlamaEngine) -> None:
    assert np.isfinite(engine.embed(["", "\0", "half a pair \ud800"])).all()


def test_the_status_names_the_model(engine: LlamaEngine) -> None:
    engine.embed(["text"])
    status = engine.status()
    assert status.embedder_state is LoadState.READY
    assert (status.embedding_model, status.embedding_dimension) == ("all-MiniLM-L6-v2", 384)


EMBED = """
import sys
from pathlib import Path
from memchat.engine.embedder import Embedder

def refuse(event, _arguments):
    if event in {"socket.connect", "socket.getaddrinfo"}:
        raise RuntimeError(f"network: {event}")

sys.addaudithook(refuse)
Embedder(Path(sys.argv[1])).embed(["Hello"] * 40)
"""


def test_it_is_silent_and_off_the_network(spec: ModelSpec, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", EMBED, str(spec.embedder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
