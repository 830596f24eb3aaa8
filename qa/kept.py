"""The files in an index's folder that hold what the embedded model has read: what each is for, and when it goes.

A file is named by its scope. That of one document is the document's id, that of several together their owner's mark.
What is there for neither document nor owner any more goes at once, since it holds their words; what was used longest
ago goes when there is more than the settings allow.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from qa.index import Index
from qa.reading import INSTRUCTIONS_SCOPE, KEPT, Reading, chat_prefix, kept_file

BYTES_PER_TOKEN = 29_000
"""Of the default model's state."""


def mark(owner: str) -> str:
    """Return what stands for an owner, '' for the corpus, in the names of files."""
    return hashlib.sha256(owner.encode()).hexdigest()[:24]


class KeptReadings:
    """The files of one index."""

    def __init__(self, index: Index, folder: Path, megabytes: int) -> None:
        self._index = index
        self._folder = folder
        self._room = megabytes * 1_000_000

    def file(self, reading: Reading, owner: str) -> Path:
        """Return the file for a reading of all of some documents that an owner may ask."""
        documents = {sentence.document_id for sentence in reading.sentences}
        scope = documents.pop() if len(documents) == 1 else mark(owner)
        return kept_file(self._folder, scope, chat_prefix(reading))

    def left(self) -> int:
        """Return how many tokens may still be kept before something else goes."""
        return (self._room - sum(size for _, size, _ in self._files())) // BYTES_PER_TOKEN

    def sweep(self, *, changed: bool = False) -> None:
        """Remove what is there for nobody any more, and the oldest of what there is no room for; never the newest.

        Args:
            changed: whether the corpus has changed, so that no reading of all of it is of use.
        """
        owners = {mark(owner) for owner in self._index.owners()} - ({mark("")} if changed else set())
        left = self._room
        for number, (path, size, _) in enumerate(sorted(self._files(), key=lambda file: -file[2])):
            scope = path.name.removeprefix(KEPT).partition("-")[0]
            left -= size
            if (left < 0 and number) or not (scope in owners or self._index.source(scope)):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _files(self) -> list[tuple[Path, int, float]]:
        """Return the files, their bytes, and when they were last used."""
        found = []
        for path in self._folder.glob(f"{KEPT}*"):
            if not path.name.startswith(f"{KEPT}{INSTRUCTIONS_SCOPE}-"):
                with suppress(OSError):  # another process may have removed it
                    status = path.stat()
                    found.append((path, status.st_size, status.st_mtime))
        return found
