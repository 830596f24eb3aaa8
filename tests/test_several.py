"""Several questions asked in one: how they are told apart, and how their answers become one."""

from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from qa.answering import ChatReader, EmbeddedReader
from qa.citations import NOTHING_SAID, Cited, compose
from qa.corpus import make_document
from qa.datatypes import Answer, Timings
from qa.judging import NOT_SAID
from qa.passages import split
from qa.pipeline import QA
from qa.questions import asked_in, asked_of_one, events_between
from qa.reading import Statement, lay_out
from qa.settings import Settings
from qa.several import Several, finished, time_between

TEXT = "Ana Lind opened the bridge on 4 May. It cost 12 million crowns. Oskar Brandt called the price absurd.\n"
DOCUMENT = make_document("The bridge", "bridge.txt", TEXT)
SENTENCES = lay_out(split(DOCUMENT, 400), [DOCUMENT]).sentences
NO_TIME = Timings(0, 0, 0)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Who opened the bridge, and when?", ("Who opened the bridge?", "When?")),
        ("What did it cost, and who paid for it?", ("What did it cost?", "Who paid for it?")),
        ("Which side won the vote and by how much?", ("Which side won the vote?", "By how much?")),
        ("Who is Ana? What did she open?", ("Who is Ana?", "What did she open?")),
        ("Is it open, and does it cost anything?", ("Is it open, and does it cost anything?",)),
        ("Was it a good idea, and does it pay?", ("Was it a good idea?", "Does it pay?")),
        ("Who called it absurd, and was ignored?", ("Who called it absurd, and was ignored?",)),
        ("What was built there, why was it closed?", ("What was built there?", "Why was it closed?")),
        ("When the bridge was opened, what was said?", ("When the bridge was opened, what was said?",)),
        ("How old is Ana Lind, who was mayor?", ("How old is Ana Lind, who was mayor?",)),
        (
            "What did Lind do in 2021, how did it turn out, and is it still there?",
            ("What did Lind do in 2021?", "How did it turn out?", "Is it still there?"),
        ),
        ("When and where was it opened?", ("When and where was it opened?",)),
        ("Who came and who went?", ("Who came and who went?",)),
        ("What did Lind and Brandt say?", ("What did Lind and Brandt say?",)),
        ("Tell me who opened it, and when", ("Tell me who opened it, and when",)),
        ("?", ("?",)),
        (
            "How long was it shut in June, and how long in May?",
            ("How long was it shut in June?", "How long was it shut in May?"),
        ),
        (
            "How many voted in the first round, and how many in the last?",
            ("How many voted in the first round?", "How many voted in the last?"),
        ),
        (
            "What did Lind say of the bridge, and what of the road?",
            ("What did Lind say of the bridge?", "What did Lind say of the road?"),
        ),
        ("What did it cost in 1990, and in which town is it?", ("What did it cost in 1990?", "In which town is it?")),
        ("Who came by train, and how many of them stayed?", ("Who came by train?", "How many of them stayed?")),
    ],
)
def test_questions_in_one_are_told_apart(question: str, asked: tuple[str, ...]) -> None:
    assert asked_in(question) == asked


def answer_to(question: str, several: Several, *statements: Statement) -> Answer:
    cited = compose(statements, SENTENCES, {DOCUMENT.id: DOCUMENT}, "", before=several.said)
    answered = bool(cited.citations)
    text = cited.text if answered else NOT_SAID
    left_out, documents = cited.unsupported, (DOCUMENT,)
    return Answer(question, question, text, answered, 0.8, cited.citations, (), NO_TIME, left_out, {}, documents)


def given(*answers: tuple[str, tuple[Statement, ...]]) -> tuple[Answer, str]:
    """Return the answers put together and what was shown of them; each is shown but for its last word."""
    several = Several()
    shown = ""

    def answering(question: str, statements: tuple[Statement, ...]) -> Generator[str, None, Answer]:
        answer = answer_to(question, several, *statements)
        if answer.answered:
            first, last = answer.text[:7], answer.text[7:-4]
            yield first
            yield last
        return answer

    for question, statements in answers:
        shown += "".join(several.take(answering(question, statements)))
    return several.together("Both?", "Both?", (), NO_TIME), shown


