"""Rows and vectors kept in step: every change goes through here, by one writer at a time.

The order of a change makes a stop at any point harmless: vectors are noted and written first, then the rows that make
them count; rows go first when something is removed, then their vectors. What a stop left is settled by the next writer.
Reading, and what the corpus should hold, are the index's and the sync's matters.
"""

import hashlib
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from qa import store as rows
from qa.database import Database
from qa.embedding import Embedder, Vectors
from qa.errors import CorpusError
from qa.store import Entry, Stamp, Store
from qa.vectors import VectorStore

LOCK_SECONDS = 300.0
REPAIR_BATCH = 1024
WHOLE = "*"
"""Stands in place of an id for all vectors of a collection."""


class Shelves:
    """The shelves of all owners, in a database and a vector store, behind a lock between processes."""

    def __init__(self, folder: Path, collection: str, database: Database, vectors: VectorStore, embedder: Embedder):
        """Use what is open; `collection` names the corpus's vectors and begins the names of all others."""
        self._folder = folder
        self._collection = collection
        self._database = database
        self._embedder = embedder
        self._lock = FileLock(folder / "writer.lock", thread_local=False)
        self._thread = threading.RLock()
        self._step = threading.Lock()
        self._writing = False
        self._seen = database.generation
        self.store = Store(database)
        self.vectors = vectors

    def collection(self, owner: str) -> str:
        """Return the name of an owner's collection of vectors."""
        return f"{self._collection}-{hashlib.sha256(owner.encode()).hexdigest()[:24]}" if owner else self._collection

    def refresh(self) -> None:
        """Make the next read see what other processes wrote since."""
        with self._step:
            if not self._writing and (generation := self._database.generation) != self._seen:
                self.vectors.reopen()
                self._seen = generation

    @contextmanager
    def writing(self, wait: float = LOCK_SECONDS) -> Iterator[None]:
        """Hold the lock, with vectors as the last writer left them and nothing unsettled.

        Args:
            wait: seconds to wait for another process.

        Raises:
            CorpusError: another process keeps the lock for longer.
        """
        with self._thread:
            if self._writing:
                yield
                return
            try:
                self._lock.acquire(timeout=wait)
            except Timeout as error:
                message = (
                    f"another process has held {self._lock.lock_file!r} for over {wait:g} s: wait until it is done"
                )
                raise CorpusError(message) from error
            try:
                self.refresh()
                self._writing = True
                self._settle()
                yield
            finally:
                with self._step:
                    self._seen = self._database.generation
                    self._writing = False
                self._lock.release()

    def put(self, owner: str, entries: Sequence[Entry], drop: Collection[str] = ()) -> int:
        """Store an owner's documents in place of those with the ids `drop`; return how many passages were embedded."""
        vectors, embedded = self.embed(owner, entries)
        self.write(owner, entries, vectors, drop)
        return embedded

    def embed(self, owner: str, entries: Sequence[Entry]) -> tuple[Vectors, int]:
        """Return the vectors of all passages, those of known texts taken from the store, and how many are new."""
        passages = [passage for entry in entries for passage in entry.passages]
        keys = [rows.likeness(passage.indexed) for passage in passages]
        known: dict[int, Vectors] = {}
        for each in dict.fromkeys(("", owner)):
            shelf = self.store.shelf(each)
            alike = {} if shelf is None else self.store.alike(shelf, set(keys) - set(known))
            if alike:
                stored = self.vectors.fetch(self.collection(each), list(set(alike.values())))
                known |= {key: stored[identity] for key, identity in alike.items() if identity in stored}
        new = {key: passage.indexed for key, passage in zip(keys, passages, strict=True) if key not in known}
        known |= dict(zip(new, self._embedder.embed_passages(list(new.values())), strict=True)) if new else {}
        if not passages:
            return np.zeros((0, 0), dtype=np.float32), 0
        return np.stack([known[key] for key in keys]), len(new)

    def write(self, owner: str, entries: Sequence[Entry], vectors: Vectors, drop: Collection[str] = ()) -> None:
        """Store an owner's documents, whose passages have these vectors, in place of those with the ids `drop`."""
        name = self.collection(owner)
        ids = [passage.id for entry in entries for passage in entry.passages]
        with self.writing():
            with self._database.writing(corpus=not owner) as connection:
                shelf = rows.make_shelf(connection, owner)
                rows.note_unsettled(connection, name, ids)
            self.vectors.upsert(name, ids, vectors)
            with self._database.writing(corpus=not owner) as connection:
                removed = rows.delete(connection, shelf, drop)
                rows.insert(connection, shelf, entries)
                rows.settle(connection, name, ids)
                rows.note_unsettled(connection, name, removed)
            self._settle()

    def remove(self, owner: str, documents: Collection[str]) -> None:
        """Remove documents of an owner."""
        self.put(owner, (), documents)

    def restamp(self, stamps: Sequence[Stamp]) -> None:
        """Keep how files of the corpus look now whose content is as it was; nothing that a reader sees changes."""
        with self.writing(), self._database.writing(visible=False) as connection:
            rows.restamp(connection, stamps)

    def drop(self, owner: str) -> None:
        """Remove all that an owner has."""
        with self.writing():
            shelf = self.store.shelf(owner)
            if shelf is None:
                return
            with self._database.writing(corpus=not owner) as connection:
                rows.delete_shelf(connection, shelf)
                rows.note_unsettled(connection, self.collection(owner), [WHOLE])
            self._settle()

    def clear(self) -> None:
        """Remove everything of everyone, damaged vectors too."""
        with self.writing():
            owners = self.store.owners()
            with self._database.writing() as connection:
                for owner in owners:
                    rows.delete_shelf(connection, self.store.shelf(owner) or rows.CORPUS)
                rows.make_shelf(connection, "")
            self.vectors.erase([self.collection(owner) for owner in owners])

    def repair(self) -> int:
        """Make vectors agree with rows where their numbers differ; return how many passages were embedded again.

        That happens when one of the two was restored, emptied or damaged from outside.
        """
        embedded = 0
        for owner in self.store.owners():
            shelf = self.store.shelf(owner)
            name = self.collection(owner)
            if shelf is None or self.store.unsettled() or self.vectors.count(name) == self.store.count(shelf):
                continue
            with self.writing():
                ids = dict.fromkeys(self.store.passage_ids(shelf))
                stored = {identity for page in self.vectors.ids(name) for identity in page}
                self.vectors.delete(name, list(stored - set(ids)))
                missing = [identity for identity in ids if identity not in stored]
                for start in range(0, len(missing), REPAIR_BATCH):
                    passages = self.store.passages(missing[start : start + REPAIR_BATCH])
                    vectors = self._embedder.embed_passages([passage.indexed for passage in passages])
                    self.vectors.upsert(name, [passage.id for passage in passages], vectors)
                with self._database.writing():
                    embedded += len(missing)
        return embedded

    @contextmanager
    def syncing(self) -> Iterator[None]:
        """Let one sync at a time run; batches of it take the writer's lock one by one, so that uploads get between."""
        lock = FileLock(self._folder / "sync.lock")
        with lock:
            yield

    def nearest(
        self, owner: str, shelf: int, vector: Vectors, k: int, documents: Collection[str] | None
    ) -> dict[str, float]:
        """Return at most k cosines by passage id of one owner's shelf, only of passages that have rows."""
        among = None if documents is None else self.store.passage_ids(shelf, documents)
        hits = self.vectors.nearest(self.collection(owner), vector, k, among)
        present = self.store.present(shelf, [identity for identity, _ in hits])
        return {identity: cosine for identity, cosine in hits if identity in present}

    def settle(self) -> None:
        """Remove what a stopped writer left, unless another process is writing just now."""
        if self.store.unsettled():
            with suppress(CorpusError), self.writing(wait=0):
                pass

    def _settle(self) -> None:
        unsettled = self.store.unsettled()
        owners = {self.collection(owner): owner for owner in self.store.owners()} if unsettled else {}
        for name, ids in unsettled.items():
            shelf = self.store.shelf(owners[name]) if name in owners else None
            if shelf is None:
                self.vectors.drop(name)
            else:
                present = self.store.present(shelf, ids)
                self.vectors.delete(name, [identity for identity in ids if identity not in present])
            with self._database.writing(corpus=False) as connection:
                rows.settle(connection, name, ids)
