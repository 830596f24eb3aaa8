"""Overviews: when one is asked for, of which documents, and of which sentences it is made."""

import pytest

from qa.corpus import make_document
from qa.overview import MOST_DOCUMENTS, SENTENCES, choose, documents_meant, sentences_wanted, stands_alone
from qa.pipeline import QA
from qa.settings import Settings
from qa.ui.messages import all_words

BRIDGE = make_document("The old bridge", "bridge.txt", "A cat sat.")
RIVER = make_document("The river Ilva", "river.txt", "A river rose.")
DOCUMENTS = [BRIDGE, RIVER]


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("What is this article about?", SENTENCES),
        ("what's it about", SENTENCES),
        ("Summarise the text, please", SENTENCES),
        ("Can you give me a short summary of the whole document?", SENTENCES),
        ("tl;dr", SENTENCES),
        ("What are the main points?", SENTENCES),
        ("What does the article say?", SENTENCES),
        ("Give me the key takeaways in three bullet points", 3),
        ("Summarize this in 2 sentences", 2),
        ("Summarize it in 500 words", 10),
        ("Worum geht es in dem Artikel?", SENTENCES),
        ("Fasse den Text bitte in 3 Sätzen zusammen", 3),
        ("Was sind die wichtigsten Punkte?", SENTENCES),
        ("Explain this article to a child", SENTENCES),
        ("Can you explain it like I'm five?", SENTENCES),
        ("ELI5", SENTENCES),
        ("De quoi parle cet article ?", SENTENCES),
        ("Résume le texte, s’il te plaît", SENTENCES),
        ("¿De qué trata este artículo?", SENTENCES),
        ("Resume el texto en 2 frases", 2),
    ],
)
def test_a_request_for_an_overview_means_all_documents(question: str, number: int) -> None:
    assert sentences_wanted(question) == number
    assert documents_meant(question, DOCUMENTS) == DOCUMENTS


def test_the_page_s_own_request_for_an_overview_is_one_in_each_language() -> None:
    for words in all_words().values():
        question = words("overview")
        assert sentences_wanted(question) == SENTENCES
        assert documents_meant(question, DOCUMENTS) == DOCUMENTS


@pytest.mark.parametrize("question", ["What is the article on the old bridge about?", "Summarize the bridge document"])
def test_naming_half_of_a_title_means_that_document(question: str) -> None:
    assert sentences_wanted(question)
    assert documents_meant(question, DOCUMENTS) == [BRIDGE]


@pytest.mark.parametrize(
    "question",
    [
        "Who opened the bridge?",
        "Summarize what Ana Lind said about the bridge",
        "What are the main points of contention?",
        "What does Ana Lind say?",
        "What is the quarrel about?",
        "What are the key facts about the mayor?",
        "How does the mayor explain it?",
        "Explain the quarrel",
    ],
)
def test_a_question_about_something_in_the_text_asks_for_no_overview(question: str) -> None:
    assert not sentences_wanted(question) or documents_meant(question, DOCUMENTS) == []


@pytest.mark.parametrize(
    ("sentence", "alone"),
    [
        ("Mayor Ana Lind opened the new bridge in Aston on Sunday.", True),
        ("She said that the works had cost twelve million crowns.", False),
        ("All of it, she said, had been taken away by barge.", False),
        ("When asked about the price, the mayor said nothing at all.", False),
        ("But critics in the council called the price absurd.", False),
        ("“We have waited for this bridge for twenty years.”", False),
        ("The mayor said: “We have waited for it for years.", False),
        ("The bridge over the Ilva and its mayor", False),
        ("It opened.", False),
    ],
)
def test_what_leans_on_the_sentence_before_does_not_stand_alone(sentence: str, alone: bool) -> None:
    assert stands_alone(sentence) is alone


