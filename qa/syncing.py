"""The corpus as it is now against the corpus as indexed: which files are new, edited, gone, and the work in batches.

While a batch is written, which keeps one processor busy, the next is read, cut and embedded.
A file whose size and time of change are as they were is not opened; one whose content is as it was is not cut again.
"""

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from qa import passages
from qa.corpus import CorpusFile, list_files, read_file
from qa.datatypes import Document, SyncReport
from qa.embedding import Vectors
from qa.errors import CorpusError
from qa.settings import Settings
from qa.shelves import Shelves
from qa.store import CORPUS, Entry, Stamp

Progress = Callable[[int, int, str], None]

BATCH_PASSAGES = 1024
"""Passages embedded and committed together: whole documents, so that a stop loses twice this much work at most."""
SETTLED_NANOSECONDS = 2_000_000_000
"""A file changed this shortly before it was read may change again without a new time of change: it is read again."""


def entry_of(document: Document, settings: Settings, size: int = 0, modified: int = 0) -> Entry:
    """Return a document cut into passages, with the look of its file."""
    stamp = Stamp(document.id, size, modified, time.time_ns())
    return Entry(document, tuple(passages.split(document, settings.passage_characters)), stamp)


@dataclass(slots=True)
class _Work:
    """What one sync has gathered and done so far."""

    entries: list[Entry] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    restamp: list[Stamp] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    embedded: int = 0
    writing: Future[None] | None = None

    def full(self) -> bool:
        """Say whether enough is gathered for one batch."""
        return sum(len(entry.passages) for entry in self.entries) >= BATCH_PASSAGES

    def flush(self, shelves: Shelves, writer: Executor) -> None:
        """Embed what is gathered, and have it stored once the batch before is."""
        if not (self.entries or self.drop or self.restamp):
            return
        vectors, embedded = shelves.embed("", self.entries)
        self.finish()
        self.writing = writer.submit(_write, shelves, self.entries, vectors, self.drop, self.restamp)
        self.embedded += embedded
        self.entries, self.drop, self.restamp = [], [], []

    def finish(self) -> None:
        """Wait until the last batch is stored; raise what went wrong with it."""
        if self.writing:
            self.writing.result()


def _write(shelves: Shelves, entries: list[Entry], vectors: Vectors, drop: list[str], restamp: list[Stamp]) -> None:
    if entries or drop:
        shelves.write("", entries, vectors, drop)
    if restamp:
        shelves.restamp(restamp)


def sync(shelves: Shelves, settings: Settings, progress: Progress | None = None) -> SyncReport:
    """Make the corpus's shelf hold what the corpus holds.

    Args:
        shelves: where to write; each batch is committed by itself, so a stopped sync goes on where it was.
        settings: which corpus, and how passages are cut.
        progress: called with bytes done, bytes in all, and the file at hand; only changed files count.

    Raises:
        CorpusError: the corpus is missing, unreadable, or holds no document at all; the index stays as it is.
    """
    files = list_files(settings.corpus, exclude=settings.index_dir())
    before = shelves.store.stamps()
    todo = [file for file in files if not _same(file, before.get(file.source))]
    work = _Work(unchanged=len(files) - len(todo))
    done, total = 0, sum(file.size for file in todo)
    with ThreadPoolExecutor(1) as writer:
        for file in todo:
            if progress:
                progress(done, total, file.source)
            _look(file, before.get(file.source), settings, work)
            if work.full():
                work.flush(shelves, writer)
            done += file.size
        if not (work.added or work.changed or work.unchanged):
            raise _unreadable(settings, list(work.skipped.values()))
        gone = set(before) - {file.source for file in files}
        work.drop += [before[source].document_id for source in gone]
        work.flush(shelves, writer)
        work.finish()
    if progress and total:
        progress(total, total, "")
    return SyncReport(
        added=work.added,
        changed=work.changed,
        removed=work.removed + len(gone),
        unchanged=work.unchanged,
        embedded=work.embedded,
        passages=shelves.store.count(CORPUS),
        skipped=work.skipped,
        notes=work.notes,
    )


def check_readable(settings: Settings) -> None:
    """Make sure that a rebuild will find at least one document.

    Raises:
        CorpusError: the corpus is missing, unreadable, or holds no document at all.
    """
    reasons: list[str] = []
    for file in list_files(settings.corpus, exclude=settings.index_dir()):
        try:
            read_file(file.path, file.source, settings.max_file_megabytes)
        except CorpusError as error:
            reasons.append(str(error))
        else:
            return
    raise _unreadable(settings, reasons)


def _unreadable(settings: Settings, reasons: list[str]) -> CorpusError:
    return CorpusError(f"no document in {str(settings.corpus)!r} can be read: {'; '.join(reasons[:3])}")


def _same(file: CorpusFile, stamp: Stamp | None) -> bool:
    return (
        stamp is not None
        and (file.size, file.modified) == (stamp.size, stamp.modified)
        and stamp.seen - stamp.modified > SETTLED_NANOSECONDS
    )


def _look(file: CorpusFile, stamp: Stamp | None, settings: Settings, work: _Work) -> None:
    """Read one file and gather what it changes."""
    try:
        document, decoded = read_file(file.path, file.source, settings.max_file_megabytes)
    except CorpusError as error:
        work.skipped[file.source] = str(error)
        if stamp:
            work.drop.append(stamp.document_id)
            work.removed += 1
        return
    if decoded.encoding not in ("utf-8", ""):
        work.notes[file.source] = f"read as {decoded.encoding}: offsets count into the decoded text"
    if stamp and stamp.document_id == document.id:
        work.restamp.append(Stamp(document.id, file.size, file.modified, time.time_ns()))
        work.unchanged += 1
        return
    work.entries.append(entry_of(document, settings, file.size, file.modified))
    if stamp:
        work.drop.append(stamp.document_id)
        work.changed += 1
    else:
        work.added += 1
