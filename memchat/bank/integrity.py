"""Whether rows, vectors, words and events agree."""

from __future__ import annotations

from memchat.bank.connection import Database
from memchat.bank.index import MEMORIES, TURNS, Index
from memchat.errors import DatabaseCorruptError

_CHECKS = {
    "memory {} has no event": """
        SELECT id FROM memories WHERE id NOT IN (
            SELECT memory_id FROM events WHERE op IN ('ADD', 'UPDATE')
        )
    """,
    "event {} is about a memory that is not there": """
        SELECT id FROM events WHERE op != 'FORGET' AND (
            memory_id NOT IN (SELECT id FROM memories)
            OR old_memory_id NOT IN (SELECT id FROM memories)
        )
    """,
    "event {} can be undone, but what was before it is not kept": """
        SELECT id FROM events
        WHERE op NOT IN ('NOOP', 'FORGET', 'SUGGEST', 'DISMISS')
            AND id NOT IN (SELECT event_id FROM before_images)
    """,
    "event {} undoes an event that does not know": """
        SELECT undo.id FROM events AS undo LEFT JOIN events AS undone ON undone.id = undo.undoes
        WHERE undo.op = 'UNDO' AND undo.undone_by IS NULL AND undone.undone_by IS NOT undo.id
    """,
    "memory {} is superseded by nothing, or has a successor and is not superseded": """
        SELECT id FROM memories WHERE (state = 'superseded') != (superseded_by IS NOT NULL)
    """,
    "message {} has more facts decided than extracted": """
        SELECT id FROM messages WHERE facts_done > coalesce(json_array_length(facts), 0)
    """,
}


def problems(db: Database) -> list[str]:
    """What does not agree, in words; empty when all is well. Reads the whole database."""
    try:
        found = db.quick_check()
        found += [f"{row[0]}: row {row[1]} breaks a foreign key" for row in _broken_keys(db)]
        for problem, sql in _CHECKS.items():
            found += [problem.format(row[0]) for row in db.query(sql)]
        return found + _index_problems(db)
    except DatabaseCorruptError as error:
        return [error.message]


def _broken_keys(db: Database) -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in db.query("PRAGMA foreign_key_check")]


def _index_problems(db: Database) -> list[str]:
    found: list[str] = []
    if not db.read_only:
        found += _word_problems(db, MEMORIES) + _word_problems(db, TURNS)
    if db.row("SELECT 1 FROM meta WHERE key = 'embedding_dimension'"):
        found += _vector_problems(db, MEMORIES, "SELECT id, state = 'active' FROM memories")
        found += _vector_problems(db, TURNS, "SELECT id, 1 FROM messages WHERE indexed")
    return found


def _word_problems(db: Database, index: Index) -> list[str]:
    try:
        with db.transaction():
            db.write(
                f"INSERT INTO {index.words} ({index.words}, rank) VALUES ('integrity-check', 1)"
            )
    except DatabaseCorruptError:
        return [f"{index.words} does not hold the words of its texts"]
    return []


def _vector_problems(db: Database, index: Index, rows: str) -> list[str]:
    wanted = dict(_pairs(db, rows))
    there = dict(_pairs(db, f"SELECT id, active FROM {index.vectors}"))
    missing = [f"row {i} has no entry in {index.vectors}" for i in wanted.keys() - there.keys()]
    surplus = [
        f"{index.vectors} has an entry without a row {i}" for i in there.keys() - wanted.keys()
    ]
    differing = [
        f"row {i} and its entry in {index.vectors} disagree on whether it is active"
        for i in wanted.keys() & there.keys()
        if wanted[i] != there[i]
    ]
    return sorted(missing + surplus + differing)


def _pairs(db: Database, sql: str) -> list[tuple[int, bool]]:
    return [(row[0], bool(row[1])) for row in db.query(sql)]
