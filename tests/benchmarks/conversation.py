"""A conversation: questions asked one after another with all that was said before, beside each asked alone.

The questions stand alone, so the earlier turns can only cost time and mislead. Follow-ups of the sets are left out.

Run: python tests/benchmarks/conversation.py --questions 60
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from timed import Timed

from qa.datatypes import Turn
from qa.evaluation import circumstances, predict, texts
from qa.metrics import figures, percentile
from qa.pipeline import QA
from qa.question_sets import GoldQuestion, article_questions, read_question_set
from qa.scoring import Score, score
from qa.settings import Settings

DATA = Path(__file__).parent.parent / "data"
SETS = ("article_questions.jsonl", "article_questions_more.jsonl")
SHOWN = (
    "accuracy_answerable",
    "abstain_recall",
    "false_abstain_rate",
    "citation_precision",
    "citation_recall",
    "seconds_p50",
    "seconds_p95",
)


def converse(engine: Timed, questions: Sequence[GoldQuestion], remembering: bool) -> list[Score]:
    """Ask all, each with the exchanges before it or alone."""
    history: list[Turn] = []
    scores = []
    for question in questions:
        prediction = predict(engine, replace(question, history=tuple(history) if remembering else ()))  # type: ignore[arg-type]
        scores.append(score(question, prediction))
        history.append(Turn(role="user", content=question.question))
        history.append(Turn(role="assistant", content=prediction.answer or ""))
    return scores


def main() -> None:
    """Ask both ways and print the figures of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    rows = tuple(row for name in SETS for row in read_question_set(DATA / name).rows if not row.history)
    for remembering in (False, True):
        with tempfile.TemporaryDirectory() as folder, QA.open(Settings.load(data_dir=Path(folder))) as engine:
            engine.sync()
            engine.warm_up()
            asked = random.Random(args.seed).sample(article_questions(rows, texts(engine)), args.questions)
            timed = Timed(engine)
            found = figures(converse(timed, asked, remembering))
            first = [timings.first_text for timings in timed.timings]
            told = {name: round(found[name], 3) for name in SHOWN}
            told |= {f"first_word_p{share}": round(percentile(first, share), 2) for share in (50, 95)}
            print("in one conversation" if remembering else "each alone", json.dumps(told), flush=True)
    print(json.dumps(circumstances(Settings.load())), file=sys.stderr)


if __name__ == "__main__":
    main()