OPENED = Statement("Ana Lind opened the bridge on 4 May", (1,))
PRICE = Statement("it cost 12 million crowns", (2,))
ABSURD = Statement("Brandt called the price absurd", (3,))


def test_the_second_answer_follows_the_first_with_the_markers_going_on() -> None:
    answer, shown = given(("Who?", (OPENED,)), ("How much?", (PRICE, ABSURD)))
    assert answer.text == (
        "Ana Lind opened the bridge on 4 May. [1] It cost 12 million crowns. [2] Brandt called the price absurd. [3]"
    )
    assert shown == answer.text
    assert [c.marker for c in answer.citations] == [1, 2, 3]
    for citation in answer.citations:
        assert TEXT[citation.start : citation.end] == citation.quote
    spans = [answer.text[c.answer_start : c.answer_end] for c in answer.citations]
    assert " ".join(spans) == (
        "Ana Lind opened the bridge on 4 May. It cost 12 million crowns. Brandt called the price absurd."
    )
    assert answer.confidence == pytest.approx(0.64)
    assert answer.document(answer.citations[0]) is DOCUMENT


def test_a_sentence_that_both_cite_keeps_its_marker() -> None:
    answer, _ = given(("Who?", (OPENED,)), ("When?", (Statement("The bridge opened on 4 May", (1,)), PRICE)))
    assert answer.text.count("[1]") == 2
    assert [c.marker for c in answer.citations] == [1, 2]


def test_what_was_said_already_is_not_said_again() -> None:
    answer, _ = given(("Who, and what?", (OPENED, PRICE)), ("What did it cost?", (PRICE,)))
    assert answer.text == "Ana Lind opened the bridge on 4 May. [1] It cost 12 million crowns. [2]"
    assert answer.answered


@pytest.mark.parametrize("declined", [0, 1])
def test_a_question_of_two_that_the_article_does_not_answer_is_named(declined: int) -> None:
    answers: list[tuple[str, tuple[Statement, ...]]] = [("What did it cost?", (PRICE,))]
    answers.insert(declined, ("Who paid?", ()))
    answer, shown = given(*answers)
    parts = ["It cost 12 million crowns. [1]"]
    parts.insert(declined, "The article does not say: “Who paid?”")
    assert answer.text == " ".join(parts) == shown
    assert answer.answered
    (citation,) = answer.citations
    assert answer.text[citation.answer_start : citation.answer_end] == "It cost 12 million crowns."


def test_two_questions_that_the_article_does_not_answer_are_declined() -> None:
    answer, shown = given(("Who paid?", ()), ("Why?", ()))
    assert (answer.text, answer.answered, answer.citations, shown) == (NOT_SAID, False, (), "")


class Scripted(ChatReader):
    """A reader that runs here and answers from a script, noting the questions and the turns that it is given."""

    runs_here = True
    turns_read = EmbeddedReader.turns_read
    asked: list[tuple[str, int]]

    def read(self, reading, question, turns, guide):
        self.asked.append((question, len(turns)))
        return super().read(reading, question, turns, guide)


@pytest.fixture
def engine(tmp_path, monkeypatch, word_embedder, corpus_of):
    Scripted.asked = []
    monkeypatch.setattr("qa.models.open_reader", lambda model, folder: Scripted(model))
    replies = map(AIMessage, ["A: Ana Lind opened the bridge", "B: It cost 12 million crowns"])
    settings = Settings(corpus=corpus_of({"bridge.txt": TEXT}), data_dir=tmp_path / "index")
    model = GenericFakeChatModel(messages=iter(replies))
    with QA.open(settings, embedder=word_embedder(), chat_model=model) as engine:
        engine.sync()
        yield engine


