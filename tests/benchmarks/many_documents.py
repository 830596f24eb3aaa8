"""How the index behaves as documents become many: rate, memory, an unchanged sync, one change, search, recall.

`--embedder words` takes sums of fixed random vectors of words in place of the model, where the model's own time is not
the question: the index's part of the rate, memory, syncs and searches at 100,000 passages within minutes. An index
that an earlier run left in the folder is gone on with, and then no rate is given.

Run: python tests/benchmarks/many_documents.py --documents 1000 20000 --work FOLDER
"""

import argparse
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import large_corpus
import numpy as np

from qa.embedding import open_embedder, prepare
from qa.index import Index
from qa.retrieval import POOL, Retriever
from qa.settings import Settings

QUESTIONS = 200
COLUMNS = {
    "documents": "documents",
    "passages": "passages",
    "index_s": "index s",
    "rate": "passages/s",
    "loaded_mb": "MB before",
    "peak_mb": "peak MB",
    "disk_mb": "disk MB",
    "unchanged_s": "unchanged s",
    "change_s": "one change s",
    "open_ms": "first search ms",
    "p50_ms": "search p50 ms",
    "p95_ms": "p95 ms",
    "dense_p95_ms": "dense p95",
    "words_p95_ms": "words p95",
    "recall": "recall@10",
}


class WordSums:
    """Sums of a fixed random vector for each word, rarer-looking (longer) words counting more."""

    name = "sums of word vectors"
    dimension = 384

    def __init__(self) -> None:
        self._words: dict[str, Any] = {}

    def _vector(self, word: str) -> Any:
        if word not in self._words:
            generator = np.random.default_rng(zlib.crc32(word.encode()))
            self._words[word] = generator.normal(size=self.dimension).astype(np.float32) * min(len(word), 9)
        return self._words[word]

    def embed_question(self, text: str) -> Any:
        """Return a unit vector, shape (dimension,)."""
        total = np.sum([self._vector(word) for word in re.findall(r"\w+", text.lower())] or [self._vector("")], axis=0)
        return total / np.linalg.norm(total)

    def embed_passages(self, texts: Sequence[str]) -> Any:
        """Return unit vectors, shape (len(texts), dimension)."""
        return np.array([self.embed_question(text) for text in texts], dtype=np.float32)


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def times(work: Callable[[Any], Any], inputs: list[Any]) -> list[float]:
    """Return the milliseconds of each call."""
    return [timed(lambda one=one: work(one)) * 1000 for one in inputs]  # type: ignore[misc]


def peak_megabytes() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def recall(index: Index, vectors: list[Any]) -> float:
    """Return the share of the exact ten nearest passages that the index finds among its first ten."""
    store = index._shelves.vectors
    ids = [key for page in store.ids("passages") for key in page]
    matrix = np.concatenate(
        [np.stack(list(store.fetch("passages", ids[at : at + 5000]).values())) for at in range(0, len(ids), 5000)]
    )
    ids = [key for at in range(0, len(ids), 5000) for key in store.fetch("passages", ids[at : at + 5000])]
    found = 0.0
    for vector in vectors:
        cosines = matrix @ vector
        least = np.partition(cosines, -10)[-10] - 1e-6
        near = [key for key, _ in index.dense(vector, POOL)][:10]
        exact = {ids[place] for place in np.flatnonzero(cosines >= least)}
        found += len(exact & set(near)) / 10
    return found / len(vectors)


def measure(documents: int, work: Path, words: bool) -> dict[str, float | None]:
    """Index a corpus of so many documents in this process and return the figures."""
    files = list(large_corpus.write_corpus(work / f"corpus-{documents}", documents))
    questions = large_corpus.questions(files, QUESTIONS)
    settings = Settings(corpus=work / f"corpus-{documents}", data_dir=work / f"index-{documents}{'-words' * words}")
    embedder = WordSums() if words else open_embedder(settings)
    prepare(embedder, many=True)
    figures: dict[str, float | None] = {"documents": documents, "loaded_mb": peak_megabytes()}
    index = Index.open(settings, embedder)
    fresh = not index.count()
    taken = timed(index.sync)
    rate = index.count() / taken if fresh else None
    figures |= {"passages": index.count(), "index_s": taken if fresh else None, "rate": rate}
    figures["peak_mb"] = peak_megabytes()
    figures["disk_mb"] = sum(path.stat().st_size for path in settings.index_dir().rglob("*") if path.is_file()) / 1e6
    index.close()

    index = Index.open(settings, embedder)
    figures["unchanged_s"] = timed(index.sync)
    files[documents // 2].write_text(
        files[documents // 2].read_text(encoding="utf-8") + "\nOne more sentence.\n", encoding="utf-8"
    )
    figures["change_s"] = timed(index.sync)
    index.close()

    index = Index.open(settings, embedder)
    retriever = Retriever(index, embedder, 8)
    figures["open_ms"] = timed(lambda: retriever.search(questions[0])) * 1000
    searched = times(retriever.search, questions)
    vectors = [embedder.embed_question(question) for question in questions]
    for name, seconds in (
        ("", searched),
        ("dense_", times(lambda vector: index.dense(vector, POOL), vectors)),
        ("words_", times(lambda question: index.lexical(question, POOL), questions)),
    ):
        figures[f"{name}p50_ms"] = statistics.median(seconds)
        figures[f"{name}p95_ms"] = float(np.quantile(seconds, 0.95))
    figures["recall"] = recall(index, vectors[:100])
    index.close()
    return figures


def cell(value: float | None) -> str:
    """Return a figure with as many digits as it deserves."""
    if value is None:
        return ""
    return f"{value:,.3f}" if value < 10 else f"{value:,.0f}"


def table(rows: list[dict[str, float | None]]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| " + " | ".join(COLUMNS.values()) + " |", "|---" * len(COLUMNS) + "|"]
    for row in rows:
        lines.append("| " + " | ".join(cell(row[key]) for key in COLUMNS) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure each size in a process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, nargs="+", default=[200, 1000, 5000, 20000])
    parser.add_argument("--work", type=Path, required=True, help="folder for corpora and indexes")
    parser.add_argument("--results", type=Path, help="keep the figures as JSON, for plot_growth.py")
    parser.add_argument("--embedder", choices=("model", "words"), default="model")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.work, options.embedder == "words")))
        return
    rows = []
    for documents in options.documents:
        command = [sys.executable, __file__, "--work", str(options.work), "--one", str(documents)]
        command += ["--embedder", options.embedder]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(rows[-1], file=sys.stderr)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(table(rows))
    if options.results:
        options.results.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
