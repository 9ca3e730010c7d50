from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from memchat.text import MAX_COMBINING_RUN, content_words, printable, single_line, valid_unicode

HOSTILE = st.text(
    st.one_of(
        st.sampled_from(
            "\x00\x07\x08\t\n\r\x1b\x7f\x85\x9b\u061c\u200b\u200c\u200d\u200e\u202e\u2028\u2066\u2069"
            "\ufeff\ufe0f\ufff9\u00ad\u034f\u3164\u0301\u0489\U000e0041\U000e007f\U0001f3f4\U000e0067"
            "\U0001f468\u2764\u0645\u0915a1 "
        ),
        st.characters(exclude_categories=()),
    )
)
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

UNTOUCHED = [
    "plain text, with punctuation & <markup> [brackets]",
    "日本語のテキスト 한국어 中文",
    "مرحبا بالعالم",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "क्\u200dष",
    "שָׁלוֹם",
    "葛\U000e0100",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f44d\U0001f3fd \u2764\ufe0f 1\ufe0f\u20e3",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f \U0001f1f5\U0001f1f9",
    "━━━━━━━━━━━━ … ———————————",
    "two\nlines\tand a tab",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_honest_text_is_untouched(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred", "a␛[31mred"),
        ("\x07\x00\x7f", "␇␀␡"),
        ("\x9b31m", "\ufffd31m"),
        ("one\r\ntwo\rthree", "one\ntwo␍three"),
        ("one\u2028two", "one\ntwo"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("pass\u200bword\ufeff", "password"),
        ("a\u200db", "ab"),
        ("hi\U000e0041\U000e0042", "hi"),
        ("\u2764\ufe0f\ufe0f\ufe0f", "\u2764\ufe0f"),
        ("\ud800x", "\ufffdx"),
        ("e" + "\u0301" * 40, "e" + "\u0301" * MAX_COMBINING_RUN),
    ],
)
def test_what_acts_or_hides_is_shown_or_removed(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(HOSTILE, st.booleans())
@example("\U0001f468\u200d\u200b\U0001f469", True)
@example("\U0001f3f4\u200b\U000e0067\U000e007f", True)
@example("e\u0301\u200b" * 9, True)
def test_nothing_that_acts_gets_through(text: str, multiline: bool) -> None:
    shown = printable(text, multiline=multiline)
    shown.encode()
    allowed = "\n\t" if multiline else ""
    assert all(
        c in allowed or unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"} for c in shown
    )
    assert not set(shown) & set(BIDI)
    assert printable(shown, multiline=multiline) == shown


@given(st.text(st.characters(max_codepoint=126, min_codepoint=32)))
def test_printable_ascii_is_the_identity(text: str) -> None:
    assert printable(text) == text


@given(HOSTILE, st.integers(0, 30))
def test_a_single_line_fits_its_width(text: str, width: int) -> None:
    line = single_line(text, width)
    assert "\n" not in line
    assert cell_len(line) <= width


def test_a_single_line_collapses_white_space_and_marks_a_cut() -> None:
    assert single_line("  one \n\t two ", 20) == "one two"
    assert single_line("one two three", 8) == "one two…"
    assert single_line("日本語", 4) == "日…"


def test_content_words_drop_stop_words_and_keep_negations() -> None:
    assert content_words("Maria's dog doesn't like the O\u2019Brien café") == [
        "maria",
        "dog",
        "not",
        "like",
        "o'brien",
        "café",
    ]
    assert content_words("the user likes cats") != content_words("the user does not like cats")


@given(HOSTILE)
def test_content_words_and_valid_unicode_take_any_text(text: str) -> None:
    assert all(word == word.lower() or not word.isascii() for word in content_words(text))
    valid_unicode(text).encode()
