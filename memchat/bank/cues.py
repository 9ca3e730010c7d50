"""What the plain words of a query or a turn give away: people, months, whether anything is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from memchat.text import content_words

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_ALSO_VERBS = {"march", "may"}
_MONTH = re.compile(
    r"(?P<before>\b(?:in|of|by|since|until|during|early|late|mid|last|this|next|\d+(?:st|nd|rd|th)?)"
    rf"[ -])?\b(?P<name>{'|'.join(_MONTHS)})\b(?P<after>,? \d)?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_AUXILIARY = r"(?:is|are|am|was|were|do|does|did|can|could|should|would|will|have|has|had)"
_ASKED_WITHOUT_MARK = re.compile(
    rf"\s*(?:(?:what|where|when|who|how|why|which)(?:['’]?s|['’]re| {_AUXILIARY}| many| much| long"
    rf"| old| often)|{_AUXILIARY} (?:i|you|we|he|she|it|they|there|my|the|this|that))\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\b(?i:hi|hiya|hey|hello|thanks|thank you|bye|goodbye),? [A-Z]\w*")
_GREETINGS = frozenset({"hello", "hey", "hi", "hiya"})
_NICETIES = """
afternoon amazing awesome bye cheers cool day evening fine glad good goodbye great haha helpful
later lol lovely morning nice night no nope oh ok okay please right see sorry soon sounds
sure thank thanks tomorrow welcome well wow yeah yep yes
"""
_PLEASANTRIES = _GREETINGS.union(_NICETIES.split())


@dataclass(frozen=True, slots=True)
class Cues:
    """What a query names."""

    words: frozenset[str]
    months: frozenset[int]
    years: frozenset[int]

    @classmethod
    def of(cls, text: str) -> Cues:
        months = (match for match in _MONTH.finditer(text) if _is_month(match))
        return cls(
            frozenset(content_words(text)),
            frozenset(_MONTHS.index(match["name"].lower()) + 1 for match in months),
            frozenset(int(year) for year in _YEAR.findall(text)),
        )

    def name(self, person: str) -> bool:
        """Whether the query has the (first) name of `person`."""
        names = content_words(person)
        return bool(names) and names[0] in self.words

    def cover(self, at: datetime) -> bool:
        """Whether `at` lies in a month or year that the query names."""
        if not (self.months or self.years):
            return False
        in_month = not self.months or at.month in self.months
        return in_month and (not self.years or at.year in self.years)


def is_small_talk(text: str) -> bool:
    """Whether all that `text` says is a greeting, thanks or assent."""
    return bool(content_words(text)) and all(
        (_GREETINGS if _asks(sentence) else _PLEASANTRIES).issuperset(content_words(sentence))
        for sentence in _SENTENCE.findall(text)
    )


def tells_something(text: str) -> bool:
    """Whether `text` states anything, beyond questions, greetings and thanks."""
    return any(
        not _asks(sentence) and not _PLEASANTRIES.issuperset(content_words(sentence))
        for sentence in _SENTENCE.findall(_ADDRESS.sub("", text))
    )


def _asks(sentence: str) -> bool:
    return sentence.endswith("?") or _ASKED_WITHOUT_MARK.match(sentence) is not None


def _is_month(match: re.Match[str]) -> bool:
    """`May I ask` and `they march on` name none."""
    return match["name"].lower() not in _ALSO_VERBS or bool(match["before"] or match["after"])
