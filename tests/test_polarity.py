"""Yes and no at the beginning of an answer: kept where the model without its adapter says so, too."""

import pytest

from qa import polarity
from qa.answering import Reply
from qa.corpus import make_document
from qa.passages import split
from qa.polarity import begins_with_word, settled
from qa.reading import lay_out

DOCUMENT = make_document("Title", "a.txt", "The bridge is the third at Orr. The mayor said that it was cheap.")
SENTENCES = lay_out(split(DOCUMENT, 400), [DOCUMENT]).sentences


@pytest.mark.parametrize(
    ("question", "text", "odds", "left"),
    [
        ("Is it the first bridge?", "A: No, the bridge is the third", -1.0, "A: No, the bridge is the third"),
        ("Is it the first bridge?", "A: No, the bridge is the third", 0.1, "A: the bridge is the third"),
        ("Is it the third?", "A: Yes, the bridge is the third\nB: it was cheap", 0.1, None),
        ("Is it the third?", "A: Yes, the bridge is the third", -0.1, "A: the bridge is the third"),
        ("Was it cheap?", "B: Yes, it was cheap", 3.0, "B: it was cheap"),
    ],
)
def test_a_word_stays_where_both_agree_and_nobody_only_says_so(
    monkeypatch: pytest.MonkeyPatch, question: str, text: str, odds: float, left: str | None
) -> None:
    monkeypatch.setattr(polarity, "log_odds_of_yes", lambda *_: odds)
    assert begins_with_word(question, Reply(text))
    assert settled(question, Reply(text), SENTENCES, None).text == (left or text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Why was it the first?", "A: No, the bridge is the third"),
        ("Is it the first?", "A: No"),
        ("Is it the first?", "A: Nothing is known"),
        ("Is it the first?", "none"),
    ],
)
def test_what_is_no_answer_with_yes_or_no_is_left_alone(question: str, text: str) -> None:
    assert not begins_with_word(question, Reply(text))
    assert settled(question, Reply(text), SENTENCES, None).text == text  # type: ignore[arg-type]
