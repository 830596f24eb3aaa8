"""What the reader is trained to read: whole documents, parts of long ones, and sentences as retrieval chooses them."""

import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from examples import Asked, Example

from qa import QA, Settings
from qa.conversation import search_question
from qa.cross_encoder import open_cross_encoder
from qa.datatypes import Document, Passage
from qa.embedding import open_embedder
from qa.material import POOL
from qa.parts import tokens
from qa.passages import split, text_of
from qa.ranking import SentenceRanker
from qa.reading import (
    INSTRUCTIONS,
    NumberedSentence,
    Reading,
    Statement,
    chat_prefix,
    chat_suffix,
    instruction,
    lay_out,
    write_reply,
)

PASSAGE_CHARACTERS = 500
END = "<|im_end|>"
PART_TOKENS = (600, 1000, 1400)
"""Lengths of the parts that a long article is cut into, drawn by chance, anew in each epoch."""
READ_TOKENS = (110, 140, 175, 175, 175, 210, 250)
"""How much of the ranked sentences is read, drawn by chance for each question."""
MOST_RANKED = 330
"""Tokens of ranked sentences that are kept of a question."""
PROOF_LOST = 0.08
"""How often a proving sentence is taken for one that retrieval did not find."""
TOGETHER = 10
"""Questions in a pack that each have sentences of their own."""
CORPUS = 4
"""Written articles that make up a corpus together."""

Encode = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class Pack:
    """A beginning that questions share, and what follows it, question and reply, as token ids."""

    prefix: list[int]
    questions: list[tuple[list[int], list[int]]]

    def in_a_row(self) -> tuple[list[int], list[int], list[tuple[int, int]]]:
        """Return the token ids of all, their positions, and where each question with its reply starts and ends.

        Each question's positions follow the beginning's, as if it were the only one.
        """
        first = len(self.prefix)
        ids, positions, spans = list(self.prefix), list(range(first)), []
        for question, reply in self.questions:
            spans.append((len(ids), len(ids) + len(question) + len(reply)))
            ids += question + reply
            positions += range(first, first + len(question) + len(reply))
        return ids, positions, spans


@dataclass(frozen=True, slots=True)
class Ranked:
    """A question on one of some documents, and their passages, each cut down to one sentence, best first."""

    example: Example
    document: Document
    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]


def reply_to(example: Example, sentences: Iterable[NumberedSentence]) -> str:
    """Return what a perfect reader writes of these sentences; statements whose proof is not among them are left out."""
    shown, found = list(sentences), []
    for text, spans in example.statements:
        numbers = [[s.number for s in shown if s.start < end and start < s.end] for start, end in spans]
        if all(numbers):
            found.append(Statement(text, tuple(sorted({n for group in numbers for n in group}))))
    reply = write_reply(found) + END
    return reply if example.worded or ":" not in reply else reply[: reply.index(":") + 1]


def whole(asked: Asked, left_out: float, encode: Encode, rng: random.Random) -> Pack:
    """Lay out a document, a share of its passages left out, with its questions in any order."""
    document, examples = asked
    passages = split(document, PASSAGE_CHARACTERS)
    return _pack([p for p in passages if rng.random() >= left_out] or passages, asked, examples, encode, rng)


