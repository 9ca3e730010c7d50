"""Hybrid retrieval: vec0 nearest neighbours and FTS5 BM25, fused by reciprocal rank.

Ranks, not scores, are fused, so memories and turns share one list although their BM25 scores
and distances are of different collections.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from memchat.bank.connection import Database, Row
from memchat.bank.index import MEMORIES, TURNS, Index, Vector, blob
from memchat.bank.times import decode
from memchat.bank.types import Hit
from memchat.text import content_words

RRF_K = 60
"""Cormack et al. 2009: dampens the top ranks, so that one list alone does not decide."""
MAX_NEIGHBOURS = 4096
"""sqlite-vec refuses a larger k."""
MAX_QUERY_WORDS = 64
"""A pasted document is no query: its first words are."""
SIMILARITY_RATIO = 0.5
"""A hit by meaning stays when it has at least this share of the best cosine similarity."""
BM25_RATIO = 0.25
"""A hit by words stays when it has at least this share of its kind's best BM25 score."""

# CROSS JOIN: the planner must not run the match anew for each active memory.
_MEMORIES_BY_WORDS = """
    SELECT memory_fts.rowid, -rank
    FROM memory_fts CROSS JOIN memories ON memories.id = memory_fts.rowid
    WHERE memory_fts MATCH ? AND memories.state = 'active'
    ORDER BY rank LIMIT ?
"""
_TURNS_BY_WORDS = "SELECT rowid, -rank FROM turn_fts WHERE turn_fts MATCH ? ORDER BY rank LIMIT ?"
_MEMORY_HITS = """
    SELECT id, text, coalesce(valid_from, created_at), '', source_message, pinned
    FROM memories WHERE id IN (SELECT value FROM json_each(?))
"""
_TURN_HITS = """
    SELECT id, text, said_at, speaker, NULL, 0
    FROM messages WHERE id IN (SELECT value FROM json_each(?))
"""


@dataclass(slots=True)
class _Candidate:
    id: int
    score: float = 0.0
    similarity: float | None = None
    bm25: float = 0.0
    """Share of the best BM25 score in its list, 0 to 1."""


def search(
    db: Database,
    text: str,
    vector: Vector | None,
    *,
    limit: int,
    memories: bool = True,
    turns: bool = True,
    exclude_turns: Collection[int] = (),
) -> list[Hit]:
    """At most `limit` hits, best first; every pinned memory is among them while they fit.

    The list ends early where hits have little in common with the query. A turn is left out
    when a memory drawn from it ranks above it.
    """
    if limit <= 0:
        return []
    ranked: list[Hit] = []
    if memories:
        ranked += _hits(db, MEMORIES, _cut(_candidates(db, MEMORIES, text, vector, limit)))
    if turns:
        found = _candidates(db, TURNS, text, vector, limit, exclude_turns)
        ranked += _hits(db, TURNS, _cut(found))
    ranked.sort(key=_rank)
    pinned = _pinned(db, ranked, limit) if memories else []
    return _within_limit(_without_told_turns(ranked), pinned, limit)


def related(db: Database, text: str, vector: Vector | None, *, limit: int) -> list[Hit]:
    """The active memories nearest to a fact, best first, however far they are."""
    found = _candidates(db, MEMORIES, text, vector, limit)
    return sorted(_hits(db, MEMORIES, found), key=_rank)[:limit]


def cut_to_budget(
    hits: Sequence[Hit], count_tokens: Callable[[Sequence[str]], Sequence[int]], budget: int
) -> list[Hit]:
    """The hits whose texts fit `budget` tokens together, in their order.

    Pinned ones are taken first, then by rank; one that is too long makes room for the next.
    """
    tokens = count_tokens([hit.text for hit in hits]) if hits else []
    taken: set[int] = set()
    for position in sorted(range(len(hits)), key=lambda i: (not hits[i].pinned, i)):
        if tokens[position] <= budget:
            budget -= tokens[position]
            taken.add(position)
    return [hit for position, hit in enumerate(hits) if position in taken]


def match_query(text: str) -> str:
    """An FTS5 query for any of the content words, each quoted: no text is a syntax error."""
    words = dict.fromkeys(content_words(text.replace("\0", " ")))
    return " OR ".join(f'"{word}"' for word in list(words)[:MAX_QUERY_WORDS])


