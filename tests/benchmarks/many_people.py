"""Many people at once against one process: throughput, waiting and fairness with one slot and with several.

First one person asks question after question; then everyone asks at the same time, each their own questions, with as
many slots of the model as are tried. An answer counts as mixed up when it is not to the question asked.

Run: python tests/benchmarks/many_people.py --people 20 --slots 1 4 8
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from qa.datatypes import Answer
from qa.errors import BusyError
from qa.evaluation import circumstances
from qa.metrics import percentile
from qa.pipeline import QA
from qa.question_sets import read_question_set
from qa.settings import Settings

QUESTIONS = Path(__file__).parent.parent / "data" / "article_questions.jsonl"
SEARCH_PAUSE = 0.25
"""Seconds between two searches of the one who only looks around while others ask."""


class Crowd:
    """What came of one round."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.waited: list[float] = []
        self.started: list[int] = []
        self.searches: list[float] = []
        self.faults: list[str] = []
        self.busy = 0
        self.seconds = 0.0
        self._lock = threading.Lock()

    def ask(self, engine: QA, place: int, question: str) -> None:
        """Ask one question as the person who came as number `place`."""
        begun = time.perf_counter()
        try:
            for piece in engine.stream(question):
                if isinstance(piece, Answer):
                    with self._lock:
                        self.answers[question] = piece
                        self.waited.append(time.perf_counter() - begun)
                        self.started.append(place)
                        if piece.question != question:
                            self.faults.append(f"{question!r} got the answer to {piece.question!r}")
        except BusyError:
            with self._lock:
                self.busy += 1
        except Exception as error:
            with self._lock:
                self.faults.append(repr(error))

    def overtaken(self) -> int:
        """Return by how many later arrivals somebody was overtaken at most, counted at the end of answers."""
        earlier = [sum(other > place for other in self.started[:at]) for at, place in enumerate(self.started)]
        return max(earlier, default=0)


def one_by_one(engine: QA, questions: Sequence[str]) -> Crowd:
    """Ask all questions one after another."""
    crowd, begun = Crowd(), time.perf_counter()
    for place, question in enumerate(questions):
        crowd.ask(engine, place, question)
    crowd.seconds = time.perf_counter() - begun
    return crowd


def at_once(engine: QA, questions: Sequence[str], people: int) -> Crowd:
    """Let everybody ask at the same time, and somebody else search meanwhile."""
    crowd, begun, over = Crowd(), time.perf_counter(), threading.Event()

    def person(number: int) -> None:
        for place in range(number, len(questions), people):
            crowd.ask(engine, place, questions[place])

    def look_around() -> None:
        while not over.wait(SEARCH_PAUSE):
            start = time.perf_counter()
            engine.search("peace in the region")
            crowd.searches.append(time.perf_counter() - start)

    asking = [threading.Thread(target=person, args=(number,)) for number in range(people)]
    looking = threading.Thread(target=look_around)
    for thread in (looking, *asking):
        thread.start()
        time.sleep(0.01)  # so that there is an order of arrival
    for thread in asking:
        thread.join()
    crowd.seconds = time.perf_counter() - begun
    over.set()
    looking.join()
    return crowd


def row(name: str, crowd: Crowd, alone: Crowd) -> dict[str, object]:
    """Return one line of the table."""
    same = sum(alone.answers[q].text == answer.text for q, answer in crowd.answers.items() if q in alone.answers)
    rate = len(crowd.answers) / crowd.seconds
    return {
        "": name,
        "answers/min": f"{60 * rate:.1f}",
        "times": f"{rate / (len(alone.answers) / alone.seconds):.2f}",
        "waited p50, s": f"{percentile(crowd.waited, 50):.1f}",
        "p95": f"{percentile(crowd.waited, 95):.1f}",
        "errors": len(crowd.faults),
        "busy": crowd.busy,
        "same words as alone": f"{same}/{len(crowd.answers)}",
        "overtaken by": crowd.overtaken(),
        "search p95, ms": f"{1000 * percentile(crowd.searches, 95):.0f}",
    }


def main() -> None:
    """Measure each number of slots and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--results", type=Path, help="keep the figures as JSON")
    options = parser.parse_args()
    questions = [item.question for item in read_question_set(QUESTIONS).limited(options.questions).rows]
    rows: list[dict[str, object]] = []
    alone: Crowd | None = None
    load = os.getloadavg()[0]
    for slots in options.slots:
        with tempfile.TemporaryDirectory(prefix="qa-benchmark-") as name:
            settings = Settings(data_dir=Path(name), slots=slots)
            with QA.open(settings) as engine:
                engine.sync()
                engine.warm_up()
                if alone is None:
                    alone = one_by_one(engine.beside(settings), questions)  # an engine of its own: no answer is kept
                    rows.append(row("one at a time", alone, alone))
                crowd = at_once(engine, questions, options.people)
                rows.append(row(f"{options.people} at once, slots: {slots}", crowd, alone))
                print(rows[-1], file=sys.stderr)
    print(f"{circumstances(settings)['date']}, {circumstances(settings)['machine']}, load before {load:.1f}\n")
    print(f"| {' | '.join(rows[0])} |\n{'|---' * len(rows[0])}|")
    print("\n".join(f"| {' | '.join(map(str, each.values()))} |" for each in rows))
    if options.results:
        options.results.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
