"""The whole path with a small embedder that can be computed by hand and a scripted chat model."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from qa.answering import ChatReader, EmbeddedReader
from qa.datatypes import Answer
from qa.errors import QuestionError
from qa.judging import NOT_SAID
from qa.pipeline import QA
from qa.settings import Settings

ARTICLE = "Ana Lind opened the bridge on 4 May. It cost 12 million crowns.\nOskar Brandt called the price “absurd”.\n"


class LetterEmbedder:
    """A vector counts the letters a to z; unit length."""

    name = "letters"
    dimension = 26

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self.embed_question(text) for text in texts])

    def embed_question(self, text: str) -> np.ndarray:
        counts = np.array([text.lower().count(chr(97 + at)) for at in range(26)], dtype=np.float32)
        return counts / max(float(np.linalg.norm(counts)), 1e-9)


def scripted(*replies: str) -> BaseChatModel:
    return GenericFakeChatModel(messages=iter(map(AIMessage, replies)))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "bridge.txt").write_text(ARTICLE, encoding="utf-8")
    return Settings(corpus=corpus, data_dir=tmp_path / "data")


@pytest.fixture
def opened(settings: Settings) -> Iterator[list[QA]]:
    engines: list[QA] = []
    yield engines
    for engine in engines:
        engine.close()


def engine_with(settings: Settings, opened: list[QA], *replies: str) -> QA:
    engine = QA.open(settings, embedder=LetterEmbedder(), chat_model=scripted(*replies))
    engine.sync()
    opened.append(engine)
    return engine


def test_an_answer_is_proved_by_the_file(settings: Settings, opened: list[QA]) -> None:
    answer = engine_with(settings, opened, "B: It cost 12 million crowns").ask("What was the price?")
    assert answer.answered
    assert answer.text == "It cost 12 million crowns. [1]"
    (citation,) = answer.citations
    assert ARTICLE[citation.start : citation.end] == citation.quote == "It cost 12 million crowns."
    assert citation.source == "bridge.txt"
    assert answer.document(citation).text == ARTICLE
    assert json.loads(json.dumps(answer.to_json()))["citations"][0]["marker"] == 1


def test_stream_gives_passages_then_text_then_the_answer(settings: Settings, opened: list[QA]) -> None:
    first, *pieces, last = engine_with(settings, opened, "C: Oskar Brandt").stream("Who was it that complained?")
    assert isinstance(first, tuple)
    assert first[0].rank == 1
    assert "".join(pieces) == "Oskar Brandt"
    assert isinstance(last, Answer)
    assert last.text == "Oskar Brandt. “Oskar Brandt called the price “absurd”.” [1]"


@pytest.mark.parametrize("reply", ["none", "B: It cost 99 million crowns", "Zebras roam the steppe"])
def test_what_is_not_proved_is_declined(settings: Settings, opened: list[QA], reply: str) -> None:
    answer = engine_with(settings, opened, reply).ask("What did the zebra cost?")
    assert (answer.answered, answer.text, answer.citations) == (False, NOT_SAID, ())


def test_a_repeated_question_is_answered_from_the_cache_until_the_index_changes(
    settings: Settings, opened: list[QA]
) -> None:
    engine = engine_with(settings, opened, "B: It cost 12 million crowns", "A: Ana Lind")
    first = engine.ask("What was the price?")
    assert engine.ask("what was the  price?") is first
    (settings.corpus / "more.txt").write_text("A ferry runs on Sundays.", encoding="utf-8")
    engine.sync()
    assert engine.ask("What was the price?") is not first


def test_follow_ups_are_searched_with_the_exchange(settings: Settings, opened: list[QA]) -> None:
    history = [{"role": "user", "content": "Who opened the bridge?"}, {"role": "assistant", "content": "Ana Lind. [1]"}]
    answer = engine_with(settings, opened, "A: On 4 May").ask("And when?", history=history)
    assert answer.search_question == "Who opened the bridge? Ana Lind. And when?"


def test_what_a_question_does_not_lean_on_makes_it_no_other_question(settings, opened, monkeypatch):
    class Local(ChatReader):
        turns_read = EmbeddedReader.turns_read

    monkeypatch.setattr("qa.models.open_reader", lambda model, folder: Local(model))
    engine = engine_with(settings, opened, "B: It cost 12 million crowns")
    first = engine.ask("What was the price of the bridge?")
    history = [{"role": "user", "content": "Who opened the bridge?"}, {"role": "assistant", "content": "Ana Lind. [1]"}]
    assert engine.ask("What was the price of the bridge?", history=history) is first


def test_async_batch_and_langchain_give_the_same(settings: Settings, opened: list[QA]) -> None:
    replies = ["B: It cost 12 million crowns"] * 4
    expected = "It cost 12 million crowns. [1]"
    assert asyncio.run(engine_with(settings, opened, *replies).aask("What was the price?")).text == expected
    assert [a.text for a in engine_with(settings, opened, *replies).batch(["Price?", "Cost?"])] == [expected] * 2

    async def last() -> Answer:
        return [piece async for piece in engine_with(settings, opened, *replies).astream("What was the price?")][-1]

    assert asyncio.run(last()).text == expected
    message = engine_with(settings, opened, *replies).as_runnable().invoke({"question": "What was the price?"})
    (block,) = message.content_blocks
    (citation,) = block["annotations"]
    assert block["text"][citation["start_index"] : citation["end_index"]] == "It cost 12 million crowns."
    assert citation["cited_text"] == "It cost 12 million crowns."
    found = engine_with(settings, opened, *replies).as_retriever(k=1).invoke("crowns")
    assert ARTICLE[found[0].metadata["start"] : found[0].metadata["end"]] == found[0].page_content


def test_uploads_are_seen_by_their_owner_only(settings: Settings, opened: list[QA]) -> None:
    engine = engine_with(settings, opened, "A: A ferry runs on Sundays", "none")
    ferry = engine.add_text("Ferry", "A ferry runs on Sundays.", owner="ann")
    assert [d.title for d in engine.documents("ann")][-1] == "Ferry"
    assert ferry.id not in {d.id for d in engine.documents("bob")}
    assert ferry.id not in {hit.passage.document_id for hit in engine.search("ferry on Sundays", owner="bob")}
    assert engine.ask("When does the ferry run?", owner="ann", documents=[ferry.id]).answered
    engine.forget("ann")
    assert ferry.id not in {d.id for d in engine.documents("ann")}


def test_bad_questions_are_refused(settings: Settings, opened: list[QA]) -> None:
    engine = engine_with(settings, opened)
    with pytest.raises(QuestionError):
        engine.ask(" ")
    with pytest.raises(QuestionError):
        engine.ask("Who?", history=[{"role": "robot", "content": "x"}])


def test_a_large_corpus_is_read_in_its_best_sentences(settings: Settings, opened: list[QA]) -> None:
    small = settings.model_copy(update={"whole_document_tokens": 0, "context_tokens": 50})
    engine = engine_with(small, opened, "A: Oskar Brandt")
    answer = engine.ask("Who called the price absurd?")
    assert answer.answered
    assert ARTICLE[answer.citations[0].start : answer.citations[0].end] == answer.citations[0].quote


def test_only_whole_words_of_a_small_corpus_are_read_ahead(settings, opened, monkeypatch):
    read = []

    class Ahead(ChatReader):
        def read_ahead(self, reading, begun, history):
            read.append((len(reading.sentences), begun, len(history)))

    monkeypatch.setattr("qa.models.open_reader", lambda model, folder: Ahead(model))
    engine = engine_with(settings, opened)
    engine.read_ahead("Who ")
    assert read == []  # not ready: the article has not been read
    engine.warm_up()
    engine.read_ahead("Who opened ", history=[{"role": "user", "content": "What?"}])
    assert read == [(3, "", 0), (3, "Who opened ", 1)]
    monkeypatch.setattr(Ahead, "runs_here", True)
    engine.read_ahead("Who opened the bridge, and what did ")
    engine.read_ahead("Who opened the bridge, and what did it cost?")
    assert [begun for _, begun, _ in read[2:]] == ["Who opened the bridge, and what did ", "Who opened the bridge?"]
    large = engine.beside(settings.model_copy(update={"whole_document_tokens": 0}))
    large.ready = True
    large.read_ahead("Who opened ")
    assert len(read) == 4


@pytest.mark.parametrize(("whole_document_tokens", "sentences"), [(1_600, 3), (0, 0)])
def test_warming_up_reads_the_instructions_and_a_small_corpus_with_them(
    settings, opened, monkeypatch, whole_document_tokens, sentences
):
    read = []

    class Warmed(ChatReader):
        def warm(self, reading):
            read.append(len(reading.sentences))

    monkeypatch.setattr("qa.models.open_reader", lambda model, folder: Warmed(model))
    engine = engine_with(settings.model_copy(update={"whole_document_tokens": whole_document_tokens}), opened)
    engine.warm_up()
    assert read == [sentences]
