"""Who speaks in a sentence that names nobody: found before it, where a question asks who."""

import pytest

from qa.citations import compose
from qa.corpus import make_document
from qa.datatypes import Document
from qa.passages import split
from qa.reading import NumberedSentence, Statement, lay_out
from qa.speakers import asks_who_says, speakers

REPORT = (
    "Asked about the shelling, the harbour master replied: “Nothing of that kind has happened in all the years. "
    "We are not that kind of town, and we never were.”\n"
    "“Ships come and go.”\n"
    "Ilse Marn, who runs the ferry, disagreed. She took off her cap. She said that she had counted nine shells. "
    "Two of them, she added, had hit the pier.\n\n"
    "Otto Brand claimed that the pier was old; this, he said, was known. It rained all day.\n"
)
THREAD = (
    "From: Ruth Amsel\nTo: Samir Haddad\n\nOak is too dear for us.\n\n"
    "From: Samir Haddad\nTo: Ruth Amsel\n\nThe old posts are rotten. Steel would last.\n"
)
TALK = (
    "MARA: We began in 1968.\nIt was a cold year.\nTOBIN: I came later.\nMARA: Much later.\n"
    "I taught him.\nTOBIN: Yes.\n"
)


def found(text: str, question: str, words: str) -> list[str]:
    document = make_document("Title", "a.txt", text)
    sentences = lay_out(split(document, 400), [document]).sentences
    cited = [s for s in sentences if words in s.text]
    assert cited, words
    return [s.text for s in speakers(question, cited, sentences, {document.id: document})]


MASTER = "Asked about the shelling, the harbour master replied: “Nothing of that kind has happened in all the years."
FERRY = "Ilse Marn, who runs the ferry, disagreed."


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("not that kind", [MASTER]),
        ("come and go", [MASTER]),
        ("nine shells", [FERRY]),
        ("hit the pier", [FERRY]),
        ("in all the years", []),
        ("the pier was old", []),
        ("rained", []),
    ],
)
def test_the_sentence_that_names_the_speaker_is_found(words: str, names: list[str]) -> None:
    assert found(REPORT, "Who claimed that?", words) == names


def test_it_is_looked_for_only_where_a_question_asks_who_says() -> None:
    assert found(REPORT, "What did the master say?", "not that kind") == []
    assert found(REPORT, "Who counted the shells?", "nine shells") == []
    assert found(REPORT, "According to whom were there nine?", "nine shells") == [FERRY]


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("Who rejected it?", True),
        ("What was said, and by whom?", True),
        ("Which of the two complained about it?", True),
        ("Who fears for the pier?", True),
        ("Which ship sank?", False),
        ("Who mended the pier?", False),
        ("What did the man who left say?", False),
    ],
)
def test_who_said_it_is_asked_in_several_ways(question: str, asks: bool) -> None:
    assert asks_who_says(question) is asks


def test_a_message_is_its_senders_and_a_line_without_a_name_that_of_the_line_before() -> None:
    assert found(THREAD, "Who argued against oak?", "rotten") == ["From: Samir Haddad"]
    assert found(THREAD, "Who argued against oak?", "too dear") == ["From: Ruth Amsel"]
    assert found(TALK, "Who said that it was cold?", "cold year") == ["MARA: We began in 1968."]
    assert found(TALK, "Who spoke of teaching?", "I taught him") == ["MARA: Much later."]
    assert found(TALK, "Who said that?", "TOBIN: I came") == []


def test_lines_that_are_labelled_but_no_talk_name_no_speaker() -> None:
    minutes = "Budget: 40,000 euros.\nPlace: the hall.\nACTION: Ruth.\nThe roof leaks.\nACTION: Samir.\n"
    assert found(minutes, "Who said that?", "roof leaks") == []


def quote(sentences: tuple[NumberedSentence, ...], document: Document, question: str) -> str:
    statement = Statement("They are not that kind of town", (2,))
    return compose([statement], sentences, {document.id: document}, "", question=question).text


def test_the_speaker_is_quoted_behind_what_was_said() -> None:
    document = make_document("Title", "a.txt", REPORT)
    sentences = lay_out(split(document, 400), [document]).sentences
    said = "They are not that kind of town. “We are not that kind of town, and we never were.” [1]"
    assert quote(sentences, document, "What are they not?") == said
    assert quote(sentences, document, "Who claimed that they are not?") == f"{said} “{MASTER}” [2]"
