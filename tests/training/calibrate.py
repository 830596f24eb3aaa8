"""Fit the calibration of the reader on articles that it never saw, and print figures by leave-one-article-out.

    python tests/training/calibrate.py --squad FILE --out qa/adapters/reader.json --asked KEPT

Every question of tests/data/held_out/ is asked of its article alone, which is read whole; those of the SQuAD
articles that training left out, and a quarter of tests/data/wikipedia_articles.json, are asked of the whole article,
of which the best sentences are read. The README's table is measured on none of these questions where it says so.
Those on the articles of unseen/ and the documents of later/ are asked up to the first label, for when to decline what
is read whole.
"""

import argparse
import contextlib
import functools
import json
import math
import pickle
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from examples import HELD_OUT_ARTICLES, HERE, written_articles
from scipy.optimize import minimize

from qa import QA, Settings
from qa.answering import Reply
from qa.calibration import Calibration
from qa.concluding import conclude
from qa.cross_encoder import CrossEncoder, open_cross_encoder
from qa.datatypes import Extent, Timings
from qa.evaluation import texts
from qa.judging import Judge
from qa.pointing import Pointing, shared_words
from qa.question_sets import (
    GoldQuestion,
    WikipediaArticle,
    article_questions,
    read_question_set,
    wikipedia_questions,
)
from qa.scoring import CitedSpan, Prediction, overlap, score

DATA = Path(__file__).parent.parent / "data"
HELD_OUT = DATA / "held_out"
UNSEEN = tuple(HERE / name for name in ("unseen", "later"))
WIKIPEDIA_QUESTIONS = 90
FEATURES = ("log_odds", "pointed", "cosine", "overlap", "whole")
"""Of the confidence. How sure the reader was of its words, and the cross-encoder's score, gave nothing there."""
STATED = ("log_odds", "pointed", "cosine", "whole", "relevance")
STATED_WHOLE = ("log_odds", "pointed", "relevance")
"""Of an article read whole; the cosine, too, gave nothing there."""
MOST_DECLINED = {"sentences": 0.05, "sure": 0.04}
"""Share of answerable questions that may be declined, of retrieved sentences: about a third of what is bearable, since
of other questions two to four times as many are declined. Answers are in own words from where, by the regression for
retrieved sentences, that of "sure" would be declined of articles read whole."""
WHOLE_THRESHOLD = 0.7
"""For what is read whole. At 0.5, where 0.03 of these questions' answerable ones are declined, a third of the near
misses on everyday documents are answered: near misses of the articles here are easier. Of 914 questions on others 0.7
declines 12 more of 221 rightly and loses 7 of 614 right answers, 0.75 16 and 11 (tests/benchmarks/README.md)."""
ROW_THRESHOLD = 0.5
"""The same where the likeliest sentence is a row of a table: of 129 answerable questions on documents with tables 0.7
would decline seven more, and with either all 21 unanswerable ones are declined."""
PART_THRESHOLD = 0.99
"""For a part of a long document, by the regression for whole articles; from 0.99 to 0.996 the figures hardly differ
(tests/benchmarks/README.md)."""
HOPELESS = 0.01
"""Below this probability of "stated" nothing is written: no threshold would be set there, and writing takes time."""
RIDGE = 0.002
"""Penalty on the weight of shared words: half of the questions are SQuAD's, which share more words than others."""

Questions = Callable[[QA], list[GoldQuestion]]


@functools.cache
def cross_encoder() -> CrossEncoder:
    """Return the cross-encoder, loaded once."""
    return open_cross_encoder(Settings.load())


