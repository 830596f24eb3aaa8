"""Fit the calibration of the reader on articles that it never saw, and print figures by leave-one-article-out.

    python tests/training/calibrate.py --squad FILE --out qa/adapters/reader.json --trials KEPT [--questions 40]

Every question of tests/data/held_out/ is asked of its article alone, which is read whole; those of the SQuAD
articles that training left out, and a quarter of tests/data/wikipedia_articles.json, are asked of the whole article,
of which the best sentences are read. The README's table is measured on none of these questions where it says so.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from train_reader import HELD_OUT_ARTICLES

from qa import QA, Settings
from qa.citations import compose
from qa.evaluation import texts
from qa.question_sets import (
    GoldQuestion,
    WikipediaArticle,
    article_questions,
    read_question_set,
    wikipedia_questions,
)
from qa.scoring import Prediction, score

DATA = Path(__file__).parent.parent / "data"
HELD_OUT = DATA / "held_out"
WIKIPEDIA_QUESTIONS = 90
FEATURES = ("log_odds", "pointed", "certainty", "cosine", "overlap", "whole")
STATED = ("log_odds", "pointed", "cosine", "whole")
MOST_DECLINED = {"whole": 0.04, "retrieved": 0.12}
"""Share of answerable questions that may be declined, of articles read whole and of retrieved sentences: less than is
bearable, since the questions of others are not those that the threshold is chosen on."""
HOPELESS = 0.01
"""Below this probability of "stated" nothing is written: no threshold would be set there, and writing takes time."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One question asked with nothing declined by threshold: whether a sure and an unsure answer would be right."""

    group: str
    kind: str
    answerable: bool
    written: bool
    sure_right: bool
    unsure_right: bool
    sure_text: str
    unsure_text: str
    signals: dict[str, float]


def squad_sets(path: Path, questions: int, rng: random.Random) -> Iterator[WikipediaArticle]:
    """Return the SQuAD articles that training left out, with at most `questions` questions each."""
    for article in json.loads(path.read_text(encoding="utf-8")):
        if article["title"] not in HELD_OUT_ARTICLES:
            continue
        rows = [
            {
                "id": q["id"],
                "question": q["question"],
                "answerable": q["answerable"],
                "answers": [a["text"] for a in q["answers"]],
                "paragraph": at,
            }
            for at, paragraph in enumerate(article["paragraphs"])
            for q in paragraph["questions"]
        ]
        yield WikipediaArticle(
            title=article["title"],
            paragraphs=tuple(p["context"] for p in article["paragraphs"]),
            questions=tuple(rng.sample(rows, min(questions, len(rows)))),
        )


def trials(engine: QA, group: str, questions: list[GoldQuestion]) -> Iterator[Trial]:
    """Ask the questions; have each reply composed both ways."""
    for question in questions:
        with mock.patch("qa.pipeline.compose", wraps=compose) as composed:
            answer = engine.ask(question.question, history=question.history)
        texts, right = [], []
        for sure in (True, False):
            text = compose(*composed.call_args.args[:4], sure, composed.call_args.args[5]).text
            texts.append(text)
            said = Prediction(id=question.id, answer=text, answered=bool(text))
            right.append(question.answerable and score(question, said).right)
        yield Trial(group, question.kind, question.answerable, bool(texts[0]), *right, *texts, dict(answer.signals))


def all_trials(squad: Path, questions: int) -> Iterator[Trial]:
    """Ask everything."""
    rng = random.Random(3)
    articles = sorted(HELD_OUT.glob("*.txt"))
    with tempfile.TemporaryDirectory() as folder:
        base = Settings.load(corpus=HELD_OUT, data_dir=Path(folder) / "all", decline_threshold=HOPELESS)
        with QA.open(base) as engine:
            for article in articles:
                alone = base.model_copy(update={"corpus": article, "data_dir": Path(folder) / article.stem})
                with engine.beside(alone) as beside:
                    beside.sync()
                    gold = article_questions(read_question_set(article.with_suffix(".jsonl")).rows, texts(beside))
                    yield from trials(beside, article.stem, gold)
                    print(article.stem, flush=True)
            wikipedia = read_question_set(DATA / "wikipedia_articles.json").limited(WIKIPEDIA_QUESTIONS).articles
            for article in (*squad_sets(squad, questions, rng), *wikipedia):
                source = Path(folder) / f"{article.title}.txt"
                source.write_text(article.text, encoding="utf-8")
                alone = base.model_copy(update={"corpus": source, "data_dir": Path(folder) / article.title})
                with engine.beside(alone) as beside:
                    beside.sync()
                    yield from trials(beside, article.title, wikipedia_questions(article, source.name))
                    print(article.title, flush=True)


def fit(rows: np.ndarray, labels: np.ndarray, shares: np.ndarray, penalty: float = 1.0) -> np.ndarray:
    """Return the weights of a logistic regression, bias first, by Newton's method; rows (n, features), shares (n,)."""
    x = np.column_stack([np.ones(len(rows)), rows])
    weights = np.zeros(x.shape[1])
    ridge = np.diag([1e-6] + [penalty] * (x.shape[1] - 1))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (shares * (chance - labels)) + ridge @ weights
        hessian = (x * (shares * chance * (1 - chance))[:, None]).T @ x + ridge
        weights -= np.linalg.solve(hessian, gradient)
    return weights


