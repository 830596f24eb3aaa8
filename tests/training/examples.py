"""Questions on documents, with the statements that answer them, from the files that training reads."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qa.corpus import make_document, title_of
from qa.datatypes import Document, Turn

HERE = Path(__file__).parent
HELD_OUT_ARTICLES = ("Harvard University", "Packet switching")
SELQA_CHARACTERS, SELQA_SHARE = 4000, 1 / 3
"""Length of a document put together from SelQA's sections, and the share of these that are drawn."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the statements that answer it, each proved by spans of the document; none: not stated.

    Where no answer `worded` like the others is known, only the first label is learnt.
    """

    question: str
    history: tuple[tuple[str, str], ...]
    statements: tuple[tuple[str, tuple[Span, ...]], ...]
    worded: bool = True

    @property
    def turns(self) -> list[Turn]:
        """The history as QA takes it."""
        roles = ("user", "assistant")
        return [Turn(role=r, content=c) for pair in self.history for r, c in zip(roles, pair, strict=True)]

    @property
    def evidence(self) -> list[Span]:
        """The spans that prove the statements."""
        return [span for _, spans in self.statements for span in spans]


Asked = tuple[Document, list[Example]]
"""A document and the questions on it."""


def written_articles(folder: Path) -> list[Asked]:
    """Load the articles written for this project with their questions."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        examples = []
        for row in map(json.loads, path.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()):
            statements = tuple(
                (s["text"], tuple((text.index(e), text.index(e) + len(e)) for e in s["evidence"]))
                for s in row["statements"]
            )
            examples.append(Example(row["question"], tuple(map(tuple, row["history"])), statements))
        found.append((make_document(title_of(path.name), path.name, text), examples))
    return found


def consensus(answers: list[dict]) -> dict:
    """Return the annotators' answer that shares most words with the others'; the shorter one of equals."""
    words = [set(a["text"].lower().split()) for a in answers]

    def agreement(at: int) -> float:
        return sum(2 * len(words[at] & other) / (len(words[at]) + len(other)) for other in words)

    return answers[max(range(len(answers)), key=lambda at: (agreement(at), -len(answers[at]["text"])))]


def squad_articles(path: Path, held_out: bool) -> Iterator[Asked]:
    """Load SQuAD 2.0 articles, those that training leaves out or the others, whole."""
    for title, paragraphs in _squad(path, held_out):
        yield _joined(title, paragraphs)


def squad_threes(path: Path, held_out: bool, offset: int = 0) -> list[Asked]:
    """Load three neighbouring paragraphs at a time, `offset` before others, as one document."""
    found = []
    for title, paragraphs in _squad(path, held_out):
        for first in range(offset - 3 if offset else 0, len(paragraphs), 3):
            document, examples = _joined(title, paragraphs[max(0, first) : first + 3])
            if examples:
                found.append((document, examples))
    return found


def _squad(path: Path, held_out: bool) -> Iterator[tuple[str, list[dict]]]:
    for article in json.loads(path.read_text(encoding="utf-8")):
        if (article["title"] in HELD_OUT_ARTICLES) == held_out:
            yield article["title"], article["paragraphs"]


def _joined(title: str, paragraphs: list[dict]) -> Asked:
    text, examples = "", []
    for paragraph in paragraphs:
        for q in paragraph["questions"]:
            statements = ()
            if q["answerable"]:
                answer = consensus(q["answers"])
                start = len(text) + answer["start"]
                statements = ((answer["text"].strip(" ,.;:"), ((start, start + len(answer["text"])),)),)
            examples.append(Example(q["question"].strip(), (), statements))
        text += paragraph["context"] + "\n\n"
    return make_document(title, f"{title}.txt", text), examples


def selqa_articles(paths: list[Path], rng: random.Random) -> list[Asked]:
    """Put sections of SelQA, drawn by chance, together to documents, with the questions on them."""
    asked: dict[tuple[str, tuple[str, ...]], list[tuple[str, list[int]]]] = {}
    for row in (row for path in paths for row in json.loads(path.read_text(encoding="utf-8"))):
        if row["answers"] and len(row["candidates"]) > 1:
            asked.setdefault((row["article"], tuple(row["candidates"])), []).append((row["question"], row["answers"]))
    found, text, examples = [], "", []
    for title, sentences in sorted(rng.sample(list(asked), int(len(asked) * SELQA_SHARE))):
        places = []
        for sentence in sentences:
            places.append((len(text), len(text) + len(sentence)))
            text += sentence + " "
        text = text.rstrip() + "\n\n"
        for question, answers in asked[title, sentences]:
            proof = (places[rng.choice(answers)],)
            examples.append(Example(question.strip(), (), (("", proof),), worded=False))
        if len(text) > SELQA_CHARACTERS:
            found.append((make_document(title, title, text), examples))
            text, examples = "", []
    if examples:
        found.append((make_document(title, title, text), examples))
    return found
