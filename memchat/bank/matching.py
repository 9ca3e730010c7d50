"""How much each text of one kind has in common with a query, by meaning and by words.

Both measures are absolute, and about 1 for a text that says all that the query asks. So their sum
ranks memories and turns in one list, and a floor can be put under it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass

from memchat.bank.connection import Database, Row
from memchat.bank.index import MEMORIES, TURNS, Index, blob
from memchat.engine.protocol import Vector
from memchat.text import content_words

DEPTH = 120
"""Length of each of the two lists, the nearest by meaning and the best by words."""
MAX_NEIGHBOURS = 4096
"""sqlite-vec refuses a larger k."""
MAX_QUERY_WORDS = 64
"""A pasted document is no query: its first words are."""
TELLING_WORDS = 5
"""The rarest words of a query, which a text must have to match it wholly."""
NEIGHBOUR_SHARE = 0.5
"""Of a turn's match by words, what the turns next to it gain: an answer seldom repeats the words
of its question, and a story goes on."""
_MIN_WEIGHT = 1e-6
"""FTS5's weight of a word that is in more than half of the texts."""

# CROSS JOIN: the planner must not run the match anew for each active memory.
_MEMORIES_BY_WORDS = """
    SELECT memory_fts.rowid, -rank
    FROM memory_fts CROSS JOIN memories ON memories.id = memory_fts.rowid
    WHERE memory_fts MATCH ? AND memories.state = 'active'
    ORDER BY rank LIMIT ?
"""
_TURNS_BY_WORDS = "SELECT rowid, -rank FROM turn_fts WHERE turn_fts MATCH ? ORDER BY rank LIMIT ?"
# The plus takes one.id's type away: compared with a typed column, the index is not used.
_NEXT_TO = """
    SELECT one.id, other.id
    FROM json_each(?1) AS listed
    CROSS JOIN messages AS one ON one.id = listed.value
    CROSS JOIN messages AS other ON other.id IN (
        (SELECT id FROM messages
            WHERE chat_id = one.chat_id AND coalesce(reply_to, id) < +one.id
            ORDER BY coalesce(reply_to, id) DESC, id DESC LIMIT 1),
        (SELECT id FROM messages
            WHERE chat_id = one.chat_id AND coalesce(reply_to, id) >= +one.id AND id > one.id
            ORDER BY coalesce(reply_to, id), id LIMIT 1)
    )
    WHERE other.indexed
        AND abs(julianday(substr(other.said_at, 1, 19)) - julianday(substr(one.said_at, 1, 19)))
            < 1 / 24.0
"""


@dataclass(frozen=True, slots=True)
class Query:
    """`words` are FTS5 phrases, quoted: no text is a syntax error."""

    words: tuple[str, ...]
    vector: Vector | None

    @classmethod
    def of(cls, text: str, vector: Vector | None) -> Query:
        words = dict.fromkeys(content_words(text.replace("\0", " ")))
        return cls(tuple(f'"{word}"' for word in list(words)[:MAX_QUERY_WORDS]), vector)


@dataclass(frozen=True, slots=True)
class Match:
    index: Index
    id: int
    relevance: float
    """Cosine similarity + share of the query's words, weighted by rarity."""
    similarity: float | None
    """Cosine; None when it is not among the nearest."""


def matches(
    db: Database, index: Index, query: Query, depth: int = DEPTH, exclude: Collection[int] = ()
) -> list[Match]:
    """The `depth` nearest by meaning and the `depth` best by words, in no order."""
    near = _by_vector(db, index, query, depth + len(exclude))
    shares = _by_words(db, index, query, depth + len(exclude))
    if index is TURNS:
        shares = _shared_with_neighbours(db, shares)
    # What is not among the nearest is no nearer than the farthest of them.
    bound = min(near.values(), default=0.0)
    return [
        Match(index, id_, near.get(id_, bound) + shares.get(id_, 0.0), near.get(id_))
        for id_ in near.keys() | shares.keys()
        if id_ not in exclude
    ]


def _by_vector(db: Database, index: Index, query: Query, depth: int) -> dict[int, float]:
    """Cosine similarity of each of the nearest."""
    has_index = db.row("SELECT 1 FROM meta WHERE key = 'embedding_dimension'")
    if query.vector is None or not has_index:
        return {}
    found = db.query(
        f"""
        SELECT id, distance FROM {index.vectors}
        WHERE embedding MATCH ? AND k = ? AND active = 1 ORDER BY distance
        """,
        (blob(db, query.vector), min(depth, MAX_NEIGHBOURS)),
    )
    return {id_: 1 - distance**2 / 2 for id_, distance in found}


def _by_words(db: Database, index: Index, query: Query, depth: int) -> dict[int, float]:
    """BM25 as a share of what a text of average length with the telling words would score."""
    if not query.words:
        return {}
    sql = _MEMORIES_BY_WORDS if index is MEMORIES else _TURNS_BY_WORDS
    found: list[Row] = db.query(sql, (" OR ".join(query.words), depth))
    whole = _whole_score(db, index, query.words) if found else 1.0
    return {id_: score / whole for id_, score in found}


def _whole_score(db: Database, index: Index, words: Collection[str]) -> float:
    total = int(db.value(f"SELECT count(*) FROM {index.words}_docsize"))
    count = f"SELECT count(*) FROM {index.words} WHERE {index.words} MATCH ?"
    weights = sorted(
        (_weight(total, int(db.value(count, (word,)))) for word in words), reverse=True
    )
    return sum(weights[:TELLING_WORDS])


def _weight(total: int, having: int) -> float:
    """BM25's inverse document frequency, as FTS5 computes it; an unseen word counts as rare.

    The two counts are of two moments: another thread may have added texts between them.
    """
    having = max(having, 1)
    lacking = max(total - having, 0)
    return max(math.log((lacking + 0.5) / (having + 0.5)), _MIN_WEIGHT)


def _shared_with_neighbours(db: Database, shares: dict[int, float]) -> dict[int, float]:
    """Adds to each turn's share a part of those of the turns said right before and after it.

    Only where nothing stands between them and less than an hour: conversations between people,
    and messages sent in a row.
    """
    total = dict(shares)
    for id_, neighbour in db.query(_NEXT_TO, (json.dumps(list(shares)),)):
        total[neighbour] = total.get(neighbour, 0.0) + NEIGHBOUR_SHARE * shares[id_]
    return total
