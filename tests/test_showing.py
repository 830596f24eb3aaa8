"""What is seen of an answer while its reply is written."""

from pathlib import Path

import pytest

from qa.answering import Reply
from qa.calibration import Calibration
from qa.concluding import known_without_proof, proved
from qa.corpus import make_document
from qa.judging import Judge
from qa.material import Gathered
from qa.passages import split
from qa.reading import lay_out
from qa.showing import Showing

DOCUMENT = make_document(
    "The bridge",
    "bridge.txt",
    "The mayor, Ana Lind, opened the bridge on 4 June. It cost 12 million crowns. Oskar Brandt called it too dear.",
)
MATERIAL = Gathered(lay_out(split(DOCUMENT, 400), [DOCUMENT]), (DOCUMENT,), "whole")
NEVER = Judge((), "whole", Calibration.load(Path()), 0.0)


def shown(reply: str, size: int, question: str = "What happened?") -> tuple[list[str], str]:
    """Return what is shown of a reply that comes in pieces of `size` characters, and the text it gives in the end."""

    def text(part: Reply, finished: bool = False) -> str:
        return proved(question, question, MATERIAL, part, NEVER, finished=finished).text

    showing = Showing(MATERIAL.reading.sentences, known_without_proof(question, question, MATERIAL), text)
    pieces = [showing.piece(Reply(reply[: end + size])) for end in range(0, len(reply), size)]
    return pieces, text(Reply(reply), finished=True)


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    "reply",
    [
        "A: Ana Lind opened the bridge\nB: It cost 12 million crowns",
        "B: the new bridge cost 12 million crowns\nC: Oskar Brandt was angry about the price",
        "A: Ana Lind opened it\nB: It cost 99 million crowns\nC: it was called too dear\n",
        "A B: Ana Lind opened the bridge, which cost 12 million crowns\nC: Oskar Brandt called it too dear",
        "B: The price of the bridge",
        "none",
        "It is a long story",
    ],
)
def test_what_is_shown_is_the_beginning_of_the_answer(reply: str, size: int) -> None:
    pieces, text = shown(reply, size)
    assert text.startswith("".join(pieces))


def test_words_of_the_named_sentence_are_shown_as_they_come() -> None:
    pieces, _ = shown("A: the mayor opened the bridge", 1)
    assert [piece for piece in pieces if piece] == ["The mayor", " opened", " the bridge"]


def test_a_word_from_elsewhere_waits_until_its_statement_is_finished_and_proved() -> None:
    begun, text = shown("A: Ana Lind solemnly opened the bridge", 1)
    assert "".join(begun) == "Ana Lind"
    finished, _ = shown("A: Ana Lind solemnly opened the bridge\n", 1)
    assert "".join(finished) == text
    assert "solemnly opened" in text


def test_a_word_of_the_question_does_not_make_the_rest_wait() -> None:
    pieces, _ = shown("B: The new bridge cost 12 million", 1, "What did the new bridge cost?")
    assert "".join(pieces) == "The new bridge cost 12 million"
    pieces, _ = shown("B: The new bridge cost 12 million", 1)
    assert "".join(pieces) == ""


def test_words_of_another_sentence_are_never_shown() -> None:
    pieces, text = shown("A: Oskar Brandt called it too dear\n", 1)
    assert not "".join(pieces[:-1])
    assert text.startswith("Oskar Brandt called it too dear. [1]")
