"""What a reader probably writes next: it states facts in the words of the sentence that it has named.

A draft costs little where it is wrong (a few tokens are read with the one before them) and saves the time of as many
tokens as it is right for. The form of replies is that of reading.py; nothing here calls a model.
"""

import re
from collections.abc import Iterator

from qa.reading import Reading, number_of

FARTHEST = 8
"""Words, at most, back to which what was written is looked for in the sentence."""
_WORD = re.compile(r"\w+|[^\w\s]")


def follows(reading: Reading, written: str) -> str:
    """Return what probably follows what is written of a reply to a question about a reading; "" if nothing is known.

    That is what follows, in the sentences named, the most words that the reply ends with.
    """
    line = written.rpartition("\n")[2]
    names, colon, claim = line.partition(":")
    source = " ".join(_sentences(reading, names))
    if not source or not colon:
        return f": {source}" if source else ""
    if not claim.strip():
        return f" {source}"[len(claim) :]
    for begin in _beginnings(claim):
        found = re.search(rf"(?<!\w){re.escape(claim[begin:])}", source)
        if found:
            return source[found.end() :]
    return ""


def _sentences(reading: Reading, names: str) -> Iterator[str]:
    for number in map(number_of, names.split()):
        if 0 < number <= len(reading.sentences):
            yield " ".join(reading.sentences[number - 1].text.split())


def _beginnings(claim: str) -> list[int]:
    """Return where the last words of a claim begin, the farthest first."""
    return [word.start() for word in _WORD.finditer(claim)][-FARTHEST:]
