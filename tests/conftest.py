"""What all tests share: a clean environment without a network, folders of their own, and a scripted QA."""

import ipaddress
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray
from shell import qa

from qa.datatypes import Answer, Citation, Document, Passage, RetrievedPassage, SyncReport, Timings, Turn
from qa.settings import PREFIX, Settings, seed_corpus

DATA = Path(__file__).parent / "data"
KEPT = "QA_MODEL_DIR"
"""The one variable that stays: where a developer keeps joined weights; only slow tests see it."""

QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
    "TOKENIZERS_PARALLELISM": "false",
    "NO_PROXY": "localhost,127.0.0.1,::1",
}

_connect = socket.socket.connect
_session_folder = tempfile.mkdtemp(prefix="qa-tests-")


def _connect_to_this_machine(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])
        if host != "localhost" and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
            raise OSError(f"a test tried to reach {host}: tests run without a network")
    _connect(self, address)


def pytest_configure(config: pytest.Config) -> None:
    """Clean the environment before any test module or fixture of wider scope reads it."""
    for name in [name for name in os.environ if name.startswith(PREFIX) and name != KEPT]:
        del os.environ[name]
    os.environ |= QUIET | {"XDG_DATA_HOME": _session_folder, "XDG_RUNTIME_DIR": _session_folder}
    socket.socket.connect = _connect_to_this_machine  # type: ignore[method-assign,assignment]


def pytest_unconfigure(config: pytest.Config) -> None:
    socket.socket.connect = _connect  # type: ignore[method-assign]
    shutil.rmtree(_session_folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what takes both processors to one worker, the tests in a browser last.

    While Playwright runs, no other test can run an event loop of its own. The other worker does meanwhile all the rest.
    """

    def in_browser(item: pytest.Item) -> bool:
        return "browser" in getattr(item, "fixturenames", ())

    items.sort(key=in_browser)
    for item in items:
        if in_browser(item) or item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.xdist_group("both processors"))


@pytest.fixture(autouse=True)
def own_folders(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give each test data folders of its own, and, unless it is slow, no joined weights."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user-data"))
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setenv(KEPT, str(tmp_path / "models"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of test data."""
    return DATA


@pytest.fixture(scope="session")
def seed_article() -> Path:
    """The seed article's file."""
    return next(path for path in seed_corpus().iterdir() if path.suffix == ".txt")


@pytest.fixture(scope="session")
def asked_for_real(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """What `qa ask` said of the seed article at its very first call, and the data folder that it left."""
    folder = tmp_path_factory.mktemp("asked")
    return qa("ask", "--json", "--data-dir", str(folder), "Who rejected the claim about the strikes?"), folder


Reply = tuple[str, tuple[str, ...]] | BaseException | None
"""Text and quotes of an answer, an error to raise, or None to decline."""


class ScriptedQA:
    """The face of QA over plain files, with answers from a script; what was asked is kept in `asked`."""

    def __init__(self, settings: Settings, script: dict[str, Reply]) -> None:
        self.settings = settings
        self.script = script
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []
        self.synced = self.rebuilt = self.closed = False
        self.reads = 0

    def sync(self, progress: Callable[[int, int, str], None] | None = None, rebuild: bool = False) -> SyncReport:
        self.synced, self.rebuilt = True, rebuild
        if progress:
            progress(1, 1, "embedding")
        count = len(self.documents())
        return SyncReport(
            added=count, changed=0, removed=0, unchanged=0, embedded=2, passages=2, skipped={"a.png": "not text"}
        )

    def documents(self, owner: str = "") -> tuple[Document, ...]:
        files = sorted(self.settings.corpus.glob("*.txt"))
        return tuple(Document(path.stem, path.stem, path.name, path.read_text(encoding="utf-8")) for path in files)

    def document(self, document_id: str) -> Document:
        return next(document for document in self.documents() if document.id == document_id)

    def search(self, question: str, k: int | None = None) -> tuple[RetrievedPassage, ...]:
        document = self.documents()[0]
        end = len(document.text.partition("\n")[0])
        passage = Passage("p1", document.id, 0, end, document.text[:end], ((0, end),))
        return (RetrievedPassage(passage, 1, 0.875, 0.75),)

    def ask(self, question: str, *, history: Sequence[Turn] = ()) -> Answer:
        self.asked.append((question, tuple(history)))
        reply = self.script.get(question)
        if isinstance(reply, BaseException):
            raise reply
        text, quotes = reply or ("The article does not say.", ())
        document = self.documents()[0]
        citations = []
        for marker, quote in enumerate(quotes, 1):
            start = document.text.index(quote)
            end = start + len(quote)
            citations.append(Citation(marker, document.id, document.source, "p1", start, end, quote, 0, len(text)))
        return Answer(
            question=question,
            search_question=question if not history else f"{history[0]['content']} {question}",
            text=text,
            answered=reply is not None,
            confidence=0.75,
            citations=tuple(citations),
            passages=self.search(question),
            timings=Timings(0.125, 0.25, 0.5),
            documents=(document,) if citations else (),
        )

    def warm_up(self, progress: Callable[[str], None] | None = None) -> None:
        if progress:
            progress("ready")

    def read_documents(self, wanted: Callable[[], bool] = lambda: False) -> bool:
        self.reads += 1
        return not wanted()

    def beside(self, settings: Settings) -> "ScriptedQA":
        other = ScriptedQA(settings, self.script)
        other.asked = self.asked
        return other

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True


@pytest.fixture
def scripted_qa() -> type[ScriptedQA]:
    """The scripted stand-in for QA."""
    return ScriptedQA


class WordEmbedder:
    """An embedder computed by hand: one axis for each known word, counting it, and a last one that is always 0.01.

    So texts without a known word are alike, and the cosine of two texts is, but for that last axis, the cosine of their
    word counts. `embedded` keeps every text that was embedded as a passage.
    """

    def __init__(self, words: str = "cat dog fish bird tree stone river cloud", name: str = "words") -> None:
        self.name = name
        self.words = words.split()
        self.embedded: list[str] = []

    @property
    def dimension(self) -> int:
        return len(self.words) + 1

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += texts
        return np.array([self.embed_question(text) for text in texts], dtype=np.float32).reshape(-1, self.dimension)

    def embed_question(self, text: str) -> NDArray[np.float32]:
        found = re.findall(r"\w+", text.lower())
        vector = np.array([found.count(word) for word in self.words] + [0.01], dtype=np.float32)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


@pytest.fixture
def corpus_of(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Make a corpus of texts by file name; returns its folder."""

    def made(texts: Mapping[str, str]) -> Path:
        corpus = tmp_path / "corpus"
        corpus.mkdir()
        for name, text in texts.items():
            (corpus / name).write_text(text)
        return corpus

    return made


@pytest.fixture
def word_embedder() -> type[WordEmbedder]:
    """The embedder that can be computed by hand."""
    return WordEmbedder
