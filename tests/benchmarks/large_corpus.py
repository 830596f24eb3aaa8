"""A large corpus that reads like news and encyclopaedia text, made from the articles that this repository carries.

Sentences come from a chain over pairs of words; names and numbers are invented anew for each document, so that no two
documents say the same. The same seed gives the same corpus.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent.parent
FOLDER_FILES = 500
PARAGRAPHS = (3, 7)
SENTENCES = (1, 4)
LONGEST_SENTENCE = 40

_SYLLABLES = re.findall("...", "badbelcordanderelmfarganholistjorkamlinmarnelormpetquaransoltamulfverwesyarzen")
_SENTENCE = re.compile(r"[A-Z][^.!?]*[^.!?\s][.!?]")
_NAME = re.compile(r"[A-Z][a-z]{2,}")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Chain:
    """How the words of the real articles follow each other."""

    starts: tuple[tuple[str, str], ...]
    follows: dict[tuple[str, str], list[str]]
    names: frozenset[str]


def real_texts() -> list[str]:
    """Return the articles of this repository: news and encyclopaedia."""
    files = sorted((*TESTS.glob("data/held_out/*.txt"), *TESTS.glob("training/articles/*.txt")))
    files += sorted((TESTS.parent / "corpus").glob("*.txt"))
    articles = json.loads((TESTS / "data" / "wikipedia_articles.json").read_text(encoding="utf-8"))
    return [path.read_text(encoding="utf-8") for path in files] + [
        "\n\n".join(article["paragraphs"]) for article in articles
    ]


def learn(texts: list[str]) -> Chain:
    """Return the chain of some texts."""
    starts: list[tuple[str, str]] = []
    follows: dict[tuple[str, str], list[str]] = defaultdict(list)
    names: set[str] = set()
    for sentence in _SENTENCE.findall(" ".join(texts)):
        words = sentence.split()
        if not 5 <= len(words) <= LONGEST_SENTENCE:
            continue
        starts.append((words[0], words[1]))
        names.update(name for word in words[1:] for name in _NAME.findall(word))
        for first, second, third in zip(words, words[1:], words[2:], strict=False):
            follows[first, second].append(third)
    return Chain(tuple(starts), dict(follows), frozenset(names))


def invented(generator: random.Random) -> str:
    """Return a name that nobody has."""
    return "".join(generator.choices(_SYLLABLES, k=generator.randint(2, 4))).capitalize()


def sentence(chain: Chain, names: dict[str, str], generator: random.Random) -> str:
    """Return one sentence, its names replaced by the document's own and its figures by others."""
    words = list(generator.choice(chain.starts))
    while len(words) < LONGEST_SENTENCE and (after := chain.follows.get((words[-2], words[-1]))):
        words.append(generator.choice(after))

    def other_name(match: re.Match[str]) -> str:
        name = match[0]
        if name not in chain.names:
            return name
        return names.setdefault(name, invented(generator) if generator.random() < 0.7 else name)

    text = _NAME.sub(other_name, " ".join(words))
    text = _DIGIT.sub(lambda match: str(generator.randint(1, 9)), text)
    return text if text[-1] in ".!?" else text + "."


def document(chain: Chain, number: int, seed: int) -> str:
    """Return the text of one document."""
    generator = random.Random(f"{seed}:{number}")
    names: dict[str, str] = {}
    paragraphs = [
        " ".join(sentence(chain, names, generator) for _ in range(generator.randint(*SENTENCES)))
        for _ in range(generator.randint(*PARAGRAPHS))
    ]
    return "\n\n".join(paragraphs) + "\n"


def write_corpus(folder: Path, documents: int, seed: int = 1) -> Iterator[Path]:
    """Write a corpus and yield its files one by one; files of an earlier run with the same seed stay as they are."""
    chain = learn(real_texts())
    for number in range(documents):
        path = folder / f"{number // FOLDER_FILES:03}" / f"report-{number:06}.txt"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document(chain, number, seed), encoding="utf-8")
        yield path


def questions(files: list[Path], count: int, seed: int = 2) -> list[str]:
    """Return questions made of the telling words of a sentence each, out of order as people ask."""
    generator = random.Random(seed)
    found: list[str] = []
    while len(found) < count:
        sentences = _SENTENCE.findall(generator.choice(files).read_text(encoding="utf-8"))
        words = [word.strip(".,;:!?“”\"'()") for word in generator.choice(sentences).split()] if sentences else []
        telling = [word for word in words if len(word) > 4]
        if len(telling) >= 3:
            chosen = generator.sample(telling, min(len(telling), generator.randint(3, 6)))
            found.append(f"{generator.choice(('What about', 'Who said', 'When did', 'Why was'))} {' '.join(chosen)}?")
    return found
