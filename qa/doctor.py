"""Checks of an installation: each finds something out and, when it is wrong, says what to do.

Nothing is repaired; weights are joined and the index is brought up to date, as a first question would.
"""

import platform
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from qa.embedded import EmbeddedChatModel
from qa.embedding import open_embedder
from qa.errors import QAError
from qa.language_model import open_chat_model
from qa.pipeline import QA
from qa.reading import NOTHING, chat_prefix, chat_suffix
from qa.settings import EMBEDDED, Settings
from qa.weights import GGUF, chat_model_file, embedder_folder

GIGABYTE = 1_000_000_000
ROOM = 2.5
"""Gigabytes that joined weights and an index of ordinary size need."""
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, whether it is well, what was found, and what to do ('' when nothing)."""

    name: str
    passed: bool
    found: str
    remedy: str = ""


def examine(settings: Settings, open_engine: Callable[[Settings], QA] = QA.open) -> Iterator[Check]:
    """Yield the checks one by one, those that later ones build on first."""
    checks: tuple[tuple[str, Callable[[], Check]], ...] = (
        ("python", _python),
        ("sqlite", _sqlite),
        ("disk", lambda: _disk(settings)),
        ("embedder", lambda: _embedder(settings)),
        ("chat weights", lambda: _chat_weights(settings)),
        ("chat model", lambda: _chat_model(settings)),
        ("chroma", lambda: _chroma(settings)),
        ("index", lambda: _index(settings, open_engine)),
    )
    for name, check in checks:
        yield _careful(name, check)


def _careful(name: str, check: Callable[[], Check]) -> Check:
    """Turn an error into a failed check: what our own errors say holds the remedy after the finding."""
    try:
        return check()
    except QAError as error:
        return Check(name, False, "not usable", " ".join(str(error).split()))
    except Exception as error:  # a doctor reports whatever ails a library, and goes on
        found = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return Check(name, False, found, "install the package again in a new virtual environment")


def _python() -> Check:
    if sys.version_info < OLDEST_PYTHON:
        return Check("python", False, platform.python_version(), "use Python 3.11 or newer")
    return Check("python", True, platform.python_version())


def _sqlite() -> Check:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
        except sqlite3.OperationalError as error:
            remedy = "use a Python whose sqlite3 is built with FTS5"
            return Check("sqlite", False, f"{sqlite3.sqlite_version}, no full-text search ({error})", remedy)
    return Check("sqlite", True, f"{sqlite3.sqlite_version} with full-text search")


def _disk(settings: Settings) -> Check:
    free = {
        folder: shutil.disk_usage(_existing(folder)).free / GIGABYTE
        for folder in (settings.model_dir, settings.index_dir())
    }
    found = ", ".join(f"{room:.1f} GB free for {folder}" for folder, room in free.items())
    joined = settings.chat_model == EMBEDDED and not any(settings.model_dir.glob("*.gguf"))
    if free[settings.model_dir] < (ROOM if joined else 0.1) or free[settings.index_dir()] < 0.1:
        return Check("disk", False, found, f"free {ROOM} GB, or set QA_MODEL_DIR and QA_DATA_DIR to another disk")
    return Check("disk", True, found)


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _embedder(settings: Settings) -> Check:
    place = settings.embedder_url or embedder_folder(settings, verify=True)
    dimension = open_embedder(settings).embed_question("Is it well?").shape[0]
    return Check("embedder", True, f"{settings.embedder}, {dimension} dimensions, from {place}")


def _chat_weights(settings: Settings) -> Check:
    if settings.chat_model != EMBEDDED and not settings.chat_model.startswith(GGUF):
        return Check("chat weights", True, f"none needed: {settings.chat_model} runs elsewhere")
    file = chat_model_file(settings, verify=True)
    return Check("chat weights", True, f"{file.stat().st_size / GIGABYTE:.2f} GB, verified: {file}")


def _chat_model(settings: Settings) -> Check:
    started = time.perf_counter()
    model, asked = open_chat_model(settings), "Reply with the word yes."
    if isinstance(model, EmbeddedChatModel):
        chunks = model.complete(chat_prefix(NOTHING) + chat_suffix(asked), max_tokens=8)
        reply, runtime = "".join(chunk.text for chunk in chunks), f" on {model._llm_type}"
    else:
        reply, runtime = model.invoke(asked, max_tokens=8).text, ""
    seconds = time.perf_counter() - started
    if not reply.strip():
        return Check("chat model", False, "an empty reply", "choose another model with QA_CHAT_MODEL")
    return Check("chat model", True, f"{settings.chat_model}{runtime} replied {reply.strip()!r} after {seconds:.1f} s")


def _chroma(settings: Settings) -> Check:
    where = settings.chroma_url or "in the index folder"
    return Check("chroma", True, f"{version('chromadb')}, {where}")


def _index(settings: Settings, open_engine: Callable[[Settings], QA]) -> Check:
    with open_engine(settings) as engine:
        changes = engine.sync()
        passages = len(engine.search("What is this about?", 1))
    found = f"{changes.passages} passages of {settings.corpus} in {settings.index_dir()}"
    if not passages:
        return Check("index", False, f"{found}, but a search finds none", "make it anew with `qa index --rebuild`")
    if changes.skipped:
        return Check("index", True, f"{found}; skipped: {', '.join(changes.skipped)}")
    return Check("index", True, found)
