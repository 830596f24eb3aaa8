"""Sentences in which somebody else does or says what somebody named is asked about."""

import pytest

from qa.actors import done_by_another
from qa.conflicts import Conflict
from qa.corpus import make_document
from qa.passages import split
from qa.reading import lay_out

TEXT = """
Harbour Minister Ruth Ansgar said on Monday that the pier was safe.

“We looked at every beam. We found nothing.”

She added that the tide would do the rest.

Marseille admitted the ships in June, and London only in the next year. Ben Orr, the pilot, warned that they were old.
He admitted the last of them himself. The pier was painted in 1920 by Ostend.
The plan of a new pier was dropped after Ostend opened its dock. In the year of the flood Ostend lost its mayor.
“On Radio Qadra’s breakfast show,” he added, “I said so.” Ana Voss laughed.

The harbour minister replied that the crews were well.

“They may land.”

| Port | Ships |
|---|---|
| Ostend | 12 |
"""


def told(question: str, begins: str) -> Conflict | None:
    document = make_document("Ships", "ships.md", TEXT)
    sentences = lay_out(split(document, 400), [document]).sentences
    (sentence,) = (s for s in sentences if s.text.startswith(begins))
    return done_by_another(question, sentence, sentences, document.text)


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("When did Trieste admit the ships?", "Marseille admitted"),
        ("What has Ana Voss warned of?", "Ben Orr"),
        ("What did Ben Orr say about the beams?", "“We looked"),
        ("What did Mr Orr say of the tide?", "She added"),
        ("What did Ana Voss admit?", "He admitted"),  # he is Ben Orr
        ("When did Trieste paint the pier?", "The pier was painted"),
        ("Whom did Trieste lose in the flood?", "In the year of the flood"),
        ("What did Orr reply about the crews?", "“They may land"),  # said by the harbour minister, who is Ruth Ansgar
    ],
)
def test_somebody_else_did_or_said_it(question: str, begins: str) -> None:
    assert told(question, begins) == Conflict.ANOTHER


def test_a_reason_for_what_another_did_is_not_there_but_who_did_it_is() -> None:
    assert told("Why did Trieste admit the ships?", "Marseille admitted") == Conflict.OPPOSITE


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("When did Marseille admit the ships?", "Marseille admitted"),
        ("When did London admit the ships?", "Marseille admitted"),
        ("When did Marseile admit the ships?", "Marseille admitted"),
        ("When did Marséille admit the ships?", "Marseille admitted"),
        ("Which ships did Ben Orr admit?", "He admitted"),
        ("What did Ruth Ansgar say about the beams?", "“We looked"),
        ("What did Ansgar say about the tide?", "She added"),
        ("What did Ansgar reply about the crews?", "“They may land"),
        ("What did the pilot warn of?", "Marseille admitted"),
        ("How many ships did Ostend admit?", "Ostend"),
        ("When did Trieste warn of a new plan?", "Marseille admitted"),
        ("When did Trieste open the new pier?", "The plan of a new pier"),
        ("Where did Ana Voss break her silence?", "“On Radio"),
        ("Who admitted the ships?", "Marseille admitted"),
        ("What did the Trieste of old admit?", "Marseille admitted"),  # "of" is no verb
        ("Which ports had Trieste ships?", "Marseille admitted"),
    ],
)
def test_the_one_asked_about_or_nobody_known_did_it(question: str, begins: str) -> None:
    assert told(question, begins) is None
