"""How things look in a terminal: answers, passages, notes, progress bars and lines typed by a person.

Answers go to standard output, everything else to standard error.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from tqdm import tqdm

from qa.datatypes import RetrievedPassage

LONG_WORK = 0.7
"""Seconds after which work shows a progress bar."""


def note(text: str) -> None:
    """Tell the person something that is not the answer."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """Print one JSON value on one line."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def show_answer(answer: Mapping[str, Any], as_json: bool) -> None:
    """Print an answer's JSON record, or its text and quotes with source and offsets (characters) for a person."""
    if as_json:
        print_json(answer)
        return
    if answer["search_question"] != answer["question"]:
        note(f"searched for: {answer['search_question']}")
    print(answer["text"])
    for cited in answer["citations"]:
        page = f", p. {cited['page']}," if cited["page"] else ""
        print(f"\n[{cited['marker']}] {cited['quote']}\n    {cited['source']}{page} {cited['start']}-{cited['end']}")
    sys.stdout.flush()
    note(f"confidence {answer['confidence']:.2f}, {answer['timings']['total']:.1f} s")


def print_passages(found: Sequence[RetrievedPassage], sources: Mapping[str, str]) -> None:
    """Print passages with rank, score (0..1), source and character offsets; `sources` is by document id."""
    for hit in found:
        passage = hit.passage
        print(f"{hit.rank:>2}  {hit.score:.3f}  {sources[passage.document_id]} {passage.start}-{passage.end}")
        print(f"    {' '.join(passage.text.split())}")


@contextmanager
def progress_bar(unit: str) -> Iterator[Callable[[int, int, str], None]]:
    """Give a function that is told (done, total, what) and draws a bar on a terminal once the work proves long.

    The unit "B" stands for bytes and is shown in thousands and millions of them.
    """
    # Without miniters=0 tqdm, once it has seen a rate, does not draw a new `what` for as long as nothing more is done.
    with tqdm(unit=f" {unit}", unit_scale=unit == "B", delay=LONG_WORK, miniters=0, leave=False, disable=None) as bar:

        def show(done: int, total: int, what: str) -> None:
            bar.total = total
            bar.set_description(what, refresh=False)
            bar.update(done - bar.n)

        yield show


def clean(text: str) -> str:
    """Return text that any output can take: bytes of the command line that are no UTF-8 arrive as lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def typed_lines() -> Iterator[str]:
    """Yield the lines of standard input, stripped, none empty; on a terminal an empty line ends them."""
    if not sys.stdin.isatty():
        yield from (line.strip() for line in sys.stdin if line.strip())
        return
    with suppress(ImportError):
        import_module("readline")  # its mere presence gives input() editing and history
    with suppress(EOFError):
        while line := input("> ").strip():
            yield line
