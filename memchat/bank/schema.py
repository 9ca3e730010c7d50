"""Numbered migrations. `PRAGMA user_version` is how many of them a database has had."""

from __future__ import annotations

from collections.abc import Callable

import apsw

from memchat.errors import DatabaseCorruptError, StorageError

APPLICATION_ID = 0x6D656D63
"""'memc': tells our files from other SQLite databases."""


def m001_initial(connection: apsw.Connection) -> None:
    connection.execute(
        """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

        CREATE TABLE chats (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            title TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('chat', 'ingest', 'ask')),
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        );

        CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            chat_id INTEGER NOT NULL REFERENCES chats ON DELETE CASCADE,
            role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
            text TEXT NOT NULL,
            said_at TEXT NOT NULL,
            speaker TEXT NOT NULL,
            delivery TEXT NOT NULL,
            memory_state TEXT NOT NULL CHECK (memory_state = 'none' OR role = 'user'),
            facts TEXT,
            facts_done INTEGER NOT NULL DEFAULT 0,
            failure TEXT NOT NULL DEFAULT '',
            external_id TEXT NOT NULL,
            reply_to INTEGER REFERENCES messages ON DELETE SET NULL,
            model TEXT NOT NULL,
            indexed INTEGER NOT NULL DEFAULT 0,
            redacted INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX messages_by_chat ON messages (chat_id, coalesce(reply_to, id), id);
        CREATE INDEX messages_by_reply ON messages (reply_to) WHERE reply_to IS NOT NULL;
        CREATE UNIQUE INDEX messages_by_external_id
            ON messages (chat_id, external_id) WHERE external_id != '';
        CREATE INDEX messages_queued ON messages (id)
            WHERE memory_state IN ('pending', 'extracted', 'failed');
        CREATE INDEX messages_unindexed ON messages (id)
            WHERE role = 'user' AND NOT indexed AND NOT redacted;

        CREATE TABLE memories (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            text TEXT NOT NULL,
            subject TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('active', 'superseded', 'deleted')),
            pinned INTEGER NOT NULL,
            edited INTEGER NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            valid_from TEXT,
            valid_to TEXT,
            source_message INTEGER REFERENCES messages ON DELETE SET NULL,
            superseded_by INTEGER REFERENCES memories
        );
        CREATE INDEX memories_by_state ON memories (state, id);
        CREATE INDEX memories_pinned ON memories (id) WHERE pinned AND state = 'active';
        CREATE INDEX memories_by_source ON memories (source_message);
        CREATE INDEX memories_by_successor ON memories (superseded_by)
            WHERE superseded_by IS NOT NULL;

        -- memory_id is no foreign key: a FORGET event outlives the memory it names.
        CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            op TEXT NOT NULL,
            actor TEXT NOT NULL,
            at TEXT NOT NULL,
            memory_id INTEGER,
            old_memory_id INTEGER,
            message_id INTEGER REFERENCES messages ON DELETE SET NULL,
            fact TEXT NOT NULL,
            old TEXT NOT NULL,
            new TEXT NOT NULL,
            proposed TEXT NOT NULL,
            correction TEXT NOT NULL,
            undoes INTEGER,
            undone_by INTEGER,
            settles INTEGER,
            model TEXT NOT NULL,
            adapter TEXT NOT NULL,
            prompt_version TEXT NOT NULL,
            vector BLOB
        );
        CREATE INDEX events_by_memory ON events (memory_id);
        CREATE INDEX events_by_old_memory ON events (old_memory_id)
            WHERE old_memory_id IS NOT NULL;
        CREATE INDEX events_by_message ON events (message_id);
        CREATE INDEX events_suggested ON events (id) WHERE op = 'SUGGEST';
        CREATE INDEX events_settling ON events (settles) WHERE settles IS NOT NULL;

        -- A memory as it was before an event; text and vector only where the event changed them.
        CREATE TABLE before_images (
            event_id INTEGER NOT NULL REFERENCES events ON DELETE CASCADE,
            memory_id INTEGER NOT NULL,
            text TEXT,
            state TEXT NOT NULL,
            pinned INTEGER NOT NULL,
            edited INTEGER NOT NULL,
            valid_to TEXT,
            superseded_by INTEGER,
            vector BLOB,
            PRIMARY KEY (event_id, memory_id)
        );

        CREATE TABLE uses (
            message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('memory', 'turn')),
            item_id INTEGER NOT NULL,
            position INTEGER NOT NULL,
            cited INTEGER NOT NULL,
            PRIMARY KEY (message_id, kind, item_id)
        ) WITHOUT ROWID;
        CREATE INDEX uses_by_item ON uses (kind, item_id);

        CREATE VIEW indexed_turns AS SELECT id, text FROM messages WHERE indexed;

        CREATE VIRTUAL TABLE memory_fts USING fts5 (
            text, content = 'memories', content_rowid = 'id', tokenize = 'porter unicode61'
        );
        CREATE VIRTUAL TABLE turn_fts USING fts5 (
            text, content = 'indexed_turns', content_rowid = 'id', tokenize = 'porter unicode61'
        );
        INSERT INTO memory_fts (memory_fts, rank) VALUES ('secure-delete', 1);
        INSERT INTO turn_fts (turn_fts, rank) VALUES ('secure-delete', 1);
        """
    )


MIGRATIONS: list[Callable[[apsw.Connection], None]] = [m001_initial]


def version(connection: apsw.Connection) -> int:
    """How many migrations the database has had.

    Raises DatabaseCorruptError for another program's database, StorageError for one that a
    newer memchat has migrated.
    """
    found = int(connection.pragma("user_version"))
    if found > len(MIGRATIONS):
        raise StorageError(
            f"The database has schema version {found}; this memchat knows versions up to "
            f"{len(MIGRATIONS)}.",
            "It was used by a newer memchat: install that version or a later one.",
        )
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
    if tables and connection.pragma("application_id") != APPLICATION_ID:
        raise DatabaseCorruptError(
            "The file is a database of another program.",
            "Move it away, or set MEMCHAT_HOME to another directory.",
        )
    return found


def migrate(connection: apsw.Connection) -> None:
    """Bring the database to the newest version, in one transaction."""
    if version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        for migration in MIGRATIONS[version(connection) :]:
            migration(connection)
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", len(MIGRATIONS))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
