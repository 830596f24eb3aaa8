"""Are items of lists and rows of tables found in a long document? Thirty sections, each with a list and a table.

    python tests/benchmarks/listed.py

Prints for how many of the ninety questions the right line is among the passages found, and among what is read.
"""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from large_corpus import invented

from qa import QA, Settings

SECTIONS = 30
YEARS = range(2008, 2024)
TABLE = "| Year | Revenue | Profit |\n|---|---|---|\n"


def sections(rng: random.Random) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the text of each section, and its questions with the lines that answer them."""
    for _ in range(SECTIONS):
        name, person, town = (invented(rng) for _ in range(3))
        rows = [f"{year} | {rng.randrange(10, 99) / 10} m | {rng.randrange(1, 9) / 10} m" for year in YEARS]
        facts = [f"Chief executive: {person}", f"Headquarters in {town}", f"{rng.randrange(20, 900)} employees"]
        text = f"## {name} Works\n\n{name} Works is one of the companies of the valley. It took part in the fair.\n\n"
        text += "\n".join(f"- {fact}" for fact in facts)
        text += "\n\n" + TABLE + "\n".join(f"| {row} |" for row in rows)
        asked = rng.randrange(len(YEARS))
        yield (
            text,
            [
                (f"What was the revenue of {name} Works in {YEARS[asked]}?", rows[asked]),
                (f"Who is the chief executive of {name} Works?", facts[0]),
                (f"Where is {name} Works based?", facts[1]),
            ],
        )


def main() -> None:
    """Make the document, ask, and print."""
    found, read, questions = 0, 0, 0
    made = list(sections(random.Random(4)))
    text = "\n\n".join(["# Companies of the valley", *(section for section, _ in made)])
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "report.md").write_text(text, encoding="utf-8")
        with QA.open(Settings.load(corpus=Path(name) / "report.md", data_dir=Path(name) / "index")) as engine:
            engine.sync()
            for section, asked in made:
                begin = text.index(section)
                for question, line in asked:
                    place = begin + section.index(line)
                    hits = engine.search(question)
                    best = engine._material.best(question, hits).reading.sentences
                    found += any(start == place for hit in hits for start, _ in hit.passage.sentences)
                    read += any(sentence.start == place for sentence in best)
                    questions += 1
    print(f"{questions} questions: the line is in the passages found for {found}, read for {read}")


if __name__ == "__main__":
    main()
