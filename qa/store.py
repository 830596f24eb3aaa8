"""Documents and passages as rows: what is indexed, for whom, and which vectors are still to be settled.

A shelf is what one owner has: number 0 is the corpus (owner ''), each session with uploads has one of its own. Rows
are the truth about what is indexed; a vector without a row counts as not there. The vectors are kept elsewhere.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from qa import lexical
from qa.database import Database
from qa.datatypes import Document, Passage

CORPUS = 0
_PASSAGE = 'id, document_id, start, "end", text, sentences, heading'


@dataclass(frozen=True, slots=True)
class Stamp:
    """How a document's file looked: size in bytes, times in nanoseconds since 1970; `seen` is when it was read."""

    document_id: str
    size: int
    modified: int
    seen: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with its passages, ready to be stored."""

    document: Document
    passages: tuple[Passage, ...]
    stamp: Stamp


def likeness(text: str) -> int:
    """Return a number that equal texts share, so that a text embedded before is not embedded again."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


class Store:
    """Reads and writes of rows; a caller of the writing methods brings the connection of its transaction."""

    def __init__(self, database: Database) -> None:
        """Use a database whose tables exist."""
        self._database = database

    def shelf(self, owner: str) -> int | None:
        """Return the number of an owner's shelf, or None if there is none."""
        rows = self._rows("SELECT number FROM shelves WHERE owner = ?", owner)
        return int(rows[0][0]) if rows else None

    def owners(self) -> list[str]:
        """Return all owners, the corpus's '' first."""
        return [owner for (owner,) in self._rows("SELECT owner FROM shelves ORDER BY number")]

    def stamps(self) -> dict[str, Stamp]:
        """Return how each file of the corpus looked when it was indexed, by source."""
        rows = self._rows("SELECT source, id, size, modified, seen FROM documents WHERE shelf = 0 ORDER BY source")
        return {source: Stamp(*stamp) for source, *stamp in rows}

    def documents(self, shelves: Collection[int]) -> tuple[Document, ...]:
        """Return the documents of some shelves by source, their texts left empty."""
        rows = self._rows(
            "SELECT id, title, source, '' FROM documents WHERE shelf IN (SELECT value FROM json_each(?))"
            " ORDER BY shelf, source, id",
            _json(shelves),
        )
        return tuple(Document(*row) for row in {row[0]: row for row in rows}.values())

    def document(self, identity: str) -> Document:
        """Return one document with its text.

        Raises:
            KeyError: no document has this id (any more).
        """
        rows = self._rows("SELECT id, title, source, text FROM documents WHERE id = ? LIMIT 1", identity)
        if not rows:
            raise KeyError(identity)
        return Document(*rows[0])

    def source(self, identity: str) -> str:
        """Return a document's source, or '' if it is gone."""
        rows = self._rows("SELECT source FROM documents WHERE id = ? LIMIT 1", identity)
        return str(rows[0][0]) if rows else ""

    def has_document(self, shelf: int, identity: str) -> bool:
        """Say whether a shelf holds a document."""
        return bool(self._rows("SELECT 1 FROM documents WHERE shelf = ? AND id = ?", shelf, identity))

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Return passages in the order asked; ids that are gone are passed over."""
        rows = self._rows(f"SELECT {_PASSAGE} FROM passages WHERE id IN (SELECT value FROM json_each(?))", _json(ids))
        found = {row[0]: _passage(row) for row in rows}
        return [found[identity] for identity in ids if identity in found]

    def document_passages(self, document_id: str) -> list[Passage]:
        """Return the passages of a document in the order of its text."""
        rows = self._rows(
            f"SELECT {_PASSAGE} FROM passages WHERE document_id = :d AND shelf ="
            " (SELECT min(shelf) FROM passages WHERE document_id = :d) ORDER BY start",
            document_id,
        )
        return [_passage(row) for row in rows]

    def passage_ids(self, shelf: int, documents: Collection[str] | None = None) -> list[str]:
        """Return the ids of a shelf's passages, of some documents only if these are given."""
        if documents is None:
            return [key for (key,) in self._rows("SELECT id FROM passages WHERE shelf = ?", shelf)]
        rows = self._rows(
            "SELECT id FROM passages WHERE document_id IN (SELECT value FROM json_each(?)) AND shelf = ?",
            _json(documents),
            shelf,
        )
        return [key for (key,) in rows]

    def present(self, shelf: int, ids: Collection[str]) -> set[str]:
        """Return those of the ids that have a row on the shelf."""
        rows = self._rows(
            "SELECT id FROM passages WHERE id IN (SELECT value FROM json_each(?)) AND shelf = ?", _json(ids), shelf
        )
        return {key for (key,) in rows}

    def alike(self, shelf: int, likenesses: Collection[int]) -> dict[int, str]:
        """Return for texts that the shelf already has the id of a passage with that text, by likeness."""
        rows = self._rows(
            "SELECT likeness, id FROM passages WHERE likeness IN (SELECT value FROM json_each(?)) AND shelf = ?",
            _json(likenesses),
            shelf,
        )
        return {int(key): identity for key, identity in rows}

    def count(self, shelf: int | None = None) -> int:
        """Return the number of passages, of one shelf or of all."""
        where = "" if shelf is None else f" WHERE shelf = {shelf:d}"
        return int(self._rows(f"SELECT count(*) FROM passages{where}")[0][0])

    def lexical(self, shelf: int, question: str, k: int, documents: Collection[str] | None) -> list[tuple[str, float]]:
        """Return at most k (passage id, BM25) of a shelf, best first."""
        chosen = None if documents is None else _json(documents)
        with self._database.reading() as connection:
            return lexical.search(connection, shelf, question, k, chosen) if lexical.exists(connection, shelf) else []

    def unsettled(self) -> dict[str, list[str]]:
        """Return, by collection, the ids whose vectors may be there without a row."""
        found: dict[str, list[str]] = {}
        for collection, identity in self._rows("SELECT collection, id FROM unsettled"):
            found.setdefault(collection, []).append(identity)
        return found

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        with self._database.reading() as connection:
            return connection.execute(statement, values).fetchall()