@functools.cache
def relevance(question: str, sentences: tuple[tuple[int, str], ...]) -> dict[int, float]:
    """Return the cross-encoder's log-odds of numbered sentences."""
    scores = cross_encoder().scores(question, [text for _, text in sentences])
    return {number: float(score) for (number, _), score in zip(sentences, scores, strict=True)}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it was asked, and what QA concludes from: question, searched, passages, material, reply."""

    group: str
    gold: GoldQuestion
    concluded: tuple[Any, ...]

    @property
    def reply(self) -> Reply:
        """What the reader wrote, or would have named first."""
        return self.concluded[4]

    @property
    def shared(self) -> tuple[float, ...]:
        """Of each sentence read, the share of the question's words."""
        return shared_words(self.concluded[0], self.concluded[3].reading)

    @property
    def relevance(self) -> dict[int, float]:
        """The cross-encoder's log-odds of the sentences that the reply might begin from, by number."""
        return self.relevance_of([number for number, _ in self.reply.likely])

    def relevance_of(self, numbers: Sequence[int]) -> dict[int, float]:
        """Return the cross-encoder's log-odds of sentences that were read, by number."""
        sentences = self.concluded[3].reading.sentences
        return relevance(self.concluded[0], tuple((number, sentences[number - 1].text) for number in numbers))

    @property
    def proving(self) -> tuple[bool, ...]:
        """Of each sentence read, whether it touches gold evidence."""
        material = self.concluded[3]
        sources = {document.id: document.source for document in material.documents}
        places = [place for places in self.gold.evidence for place in places]
        return tuple(
            any(overlap(CitedSpan(start=s.start, end=s.end, source=sources[s.document_id]), place) for place in places)
            for s in material.reading.sentences
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """One question with nothing declined by threshold: whether a sure and an unsure answer would be right."""

    group: str
    extent: Extent
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


def articles(squad: Path, questions: int, folder: Path, base: Settings) -> Iterator[tuple[Settings, str, Questions]]:
    """Return the settings of each article alone, its name, and its questions by the text that the index holds."""
    for path in sorted(HELD_OUT.glob("*.txt")):
        rows = read_question_set(path.with_suffix(".jsonl")).rows
        yield alone(base, path, folder), path.stem, lambda engine, rows=rows: article_questions(rows, texts(engine))
    wikipedia = read_question_set(DATA / "wikipedia_articles.json").limited(WIKIPEDIA_QUESTIONS).articles
    for place, found in (
        ("squad", squad_sets(squad, questions, random.Random(3))),
        ("wikipedia", wikipedia),
    ):
        for article in found:
            source = folder / place / f"{article.title}.txt"
            source.parent.mkdir(exist_ok=True)
            source.write_text(article.text, encoding="utf-8")
            gold = wikipedia_questions(article, source.name)
            yield alone(base, source, folder / place), article.title, lambda engine, gold=gold: gold


def alone(base: Settings, article: Path, folder: Path) -> Settings:
    """Return the settings for asking one article."""
    return base.model_copy(update={"corpus": article, "data_dir": folder / f"{article.stem}-index"})


@contextlib.contextmanager
def synced(engine: QA, settings: Settings, pointing: Pointing) -> Iterator[QA]:
    """Open the corpus of these settings beside the engine, which points as told."""
    with engine.beside(settings) as beside:
        beside._calibration = replace(beside._calibration, pointing=pointing)
        beside.sync()
        yield beside


def ask_all(
    squad: Path, questions: int, pointing: Pointing, wanted: Callable[[str, str], bool] = lambda group, identity: True
) -> Iterator[Asked]:
    """Ask the wanted questions (group, id), nothing declined but the hopeless.

    What is answered in another way than by the reader's statements, as lists are, is left out. Of a question concluded
    twice (introducing.py) the first time counts: the second is not of the reader's reply.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = Settings.load(corpus=HELD_OUT, data_dir=folder / "all", decline_threshold=HOPELESS)
        with QA.open(base) as engine:
            for settings, group, gold in articles(squad, questions, folder, base):
                with synced(engine, settings, pointing) as beside:
                    for question in gold(beside):
                        if wanted(group, question.id):
                            with (
                                mock.patch("qa.single.conclude", wraps=conclude) as concluding,
                                mock.patch("qa.pipeline.asked_in", lambda whole: (whole,)),
                            ):
                                beside.ask(question.question, history=question.history)
                            if concluding.called:
                                yield Asked(group, question, concluding.call_args_list[0].args[:5])
                print(group, flush=True)


def ask_unseen(pointing: Pointing) -> Iterator[Trial]:
    """Ask the questions on the unseen articles and decline them all: what would be written counts as right."""
    with tempfile.TemporaryDirectory() as name:
        base = Settings.load(corpus=HELD_OUT, data_dir=Path(name) / "all", decline_threshold=1.0)
        with QA.open(base) as engine:
            for folder, (document, examples) in ((f, asked) for f in UNSEEN for asked in written_articles(f)):
                with synced(engine, alone(base, folder / document.source, Path(name)), pointing) as beside:
                    for example in examples:
                        answer = beside.ask(example.question, history=example.turns)
                        able = bool(example.statements)
                        yield Trial(document.source, "whole", "", able, True, able, able, "", "", dict(answer.signals))
                print(document.source, flush=True)


def fit_pointing(asked: list[Asked]) -> Pointing:
    """Return the weights under which the sentences that prove the answers are likeliest; print what they give."""
    rows = []
    for one in asked:
        proving, shared, relevant = one.proving, one.shared, one.relevance
        if any(proving[number - 1] for number, _ in one.reply.likely):
            table = [
                (math.log(max(p, 1e-9)), shared[n - 1], relevant[n], proving[n - 1]) for n, p in one.reply.likely
            ]
            rows.append((one.group, np.array(table)))

    def loss(weights: np.ndarray, part: list[np.ndarray]) -> float:
        scores = [row[:, :3] @ weights for row in part]
        gold = [np.logaddexp.reduce(s[r[:, 3] > 0]) - np.logaddexp.reduce(s) for s, r in zip(scores, part, strict=True)]
        return float(RIDGE * weights[1] ** 2 - np.mean(gold))

    def best(part: list[np.ndarray]) -> np.ndarray:
        return minimize(loss, [1.0, 0.0, 0.0], args=(part,), method="Nelder-Mead").x

    def first(weights: np.ndarray, part: list[np.ndarray]) -> list[float]:
        return [float(row[np.argmax(row[:, :3] @ weights), 3]) for row in part]

    plain, crossed = [], []
    for group in sorted({group for group, _ in rows}):
        without, within = ([r for g, r in rows if (g == group) is inside] for inside in (False, True))
        plain += first(np.array([1.0, 0.0, 0.0]), within)
        crossed += first(best(without), within)
    print(f"proving sentence first: {np.mean(plain):.3f}, weighed (by article left out) {np.mean(crossed):.3f}")
    return Pointing(*best([row for _, row in rows]).round(2).tolist())


def weighed(one: Asked, pointing: Pointing) -> Asked:
    """Return a question asked without pointing as if it had been asked with it; what was written stays."""
    *rest, reply = one.concluded
    likely = pointing.weigh(reply.likely, one.shared, one.relevance)
    return replace(one, concluded=(*rest, replace(reply, likely=likely)))


def trial(one: Asked) -> Trial:
    """Conclude both ways and see which is right."""
    said, gold = [], one.gold
    for sure in (True, False):
        passages, material = one.concluded[2:4]
        judge = Judge(passages, material.extent, Calibration.load(Path()), 0.0, relevance=one.relevance_of)
        judge.sure, judge.relevance = sure, max(one.relevance.values(), default=0.0)
        said.append(conclude(*one.concluded, judge, Timings(0, 0, 0)))
    right = [
        gold.answerable and score(gold, Prediction(id=gold.id, answer=a.text, answered=a.answered)).right for a in said
    ]
    texts = [answer.text if answer.answered else "" for answer in said]
    extent = material.extent
    return Trial(one.group, extent, gold.kind, gold.answerable, bool(texts[0]), *right, *texts, dict(said[0].signals))


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
    retrieved = [t for t in found if t.extent == "sentences"]
    able = max(1, sum(t.answerable for t in retrieved))
    unable = max(1, len(retrieved) - able)
    half = len(retrieved) / 2
    return np.array([1.0 if t.extent == "whole" else half / (able if t.answerable else unable) for t in found])


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


def calibrate(found: list[Trial], unseen: list[Trial]) -> dict[str, Any]:
    """Choose the thresholds on cross-fitted probabilities, print what they give, fit on all."""
    found, unseen = ([t for t in group if t.signals] for group in (found, unseen))
    crossed = cross_fitted(found, STATED)
    whole = np.array([t.extent == "whole" for t in found])
    read_whole = [t for t in (*found, *unseen) if t.extent == "whole"]
    parts = {
        name: ([t for t, kept in zip(found, at, strict=True) if kept], crossed[at])
        for name, at in (("whole", whole), ("sentences", ~whole))
    }
    sure = best_threshold(*parts["whole"], MOST_DECLINED["sure"])
    crossed_whole = cross_fitted(read_whole, STATED_WHOLE)
    crossed[whole] = crossed_whole[: whole.sum()]
    parts["whole"] = read_whole, crossed_whole
    sentences = best_threshold(*parts["sentences"], MOST_DECLINED["sentences"])
    thresholds = {"whole": WHOLE_THRESHOLD, "sentences": sentences}
    for name, (part, stated) in parts.items():
        for least in sorted({0.2, 0.3, 0.4, 0.5, 0.6, 0.7, thresholds[name]}):
            print(f"{name:9s} n={len(part)} threshold {least:.2f}", outcome(part, stated, least, sure))
    least = np.where(whole, thresholds["whole"], thresholds["sentences"])
    answered = np.array([t.written for t in found]) & (crossed >= least)
    answers = [(t, c) for t, c, given in zip(found, crossed, answered, strict=True) if given]
    declines = [t for t, given in zip(found, answered, strict=True) if not given]
    return {
        "questions": len(found) + len(unseen),
        "threshold": {**thresholds, "part": PART_THRESHOLD},
        "rows": ROW_THRESHOLD,
        "sure": sure,
        "stated": {
            "whole": logistic(read_whole, STATED_WHOLE, [t.answerable for t in read_whole]),
            "sentences": logistic(found, STATED, [t.answerable for t in found]),
        },
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
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--asked", type=Path, required=True, help="kept here; taken from here if it exists")
    args = parser.parse_args()
    if args.asked.is_file():
        plain, pointing, anew, unseen = pickle.loads(args.asked.read_bytes())
    else:
        plain = list(ask_all(args.squad, args.questions, Pointing()))
        pointing = fit_pointing(plain)
        changed = {(a.group, a.gold.id) for a in plain if weighed(a, pointing).reply.first != a.reply.first}
        anew = list(ask_all(args.squad, args.questions, pointing, lambda *question: question in changed))
        unseen = list(ask_unseen(pointing))
        args.asked.write_bytes(pickle.dumps((plain, pointing, anew, unseen)))
    written = {(a.group, a.gold.id): a for a in anew}
    found = [trial(written.get((a.group, a.gold.id)) or weighed(a, pointing)) for a in plain]
    record = calibrate(found, unseen) | {"pointing": asdict(pointing)}
    args.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record))


if __name__ == "__main__":
    main()
