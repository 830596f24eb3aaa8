"""The values: frozen, slotted, and plain as JSON."""

import dataclasses
import json

import pytest

from qa import datatypes
from qa.datatypes import Answer, Citation, Document, Passage, RetrievedPassage, SyncReport, Timings

TEXT = "Ann came by boat. The boat was blue."
DOCUMENT = Document("d1", "Boat", "boat.txt", TEXT)
CITATION = Citation(1, "d1", "boat.txt", "p1", 0, 17, TEXT[:17], 0, 3)
PASSAGE = RetrievedPassage(Passage("p1", "d1", 0, 36, TEXT, ((0, 17), (18, 36))), 1, 0.9, 0.8)
ANSWER = Answer(
    question="Who?",
    search_question="Who?",
    text="Ann [1].",
    answered=True,
    confidence=0.75,
    citations=(CITATION,),
    passages=(PASSAGE,),
    timings=Timings(0.1, 0.2, 0.3),
    unsupported=1,
    documents=(DOCUMENT,),
)


def test_values_are_frozen_and_slotted() -> None:
    values = [value for value in vars(datatypes).values() if dataclasses.is_dataclass(value)]
    assert len(values) >= 7
    for value in values:
        assert value.__dataclass_params__.frozen, value
        assert "__slots__" in vars(value), value
    with pytest.raises(dataclasses.FrozenInstanceError):
        ANSWER.text = "Bob"  # type: ignore[misc]


def test_an_answer_finds_the_document_of_its_citation() -> None:
    document = ANSWER.document(CITATION)
    assert document.text[CITATION.start : CITATION.end] == CITATION.quote
    with pytest.raises(KeyError):
        ANSWER.document(dataclasses.replace(CITATION, document_id="d2"))


def test_json_carries_the_public_names_and_no_document() -> None:
    record = json.loads(json.dumps(ANSWER.to_json()))
    assert set(record) == {field.name for field in dataclasses.fields(Answer)} - {"documents"}
    assert record["citations"] == [dataclasses.asdict(CITATION)]
    assert record["passages"][0]["passage"]["sentences"] == [[0, 17], [18, 36]]
    assert record["timings"] == {"retrieval": 0.1, "first_text": 0.2, "total": 0.3}
    assert TEXT not in repr(dataclasses.replace(ANSWER, passages=()))


def test_a_report_of_nothing_skipped_is_an_empty_mapping() -> None:
    assert SyncReport(1, 0, 0, 0, 2, 2).skipped == {}
