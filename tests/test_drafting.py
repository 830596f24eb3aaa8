"""What is guessed of a reply's next words."""

import pytest

from qa.drafting import follows
from qa.reading import NumberedSentence, Reading

SENTENCES = ("Ana Moran left in\nMay, and Ben (53) left in June.", "The start was late. ", "Ana came back.")


@pytest.fixture
def reading() -> Reading:
    numbered = (NumberedSentence(at, "d", "p", 0, 1, text, "") for at, text in enumerate(SENTENCES, 1))
    return Reading("", tuple(numbered))


@pytest.mark.parametrize(
    ("written", "next_"),
    [
        ("A", ": Ana Moran left in May, and Ben (53) left in June."),
        ("B:", " The start was late."),
        ("B: ", "The start was late."),
        ("A: Ben", " (53) left in June."),
        ("A: Be", "n (53) left in June."),
        ("A: Ana Moran left", " in May, and Ben (53) left in June."),
        ("A: Ben (53) left", " in June."),  # the most words that it ends with, not the first "left"
        ("A: Later Ben (", "53) left in June."),
        ("B: He said that it was", " late."),
        ("B: The art", ""),  # within a word
        ("B: No idea", ""),
        ("A: Ana left in June.\nC: Ana", " came back."),
        ("A C: Ana came", " back."),
        ("", ""),
        ("D", ""),
        ("none", ""),
        ("A: Ana left.\n", ""),
    ],
)
def test_the_sentence_goes_on_behind_the_words_written(reading: Reading, written: str, next_: str) -> None:
    assert follows(reading, written) == next_
