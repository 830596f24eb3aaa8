"""An engine that keeps the timings of its answers, which `qa.evaluation.predict` does not tell."""

from qa.datatypes import Answer, Timings
from qa.pipeline import QA


class Timed:
    """Answers as the engine does; `timings` holds those of all its answers."""

    def __init__(self, engine: QA) -> None:
        self._engine = engine
        self.timings: list[Timings] = []

    def ask(self, question: str, **options: object) -> Answer:
        """Answer, and keep the timings."""
        answer = self._engine.ask(question, **options)  # type: ignore[arg-type]
        self.timings.append(answer.timings)
        return answer
