"""Text from people, models and files: what a terminal may be shown, and its words.

Nothing in here raises on any `str`, lone surrogates included.
"""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len, split_graphemes

REPLACEMENT = "\ufffd"
MAX_COMBINING_RUN = 6
"""Marks kept on one base: pointed Hebrew and Tibetan stay whole, a tower of accents does not."""

_ALWAYS_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_LINE_BREAKS = "\u2028\u2029"
_SUSPECT = re.compile(
    rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff{_LINE_BREAKS}"
    rf"{_ALWAYS_HIDDEN}{_JOINERS}{_SELECTORS}]"
    rf"|[^\w\s\x00-\x7f]{{{MAX_COMBINING_RUN + 1}}}"
)
_HIDDEN = re.compile(f"[{_ALWAYS_HIDDEN}]")
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_HAN = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_JOINING_SCRIPT = re.compile("[\u0600-\u0dff\u1000-\u109f\u1780-\u18af\ua840-\ua8df]")
_TAG_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")


def printable(text: str, *, multiline: bool = True) -> str:
    """`text` as it may be written to a terminal: nothing in it acts or hides.

    Control characters become their Unicode pictures (ESC is shown as ␛); bidirectional
    overrides, zero-width and other invisible characters go, joiners and variation selectors
    stay where emoji and scripts need them; lone surrogates become U+FFFD. Newlines and tabs
    stay when `multiline`, else they are spaces. Idempotent.
    """
    if not multiline:
        text = re.sub(r"\r\n|[\n\t\u2028\u2029]", " ", text)
    if not _SUSPECT.search(text):
        return text
    return _Cleaner(text.replace("\r\n", "\n")).clean()


def single_line(text: str, width: int) -> str:
    """`printable` text on one line, white space collapsed, at most `width` terminal cells."""
    line = " ".join(printable(text, multiline=False).split())
    if cell_len(line) <= width:
        return line
    return _fitting_prefix(line, width - 1) + "…" if width > 0 else ""


def valid_unicode(text: str) -> str:
    """`text` with lone surrogates, which UTF-8 cannot hold, replaced by U+FFFD."""
    return _SURROGATE.sub(REPLACEMENT, text)


def content_words(text: str) -> list[str]:
    """Lower-cased words in order, without English stop words and possessive endings.

    Negations stay (as "not"): they turn a fact into its opposite.
    """
    words = (_plain_word(match.group()) for match in _WORD.finditer(text.lower()))
    return [word for word in words if word not in STOP_WORDS]


def _plain_word(word: str) -> str:
    word = word.replace("\u2019", "'")
    if word.endswith("n't") or word == "cannot":
        return "not"
    return word.removesuffix("'s")


def _fitting_prefix(line: str, width: int) -> str:
    """The longest run of whole graphemes within `width` cells."""
    end = used = 0
    for _, stop, cells in split_graphemes(line)[0]:
        if used + cells > width:
            break
        end, used = stop, used + cells
    prefix = line[:end].rstrip()
    return prefix if cell_len(prefix) <= width else ""


class _Cleaner:
    """One pass over a text, left to right. What is kept depends only on the output so far and
    on a following character that is itself always kept: that makes `printable` idempotent."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._out: list[str] = []
        self._marks = 0

    def clean(self) -> str:
        position = 0
        while position < len(self._text):
            flag = _TAG_FLAG.match(self._text, position)
            if flag:
                self._out.extend(flag.group())
                self._marks = 0
                position = flag.end()
                continue
            shown = self._shown(self._text[position], self._text[position + 1 : position + 2])
            self._out.extend(shown)
            position += 1
        return "".join(self._out)

    def _shown(self, char: str, following: str) -> str:
        if char in "\n\t" or " " <= char <= "~":
            self._marks = 0
            return char
        if char in _JOINERS:
            return char if self._joins(char, following) else ""
        if _SELECTOR.match(char):
            return char if self._selects() else ""
        if _HIDDEN.match(char):
            return ""
        return self._picture_or_mark(char)

    def _picture_or_mark(self, char: str) -> str:
        category = unicodedata.category(char)
        if category in {"Mn", "Me"}:
            self._marks += 1
            return char if self._marks <= MAX_COMBINING_RUN else ""
        self._marks = 0
        if category in {"Cc", "Cs"} or char in "\ufffe\uffff":
            return _control_picture(char)
        return "\n" if char in _LINE_BREAKS else char

    def _joins(self, char: str, following: str) -> bool:
        """A joiner stays inside an emoji sequence and between letters of a script that has it."""
        previous = self._out[-1] if self._out else ""
        if not previous or not following:
            return False
        if char == "\u200d" and _is_emoji(following):
            return _is_emoji(previous) or previous == "\ufe0f"
        is_letter = following.isalpha() and _JOINING_SCRIPT.match(following) is not None
        return is_letter and _JOINING_SCRIPT.match(previous) is not None

    def _selects(self) -> bool:
        """A variation selector stays right after an emoji, a keycap's base or a Han character."""
        previous = self._out[-1] if self._out else ""
        if not previous:
            return False
        return _is_emoji(previous) or previous in "0123456789#*" or bool(_HAN.match(previous))


def _is_emoji(char: str) -> bool:
    return unicodedata.category(char) in {"So", "Sk", "Sm", "Po"} and char > "\x7f"


def _control_picture(char: str) -> str:
    if char < " ":
        return chr(0x2400 + ord(char))
    return "\u2421" if char == "\x7f" else REPLACEMENT


_FUNCTION_WORDS = """
a about above after again against all also am an and any are as at be because been before
being below between both but by can could did do does doing down during each few for from
further had has have having he he'd he'll her here hers herself him himself his how i i'd
i'll i'm i've if in into is it it'll its itself just let me more most my myself now of off
on once only or other our ours ourselves out over own same she she'd she'll should so some
such than that that'll the their theirs them themselves then there these they they'd
they'll they're they've this those through to too under until up us very was we we'd we'll
we're we've were what when where which while who whom whose why will with would you you'd
you'll you're you've your yours yourself yourselves
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())
"""English function words: too common to find anything by. No negations."""