def _candidates(
    db: Database,
    index: Index,
    text: str,
    vector: Vector | None,
    depth: int,
    exclude: Collection[int] = (),
) -> list[_Candidate]:
    """Both lists of one kind, fused."""
    found: dict[int, _Candidate] = {}
    depth += len(exclude)
    for rank, (row_id, distance) in enumerate(_by_vector(db, index, vector, depth), start=1):
        found[row_id] = _Candidate(row_id, 1 / (RRF_K + rank), 1 - distance**2 / 2)
    by_words = _by_words(db, index, text, depth)
    for rank, (row_id, bm25) in enumerate(by_words, start=1):
        candidate = found.setdefault(row_id, _Candidate(row_id))
        candidate.score += 1 / (RRF_K + rank)
        candidate.bm25 = bm25 / by_words[0][1]
    return [candidate for candidate in found.values() if candidate.id not in exclude]


def _by_vector(db: Database, index: Index, vector: Vector | None, depth: int) -> list[Row]:
    """(id, L2 distance), nearest first."""
    if vector is None or not db.row("SELECT 1 FROM meta WHERE key = 'embedding_dimension'"):
        return []
    return db.query(
        f"""
        SELECT id, distance FROM {index.vectors}
        WHERE embedding MATCH ? AND k = ? AND active = 1 ORDER BY distance
        """,
        (blob(db, vector), min(depth, MAX_NEIGHBOURS)),
    )


def _by_words(db: Database, index: Index, text: str, depth: int) -> list[Row]:
    """(id, BM25 score), best first; FTS5's own scores are negative."""
    query = match_query(text)
    if not query:
        return []
    return db.query(_MEMORIES_BY_WORDS if index is MEMORIES else _TURNS_BY_WORDS, (query, depth))


def _cut(candidates: list[_Candidate]) -> list[_Candidate]:
    """Those near the best by meaning or by words."""
    best = max((c.similarity for c in candidates if c.similarity is not None), default=0.0)
    floor = best * SIMILARITY_RATIO if best > 0 else best
    return [
        c
        for c in candidates
        if c.bm25 >= BM25_RATIO or (c.similarity is not None and c.similarity >= floor)
    ]


def _hits(db: Database, index: Index, candidates: list[_Candidate]) -> list[Hit]:
    by_id = {candidate.id: candidate for candidate in candidates}
    ids = "[" + ",".join(map(str, by_id)) + "]"
    found = db.query(_MEMORY_HITS if index is MEMORIES else _TURN_HITS, (ids,))
    return [_hit(index, row, by_id[row[0]]) for row in found]


def _hit(index: Index, row: Row, candidate: _Candidate) -> Hit:
    row_id, text, at, speaker, source_message, pinned = row
    return Hit(
        kind="memory" if index is MEMORIES else "turn",
        id=row_id,
        text=text,
        at=decode(at),
        score=candidate.score,
        similarity=candidate.similarity,
        speaker=speaker,
        source_message=source_message,
        pinned=bool(pinned),
    )


def _rank(hit: Hit) -> tuple[float, float, str, int]:
    """Sort key: by score; ties by similarity, memories first, newest first."""
    return (-hit.score, -(hit.similarity or 0.0), hit.kind, -hit.id)


def _pinned(db: Database, ranked: list[Hit], limit: int) -> list[Hit]:
    """Pinned memories that the query did not find, the newest first."""
    known = {hit.id for hit in ranked if hit.pinned}
    found = db.query(
        "SELECT id FROM memories WHERE pinned AND state = 'active' ORDER BY id DESC LIMIT ?",
        (limit,),
    )
    missing = [_Candidate(row[0]) for row in found if row[0] not in known]
    return sorted(_hits(db, MEMORIES, missing), key=_rank)


def _without_told_turns(ranked: list[Hit]) -> list[Hit]:
    told: set[int] = set()
    kept: list[Hit] = []
    for hit in ranked:
        if hit.source_message is not None:
            told.add(hit.source_message)
        if hit.kind == "memory" or hit.id not in told:
            kept.append(hit)
    return kept


def _within_limit(ranked: list[Hit], pinned: list[Hit], limit: int) -> list[Hit]:
    """The best `limit`, in which the pinned take the places of the last unpinned."""
    hits = ranked + pinned
    spare = max(0, limit - sum(hit.pinned for hit in hits))
    kept: list[Hit] = []
    for hit in hits:
        if hit.pinned or spare:
            kept.append(hit)
            spare -= not hit.pinned
    return kept[:limit]
