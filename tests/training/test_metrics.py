"""Measures, against values worked out by hand and against NLTK where it is installed."""

from __future__ import annotations

import math

import pytest

from training.metrics import (
    MULTI_HOP,
    OPEN_DOMAIN,
    SINGLE_HOP,
    abstains,
    bleu1,
    bootstrap,
    exact_match,
    f1_official,
    f1_paper,
    words,
)
from training.porter import stem

SENTENCES = (
    "She moved to Oslo on 7 May 2023.",
    "It isn't Buddy's dog, they've said so; he'll be back at 3:30 p.m.",
    'He said "no, thanks" (twice)... and left!',
    "Costs $1,000 & 3.5% more - really? Yes: 12.",
    "the dogs' owner",
    "",
)


@pytest.mark.parametrize(
    ("answer", "gold", "value"),
    [
        ("7 May 2023", "7 May 2023", 1.0),
        ("On 7 May, 2023.", "7 May 2023", 6 / 7),  # 3 common, 4 said, 3 wanted
        ("dogs", "dog", 0.0),  # no stemming
        ("a dog a dog", "a dog", 1.0),  # sets
        ("3.5", "3 5", 1.0),  # full stops part words
        ("", "dog", 0.0),
    ],
)
def test_f1_of_the_paper(answer: str, gold: str, value: float) -> None:
    assert f1_paper(answer, gold) == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "gold", "category", "value"),
    [
        ("the dogs", "a dog", SINGLE_HOP, 1.0),  # articles dropped, stemmed
        ("dog dog", "dog", SINGLE_HOP, 2 / 3),  # multisets
        ("1,000", "1000", SINGLE_HOP, 1.0),
        ("hiking", "hiking, painting", MULTI_HOP, 0.5),  # one of two parts
        ("painting, hiking", "hiking, painting", MULTI_HOP, 1.0),
        ("hiking painting", "hiking, painting", SINGLE_HOP, 1.0),
        ("likely yes", "likely yes; she said so", OPEN_DOMAIN, 1.0),
        ("likely yes", "likely yes; she said so", SINGLE_HOP, 4 / 7),
        ("", "dog", SINGLE_HOP, 0.0),
    ],
)
def test_official_f1(answer: str, gold: str, category: str, value: float) -> None:
    assert f1_official(answer, gold, category) == pytest.approx(value)


@pytest.mark.parametrize(
    ("answer", "gold", "value"),
    [
        ("7 May 2023", "7 May 2023", 1.0),
        ("7 May", "7 May 2023", math.exp(1 - 3 / 2)),  # all right, but brief
        ("on 7 May 2023", "7 May 2023", 3 / 4),
        ("may may", "May", 1 / 2),  # clipped
        ("Oslo", "Bergen", 0.0),
        ("", "Bergen", 0.0),
    ],
)
def test_bleu1(answer: str, gold: str, value: float) -> None:
    assert bleu1(answer, gold) == pytest.approx(value)


def test_exact_match_forgives_case_articles_and_punctuation() -> None:
    assert exact_match("The Eiffel Tower!", "eiffel tower") == 1
    assert exact_match("Eiffel", "eiffel tower") == 0


@pytest.mark.parametrize(
    "answer",
    ["I don't know.", "No information available", "Not mentioned", "She didn't say", "unknown"],
)
def test_abstentions_are_seen(answer: str) -> None:
    assert abstains(answer)


@pytest.mark.parametrize("answer", ["Oslo", "in the know", "He knows", "note it", ""])
def test_answers_are_not_abstentions(answer: str) -> None:
    assert not abstains(answer)


def test_a_bootstrap_interval_holds_the_mean_and_narrows_with_more_data() -> None:
    few, many = bootstrap([0.0, 1.0] * 10), bootstrap([0.0, 1.0] * 1000)
    assert few.mean == many.mean == 0.5
    assert few.low < many.low < 0.5 < many.high < few.high
    # Standard error of 2,000 fair coins: 0.0112; 95 % within 1.96 of it.
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.0112, rel=0.1)
    assert bootstrap([0.0, 1.0] * 10) == few
    assert all(math.isnan(value) for value in bootstrap([]))


def test_stems_worked_out_in_porter_s_paper() -> None:
    pairs = {
        "caresses": "caress",
        "ponies": "poni",
        "plastered": "plaster",
        "hopping": "hop",
        "filing": "file",
        "happy": "happi",
        "relational": "relat",
        "adjustable": "adjust",
        "controll": "control",
        "rate": "rate",
    }
    assert {word: stem(word) for word in pairs} == pairs


def test_stems_are_nltk_s() -> None:
    porter = pytest.importorskip("nltk.stem").PorterStemmer()
    text = (__doc__ or "") + " ".join(SENTENCES) + " dying skies innings generalizations flies tied"
    text += " agreed owned relational digitizer oscillators apologize analogies sensibilities toy"
    for word in words(text.lower()):
        if word.isalpha():
            assert stem(word) == porter.stem(word)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_words_and_bleu_are_nltk_s(sentence: str) -> None:
    nltk_tokenize = pytest.importorskip("nltk.tokenize.destructive")
    tokens = nltk_tokenize.NLTKWordTokenizer().tokenize(sentence)
    quotes = {"``": '"', "''": '"'}
    assert words(sentence) == [quotes.get(token, token) for token in tokens]
    bleu = pytest.importorskip("nltk.translate.bleu_score")
    gold = "She moved to Bergen on 7 May."
    wanted = bleu.sentence_bleu(
        [words(gold.lower())],
        words(sentence.lower()),
        weights=(1,),
        smoothing_function=bleu.SmoothingFunction().method1,
    )
    assert bleu1(sentence, gold) == pytest.approx(wanted)
