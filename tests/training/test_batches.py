"""Batches hold every sample once, and their common beginning once."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from memchat.agents.answerer import short_answer
from memchat.agents.manager import decide, extract_facts
from memchat.bank.types import Fact, Hit
from memchat.engine.protocol import EngineStatus, Role
from tests.fakes import FakeEngine
from tests.training.support import embedded_base
from tests.training.toy_data import SAID_AT, toy_stream
from training.batches import IGNORED, Batch, Encoded, batches, collate, encode
from training.data.samples import AnswerSample, DecideSample, ExtractSample, render

PAD = 0
ids = st.lists(st.integers(1, 5), min_size=1, max_size=8)
encoded = st.builds(Encoded, st.sampled_from(["extract", "decide"]), ids, ids)


def unpacked(batch: Batch) -> list[tuple[list[int], list[int]]]:
    """Prompt and completion of each row."""
    rows = []
    for suffix, labels in zip(batch.suffixes, batch.labels, strict=True):
        asked = [place for place, label in enumerate(labels) if label != IGNORED]
        completion = [labels[place] for place in asked]
        assert [suffix[place] for place in asked] == completion
        rows.append((batch.prefix + suffix[: asked[0]], completion))
        assert set(suffix[asked[-1] + 1 :]) <= {PAD}
    return rows


@given(samples=st.lists(encoded, max_size=40), seed=st.integers(0, 3))
def test_every_sample_comes_once_and_within_the_limits(samples: list[Encoded], seed: int) -> None:
    made = list(batches(samples, most_samples=4, most_tokens=30, pad=PAD, seed=seed))
    rows = [row for batch in made for row in unpacked(batch)]
    assert sorted(rows) == sorted((sample.prompt, sample.completion) for sample in samples)
    for batch in made:
        assert len(batch.suffixes) <= 4
        assert len(batch.suffixes) == 1 or batch.tokens <= 30


def test_the_shared_prefix_is_as_long_as_it_can_be() -> None:
    samples = [Encoded("extract", [1, 2, 3, 9], [7]), Encoded("extract", [1, 2, 4, 5, 9], [8, 8])]
    batch = collate(samples, PAD)
    assert batch.prefix == [1, 2]
    assert batch.suffixes == [[3, 9, 7, 0, 0], [4, 5, 9, 8, 8]]
    assert batch.labels == [[IGNORED, IGNORED, 7, IGNORED, IGNORED], [IGNORED] * 3 + [8, 8]]


def test_equal_prompts_keep_a_token_to_predict_from() -> None:
    batch = collate([Encoded("extract", [1, 2], [7])] * 2, PAD)
    assert batch.prefix == [1]
    assert batch.suffixes == [[2, 7], [2, 7]]


def test_tasks_do_not_share_a_batch() -> None:
    mixed = [Encoded(task, [1], [2]) for task in ("extract", "decide") * 3]
    made = list(batches(mixed, most_samples=16, most_tokens=100, pad=PAD, seed=1))
    assert sorted(len(batch.suffixes) for batch in made) == [3, 3]


class AdaptedEngine(FakeEngine):
    """Says that both roles have their adapter: prompts come without coaching."""

    def status(self) -> EngineStatus:
        adapters = ((Role.MEMORY, "memory"), (Role.ANSWER, "answer"))
        return replace(super().status(), adapters=adapters)


def test_prompts_are_those_that_the_agents_send() -> None:
    engine = AdaptedEngine()
    vocabulary = embedded_base().vocabulary
    for task in ("extract", "decide", "answer"):
        for sample in islice(toy_stream("", task, 1), 3):
            if isinstance(sample, ExtractSample):
                extract_facts(engine, sample.turn)
            elif isinstance(sample, DecideSample):
                hits = [Hit("memory", 1, text, SAID_AT, 1.0) for text in sample.memories]
                engine.enqueue("NOOP", role=Role.MEMORY)
                decide(engine, Fact(sample.fact), hits)
            elif isinstance(sample, AnswerSample):
                engine.enqueue(sample.distilled, sample.reply)
                short_answer(engine, sample.question)
            sent = engine.requests[-1]
            made = encode(sample, vocabulary)
            whole = made.prompt + made.completion
            prompt = vocabulary.prompt(sent.messages, sent.prefill)
            assert whole[: len(prompt)] == prompt
            assert render(sample).completion.startswith(sent.prefill)
