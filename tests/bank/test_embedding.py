from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from memchat.bank.bank import Bank
from memchat.engine.protocol import Vector
from memchat.errors import StorageError
from tests.bank.builders import DIMENSION, MODEL, added, said, texts, updated, vector
from tests.fakes import bag_of_words


def _other_model(batch: Sequence[str]) -> NDArray[np.float32]:
    return np.stack([_other(text) for text in batch])


def _other(text: str) -> Vector:
    return bag_of_words(text[::-1], 48)


def test_the_first_model_is_recorded(bank: Bank) -> None:
    assert bank.embedding_model() == (MODEL, DIMENSION)
    bank.claim_embedding(MODEL, DIMENSION)
    with pytest.raises(StorageError, match="bag-of-words") as error:
        bank.claim_embedding("other", DIMENSION)
    assert "re-embed" in error.value.hint


def test_without_a_model_nothing_can_be_embedded(path: Path) -> None:
    with Bank.open(path) as bank:
        assert bank.embedding_model() is None
        assert bank.search("x", vector("x")) == []
        with pytest.raises(StorageError, match="no embedding model"):
            bank.add("x", vector=vector("x"))


def test_a_vector_that_is_not_finite_is_refused(bank: Bank) -> None:
    with pytest.raises(StorageError, match="finite"):
        bank.add("x", vector=np.full(DIMENSION, np.nan, dtype=np.float32))


def test_reembedding_replaces_every_vector(bank: Bank) -> None:
    turn = said(bank, "I live in Porto")
    memory_id = added(bank, "The user lives in Porto.", turn.id)
    bank.edit(memory_id, "The user lives in Lisbon.", vector=vector("Lisbon"))
    suggestion = updated(bank, memory_id, "The user lives in Faro.")
    hidden = added(bank, "The user has a cat.")
    bank.delete(hidden)
    seen: list[tuple[int, int]] = []
    bank.reembed(_other_model, "other", 48, lambda done, total: seen.append((done, total)))

    assert seen == [(5, 5)]
    assert bank.embedding_model() == ("other", 48)
    assert bank.integrity() == []
    assert _best(bank, "The user lives in Lisbon.") == memory_id
    assert [h.id for h in bank.search("", _other("I live in Porto"), memories=False)] == [turn.id]
    bank.undo(2)
    assert _best(bank, "The user lives in Porto.") == memory_id
    bank.pin(memory_id, True)
    bank.accept(suggestion.id)
    assert texts(bank) == ["The user lives in Faro."]
    assert bank.search("", _other("The user lives in Faro."))[0].similarity == pytest.approx(1)


def _best(bank: Bank, text: str) -> int:
    hit = bank.search("", _other(text), turns=False)[0]
    assert hit.similarity == pytest.approx(1)
    return hit.id


def test_a_failing_embedder_leaves_the_old_index(bank: Bank) -> None:
    added(bank, "The user lives in Porto.")

    def fail(batch: Sequence[str]) -> NDArray[np.float32]:
        raise StorageError("no")

    with pytest.raises(StorageError):
        bank.reembed(fail, "other", 48, lambda done, total: None)
    with pytest.raises(StorageError, match="dimension"):
        bank.reembed(_other_model, "other", 47, lambda done, total: None)
    assert bank.embedding_model() == (MODEL, DIMENSION)
    assert bank.search("", vector("The user lives in Porto."))[0].similarity == pytest.approx(1)


def test_a_memchat_with_the_old_model_may_not_mix_its_vectors_in(bank: Bank, path: Path) -> None:
    added(bank, "The user lives in Porto.")
    with Bank.open(path) as other:
        other.reembed(lambda batch: np.stack([*map(vector, batch)]), "other", DIMENSION, print)
        with pytest.raises(StorageError, match="re-embedded"):
            added(bank, "The user has a dog.")
