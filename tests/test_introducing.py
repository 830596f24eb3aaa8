"""Who somebody is, by the words that introduce the name."""

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from qa.corpus import make_document
from qa.introducing import introduced
from qa.passages import split
from qa.pipeline import QA
from qa.reading import lay_out
from qa.settings import Settings

TEXT = (
    "Defence Minister Ilmar Dresk said on Tuesday that Aston was ready. Yesterday Ruth Ansgar disagreed. "
    "The port’s chief executive, Ruth Ansgar, had asked the council for help. It is led by Jonas Quill, 58, who "
    "founded the Saltmarsh Trust. The mediator Odile Vantreux, from Perenne, whose foreign minister, Louise Dacre, "
    "carried messages, was silent. In the view of Paul Ettery nothing had changed. Dr Lena Oduya left. Lukas Behr, "
    "said one of them, had gone. According to the deputy leader of the Union, Britt Oskarsen, the text was late.\n"
)
DOCUMENT = make_document("The port", "port.txt", TEXT)
READING = lay_out(split(DOCUMENT, 400), [DOCUMENT])


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who is Ilmar Dresk?", "Defence Minister Ilmar Dresk"),
        ("who is Mr Dresk", "Minister Ilmar Dresk"),
        ("Who is Ruth Ansgar?", "The port’s chief executive, Ruth Ansgar"),
        ("Who's Jonas Quill?", "Jonas Quill, 58, who founded the Saltmarsh Trust"),
        ("Who was Odile Vantreux?", "The mediator Odile Vantreux"),
        ("Who is Louise Dacre?", "foreign minister, Louise Dacre"),
        ("What post does Ilmar Dresk hold?", "Defence Minister Ilmar Dresk"),
        ("Which office did Dresk have", "Minister Ilmar Dresk"),
        ("What is Ruth Ansgar's job?", "The port’s chief executive, Ruth Ansgar"),
        ("What's Mr Quill’s profession?", "Jonas Quill, 58, who founded the Saltmarsh Trust"),
        ("Who is Britt Oskarsen?", "the deputy leader of the Union, Britt Oskarsen"),
    ],
)
def test_the_words_that_introduce_a_name_are_found(question: str, words: str) -> None:
    found = introduced(question, READING)
    assert found
    assert words in found.text
    (number,) = found.numbers
    assert found.text.removeprefix("whose ") in READING.sentences[number - 1].text


@pytest.mark.parametrize(
    "question",
    [
        "Who is Paul Ettery?",
        "Who is Lena Oduya?",
        "Who is Lukas Behr?",
        "Who is Oskar Brandt?",
        "Who is Ilmar Dresk married to?",
        "What is Ilmar Dresk's plan?",
        "What post does Ilmar Dresk want?",
        "What is the minister's job?",
        "Who said that Aston was ready?",
        "What is Aston?",
    ],
)
def test_what_does_not_introduce_a_name_is_not_taken_for_it(question: str) -> None:
    assert introduced(question, READING) is None


def test_where_the_reader_declines_the_introduction_is_the_answer(tmp_path, word_embedder, corpus_of) -> None:
    model = GenericFakeChatModel(messages=iter(map(AIMessage, ["none", "none"])))
    settings = Settings(corpus=corpus_of({"port.txt": TEXT}), data_dir=tmp_path / "index")
    with QA.open(settings, embedder=word_embedder(), chat_model=model) as engine:
        engine.sync()
        _, *pieces, answer = engine.stream("Who is Ruth Ansgar?")
        assert not engine.ask("Who is Paul Ettery?").answered
    assert answer.answered
    assert "".join(map(str, pieces)) == answer.text
    assert answer.text.startswith("The port’s chief executive, Ruth Ansgar. “The port’s chief executive, Ruth Ansgar,")
    (citation,) = answer.citations
    assert TEXT[citation.start : citation.end] == citation.quote
