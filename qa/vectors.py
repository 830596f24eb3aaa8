"""Vectors by passage id in Chroma collections (cosine): a folder of this machine, or a Chroma server.

Only ids and vectors are kept here; texts and all else are the store's. A folder is safe for one writing process at a
time, and other processes see a change only through a re-opened client: who writes holds the index's lock.
"""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromadb
import numpy as np
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import NotFoundError
from numpy.typing import NDArray

from qa.errors import IndexMismatchError, QAError, SettingsError

Vectors = NDArray[np.float32]

WRITE_BATCH = 1000
READ_PAGE = 10_000
HNSW = {"space": "cosine", "ef_construction": 100, "ef_search": 1500, "max_neighbors": 24}
"""Searched wider than Chroma's default, since that costs least: 8 ms among 122,000 passages, where building the graph
with more effort costs as much as half of embedding (tests/benchmarks/README.md)."""
MARK = "made_with"

_OPENING = threading.Lock()


class VectorStore:
    """Collections of unit vectors, each named and opened when it is first asked for."""

    def __init__(self, folder: Path, url: str | None, mark: str) -> None:
        """Remember where the vectors are; nothing is opened yet.

        Args:
            folder: where an embedded Chroma keeps its files.
            url: address of a Chroma server in place of the folder, such as http://localhost:8000.
            mark: what made the vectors; a collection with vectors of another mark is refused.
        """
        self._folder = folder
        self._url = url
        self._mark = mark
        self._client: Any = None
        self._collections: dict[str, Any] = {}
        self._lock = threading.Lock()

    def reopen(self) -> None:
        """Forget what is open, so that the next use sees what other processes wrote; a server's client may stay."""
        with self._lock:
            self._collections = {}
            if not self._url:
                self._client = None

    def close(self) -> None:
        """Let go of files and connections."""
        with self._lock:
            # Chroma's own closing leaves the connections to a server open.
            session = getattr(getattr(self._client, "_server", None), "_session", None)
            self._collections, self._client = {}, None
        if session is not None:
            session.close()

    def upsert(self, collection: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Write vectors, shape (len(ids), dimension), replacing those of equal id."""
        for start in range(0, len(ids), WRITE_BATCH):
            part = slice(start, start + WRITE_BATCH)
            self._call(collection, "upsert", ids=list(ids[part]), embeddings=vectors[part])

    def delete(self, collection: str, ids: Sequence[str]) -> None:
        """Remove vectors; ids that are not there are passed over."""
        for start in range(0, len(ids), WRITE_BATCH):
            self._call(collection, "delete", ids=list(ids[start : start + WRITE_BATCH]))

    def drop(self, collection: str) -> None:
        """Remove a whole collection and its files, if it is there."""
        with self._lock, suppress(NotFoundError):
            self._collections.pop(collection, None)
            self._connected().delete_collection(collection)

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
        k = k if among is None else min(k, len(among))
        if k < 1:
            return []
        chosen = None if among is None else list(among)
        found = self._call(
            collection, "query", query_embeddings=[vector], n_results=k, include=["distances"], ids=chosen
        )
        return [(key, 1.0 - float(far)) for key, far in zip(found["ids"][0], found["distances"][0], strict=True)]

    def fetch(self, collection: str, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors that are there, by id."""
        found: dict[str, Vectors] = {}
        for start in range(0, len(ids), WRITE_BATCH):
            rows = self._call(collection, "get", ids=list(ids[start : start + WRITE_BATCH]), include=["embeddings"])
            found.update(zip(rows["ids"], np.asarray(rows["embeddings"], dtype=np.float32), strict=True))
        return found

    def ids(self, collection: str) -> Iterator[list[str]]:
        """Yield all ids, page by page."""
        offset = 0
        while page := self._call(collection, "get", limit=READ_PAGE, offset=offset, include=[])["ids"]:
            yield page
            offset += len(page)

    def count(self, collection: str) -> int:
        """Return the number of vectors."""
        return int(self._call(collection, "count"))

    def _call(self, collection: str, method: str, **arguments: Any) -> Any:
        """Call a collection's method, a second time with a new client if the first fails; translate what fails then.

        Raises:
            IndexMismatchError: an embedded store is damaged.
            SettingsError: the server fails.
        """
        try:
            return getattr(self._open(collection), method)(**arguments)
        except QAError:
            raise
        except Exception:
            # Another process may have made this collection anew.
            self.reopen()
        try:
            return getattr(self._open(collection), method)(**arguments)
        except QAError:
            raise
        except Exception as error:
            raise self._fault(error) from error

    def _open(self, name: str) -> Any:
        with self._lock:
            if name not in self._collections:
                found = self._connected().get_or_create_collection(
                    name, configuration={"hnsw": HNSW}, embedding_function=None, metadata={MARK: self._mark}
                )
                made_with = (found.metadata or {}).get(MARK)
                if made_with != self._mark and found.count():
                    raise IndexMismatchError(
                        f"the collection {name!r} was made with {made_with}, not with {self._mark}: "
                        "set another collection, or run `qa index --rebuild`"
                    )
                self._collections[name] = found
            return self._collections[name]

    def _connected(self) -> Any:
        if self._client is None:
            try:
                self._client = self._connect()
            except Exception as error:
                raise self._fault(error) from error
        return self._client

    def _connect(self) -> Any:
        quiet = ChromaSettings(anonymized_telemetry=False)
        if self._url:
            address = urlsplit(self._url)
            secure = address.scheme == "https"
            port = address.port or (443 if secure else 8000)
            return chromadb.HttpClient(address.hostname or "localhost", port=port, ssl=secure, settings=quiet)
        with _OPENING:
            # Chroma keeps one open store for each folder and process; without this a new client would be the old one.
            SharedSystemClient.clear_system_cache()
            return chromadb.PersistentClient(str(self._folder), settings=quiet)

    def _fault(self, error: Exception) -> QAError:
        if self._url:
            return SettingsError(f"the Chroma server at {self._url!r} fails ({error}): start it, or unset chroma_url")
        return IndexMismatchError(
            f"the vectors in {str(self._folder)!r} cannot be used ({error}): "
            "check the disk, then run `qa index --rebuild`"
        )
