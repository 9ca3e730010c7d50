"""How near an answer is to the gold answer, by the field's measures. All lie between 0 and 1."""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from training.porter import stem

MULTI_HOP, TEMPORAL, OPEN_DOMAIN = "multi-hop", "temporal", "open-domain"
SINGLE_HOP, ADVERSARIAL = "single-hop", "adversarial"
"""LoCoMo's categories 1, 2, 3, 4 and 5, as its own code means them."""

_ARTICLES = re.compile(r"\b(a|an|the|and)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ABSTENTIONS = re.compile(
    r"no information|not mentioned|unknown|not (?:known|specified|stated|given|provided)|"
    r"\bunsure\b|\b(?:do|does|did)(?:n['’]?t| not) (?:know|say|mention)",
    re.IGNORECASE,
)
_WORD_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r'["“”]', r' " '),
        (r"\.\.\.+|--|[;@#$%&?!()\[\]{}<>]|:(?!\d)", r" \g<0> "),
        (r",(?!\d)|(?<!\d),", r" , "),
        (r"(?<!\.)\.(?=[\s\"')\]]*$)", r" . "),  # of the whole text
        (r"(?<!\.)(?<!\b[a-z])\.(?=\s+[\"'(]*(?-i:[A-Z]))", r" ."),  # of a sentence inside it
        (r"('s|'m|'d|'ll|'re|'ve|n't)\b", r" \1"),
        (r"(?<=\w)'(?=\s|$)", r" ' "),
    )
)


def f1_paper(answer: str, gold: str) -> float:
    """F1 over the sets of lower-cased words; `. , ! ?` part words. No stemming.

    As the evaluation code published with A-Mem and Memory-R1 (arXiv 2508.19828) computes it.
    """
    said, wanted = (set(re.sub(r"[.,!?]", " ", text.lower()).split()) for text in (answer, gold))
    return _f1(len(said & wanted), len(said), len(wanted))


def f1_official(answer: str, gold: str, category: str = SINGLE_HOP) -> float:
    """LoCoMo's own F1 (Maharana et al., 2024; task_eval/evaluation.py): multisets of stems.

    Multi-hop takes gold as a comma-separated list, each part scored by the nearest part of the
    answer; open-domain takes gold up to its first semicolon.
    """
    if category == OPEN_DOMAIN:
        gold = gold.split(";", maxsplit=1)[0].strip()
    if category != MULTI_HOP:
        return _stemmed_f1(answer, gold)
    parts = [part.strip() for part in answer.split(",")]
    best = [max(_stemmed_f1(part, wanted) for part in parts) for wanted in gold.split(",")]
    return sum(best) / len(best)


def bleu1(answer: str, gold: str) -> float:
    """BLEU-1 (Papineni et al., 2002) of lower-cased words, with the brevity penalty.

    NLTK's smoothing method 1, which the Memory-R1 evaluation names, leaves unigrams as they are.
    """
    said, wanted = words(answer.lower()), words(gold.lower())
    matches = (Counter(said) & Counter(wanted)).total()
    if not matches:
        return 0.0
    brevity = min(1.0, math.exp(1 - len(wanted) / len(said)))
    return brevity * matches / len(said)


def exact_match(answer: str, gold: str) -> float:
    """1 when both are the same but for case, punctuation, articles and spacing (SQuAD's EM)."""
    return float(normalise(answer) == normalise(gold))


def abstains(answer: str) -> bool:
    """Whether the answer says that the answer is not known: right for LoCoMo's category 5."""
    return _ABSTENTIONS.search(answer) is not None


def normalise(text: str) -> str:
    """Lower case without punctuation and articles, single spaces; as LoCoMo's code does it."""
    text = _ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION))
    return " ".join(text.split())


def words(text: str) -> list[str]:
    """Tokens as the Penn Treebank cuts them, near enough to nltk.word_tokenize.

    Punctuation stands alone, except full stops inside a sentence and what stands inside a number;
    clitics are split off ("is" + "n't").
    """
    for pattern, replacement in _WORD_RULES:
        text = pattern.sub(replacement, text)
    return text.split()


class Interval(NamedTuple):
    """A mean with the bounds of its 95 % confidence interval."""

    mean: float
    low: float
    high: float


def bootstrap(values: Sequence[float], *, samples: int = 2000, seed: int = 0) -> Interval:
    """Mean and 95 % percentile interval (Efron, 1979). For paired systems, give differences."""
    if not values:
        return Interval(math.nan, math.nan, math.nan)
    data = np.asarray(values, dtype=np.float64)
    rng = np.random.default_rng(seed)
    means = data[rng.integers(len(data), size=(samples, len(data)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(data.mean()), float(low), float(high))


def mean(values: Iterable[float]) -> float:
    """Their mean; not a number when there are none."""
    data = list(values)
    return sum(data) / len(data) if data else math.nan


def _stemmed_f1(answer: str, gold: str) -> float:
    # The official code takes commas out before anything else: "1,000" is one word.
    said, wanted = (Counter(map(stem, normalise(text).split())) for text in (answer, gold))
    return _f1((said & wanted).total(), said.total(), wanted.total())


def _f1(common: int, said: int, wanted: int) -> float:
    return 2 * common / (said + wanted) if common else 0.0
