"""The documents of an engine: bringing them up to date, adding and removing a person's own, looking them up."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from qa.corpus import make_document, read_document
from qa.datatypes import Document, SyncReport
from qa.embedding import Embedder
from qa.index import Index
from qa.kept import KeptReadings
from qa.overview import MOST_DOCUMENTS
from qa.settings import Settings


class Library:
    """An open index and what may be done to its documents; safe to use from any thread."""

    def __init__(self, settings: Settings, embedder: Embedder, index: Index) -> None:
        """Use an open index and the embedder that makes its vectors."""
        self.settings = settings
        self._embedder = embedder
        self._index = index
        self._kept = KeptReadings(index, settings.index_dir(), settings.reading_megabytes)
        self._adding: dict[str, None] = {}

    @property
    def owners(self) -> list[str]:
        """Those who have added documents to this engine, the latest first, and last the corpus's ''."""
        return [*reversed(list(self._adding)), ""]

    def uploaders(self) -> tuple[str, ...]:
        """Return all owners of uploads in the index, those of other processes and of earlier times too."""
        return tuple(filter(None, self._index.owners()))

    @property
    def generation(self) -> int:
        """A number that changes whenever the documents do."""
        return self._index.generation

    def sync(self, progress: Callable[[int, int, str], None] | None = None, rebuild: bool = False) -> SyncReport:
        """Bring the index up to date with the corpus; only what changed is embedded.

        Raises:
            CorpusError: the corpus is missing, empty or unreadable; what was indexed before stays.
            IndexMismatchError: the index was made with other settings and `rebuild` is not asked for.
        """
        report = self._index.sync(progress, rebuild)
        if report.added or report.changed or report.removed:
            self._kept.sweep(changed=True)
        return report

    def documents(self, owner: str = "") -> tuple[Document, ...]:
        """Return the documents that this owner may ask, their texts left empty (see `document`)."""
        return self._index.documents(owner)

    def document(self, document_id: str) -> Document:
        """Return a document with its text.

        Raises:
            KeyError: the index does not have it (any more).
        """
        return self._index.document(document_id)

    def _texts(self, documents: Collection[str] | None, owner: str) -> Iterator[str]:
        """Yield title and text of what an owner may ask, of all if `documents` is None; nothing of many documents."""
        asked = self._index.documents(owner, documents)
        for document in asked if len(asked) <= MOST_DOCUMENTS else ():
            with suppress(KeyError):  # removed meanwhile
                yield f"{document.title}\n{self._index.document(document.id).text}"

    def add_text(self, title: str, text: str, owner: str) -> Document:
        """Index a pasted text for one owner and return it as a document.

        Raises:
            CorpusError: there is no text in it.
        """
        document = make_document(title, title, text)
        self._index.add(document, owner)
        self._adding[owner] = None
        return document

    def add_file(self, path: Path, owner: str) -> Document:
        """Index a file for one owner and return it as a document.

        Raises:
            CorpusError: it is too large, empty, or no text.
        """
        document = read_document(path, path.name, self.settings.max_file_megabytes)
        self._index.add(document, owner)
        self._adding[owner] = None
        return document

    def remove(self, document_id: str, owner: str) -> None:
        """Take an owner's document out of the index."""
        self._index.remove(document_id, owner)
        self._kept.sweep()

    def forget(self, owner: str) -> None:
        """Take all of an owner's documents out of the index: the session is over."""
        self._index.remove_owner(owner)
        self._adding.pop(owner, None)
        self._kept.sweep()

    def close(self) -> None:
        """Close the index; asking afterwards is an error."""
        self._index.close()

    def __enter__(self) -> Self:
        """Return the engine itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()
