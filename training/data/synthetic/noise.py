"""How people really type: registers, abbreviations, lower case, typos. Facts stay readable."""

from __future__ import annotations

import re
from functools import cache
from random import Random
from typing import Literal

from training.data.synthetic.forms import topics
from training.data.synthetic.lexicon import word_lists

Style = Literal["neat", "lower", "texting", "sloppy", "loud"]

_STYLES: tuple[Style, ...] = ("neat", "lower", "texting", "sloppy", "loud")
_WEIGHTS = (62, 16, 10, 11, 1)

_TEXTING = {
    "you": "u", "are": "r", "your": "ur", "because": "cos", "though": "tho", "please": "pls",
    "thanks": "thx", "people": "ppl", "really": "rly", "right now": "rn", "to be honest": "tbh",
    "by the way": "btw", "I don't know": "idk", "going to": "gonna", "want to": "wanna",
    "and": "n", "with": "w/", "about": "abt", "I'm": "im", "don't": "dont", "can't": "cant",
    "I've": "ive", "got to": "gotta", "probably": "prob", "something": "smth",
}  # fmt: skip
_MISSPELT = {
    "definitely": "definately", "because": "becuase", "really": "realy", "their": "thier",
    "favourite": "favorite", "friend": "freind", "receive": "recieve", "until": "untill",
    "which": "wich", "believe": "beleive", "started": "startd", "moved": "moevd", "called": "caled",
    "working": "workng", "with": "wiht", "from": "form", "have": "hav", "about": "abuot",
    "also": "aslo", "just": "jsut", "new": "nwe", "been": "bene", "going": "goign",
    "allergic": "alergic", "daughter": "daugther", "appointment": "apointment", "live": "liv",
    "birthday": "brithday", "learning": "lerning", "works": "wroks",
}  # fmt: skip
_EMOJI = ("🙂", "😅", "😂", "🎉", "😭", "❤️", "🙌", "😊", "lol", "haha", "xx", ":)", ":D", "🤞")
_TEXTING_WORDS = re.compile(
    rf"\b({'|'.join(map(re.escape, sorted(_TEXTING, key=len, reverse=True)))})\b"
)
_WORDS = re.compile(r"[A-Za-z']+")
_PLAIN_WORD = re.compile(r"\b[a-z]{5,}\b")


def pick_style(rng: Random) -> Style:
    """Mostly neat."""
    return rng.choices(_STYLES, _WEIGHTS)[0]


def apply(rng: Random, text: str, style: Style) -> str:
    """`text` as somebody in a hurry types it."""
    if style == "neat":
        return text[:1].upper() + text[1:]
    if style == "lower":
        return text.lower() if rng.random() < 0.5 else _lower_start(text)
    if style == "texting":
        return _texting(rng, text)
    if style == "loud":
        return text.upper()
    return _sloppy(rng, text)


def _lower_start(text: str) -> str:
    """No capitals at the start nor for "I"; names keep theirs."""
    text = re.sub(r"\bI\b", "i", text)
    return text[:1].lower() + text[1:]


def _texting(rng: Random, text: str) -> str:
    text = _TEXTING_WORDS.sub(
        lambda match: _TEXTING[match[1]] if rng.random() < 0.6 else match[1], text
    )
    text = _lower_start(text).rstrip(".")
    if rng.random() < 0.5:
        text = text.lower()
    if rng.random() < 0.35:
        text = f"{text} {rng.choice(_EMOJI)}"
    return text


def _sloppy(rng: Random, text: str) -> str:
    """A few misspellings and slips of the finger, in words without capitals only."""
    text = _WORDS.sub(lambda match: _misspelt(rng, match[0]), text)
    if rng.random() < 0.4:
        text = _PLAIN_WORD.sub(lambda match: _slipped(rng, match[0]), text, count=3)
    if rng.random() < 0.4:
        text = text.replace("'", "")
    if rng.random() < 0.3:
        text = text.replace(". ", " ").replace(", ", " ")
    return text


def _misspelt(rng: Random, word: str) -> str:
    return _MISSPELT[word] if word in _MISSPELT and rng.random() < 0.3 else word


def _slipped(rng: Random, word: str) -> str:
    """Two letters swapped, one lost or one doubled; what facts are made of is left alone."""
    if rng.random() < 0.75 or word in _DATE_WORDS or word not in _plain_words():
        return word
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        )
    )


@cache
def _plain_words() -> frozenset[str]:
    """Words of the forms that no value has: a slip in them changes no fact."""
    in_forms = {
        word
        for topic in topics()
        for form in topic.forms("tell")
        for word in _PLAIN_WORD.findall(form.source)
    }
    in_values = {
        word
        for values in word_lists().values()
        for value in values
        for word in _PLAIN_WORD.findall(value)
    }
    return frozenset(in_forms - in_values)


_DATE_WORDS = frozenset(word_lists()["date_word"])
