"""The interface's own words in each language, read from `words/*.json`; no words of documents or answers."""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

WORDS_FOLDER = Path(__file__).parent / "words"
FALLBACK = "en"


class Words:
    """The words of one language; `words("found", count=3)` fills a sentence's blanks."""

    def __init__(self, language: str, sentences: dict[str, str]) -> None:
        self.language = language
        self.sentences = sentences

    def __call__(self, key: str, **blanks: object) -> str:
        """Return the sentence of a key with its blanks filled.

        Raises:
            KeyError: the key is in no language.
        """
        return self.sentences[key].format(**blanks) if blanks else self.sentences[key]


@cache
def all_words() -> dict[str, Words]:
    """Return the words of every language, by its two-letter code."""
    return {
        file.stem: Words(file.stem, json.loads(file.read_text(encoding="utf-8")))
        for file in sorted(WORDS_FOLDER.glob("*.json"))
    }


def words_for(preferred: Iterable[str]) -> Words:
    """Return the words of the first preferred language (such as 'de-AT') that we have, English otherwise."""
    known = all_words()
    for tag in preferred:
        if (code := tag.lower().split("-")[0].split("_")[0].strip()) in known:
            return known[code]
    return known[FALLBACK]