def test_each_is_asked_on_its_own_after_the_first(engine: QA) -> None:
    question = "Who opened the bridge, and what did it cost?"
    _, *pieces, answer = engine.stream(question)
    assert engine.ask(question) is answer
    assert [asked for asked, _ in Scripted.asked] == ["Who opened the bridge?", "What did it cost?"]
    assert Scripted.asked[1][1] > Scripted.asked[0][1] == 0
    assert "".join(pieces) == answer.text
    assert answer.question == question
    assert [c.quote for c in answer.citations] == ["Ana Lind opened the bridge on 4 May.", "It cost 12 million crowns."]


def test_the_first_leans_on_what_was_said_only_if_the_whole_question_does(engine: QA) -> None:
    said = [{"role": "user", "content": "Is there a ferry?"}, {"role": "assistant", "content": "No."}]
    engine.ask("Which woman opened what, and what did the bridge at Aston cost?", history=said)
    assert Scripted.asked == [("Which woman opened what?", 0), ("What did the bridge at Aston cost?", 2)]


@pytest.mark.parametrize(
    ("question", "events"),
    [
        (
            "How many days lay between the raid and the printing of the letter?",
            ("When was the raid?", "When was the printing of the letter?"),
        ),
        ("How long after the raid did he flee?", ("When was the raid?", "When did he flee?")),
        (
            "How many weeks before the paper was read was the letter written?",
            ("When was the letter written?", "When was it that the paper was read?"),
        ),
        ("How many days separate the vote from the count?", ("When was the vote?", "When was the count?")),
        ("How long did it take from the crash to the report?", ("When was the crash?", "When was the report?")),
        ("How long is the border between Norway and Sweden?", ()),
        ("How long is the road from Oslo to Bergen?", ()),
        ("How long did the talks last?", ()),
        ("When was the bridge opened?", ()),
    ],
)
def test_the_time_between_two_events_asks_for_two_dates(question: str, events: tuple[str, ...]) -> None:
    assert events_between(question) == events


DATED = make_document("Dates", "dates.txt", "The bridge fell on 4 May. It rained. A new one was opened on 9 May.\n")
HOW_LONG = "How many days after the fall was the new bridge opened?"


def dated(statement: str, number: int, said: Cited = NOTHING_SAID) -> Answer:
    sentences = lay_out(split(DATED, 400), [DATED]).sentences
    statements = (Statement(statement, (number,)),) if number else ()
    cited = compose(statements, sentences, {DATED.id: DATED}, "", before=said)
    text = cited.text or NOT_SAID
    return Answer(HOW_LONG, HOW_LONG, text, bool(number), 0.5, cited.citations, (), NO_TIME, documents=(DATED,))


def test_the_time_between_two_events_is_worked_out_from_the_dates_of_both() -> None:
    asked = []

    def ask(question: str, said: Cited) -> Answer:
        asked.append(question)
        first = len(asked) == 1
        return dated("the bridge fell on 4 May" if first else "a new one was opened on 9 May", 1 if first else 3, said)

    answer = time_between(HOW_LONG, ask)
    assert answer
    assert asked == ["When was the fall?", "When was the new bridge opened?"]
    assert answer.text == (
        "The bridge fell on 4 May. [1] A new one was opened on 9 May. [2] From 4 May to 9 May: 5 days. [1][2]"
    )
    assert [c.quote for c in answer.citations] == ["The bridge fell on 4 May.", "A new one was opened on 9 May."]
    assert [answer.text[c.answer_start : c.answer_end] for c in answer.citations] == [
        "The bridge fell on 4 May.",
        "A new one was opened on 9 May.",
    ]
    assert answer.confidence == 0.25
    assert answer.question == HOW_LONG


def test_one_sentence_with_both_dates_is_said_once() -> None:
    text = "Built on 4 May, the bridge fell on 9 May.\n"
    document = make_document("Dates", "dates.txt", text)
    sentences = lay_out(split(document, 400), [document]).sentences

    def ask(question: str, said: Cited) -> Answer:
        words = "the bridge fell on 9 May" if "fall" in question else "it was built on 4 May"
        cited = compose([Statement(words, (1,))], sentences, {document.id: document}, "", before=said)
        return Answer(question, question, cited.text, True, 0.5, cited.citations, (), NO_TIME, documents=(document,))

    answer = time_between("How long after the building was the fall?", ask)
    assert answer
    assert answer.text.count("[1]") == 2
    assert answer.text.endswith("From 4 May to 9 May: 5 days. [1]")


