"""Fit which sentences are on a topic (qa/topics.py), and print how well that goes on articles left out.

    python tests/training/fit_topics.py

`topics/` holds, for each of ten articles that no part was trained on, seven requests ("Tell me about ...") with the
sentences that a good answer must give (`core`) and those that it may give (`also`), and one request for a timeline.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from calibrate import fit

from qa import QA, Settings
from qa.questions import topic_asked
from qa.topics import chosen, evidence_of

HERE = Path(__file__).parent
ARTICLES = (HERE / "unseen", HERE.parent / "data" / "held_out")


@dataclass(frozen=True)
class Request:
    """A request, by sentence: what is known of it, shape (sentences, 3), whether it must and whether it may be given.

    `given` says whether anything is.
    """

    article: str
    evidence: np.ndarray
    core: np.ndarray
    good: np.ndarray
    given: bool


def ask(path: Path, engine: QA) -> Iterator[Request]:
    """Ask the reader for each topic of an article."""
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        topic = topic_asked(row["question"])
        if row["kind"] != "topic" or not topic:
            continue
        query = engine._look_up(row["question"], (), None, "")
        attempt = engine._attempt(query, engine._wholes(query)[0])
        answers = attempt.answers()
        attempt.interrupt()
        sentences = attempt.material.reading.sentences
        evidence = np.array(evidence_of(topic, attempt.material.reading, attempt.judge.likely))
        core = np.array([sentence.text in row["core"] for sentence in sentences])
        good = core | np.array([sentence.text in row["also"] for sentence in sentences])
        yield Request(path.stem, evidence, core, good, answers or bool(np.isclose(evidence[:, 1], 1).any()))


def requests() -> Iterator[Request]:
    """Yield the requests of all articles."""
    for path in sorted((HERE / "topics").glob("*.jsonl")):
        article = next(folder / f"{path.stem}.txt" for folder in ARTICLES if (folder / f"{path.stem}.txt").exists())
        with tempfile.TemporaryDirectory() as name:
            corpus = Path(name) / "corpus"
            corpus.mkdir()
            (corpus / article.name).write_bytes(article.read_bytes())
            with QA.open(Settings.load(corpus=corpus, data_dir=Path(name) / "index")) as engine:
                engine.sync()
                yield from ask(path, engine)


def weights_from(found: list[Request]) -> np.ndarray:
    """Return the weights fitted on requests, bias first."""
    treated = [request for request in found if request.core.any()]
    rows, labels = np.concatenate([r.evidence for r in treated]), np.concatenate([r.good for r in treated])
    return fit(rows, labels, np.ones(len(labels)))


def main() -> None:
    """Print the weights, and precision and recall with those of the other articles."""
    found = list(requests())
    precisions, recalls, numbers = [], [], []
    for request in (r for r in found if r.core.any()):
        weights = weights_from([r for r in found if r.article != request.article])
        scores = request.evidence @ weights[1:] + weights[0]
        quoted = chosen((1 / (1 + np.exp(-scores))).tolist()) if request.given else []
        precisions.append(request.good[quoted].mean() if quoted else 0.0)
        recalls.append(request.core[quoted].sum() / request.core.sum())
        numbers.append(len(quoted))
    silent = [request for request in found if not request.core.any()]
    print(f"{len(precisions)} topics: precision {np.mean(precisions):.3f}, recall of the core {np.mean(recalls):.3f}")
    print(f"{np.mean(numbers):.1f} sentences; of {len(silent)} not treated {sum(r.given for r in silent)} answered")
    print("weights:", np.round(weights_from(found), 2).tolist())


if __name__ == "__main__":
    main()
