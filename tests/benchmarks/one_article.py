"""One article, one person: this project beside plain LangChain, question by question in one run, and its start times.

Each question goes to both, in changing order, so that whatever else the machine does falls on both alike. No question
is asked twice. Needs the extras `local` and `benchmark`.

Run: python tests/benchmarks/one_article.py
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import starting
from plain_langchain import PlainLangChain
from timed import Timed

from qa.datatypes import Timings
from qa.evaluation import circumstances, predict, texts
from qa.metrics import percentile
from qa.pipeline import QA
from qa.question_sets import GoldQuestion, article_questions, read_question_set
from qa.scoring import Score, score
from qa.settings import Settings

QUESTIONS = Path(__file__).parent.parent / "data" / "article_questions.jsonl"
MOMENTS = {"passages found": "retrieval", "first word": "first_text", "end of the answer": "total"}


@dataclass(slots=True)
class Tally:
    """What one system did."""

    timings: list[Timings] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)

    def seconds(self, moment: str, share: float) -> float:
        """Return a percentile of the seconds to a moment."""
        return percentile([getattr(each, moment) for each in self.timings], share)

    def quality(self) -> dict[str, float]:
        """Return the shares that matter."""
        answerable = [each for each in self.scores if each.question.answerable]
        others = [each for each in self.scores if not each.question.answerable]
        precisions = [each.precision for each in answerable if each.precision is not None]
        recalls = [each.recall for each in answerable if each.recall is not None]
        lengths = [length for each in self.scores for length in each.citation_lengths]
        return {
            "answerable right": statistics.mean(each.right for each in answerable),
            "unanswerable declined": statistics.mean(each.right for each in others),
            "answerable declined": statistics.mean(each.declined for each in answerable),
            "citation precision": statistics.mean(precisions or [0]),
            "citation recall": statistics.mean(recalls or [0]),
            "citation characters": statistics.mean(lengths or [0]),
        }


def compare(engine: QA, plain: PlainLangChain, questions: Sequence[GoldQuestion]) -> tuple[Tally, Tally]:
    """Ask both every question, in changing order."""
    timed = Timed(engine)
    ours, theirs = Tally(timed.timings), Tally()

    def ask_ours(question: GoldQuestion) -> None:
        prediction = predict(timed, question)  # type: ignore[arg-type]
        ours.scores.append(score(question, prediction))

    def ask_plain(question: GoldQuestion) -> None:
        prediction, timings = plain.ask(question.id, question.question, question.history)
        theirs.timings.append(timings)
        theirs.scores.append(score(question, prediction))

    for number, question in enumerate(questions):
        for ask in (ask_ours, ask_plain) if number % 2 else (ask_plain, ask_ours):
            ask(question)
        print(f"\r{number + 1}/{len(questions)}", end="", file=sys.stderr)
    return ours, theirs


def table(ours: Tally, theirs: Tally) -> list[tuple[str, str, str, str]]:
    """Return rows: what, ours, plain LangChain's, how many times faster."""
    rows = []
    for name, moment in MOMENTS.items():
        for label, share in (("p50", 50), ("p95", 95)):
            here, there = ours.seconds(moment, share), theirs.seconds(moment, share)
            rows.append((f"{name}, {label}, s", f"{here:.2f}", f"{there:.2f}", f"{there / max(here, 1e-9):.1f}"))
    for (name, here), there in zip(ours.quality().items(), theirs.quality().values(), strict=True):
        rows.append((name, f"{here:.2f}", f"{there:.2f}", ""))
    return rows


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=42, help="questions, spread over the kinds")
    parser.add_argument("--no-starting", action="store_true", help="leave start times and memory out")
    parser.add_argument("--results", type=Path, help="keep the figures as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qa-benchmark-") as name, tempfile.TemporaryDirectory() as other:
        settings = Settings(data_dir=Path(name))
        with QA.open(settings) as engine:
            engine.sync()
            engine.warm_up()
            document = engine.document(engine.documents()[0].id)
            plain = PlainLangChain(settings, document, Path(other))
            plain.ask("", "Who wrote this?", ())
            questions = article_questions(read_question_set(QUESTIONS).limited(options.limit).rows, texts(engine))
            load = os.getloadavg()[0]
            ours, theirs = compare(engine, plain, questions)
            conditions = circumstances(settings) | {"load_before": load, "questions": len(questions)}
            plain.close()
    rows = table(ours, theirs)
    print(f"\n{conditions['date']}, {conditions['machine']}, {len(questions)} questions, load before {load:.1f}\n")
    print("| | this project | plain LangChain | times faster |\n|---|---|---|---|")
    print("\n".join(f"| {' | '.join(row)} |" for row in rows))
    found: dict[str, float] = {}
    if not options.no_starting:
        with tempfile.TemporaryDirectory(prefix="qa-benchmark-") as name:
            found = starting.measure(Path(name))
        print("\n| | |\n|---|---|")
        print("\n".join(f"| {name} | {value:,.2f} |" for name, value in found.items()))
    if options.results:
        options.results.write_text(json.dumps({"conditions": conditions, "rows": rows, "starting": found}, indent=1))


if __name__ == "__main__":
    main()
