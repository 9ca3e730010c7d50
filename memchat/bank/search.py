"""Hybrid retrieval: memories and raw turns in one list, by meaning and by words.

Scores are fused, not ranks: the sum of cosine similarity and of the share of the query's words
found more of LoCoMo's evidence than reciprocal ranks, and it can be cut where little is in common.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence

from memchat.bank.connection import Database, Row
from memchat.bank.cues import Cues, is_small_talk, tells_something
from memchat.bank.index import MEMORIES, TURNS
from memchat.bank.matching import DEPTH, Match, Query, matches
from memchat.bank.times import decode
from memchat.bank.types import Hit
from memchat.engine.protocol import Vector

MIN_RELEVANCE = 0.25
"""Less is noise: of a question's cosines with texts that have nothing to do with it, 95 % are
lower (MiniLM, raw chat turns)."""
MIN_SHARE = 0.25
"""A hit stays when it has at least this share of the best hit's relevance."""
CUE = 0.1
"""What a hit gains when the query names its person, and when the query names its month or year."""

_MEMORY_HITS = """
    SELECT id, text, coalesce(valid_from, created_at), subject, source_message, pinned
    FROM memories WHERE id IN (SELECT value FROM json_each(?))
"""
_TURN_HITS = """
    SELECT id, text, said_at, speaker, NULL, 0
    FROM messages WHERE id IN (SELECT value FROM json_each(?))
"""


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

    With a vector, notes for an answer are wanted: small talk finds nothing, and a turn that only
    asks or greets is left out unless there is nothing else. Without one, the words as such are.
    """
    if limit <= 0:
        return []
    query = Query.of(text, vector)
    found: list[Match] = []
    depth = max(limit, DEPTH)
    for_answer = vector is not None
    small_talk = for_answer and is_small_talk(text)
    if memories and not small_talk:
        found += matches(db, MEMORIES, query, depth)
    if turns and not small_talk:
        found += matches(db, TURNS, query, depth, exclude_turns)
    ranked = _ranked(db, _cut(found, query)[: 2 * limit], Cues.of(text))
    if for_answer:
        ranked = [hit for hit in ranked if _tells_something(hit)] or ranked
    pinned = _pinned(db, ranked, limit) if memories else []
    return _within_limit(_without_told_turns(ranked), pinned, limit)


def related(db: Database, text: str, vector: Vector | None, *, limit: int) -> list[Hit]:
    """The active memories nearest to a fact, best first, however far they are."""
    found = matches(db, MEMORIES, Query.of(text, vector), max(limit, DEPTH))
    return _ranked(db, _best_first(found)[:limit], Cues.of(""))


def _cut(found: Sequence[Match], query: Query) -> list[Match]:
    """Those with enough in common with the query, and with the best of them; best first."""
    best = max((match.relevance for match in found), default=0.0)
    floor = max(best * MIN_SHARE, 0.0 if query.vector is None else MIN_RELEVANCE)
    return _best_first(match for match in found if match.relevance >= floor)


def _best_first(found: Iterable[Match]) -> list[Match]:
    return sorted(found, key=lambda match: (-match.relevance, -match.id))


def _ranked(db: Database, found: Iterable[Match], cues: Cues) -> list[Hit]:
    by_key = {(match.index, match.id): match for match in found}
    hits = []
    for index, sql in ((MEMORIES, _MEMORY_HITS), (TURNS, _TURN_HITS)):
        ids = json.dumps([id_ for of, id_ in by_key if of is index])
        hits += [_hit(by_key[index, row[0]], row, cues) for row in db.query(sql, (ids,))]
    return sorted(hits, key=_rank)


def _hit(match: Match, row: Row, cues: Cues) -> Hit:
    row_id, text, at, person, source_message, pinned = row
    said_at = decode(at)
    is_memory = match.index is MEMORIES
    return Hit(
        kind="memory" if is_memory else "turn",
        id=row_id,
        text=text,
        at=said_at,
        score=match.relevance + CUE * (cues.name(person) + cues.cover(said_at)),
        similarity=match.similarity,
        speaker="" if is_memory else person,
        source_message=source_message,
        pinned=bool(pinned),
    )


def _rank(hit: Hit) -> tuple[float, float, str, int]:
    """Sort key: by score; ties by similarity, memories first, newest first."""
    return (-hit.score, -(hit.similarity or 0.0), hit.kind, -hit.id)


def _tells_something(hit: Hit) -> bool:
    return hit.kind == "memory" or tells_something(hit.text)


def _pinned(db: Database, ranked: list[Hit], limit: int) -> list[Hit]:
    """Pinned memories that the query did not find, the newest first."""
    known = {hit.id for hit in ranked if hit.pinned}
    found = db.query(
        "SELECT id FROM memories WHERE pinned AND state = 'active' ORDER BY id DESC LIMIT ?",
        (limit,),
    )
    missing = [Match(MEMORIES, row[0], 0.0, None) for row in found if row[0] not in known]
    return _ranked(db, missing, Cues.of(""))


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
