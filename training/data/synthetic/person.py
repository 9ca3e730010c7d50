"""Grammatical person: a sentence told in the first person gives every other way to tell it.

"I live in {city} with my dog" becomes "{S} lives in {city} with their dog", where {S} stands for
the subject ("The user", "My sister Ana"). So one written form serves the user, a speaker with a
name, a relative, a reply to the user ("You live in ...") and questions about each of them. A verb
that follows the subject at a distance is marked with a caret: "I live in Rome and ^work nights".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from training.data.synthetic.lexicon import word_lists

SUBJECT = "{S}"

_TOKEN = re.compile(r"\{\w+\}|\^?[A-Za-z]+(?:['’][A-Za-z]+)*|\s+|.", re.DOTALL)
_HAS_GOT = re.compile(
    r"\b(has|have) got(?= (?:an?|the|my|their|her|his|another|no|tickets|flights|\{))"
)
_FILLERS = frozenset(word_lists()["filler"])
_ADVERBS = _FILLERS | frozenset(word_lists()["adverb"])
_AUXILIARIES = frozenset(word_lists()["auxiliary"])
_UNCHANGED = frozenset(word_lists()["unchanged_verb"])
_ED_VERBS = frozenset(("need", "feed", "breed", "seed", "weed", "speed", "embed", "bleed"))
_IRREGULAR = {
    "am": "is", "are": "is", "have": "has", "haven't": "hasn't", "do": "does", "don't": "doesn't",
    "were": "was", "weren't": "wasn't",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pronouns:
    """How a person is named after the first mention."""

    subject: str
    object: str
    possessive: str
    reflexive: str
    plural: bool = False
    """Whether verbs after the pronoun are plural, as for "they"."""


THEY = Pronouns("they", "them", "their", "themself", plural=True)
SHE = Pronouns("she", "her", "her", "herself")
HE = Pronouns("he", "him", "his", "himself")


@lru_cache(maxsize=200_000)
def third_person(template: str, pronouns: Pronouns = THEY, *, tidy: bool = True) -> str:
    """`template` about {S}. `tidy` writes it for the memory: full forms, no filler words."""
    text = _ThirdPerson(template, pronouns, tidy=tidy, named=False).convert()
    return _HAS_GOT.sub(r"\1", text) if tidy else text


@lru_cache(maxsize=200_000)
def with_pronoun(template: str, pronouns: Pronouns) -> str:
    """`template` about someone mentioned before: "She lives in {city} with her dog"."""
    return _ThirdPerson(template, pronouns, tidy=False, named=True).convert()


def is_about_speaker(template: str) -> bool:
    """Whether `template` names its author, and no "we" that includes others."""
    words = {token.lower().split("'")[0] for token in _TOKEN.findall(template)}
    return bool(words & {"i", "my", "me"}) and not words & {"we", "our", "us", "ours", "you"}


def first_person(template: str) -> str:
    """`template` as its author says it: without carets."""
    return template.replace("^", "")


_TO_SECOND = {
    "i": "you", "i'm": "you're", "i've": "you've", "i'll": "you'll", "i'd": "you'd", "my": "your",
    "me": "you", "mine": "yours", "myself": "yourself", "we": "you", "our": "your", "us": "you",
    "we're": "you're", "we've": "you've",
}  # fmt: skip
_TO_SECOND_VERB = {"am": "are", "was": "were", "wasn't": "weren't"}


@lru_cache(maxsize=200_000)
def second_person(template: str) -> str:
    """`template` told to its author: "You live in {city} with your dog"."""
    out: list[str] = []
    subject_before = False
    for token in _TOKEN.findall(first_person(template)):
        word = token.lower()
        if word in _TO_SECOND:
            proper = word.startswith("i")
            out.append(_like(token, _TO_SECOND[word], proper=proper, first=not out))
        elif word in _TO_SECOND_VERB and subject_before:
            out.append(_TO_SECOND_VERB[word])
        elif word not in _FILLERS:
            out.append(token)
        elif out and out[-1].isspace():
            out.pop()
        if not token.isspace():
            subject_before = word in ("i", "we") or (subject_before and word in _ADVERBS)
    return "".join(out)


def conjugate(verb: str) -> str:
    """The form of `verb` after "she": lives, does, can, went."""
    word = verb.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _UNCHANGED or (word.endswith("ed") and word not in _ED_VERBS):
        return verb
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if word.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")


def is_verb(word: str) -> bool:
    """Whether `word` after "I" is a verb of its own: no adverb, no auxiliary."""
    return word not in _ADVERBS and word not in _AUXILIARIES


def _like(token: str, word: str, *, proper: bool, first: bool) -> str:
    """`word` with a capital where `token` had one for its place (and not for being an "I")."""
    capital = token[0].isupper() and (first or not proper)
    return word[0].upper() + word[1:] if capital else word


class _ThirdPerson:
    """One pass over a sentence, left to right."""

    def __init__(self, template: str, pronouns: Pronouns, *, tidy: bool, named: bool) -> None:
        self._tokens = _TOKEN.findall(template)
        self._pronouns = pronouns
        self._tidy = tidy
        self._named = named
        self._singular = self._subject_singular = True
        self._awaits_verb = False
        self._out: list[str] = []

    def convert(self) -> str:
        for token in self._tokens:
            self._take(token)
        return "".join(self._out)

    def _take(self, token: str) -> None:
        word = token.lower().replace("’", "'")
        if word == "i" or word.startswith("i'"):
            self._subject(word)
        elif word in ("my", "mine"):
            self._mention(self._pronouns.possessive, f"{SUBJECT}'s")
        elif word in ("me", "myself"):
            later = self._pronouns.object if word == "me" else self._pronouns.reflexive
            self._mention(later, SUBJECT if word == "me" else later)
        elif token[0] == "^":
            self._out.append(self._verb(token[1:], singular=self._subject_singular))
        elif self._tidy and word in _FILLERS:
            self._drop_space()
        elif self._awaits_verb and token[0].isalpha() and word not in _ADVERBS:
            self._awaits_verb = False
            self._out.append(self._verb(token))
        else:
            self._out.append(token)

    def _subject(self, word: str) -> None:
        inverted = self._inverted_auxiliary()
        self._mention(self._pronouns.subject, SUBJECT)
        self._subject_singular = self._singular
        if inverted is not None:
            self._out[inverted] = self._verb(self._out[inverted])
        elif word == "i":
            self._awaits_verb = True
        else:
            self._contraction(word.removeprefix("i"))

    def _contraction(self, ending: str) -> None:
        """What follows "I" in "I'm", "I've", "I'll" and "I'd"."""
        full = {"'m": "am", "'ve": "have", "'ll": "will", "'d": "would"}[ending]
        if self._tidy or self._out[-1] == SUBJECT:
            self._out += [" ", self._verb(full)]
        else:
            plural = {"am": "'re", "have": "'ve"}.get(full, ending)
            shared = ending in ("'ll", "'d")
            self._out.append(ending if shared else "'s" if self._singular else plural)

    def _inverted_auxiliary(self) -> int | None:
        """Where the "do" of "do I" stands in what is written, if "I" follows one at once."""
        if len(self._out) < 2 or not self._out[-1].isspace():
            return None
        at = len(self._out) - 2
        return at if self._out[at].lower() in _AUXILIARIES else None

    def _mention(self, later: str, first: str) -> None:
        self._singular = not self._named or not self._pronouns.plural
        self._out.append(later if self._named else first)
        self._named = True

    def _verb(self, verb: str, *, singular: bool | None = None) -> str:
        if self._singular if singular is None else singular:
            changed = conjugate(verb)
            return changed.capitalize() if verb[0].isupper() else changed
        return {"am": "are", "was": "were", "wasn't": "weren't"}.get(verb.lower(), verb)

    def _drop_space(self) -> None:
        if self._out and self._out[-1].isspace():
            self._out.pop()
