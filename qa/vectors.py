"""Vectors by passage id in Chroma collections (cosine): a folder of this machine, or a Chroma server.

Only ids and vectors are kept here; texts and all else are the store's. A folder is safe for one writing process at a
time, and other processes see a change only through a re-opened client: who writes holds the index's lock.
"""

import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromadb
import chromadb.errors
import numpy as np
from chromadb.config import Settings as ChromaSettings
from numpy.typing import NDArray

from qa.errors import IndexMismatchError, SettingsError

Vectors = NDArray[np.float32]

WRITE_BATCH = 1000
READ_PAGE = 10_000
HNSW = {"space": "cosine", "ef_construction": 128, "ef_search": 160, "max_neighbors": 24}
"""Graph settings that reach recall@10 of 0.98 at 100,000 passages (tests/benchmarks/many_documents.py)."""

_OPENING = threading.Lock()


class VectorStore:
    """Collections of unit vectors, each named and opened when it is first asked for."""

    def __init__(self, folder: Path, url: str | None) -> None:
        """Remember where the vectors are; nothing is opened yet.

        Args:
            folder: where an embedded Chroma keeps its files.
            url: address of a Chroma server in place of the folder, such as http://localhost:8000.
        """
        self._folder = folder
        self._url = url
        self._client: Any = None
        self._collections: dict[str, Any] = {}
        self._lock = threading.Lock()

    def reopen(self) -> None:
        """Forget what is open, so that the next use sees what other processes wrote."""
        with self._lock:
            self._client = None
            self._collections = {}

    def upsert(self, collection: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Write vectors, shape (len(ids), dimension), replacing those of equal id."""
        target = self._open(collection)
        for start in range(0, len(ids), WRITE_BATCH):
            part = slice(start, start + WRITE_BATCH)
            target.upsert(ids=list(ids[part]), embeddings=vectors[part])

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors; ids that are not there are passed over."""
        target = self._open(collection)
        for start in range(0, len(ids), WRITE_BATCH):
            target.delete(ids=list(ids[start : start + WRITE_BATCH]))

    def drop(self, collection: str) -> None:
        """Remove a whole collection and its files."""
        self._open(collection)
        with self._lock:
            self._collections.pop(collection, None)
            self._client.delete_collection(collection)

    def erase(self, collections: Sequence[str]) -> None:
        """Remove collections; an embedded store that cannot even be opened is removed with its folder."""
        try:
            for collection in collections:
                self.drop(collection)
        except Exception:
            if self._url:
                raise
            self.reopen()
            shutil.rmtree(self._folder, ignore_errors=True)

    def nearest(
        self, collection: str, vector: Vectors, k: int, among: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return at most k (id, cosine), nearest first; `among` restricts the search to these ids."""
        target = self._open(collection)
        k = min(k, target.count() if among is None else len(among))
        if k < 1:
            return []
        found = target.query(
            query_embeddings=[vector], n_results=k, include=["distances"], ids=None if among is None else list(among)
        )
        return [(key, 1.0 - float(far)) for key, far in zip(found["ids"][0], found["distances"][0], strict=True)]

    def fetch(self, collection: str, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors that are there, by id."""
        target = self._open(collection)
        found: dict[str, Vectors] = {}
        for start in range(0, len(ids), WRITE_BATCH):
            rows = target.get(ids=list(ids[start : start + WRITE_BATCH]), include=["embeddings"])
            found.update(zip(rows["ids"], np.asarray(rows["embeddings"], dtype=np.float32), strict=True))
        return found

    def ids(self, collection: str) -> Iterator[list[str]]:
        """Yield all ids, page by page."""
        target = self._open(collection)
        offset = 0
        while page := target.get(limit=READ_PAGE, offset=offset, include=[])["ids"]:
            yield page
            offset += len(page)

    def count(self, collection: str) -> int:
        """Return the number of vectors."""
        return int(self._open(collection).count())

    def _open(self, name: str) -> Any:
        with self._lock:
            if name not in self._collections:
                if self._client is None:
                    self._client = self._connect()
                self._collections[name] = self._client.get_or_create_collection(
                    name, configuration={"hnsw": HNSW}, embedding_function=None
                )
            return self._collections[name]

    def _connect(self) -> Any:
        quiet = ChromaSettings(anonymized_telemetry=False)
        try:
            if self._url:
                address = urlsplit(self._url)
                secure = address.scheme == "https"
                port = address.port or (443 if secure else 8000)
                return chromadb.HttpClient(address.hostname or "", port=port, ssl=secure, settings=quiet)
            with _OPENING:
                # Chroma shares one open store per folder and process; clearing that makes the new client read anew.
                chromadb.api.client.SharedSystemClient.clear_system_cache()
                return chromadb.PersistentClient(str(self._folder), settings=quiet)
        except Exception as error:
            if self._url:
                message = f"no Chroma server answers at {self._url!r} ({error}): start it, or unset chroma_url"
                raise SettingsError(message) from error
            message = f"the vectors in {str(self._folder)!r} cannot be opened ({error}): run `qa index --rebuild`"
            raise IndexMismatchError(message) from error