def test_the_first_sentence_and_those_that_say_most_of_the_rest_are_chosen_in_their_order(word_embedder) -> None:
    texts = [
        "The cat of the mayor was seen on the roof again.",
        "It was a cat.",
        "A dog and a second dog were seen in the yard there.",
        "A dog and a second dog barked at night in the yard.",
        "A dog that belongs to the mayor barked at the other dog.",
        "One stone lay in the garden of the mayor all the time.",
    ]
    embed = word_embedder().embed_passages
    assert choose(texts, 2, embed)[0] == 0
    assert choose(texts, 2, embed)[1] in {2, 3, 4}
    assert choose(texts, 3, embed)[::2] == [0, 5]
    assert choose(texts, 10, embed) == [0, 2, 3, 4, 5]
    assert choose(["Headline", "Another one"], 2, embed)[0] == 0
    assert choose([], 2, embed) == []


TEXTS = {
    f"{name}.txt": f"The {name} of Aston was seen in the mayor’s old garden. The {name} left on the same day again.\n"
    for name in ("cat", "dog", "fish", "bird", "tree", "stone")
}


def engine_on(corpus_of, word_embedder, tmp_path, names: list[str]) -> QA:
    corpus = corpus_of({name: TEXTS[name] for name in names})
    engine = QA.open(Settings(corpus=corpus, data_dir=tmp_path / "index"), embedder=word_embedder())
    engine.sync()
    return engine


def test_short_sentences_come_before_items_and_rows(word_embedder) -> None:
    texts = ["Boats: nine", "It rained.", "Year | Boats", "2022 | 9"]
    assert choose(texts, 3, word_embedder().embed_passages) == [1]
    assert choose(["Boats: nine", "Year | Boats"], 3, word_embedder().embed_passages) == [0, 1]


def test_an_overview_quotes_the_document_and_asks_no_model(corpus_of, word_embedder, tmp_path, monkeypatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("qa.embedded.EmbeddedChatModel._stream", refused)
    with engine_on(corpus_of, word_embedder, tmp_path, ["cat.txt"]) as engine:
        found, text, answer = engine.stream("What is the article about?")
    assert isinstance(found, tuple)
    assert text == answer.text
    assert answer.text.splitlines() == [
        "The article in its own words:",
        "• “The cat of Aston was seen in the mayor’s old garden.” [1]",
        "• “The cat left on the same day again.” [2]",
    ]
    assert answer.answered
    for citation in answer.citations:
        assert TEXTS["cat.txt"][citation.start : citation.end] == citation.quote
        assert answer.text[citation.answer_start : citation.answer_end] == f"• “{citation.quote}”"


def test_an_overview_of_several_documents_has_a_section_for_each(corpus_of, word_embedder, tmp_path) -> None:
    with engine_on(corpus_of, word_embedder, tmp_path, ["cat.txt", "dog.txt"]) as engine:
        answer = engine.ask("Summarize the documents in two sentences")
        one = engine.ask("Summarize", documents=[engine.documents()[1].id])
    assert [line for line in answer.text.splitlines() if not line.startswith("•")] == ["Cat", "Dog"]
    assert {citation.source for citation in answer.citations} == {"cat.txt", "dog.txt"}
    assert {citation.source for citation in one.citations} == {"dog.txt"}


def test_within_a_conversation_it_may_be_something_else(corpus_of, word_embedder, tmp_path) -> None:
    said = [{"role": "user", "content": "Who quarrelled?"}, {"role": "assistant", "content": "Two men."}]
    with engine_on(corpus_of, word_embedder, tmp_path, ["cat.txt"]) as engine:
        assert engine._overviews.asked("What is it about?", (), None, "")
        assert not engine._overviews.asked("What is it about?", said, None, "")
        assert engine._overviews.asked("What is this article about?", said, None, "")


def test_no_overview_is_given_of_many_documents_at_once(corpus_of, word_embedder, tmp_path) -> None:
    assert len(TEXTS) > MOST_DOCUMENTS
    with engine_on(corpus_of, word_embedder, tmp_path, list(TEXTS)) as engine:
        assert not engine._overviews.asked("Summarize the documents", (), None, "")
        (named,) = engine._overviews.asked("What is the stone document about?", (), None, "")
    assert named.document.source == "stone.txt"