@pytest.mark.parametrize(
    ("question", "statement", "number"),
    [("When did it fall?", "", 0), (HOW_LONG, "", 0), (HOW_LONG, "it rained", 2)],
)
def test_without_two_events_and_their_dates_nothing_is_worked_out(question: str, statement: str, number: int) -> None:
    assert time_between(question, lambda _question, said: dated(statement, number, said)) is None


def test_an_answer_is_had_whole_from_its_pieces() -> None:
    def answering() -> Generator[str, None, Answer]:
        yield "The"
        return dated("the bridge fell on 4 May", 1)

    assert finished(answering()).text == "The bridge fell on 4 May. [1]"


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("What do the documents say about trade?", "What does the article say about trade?"),
        ("Do both articles mention India?", "Does the article mention India?"),
        ("Which documents mention Turkey?", "What does the article say about Turkey?"),
        ("Which of the articles talks about trade?", "What does the article say about trade?"),
        ("How do the two articles differ on who is to blame?", "What does the article say about who is to blame?"),
        ("According to all the texts, who began it?", "According to the article, who began it?"),
        ("What does the article say about trade?", ""),
        ("Who signed both documents?", ""),
        ("What do the documents that she copied show?", ""),
    ],
)
def test_a_question_to_several_documents_is_told_and_asked_of_one(question: str, asked: str) -> None:
    assert asked_of_one(question) == asked


def test_what_is_asked_of_each_document_stands_below_its_title() -> None:
    several, shown = Several("\n"), ""

    def answering(*statements: Statement) -> Generator[str, None, Answer]:
        answer = answer_to("What?", several, *statements)
        if answer.answered:
            yield answer.text[:9]
        return answer

    for title, statements in (("One", (OPENED,)), ("Two", ()), ("Three", (PRICE,))):
        shown += "".join(several.take(answering(*statements), f"{title}: "))
    answer = several.together("Both?", "Both?", (), NO_TIME)
    assert answer.text == shown
    assert answer.text == (
        "One: Ana Lind opened the bridge on 4 May. [1]\nTwo: The article does not say.\nThree: It cost 12 million "
        "crowns. [2]"
    )
    assert [answer.text[c.answer_start : c.answer_end] for c in answer.citations] == [
        "Ana Lind opened the bridge on 4 May.",
        "It cost 12 million crowns.",
    ]


@pytest.mark.slow
def test_the_real_model_answers_for_each_document_and_works_out_the_time_between_two_events(
    corpus_of: Callable[[Mapping[str, str]], Path], tmp_path: Path
) -> None:
    corpus = corpus_of(
        {
            "harbour.txt": "The harbour of Port Lorne was closed by a storm on 4 August. Fishermen lost eleven boats. "
            "The harbour was opened again on 19 August.",
            "railway.txt": "The railway to Port Lorne was cut by a landslide. Engineers blamed heavy rain. Trains ran "
            "again after two weeks.",
        }
    )
    with QA.open(Settings.load(corpus=corpus, data_dir=tmp_path / "index")) as qa:
        qa.sync()
        *pieces, each = qa.stream("What was cut or closed, according to the documents?")
        between = qa.ask("How many days after the storm was the harbour opened again?")
    assert isinstance(each, Answer)
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == each.text
    assert [line.partition(":")[0] for line in each.text.splitlines()] == ["Harbour", "Railway"]
    assert {document.source for document in each.documents} == {"harbour.txt", "railway.txt"}
    assert "From 4 August to 19 August: 15 days." in between.text
    assert {c.quote for c in between.citations} == {
        "The harbour of Port Lorne was closed by a storm on 4 August.",
        "The harbour was opened again on 19 August.",
    }