def parts(asked: Asked, encode: Encode, rng: random.Random) -> Iterator[Pack]:
    """Lay out a long document in parts, each with the questions on it and half as many others."""
    document, examples = asked
    passages = split(document, PASSAGE_CHARACTERS)
    at = rng.randrange(0, max(1, len(passages) // 3))
    while at < len(passages):
        part: list[Passage] = []
        most = rng.choice(PART_TOKENS)
        while at < len(passages) and sum(tokens(p.text) for p in part) < most:
            part.append(passages[at])
            at += 1
        within = [e for e in examples if any(part[0].start <= start < part[-1].end for start, _ in e.evidence)]
        others = [e for e in examples if e not in within]
        some = within + rng.sample(others, min(len(others), max(4, len(within) // 2)))
        yield _pack(part, asked, some, encode, rng)


def _pack(
    passages: Sequence[Passage], asked: Asked, examples: Sequence[Example], encode: Encode, rng: random.Random
) -> Pack:
    reading = lay_out(passages, [asked[0]])
    questions = [
        (encode(chat_suffix(e.question, e.turns)), encode(reply_to(e, reading.sentences)))
        for e in rng.sample(list(examples), len(examples))
    ]
    return Pack(encode(chat_prefix(reading)), questions)


def in_corpora(articles: Sequence[Asked]) -> Iterator[Sequence[Asked]]:
    """Yield the articles in corpora of some."""
    return (articles[at : at + CORPUS] for at in range(0, len(articles), CORPUS))


def ranked(corpora: Iterable[Sequence[Asked]], share: float, rng: random.Random) -> Iterator[Ranked]:
    """Search each corpus for a share of the questions on its documents, and put the sentences in order, as QA does."""
    base = Settings.load()
    embedder = open_embedder(base)
    ranker = SentenceRanker(embedder, open_cross_encoder(base).scores)
    with tempfile.TemporaryDirectory() as name:
        for at, corpus in enumerate(corpora):
            folder = Path(name) / str(at)
            folder.mkdir()
            for document, _ in corpus:
                (folder / document.source).write_text(document.text, encoding="utf-8")
            settings = Settings.load(corpus=folder, data_dir=Path(name) / f"{at}-index")
            with QA.open(settings, embedder=embedder) as engine:
                engine.sync()
                given = {d.id: next(mine for mine, _ in corpus if mine.source == d.source) for d in engine.documents()}
                for document, examples in corpus:
                    for example in examples:
                        if rng.random() < share:
                            found = _searched(engine, ranker, example)
                            passages = tuple(replace(p, document_id=given[p.document_id].id) for p in found)
                            yield Ranked(example, document, tuple(mine for mine, _ in corpus), passages)


def _searched(engine: QA, ranker: SentenceRanker, example: Example) -> Iterator[Passage]:
    question = search_question(example.question, example.turns)
    left = MOST_RANKED
    for passage, span in ranker.rank(question, engine.search(question, POOL)):
        left -= tokens(text_of(passage, span))
        if left < 0:
            break
        yield replace(passage, sentences=(span,))


def retrieved(found: Sequence[Ranked], encode: Encode, rng: random.Random, spoilt: bool = True) -> list[Pack]:
    """Lay out the best sentences of each question, some packed together; `spoilt`: their number varies, proof is lost.

    Each follows the instructions, not the others.
    """
    questions = []
    for one in rng.sample(list(found), len(found)):
        reading = _best(one, rng.choice(READ_TOKENS) if spoilt else READ_TOKENS[2], PROOF_LOST if spoilt else 0.0, rng)
        own = [s for s in reading.sentences if s.document_id == one.document.id]
        asked = instruction(reading) + chat_suffix(one.example.question, one.example.turns)
        questions.append((encode(asked), encode(reply_to(one.example, own))))
    return [Pack(encode(INSTRUCTIONS), questions[at : at + TOGETHER]) for at in range(0, len(questions), TOGETHER)]


def _best(one: Ranked, left: int, lost: float, rng: random.Random) -> Reading:
    """Lay out a question's best sentences that fit, in the order of the text."""
    kept: defaultdict[str, list[Passage]] = defaultdict(list)
    for passage in one.passages:
        (start, end), own = passage.sentences[0], passage.document_id == one.document.id
        if own and any(start < e and s < end for s, e in one.example.evidence) and rng.random() < lost:
            continue
        left -= tokens(text_of(passage, (start, end)))
        if kept and left < 0:
            break
        kept[passage.id].append(passage)
    chosen = [replace(same[0], sentences=tuple(sorted(p.sentences[0] for p in same))) for same in kept.values()]
    held = {passage.document_id for passage in chosen}
    return lay_out(chosen, [document for document in one.documents if document.id in held])
