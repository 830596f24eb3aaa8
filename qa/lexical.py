"""BM25 by SQLite's FTS5: how a question becomes a query, and one word index for each owner's passages.

An index of its own for each owner keeps one person's uploads out of another's word statistics. The passages' texts
are not kept here (FTS5 'contentless'): whoever removes a passage gives its text back.
"""

import re
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing

LONGEST_QUERY = 64
"""Different words of a question that are searched for; more say little and cost time."""

COMMON = 5_000
"""Passages from which on a word counts as common: it is searched for only where a question has no rarer one. The time
of a search grows with the passages that hold any of its words."""

_WORD = re.compile(r"\w+")

STOP_WORDS = frozenset(
    _WORD.findall(
        """a about after all also am an and any are as at be because been before being both but by can could
        did do does doing done for from had has have having he her hers him his how i if in into is
        it its just me more most my no nor not of off on or other our out over own say said says she
        should so some such tell than that the their them then there these they this those through
        to too up us was we were what when where which while who whom whose why will with would you
        your"""
    )
)


def match_query(question: str) -> str:
    """Return an FTS5 query: each word of the question once, quoted, joined by OR; '' if there is none.

    Stop words are dropped unless the question consists of them.
    """
    return " OR ".join(_quoted_words(question))


def _quoted_words(question: str) -> list[str]:
    words = list(dict.fromkeys(_WORD.findall(question.lower())))
    telling = [word for word in words if word not in STOP_WORDS] or words
    return [f'"{word}"' for word in telling[:LONGEST_QUERY]]


def _rarer(connection: sqlite3.Connection, index: str, words: list[str]) -> list[str]:
    """Return the words that are not common; all where every one is."""
    count = f"SELECT count(*) FROM (SELECT 1 FROM {index} WHERE {index} MATCH ? LIMIT {COMMON + 1})"
    return [word for word in words if connection.execute(count, (word,)).fetchone()[0] <= COMMON] or words


def create(connection: sqlite3.Connection, shelf: int) -> None:
    """Make the word index of a shelf if it is not there."""
    connection.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS words_{shelf:d} USING fts5("
        "text, content='', tokenize=\"porter unicode61 remove_diacritics 2\")"
    )


def exists(connection: sqlite3.Connection, shelf: int) -> bool:
    """Say whether a shelf has a word index."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (f"words_{shelf:d}",))
    return found.fetchone() is not None


def drop(connection: sqlite3.Connection, shelf: int) -> None:
    """Remove the word index of a shelf."""
    connection.execute(f"DROP TABLE IF EXISTS words_{shelf:d}")


def add(connection: sqlite3.Connection, shelf: int, rows: Iterable[tuple[int, str]]) -> None:
    """Enter passages: (number, text)."""
    connection.executemany(f"INSERT INTO words_{shelf:d}(rowid, text) VALUES (?, ?)", rows)


def remove(connection: sqlite3.Connection, shelf: int, rows: Iterable[tuple[int, str]]) -> None:
    """Take passages out: (number, text as it was entered)."""
    connection.executemany(f"INSERT INTO words_{shelf:d}(words_{shelf:d}, rowid, text) VALUES ('delete', ?, ?)", rows)


def compare(question: str, texts: Mapping[str, str]) -> dict[str, float]:
    """Return BM25 scores above 0 by key of a few texts among themselves, best first.

    For texts that were found in several word indexes, whose statistics differ.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create(connection, 0)
        add(connection, 0, enumerate(texts.values()))
        rows = connection.execute(
            "SELECT rowid, -bm25(words_0) AS score FROM words_0 WHERE words_0 MATCH ? ORDER BY score DESC, rowid",
            (match_query(question) or '""',),
        ).fetchall()
    keys = list(texts)
    return {keys[number]: float(score) for number, score in rows}


def search(
    connection: sqlite3.Connection, shelf: int, question: str, k: int, documents: str | None
) -> list[tuple[str, float]]:
    """Return at most k (passage id, BM25 score above 0), best first, equal scores in the order of entry.

    Args:
        connection: to the store that holds the shelf.
        shelf: whose word index to search.
        question: any text.
        k: how many to return.
        documents: a JSON list of the only document ids to look into, or None for all.
    """
    words, index = _quoted_words(question), f"words_{shelf:d}"
    if not words or k < 1:
        return []
    query = " OR ".join(_rarer(connection, index, words))
    chosen = "" if documents is None else "WHERE document_id IN (SELECT value FROM json_each(:documents))"
    inner = "ORDER BY score LIMIT :k" if documents is None else ""
    rows = connection.execute(
        f"""SELECT passages.id, -score FROM
              (SELECT rowid AS number, bm25({index}) AS score FROM {index} WHERE {index} MATCH :query {inner})
            JOIN passages USING (number) {chosen} ORDER BY score, number LIMIT :k""",
        {"query": query, "k": k, "documents": documents},
    )
    return [(identity, float(score)) for identity, score in rows]