def shares_of(found: list[Trial]) -> np.ndarray:
    """Return how much each trial counts: among the retrieved, answerable and not count alike in sum.

    The SQuAD articles left out have far more unanswerable questions than the whole of SQuAD 2.0, where half are.
    """
    retrieved = [t for t in found if t.signals["whole"] == 0.0]
    able = max(1, sum(t.answerable for t in retrieved))
    unable = max(1, len(retrieved) - able)
    half = len(retrieved) / 2
    return np.array([1.0 if t.signals["whole"] else half / (able if t.answerable else unable) for t in found])


def chances(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the fitted probabilities."""
    return 1 / (1 + np.exp(-(weights[0] + rows @ weights[1:])))


def matrix(found: list[Trial], names: tuple[str, ...]) -> np.ndarray:
    """Return the signals as rows."""
    return np.array([[t.signals[name] for name in names] for t in found])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What two thresholds give: shares of answerable questions right and declined, of unanswerable ones declined."""

    right: float
    wrongly_declined: float
    declined: float

    @property
    def worth(self) -> float:
        """What is to be greatest: right answers and right declines count alike."""
        return self.right + self.declined


def outcome(found: list[Trial], stated: np.ndarray, threshold: float, sure: float) -> Outcome:
    """Return what thresholds give on trials with these probabilities."""
    able = np.array([t.answerable for t in found])
    answered = np.array([t.written for t in found]) & (stated >= threshold)
    right = answered & np.array(
        [t.sure_right if chance >= sure else t.unsure_right for t, chance in zip(found, stated, strict=True)]
    )
    return Outcome(*(float(x.mean()) if len(x) else 0.0 for x in (right[able], ~answered[able], ~answered[~able])))


def best_threshold(found: list[Trial], stated: np.ndarray, most: float) -> float:
    """Return the threshold of greatest worth among those that decline at most this share of the answerable."""
    grid = [float(least) for least in np.arange(0.05, 0.8, 0.01)]
    given = {least: outcome(found, stated, least, least) for least in grid}
    bearable = [least for least in grid if given[least].wrongly_declined <= most]
    return round(max(bearable or grid[:1], key=lambda least: given[least].worth), 2)


def cross_fitted(found: list[Trial], names: tuple[str, ...]) -> np.ndarray:
    """Return the probability of "answerable" for each trial, fitted without the trials on its article."""
    rows, able = matrix(found, names), np.array([t.answerable for t in found], dtype=float)
    shares = shares_of(found)
    crossed = np.zeros(len(found))
    for group in {t.group for t in found}:
        out = np.array([t.group == group for t in found])
        crossed[out] = chances(fit(rows[~out], able[~out], shares[~out]), rows[out])
    return crossed


def logistic(found: list[Trial], names: tuple[str, ...], labels: list[bool]) -> dict[str, Any]:
    """Fit and return a logistic regression as the calibration file holds it."""
    bias, *weights = fit(matrix(found, names), np.array(labels, dtype=float), shares_of(found)).round(4).tolist()
    return {"bias": bias, "weights": dict(zip(names, weights, strict=True))}


def calibrate(found: list[Trial]) -> dict[str, Any]:
    """Choose the thresholds on cross-fitted probabilities, print what they give, fit on all."""
    found = [t for t in found if t.signals]
    crossed = cross_fitted(found, STATED)
    whole = np.array([t.signals["whole"] == 1.0 for t in found])
    parts = {
        name: ([t for t, kept in zip(found, at, strict=True) if kept], crossed[at])
        for name, at in (("whole", whole), ("retrieved", ~whole))
    }
    thresholds = {name: best_threshold(*part, MOST_DECLINED[name]) for name, part in parts.items()}
    sure = thresholds["whole"]
    for name, (part, stated) in parts.items():
        for least in sorted({0.2, 0.3, 0.4, 0.5, 0.6, 0.7, thresholds[name]}):
            print(f"{name:9s} n={len(part)} threshold {least:.2f}", outcome(part, stated, least, sure))
    least = np.where(whole, thresholds["whole"], thresholds["retrieved"])
    answered = np.array([t.written for t in found]) & (crossed >= least)
    answers = [(t, c) for t, c, given in zip(found, crossed, answered, strict=True) if given]
    declines = [t for t, given in zip(found, answered, strict=True) if not given]
    return {
        "questions": len(found),
        **{f"threshold_{name}": threshold for name, threshold in thresholds.items()},
        "sure": sure,
        "stated": logistic(found, STATED, [t.answerable for t in found]),
        "right_answer": logistic(
            [t for t, _ in answers], FEATURES, [t.sure_right if c >= sure else t.unsure_right for t, c in answers]
        ),
        "right_decline": logistic(declines, STATED, [not t.answerable for t in declines]),
    }


def main() -> None:
    """Ask, fit, cross-validate, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squad", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--trials", type=Path, required=True, help="kept here; taken from here if it exists")
    args = parser.parse_args()
    if args.trials.is_file():
        found = [Trial(**json.loads(line)) for line in args.trials.read_text(encoding="utf-8").splitlines()]
    else:
        found = []
        with args.trials.open("w", encoding="utf-8") as file:
            for trial in all_trials(args.squad, args.questions):
                found.append(trial)
                print(json.dumps(asdict(trial), ensure_ascii=False), file=file, flush=True)
    record = calibrate(found)
    args.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record))


if __name__ == "__main__":
    main()
