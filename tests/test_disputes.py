"""Denials: found behind a claim, where a question asks whether something is so."""

import pytest

from qa.citations import compose
from qa.corpus import make_document
from qa.disputes import denials
from qa.passages import split
from qa.reading import NumberedSentence, Statement, lay_out

TEXT = (
    "The minister claimed that the army had shelled Orr. The army rejected the allegations. It rained all day.\n\n"
    "A deputy accused the mayor of theft. The mayor was abroad. She denied it.\n\n"
    "The firm alleges fraud. The bank refused to pay.\n"
)
DOCUMENT = make_document("Title", "a.txt", TEXT)
SENTENCES = lay_out(split(DOCUMENT, 400), [DOCUMENT]).sentences


def found(question: str, *numbers: int) -> list[NumberedSentence]:
    return denials(question, [SENTENCES[number - 1] for number in numbers], SENTENCES)


@pytest.mark.parametrize(("claim", "denial"), [(1, 2), (4, 6)])
def test_the_denial_behind_a_claim_is_found(claim: int, denial: int) -> None:
    assert [s.number for s in found("Did they do it?", claim)] == [denial]
    assert [s.number for s in found("Is it true?", claim)] == [denial]


def test_none_is_found_where_it_is_cited_already_or_nobody_denies() -> None:
    assert found("Did the army shell Orr?", 1, 2) == []
    assert found("Did it rain?", 3) == []
    assert found("Was there fraud?", 7) == []


def test_who_claims_something_is_answered_without_its_denial() -> None:
    assert found("Who claimed that the army had shelled Orr?", 1) == []


def test_the_denial_is_quoted_behind_the_claim() -> None:
    statement = Statement("The minister claimed that the army had shelled Orr", (1,))
    documents = {DOCUMENT.id: DOCUMENT}
    cited = compose([statement], SENTENCES, documents, "", question="Did the army shell Orr?")
    assert cited.text == (
        "The minister claimed that the army had shelled Orr. [1] “The army rejected the allegations.” [2]"
    )
