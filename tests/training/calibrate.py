"""Fit the calibration of the reader on articles that it never saw, and print figures by leave-one-article-out.

    python tests/training/calibrate.py --squad FILE --out qa/adapters/reader.json [--questions 60]

Every question of tests/data/held_out/ is asked of its article alone (read whole) and of all these articles together
(retrieved); those of the SQuAD articles that training left out are asked of the whole article. Nothing of
the question sets that the README's table is measured on is used.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
from train_reader import HELD_OUT_ARTICLES, consensus

from qa import QA, Settings
from qa.calibration import Calibration
from qa.citations import compose
from qa.question_sets import ArticleRow, GoldQuestion, WikipediaArticle, article_questions, wikipedia_questions
from qa.scoring import Prediction, score

HELD_OUT = Path(__file__).parent.parent / "data" / "held_out"
FEATURES = ("log_odds", "certainty", "cosine", "overlap", "whole")
STATED = ("log_odds", "cosine", "whole")


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


def written_rows(article: Path) -> tuple[ArticleRow, ...]:
    """Return the questions of a held-out article in the article format."""
    groups = json.loads(article.with_suffix(".include.json").read_text(encoding="utf-8"))
    rows = []
    for row in map(json.loads, article.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()):
        rows.append(
            ArticleRow(
                id=row["id"],
                kind=row["kind"],
                question=row["question"],
                answers=tuple(s["text"] for s in row["statements"]),
                must_include=groups[row["id"]],
                evidence=tuple(e for s in row["statements"] for e in s["evidence"]),
                history=row["history"],
            )
        )
    return tuple(rows)


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
                "answers": [a["text"] for a in q["answers"]] + ([consensus(q["answers"])["text"]] if q["answers"] else []),
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
            text = compose(*composed.call_args.args[:4], sure).text
            texts.append(text)
            said = Prediction(id=question.id, answer=text, answered=bool(text))
            right.append(question.answerable and score(question, said).right)
        yield Trial(
            group, question.kind, question.answerable, bool(texts[0]), *right, *texts, dict(answer.signals)
        )


def all_trials(squad: Path, questions: int) -> list[Trial]:
    """Ask everything."""
    found: list[Trial] = []
    rng = random.Random(3)
    articles = sorted(HELD_OUT.glob("*.txt"))
    with tempfile.TemporaryDirectory() as folder:
        base = Settings.load(corpus=HELD_OUT, data_dir=Path(folder) / "all", decline_threshold=0.0)
        with QA.open(base) as engine:
            for article in articles:
                alone = base.model_copy(update={"corpus": article, "data_dir": Path(folder) / article.stem})
                with engine.beside(alone) as beside:
                    beside.sync()
                    gold = article_questions(written_rows(article), {article.name: article.read_text(encoding="utf-8")})
                    found += trials(beside, article.stem, gold)
                    print(article.stem, flush=True)
                together = base.model_copy(update={"data_dir": Path(folder) / "t", "whole_document_tokens": 0, "corpus": HELD_OUT})
                with engine.beside(together) as beside:
                    beside.sync()
                    found += trials(beside, article.stem, rng.sample(gold, min(10, questions)))
            for article in squad_sets(squad, questions, rng):
                source = Path(folder) / f"{article.title}.txt"
                source.write_text(article.text, encoding="utf-8")
                alone = base.model_copy(update={"corpus": source, "data_dir": Path(folder) / article.title})
                with engine.beside(alone) as beside:
                    beside.sync()
                    found += trials(beside, article.title, wikipedia_questions(article, source.name))
                    print(article.title, flush=True)
    return found


def fit(rows: np.ndarray, labels: np.ndarray, penalty: float = 1.0) -> np.ndarray:
    """Return the weights of a logistic regression, bias first, by Newton's method; rows (n, features)."""
    x = np.column_stack([np.ones(len(rows)), rows])
    weights = np.zeros(x.shape[1])
    ridge = np.diag([1e-6] + [penalty] * (x.shape[1] - 1))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (chance - labels) + ridge @ weights
        hessian = (x * (chance * (1 - chance))[:, None]).T @ x + ridge
        weights -= np.linalg.solve(hessian, gradient)
    return weights


def chances(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the fitted probabilities."""
    return 1 / (1 + np.exp(-(weights[0] + rows @ weights[1:])))


def matrix(found: list[Trial], names: tuple[str, ...]) -> np.ndarray:
    """Return the signals as rows."""
    return np.array([[t.signals[name] for name in names] for t in found])


def figures(found: list[Trial], stated: np.ndarray, threshold: float) -> dict[str, float]:
    """Return what a threshold gives."""
    answered = np.array([t.written for t in found]) & (stated >= threshold)
    able = np.array([t.answerable for t in found])
    right = np.array([t.right for t in found])
    return {
        "right": float((answered & right)[able].mean()),
        "declined": float((~answered)[~able].mean()) if (~able).any() else float("nan"),
        "wrongly declined": float((~answered)[able].mean()),
    }


def main() -> None:
    """Ask, fit, cross-validate, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squad", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--trials", type=Path, help="keep the trials here, or take them from here if it exists")
    args = parser.parse_args()
    if args.trials and args.trials.is_file():
        found = [Trial(**row) for row in json.loads(args.trials.read_text())]
    else:
        found = all_trials(args.squad, args.questions)
        if args.trials:
            args.trials.write_text(json.dumps([{n: getattr(t, n) for n in t.__slots__} for t in found]))
    found = [t for t in found if t.signals]
    able = np.array([t.answerable for t in found], dtype=float)
    rows = matrix(found, STATED)
    crossed = np.zeros(len(found))
    for group in {t.group for t in found}:
        out = np.array([t.group == group for t in found])
        crossed[out] = chances(fit(rows[~out], able[~out]), rows[out])
    for threshold in (0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7):
        for name, whole in (("read whole", 1.0), ("retrieved", 0.0)):
            part = [at for at, t in enumerate(found) if t.signals["whole"] == whole]
            shown = figures([found[at] for at in part], crossed[part], threshold)
            print(f"threshold {threshold:.2f} {name:10s} n={len(part)}", {k: round(v, 3) for k, v in shown.items()})
    threshold = max(
        np.arange(0.2, 0.8, 0.01),
        key=lambda at: (lambda f: f["right"] + f["declined"] - f["wrongly declined"])(figures(found, crossed, at)),
    )
    answered = [t for t, chance in zip(found, crossed, strict=True) if t.written and chance >= threshold]
    declined = [t for t, chance in zip(found, crossed, strict=True) if not (t.written and chance >= threshold)]

    def part(names: tuple[str, ...], weights: np.ndarray) -> dict:
        return {"bias": round(float(weights[0]), 4), "weights": {n: round(float(w), 4) for n, w in zip(names, weights[1:])}}

    record = {
        "questions": len(found),
        "threshold": round(float(threshold), 2),
        "stated": part(STATED, fit(rows, able)),
        "right_answer": part(FEATURES, fit(matrix(answered, FEATURES), np.array([float(t.right) for t in answered]))),
        "right_decline": part(STATED, fit(matrix(declined, STATED), np.array([float(not t.answerable) for t in declined]))),
    }
    args.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record), Calibration.load(args.out).threshold)


if __name__ == "__main__":
    main()
