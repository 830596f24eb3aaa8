"""One SQLite file: its tables, pooled connections, transactions, and small values kept under a key.

What the rows of documents and passages mean is the store's matter.
"""

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qa.errors import IndexMismatchError, SettingsError

BUSY_SECONDS = 60.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shelves(number INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS documents(
  shelf INTEGER NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, source TEXT NOT NULL, size INTEGER NOT NULL,
  modified INTEGER NOT NULL, seen INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (shelf, id));
CREATE INDEX IF NOT EXISTS documents_by_id ON documents(id);
CREATE INDEX IF NOT EXISTS documents_by_source ON documents(shelf, source, id, size, modified, seen, title);
CREATE TABLE IF NOT EXISTS passages(
  number INTEGER PRIMARY KEY AUTOINCREMENT, shelf INTEGER NOT NULL, id TEXT NOT NULL, document_id TEXT NOT NULL,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL, sentences TEXT NOT NULL, heading TEXT NOT NULL,
  likeness INTEGER NOT NULL, text TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS passages_by_id ON passages(id, shelf);
CREATE INDEX IF NOT EXISTS passages_by_document ON passages(document_id, shelf, start);
CREATE INDEX IF NOT EXISTS passages_by_likeness ON passages(likeness, shelf);
CREATE TABLE IF NOT EXISTS unsettled(collection TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (collection, id))
  WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES ('generation', '0');
INSERT OR IGNORE INTO shelves VALUES (0, '');
"""


class Database:
    """The file and its pool: a connection is lent to one thread at a time, as many as read at once."""

    def __init__(self, path: Path) -> None:
        """Open the file, made with its folder if it is not there.

        Raises:
            SettingsError: the folder cannot be written.
            IndexMismatchError: the file is no database.
        """
        self._path = path
        self._idle: deque[sqlite3.Connection] = deque()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self.reading() as connection:
                connection.executescript(f"PRAGMA journal_mode=WAL; {_SCHEMA}")
        except (OSError, sqlite3.OperationalError) as error:
            message = f"the index folder {str(path.parent)!r} cannot be used ({error}): set data_dir to one that can"
            raise SettingsError(message) from error
        except sqlite3.DatabaseError as error:
            message = f"{str(path)!r} is damaged ({error}): remove that folder, then run `qa index`"
            raise IndexMismatchError(message) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = sqlite3.connect(
                self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            connection.executescript("PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;")
        try:
            yield connection
        finally:
            self._idle.append(connection)

    @contextmanager
    def writing(self, visible: bool = True, corpus: bool = True) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a transaction; a visible one raises the generation.

        One that changes the corpus, not only a person's uploads, clears the notes, which are about the corpus.
        """
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                if visible:
                    connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
                if visible and corpus:
                    connection.execute("DELETE FROM notes")
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    @property
    def generation(self) -> int:
        """The number that rises with every change."""
        return int(self.value("generation") or 0)

    def value(self, key: str) -> str | None:
        """Return a value of the index itself."""
        return self._get("meta", key)

    def set_value(self, key: str, value: str) -> None:
        """Keep a value of the index itself; it stays until it is set again."""
        self._put("meta", key, value)

    def note(self, key: str) -> str | None:
        """Return a note, or None if there is none since the corpus last changed."""
        return self._get("notes", key)

    def set_note(self, key: str, value: str) -> None:
        """Keep a note until the corpus changes."""
        self._put("notes", key, value)

    def close(self) -> None:
        """Close the connections that are not lent."""
        while self._idle:
            self._idle.pop().close()

    def _get(self, table: str, key: str) -> str | None:
        with self.reading() as connection:
            row = connection.execute(f"SELECT value FROM {table} WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def _put(self, table: str, key: str, value: str) -> None:
        with self.reading() as connection:
            connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (key, value))