def make_shelf(connection: sqlite3.Connection, owner: str) -> int:
    """Return the number of an owner's shelf, made with its word index if it is new."""
    connection.execute("INSERT OR IGNORE INTO shelves(number, owner) VALUES (?, ?)", (None if owner else CORPUS, owner))
    number = int(connection.execute("SELECT number FROM shelves WHERE owner = ?", (owner,)).fetchone()[0])
    lexical.create(connection, number)
    return number


def insert(connection: sqlite3.Connection, shelf: int, entries: Iterable[Entry]) -> None:
    """Store documents with their passages; their ids must be new on the shelf."""
    for entry in entries:
        document, stamp = entry.document, entry.stamp
        names = (document.id, document.title, document.source)
        look = (stamp.size, stamp.modified, stamp.seen)
        connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (shelf, *names, *look, document.text)
        )
        words = []
        for passage in entry.passages:
            cursor = connection.execute(
                "INSERT INTO passages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (shelf, *_row(passage))
            )
            words.append((cursor.lastrowid or 0, passage.indexed))
        lexical.add(connection, shelf, words)


def delete(connection: sqlite3.Connection, shelf: int, documents: Collection[str]) -> list[str]:
    """Remove documents with their passages and return the ids of these passages."""
    chosen = (_json(documents), shelf)
    where = "WHERE document_id IN (SELECT value FROM json_each(?)) AND shelf = ?"
    rows = connection.execute(f"SELECT number, {_PASSAGE} FROM passages {where}", chosen).fetchall()
    lexical.remove(connection, shelf, [(number, _passage(row).indexed) for number, *row in rows])
    connection.execute(f"DELETE FROM passages {where}", chosen)
    connection.execute("DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND shelf = ?", chosen)
    return [identity for _, identity, *_ in rows]


def delete_shelf(connection: sqlite3.Connection, shelf: int) -> None:
    """Remove a shelf with all that is on it."""
    lexical.drop(connection, shelf)
    for table, column in (("passages", "shelf"), ("documents", "shelf"), ("shelves", "number")):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (shelf,))


def restamp(connection: sqlite3.Connection, stamps: Iterable[Stamp]) -> None:
    """Keep how files of the corpus look now whose content is as it was."""
    connection.executemany(
        "UPDATE documents SET size = ?, modified = ?, seen = ? WHERE shelf = 0 AND id = ?",
        [(stamp.size, stamp.modified, stamp.seen, stamp.document_id) for stamp in stamps],
    )


def note_unsettled(connection: sqlite3.Connection, collection: str, ids: Iterable[str]) -> None:
    """Note vectors that are about to be written before their rows, or whose rows are gone."""
    connection.executemany("INSERT OR IGNORE INTO unsettled VALUES (?, ?)", [(collection, key) for key in ids])


def settle(connection: sqlite3.Connection, collection: str, ids: Iterable[str]) -> None:
    """Strike out what was noted: rows and vectors agree again."""
    connection.executemany("DELETE FROM unsettled WHERE collection = ? AND id = ?", [(collection, key) for key in ids])


def _json(values: Iterable[Any]) -> str:
    return json.dumps(list(values))


def _row(passage: Passage) -> tuple[Any, ...]:
    spans = json.dumps(passage.sentences, separators=(",", ":"))
    place = (passage.id, passage.document_id, passage.start, passage.end)
    return (*place, spans, passage.heading, likeness(passage.indexed), passage.text)


def _passage(row: Sequence[Any]) -> Passage:
    identity, document_id, start, end, text, sentences, heading = row
    return Passage(identity, document_id, start, end, text, tuple((a, b) for a, b in json.loads(sentences)), heading)
