"""The index: documents, passages, words and vectors behind one face, checked against the settings that made it.

How changes are written safely is in `shelves`, what a corpus needs is in `syncing`; ranking is the retriever's matter.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from qa import lexical
from qa.database import Database
from qa.datatypes import Document, Passage, SyncReport
from qa.embedding import Embedder, Vectors
from qa.errors import IndexMismatchError
from qa.settings import Settings
from qa.shelves import Shelves
from qa.store import Store
from qa.syncing import Progress, check_readable, entry_of, sync
from qa.vectors import VectorStore

FORMAT = 5
"""Rises when rows, vectors or the cutting of passages change so that an older index must be made anew."""
FINGERPRINT = "fingerprint"


def fingerprint(settings: Settings, embedder: Embedder) -> dict[str, Any]:
    """Return what must be equal for an index to be usable."""
    return {
        "format": FORMAT,
        "embedder": embedder.name,
        "dimension": embedder.dimension,
        "passage_characters": settings.passage_characters,
    }


class Index:
    """Everything that can be searched; safe to use from several threads and processes."""

    def __init__(self, settings: Settings, embedder: Embedder, database: Database, shelves: Shelves) -> None:
        """Compose what is open; callers use `open`."""
        self._settings = settings
        self._embedder = embedder
        self._database = database
        self._shelves = shelves
        self._fault, self._outdated = self._mismatch()

    @classmethod
    def open(cls, settings: Settings, embedder: Embedder) -> "Index":
        """Open the index of these settings, made empty if there is none.

        One that was made with another embedder, other passage settings or another format opens too, but all that can be
        done with it is `sync(rebuild=True)`: all else raises IndexMismatchError, which names that command.

        Args:
            settings: where the index is and how its passages are cut.
            embedder: what makes its vectors.

        Raises:
            SettingsError: the folder cannot be used.
            IndexMismatchError: the database is damaged.
        """
        folder = settings.index_dir()
        database = Database(folder / "index.sqlite3")
        mark = json.dumps(fingerprint(settings, embedder))
        vectors = VectorStore(folder / "vectors", settings.chroma_url, mark)
        index = cls(settings, embedder, database, Shelves(folder, settings.collection, database, vectors, embedder))
        if not index._fault:
            index._shelves.settle()
        return index

    @property
    def generation(self) -> int:
        """A number that rises with every change, whichever process makes it."""
        return self._database.generation

    def sync(self, progress: Progress | None = None, rebuild: bool = False) -> SyncReport:
        """Bring the corpus's documents up to date; uploads stay as they are.

        Args:
            progress: called with bytes done, bytes in all, and the file at hand; only changed files count.
            rebuild: make everything anew, uploads too, with the settings of now; what an older version made always is.

        Raises:
            CorpusError: the corpus is missing, unreadable or empty; what was indexed before stays.
            IndexMismatchError: the index was made with other settings and `rebuild` is not asked for.
        """
        with self._shelves.syncing():
            uploads = self._clear() if rebuild or self._outdated else []
            if self._fault:
                raise IndexMismatchError(self._fault)
            self._write_fingerprint()
            repaired = self._shelves.repair()
            report = sync(self._shelves, self._settings, progress)
            for owner, document in uploads:
                self.add(document, owner)
        return replace(report, embedded=report.embedded + repaired)

    def add(self, document: Document, owner: str) -> None:
        """Add an upload of an owner (a session's id); one that is there already is left as it is."""
        shelf = self._store.shelf(owner)
        self._write_fingerprint()
        if shelf is None or not self._store.has_document(shelf, document.id):
            self._shelves.put(owner, [entry_of(document, self._settings)])

    def remove(self, document_id: str, owner: str) -> None:
        """Remove one upload of an owner."""
        if self._store.shelf(owner) is not None:
            self._shelves.remove(owner, [document_id])

    def remove_owner(self, owner: str) -> None:
        """Remove all uploads of an owner."""
        if owner:
            self._shelves.drop(owner)

    def documents(self, owner: str = "", among: Collection[str] | None = None) -> tuple[Document, ...]:
        """Return the corpus's documents and then the owner's, each by source; texts are left empty (see `document`).

        `among` holds the ids of those that are wanted, None for all.
        """
        documents = self._store.documents([shelf for _, shelf in self._visible(owner)])
        return documents if among is None else tuple(d for d in documents if d.id in among)

    def owners(self) -> list[str]:
        """Return who has documents here: the corpus's '' and the owners of uploads."""
        return self._store.owners()

    def document(self, document_id: str) -> Document:
        """Return a document with its text.

        Raises:
            KeyError: no such document is indexed (any more).
        """
        return self._store.document(document_id)

    def source(self, document_id: str) -> str:
        """Return a document's source without reading its text, or '' if it is gone."""
        return self._store.source(document_id)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Return passages in the order asked; those that are gone are passed over."""
        return self._store.passages(ids)

    def document_passages(self, document_id: str) -> list[Passage]:
        """Return the passages of a document in the order of its text."""
        return self._store.document_passages(document_id)

    def count(self) -> int:
        """Return how many passages are indexed, uploads of all owners included."""
        return self._shelves.store.count()

    def dense(
        self, vector: Vectors, k: int, documents: Collection[str] | None = None, owner: str = ""
    ) -> list[tuple[str, float]]:
        """Return the k passages nearest to a vector of shape (dimension,): (passage id, cosine), nearest first.

        Args:
            vector: a unit vector of this index's embedder.
            k: how many to return.
            documents: ids of the only documents to look into, or None for all.
            owner: whose uploads are searched beside the corpus.
        """
        self._shelves.refresh()
        found: dict[str, float] = {}
        for name, shelf in self._visible(owner):
            found |= self._shelves.nearest(name, shelf, vector, k, documents)
        return sorted(found.items(), key=lambda hit: (-hit[1], hit[0]))[:k]

    def lexical(
        self, question: str, k: int, documents: Collection[str] | None = None, owner: str = ""
    ) -> list[tuple[str, float]]:
        """Return the k passages that share the most telling words: (passage id, BM25 above 0), best first.

        The corpus and an owner's uploads have word statistics of their own, so that nobody's uploads change what others
        find; the best of both are then scored again among themselves. Arguments are those of `dense`.
        """
        store = self._store
        lists = [store.lexical(shelf, question, k, documents) for _, shelf in self._visible(owner)]
        lists = [hits for hits in lists if hits]
        if len(lists) < 2:
            return lists[0] if lists else []
        found = store.passages([identity for hits in lists for identity, _ in hits])
        return list(lexical.compare(question, {passage.id: passage.indexed for passage in found}).items())[:k]

    def cosines(self, vector: Vectors, ids: Collection[str], owner: str = "") -> dict[str, float]:
        """Return the cosine of a unit vector, shape (dimension,), with those of the passages that an owner may see."""
        self._shelves.refresh()
        found: dict[str, float] = {}
        for name, _ in self._visible(owner) if ids else []:
            stored = self._shelves.vectors.fetch(self._shelves.collection(name), list(ids))
            found |= {identity: float(np.dot(vector, other)) for identity, other in stored.items()}
        return found

    def note(self, key: str) -> str | None:
        """Return a small value kept with the index, or None if there is none since the corpus last changed."""
        return self._database.note(key)

    def set_note(self, key: str, value: str) -> None:
        """Keep a small value with the index until the corpus changes."""
        self._database.set_note(key, value)

    def close(self) -> None:
        """Let go of files and connections."""
        self._shelves.vectors.close()
        self._database.close()

    def _visible(self, owner: str) -> list[tuple[str, int]]:
        """Return (owner, shelf) of what an owner may see."""
        shelves = [(each, self._store.shelf(each)) for each in dict.fromkeys(("", owner))]
        return [(each, shelf) for each, shelf in shelves if shelf is not None]

    @property
    def _store(self) -> Store:
        """The rows, unless they were made with other settings."""
        if self._fault:
            raise IndexMismatchError(self._fault)
        return self._shelves.store

    def _mismatch(self) -> tuple[str, bool]:
        """Return why this index cannot be used with the settings of now, or '', and whether only its format is old."""
        stored = self._database.value(FINGERPRINT)
        if stored is None or not self._shelves.store.count():
            return "", False
        made, now = json.loads(stored), fingerprint(self._settings, self._embedder)
        differing = [key for key in now if made.get(key) != now[key]]
        faults = "; ".join(f"{key} {made.get(key)!r}, now {now[key]!r}" for key in differing)
        fault = f"the index in {str(self._settings.index_dir())!r} was made with {faults}: run `qa index --rebuild`"
        return fault if differing else "", differing == ["format"]

    def _write_fingerprint(self) -> None:
        made = json.dumps(fingerprint(self._settings, self._embedder))
        if self._database.value(FINGERPRINT) != made:
            self._database.set_value(FINGERPRINT, made)

    def _clear(self) -> list[tuple[str, Document]]:
        """Empty the index and return the uploads that were in it, with their owners."""
        check_readable(self._settings)
        store = self._shelves.store
        uploads = [
            (owner, store.document(document.id))
            for owner in store.owners()
            if owner
            for document in store.documents([store.shelf(owner) or 0])
        ]
        self._shelves.clear()
        self._fault, self._outdated = "", False
        return uploads
