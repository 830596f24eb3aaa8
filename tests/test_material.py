"""What is read whole of several small documents, when it is read, and what is kept of it for how long."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from qa.answering import ChatReader
from qa.errors import BusyError
from qa.kept import BYTES_PER_TOKEN
from qa.material import Material
from qa.parts import tokens
from qa.pipeline import QA
from qa.reading import KEPT, Reading
from qa.settings import Settings

TEXTS = {
    "cats.txt": "A cat sat by the river. The cat was old. It had seen a dog once.",
    "dogs.txt": "A dog ran to the tree. The dog was young. It barked at a stone.",
    "fish.txt": "A fish swam in the cloud. The fish was blue. Nobody believed it.",
}


class LocalReader(ChatReader):
    """Runs here, and writes a file for all that it reads whole."""

    runs_here = True

    def __init__(self) -> None:
        super().__init__(GenericFakeChatModel(messages=iter(lambda: AIMessage("A: A sentence"), None)))
        self.asked: list[Reading] = []
        self.busy = False
        self.size = BYTES_PER_TOKEN

    def knows(self, reading: Reading) -> bool:
        return reading.kept is None or reading.kept.is_file()

    def warm(self, reading: Reading) -> None:
        if not self.knows(reading):
            if self.busy:
                raise BusyError("somebody asks")
            reading.kept.write_bytes(bytes(self.size))

    def read(self, reading, question, turns, guide):
        self.asked.append(reading)
        return super().read(reading, question, turns, guide)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> LocalReader:
    reader = LocalReader()
    monkeypatch.setattr("qa.models.open_reader", lambda model, folder: reader)
    return reader


@pytest.fixture
def settings(tmp_path: Path, corpus_of: Callable[[Mapping[str, str]], Path]) -> Settings:
    return Settings(corpus=corpus_of(TEXTS), data_dir=tmp_path / "data", whole_document_tokens=30)


@pytest.fixture
def engine(settings: Settings, reader: LocalReader, word_embedder) -> Iterator[QA]:
    chat_model = GenericFakeChatModel(messages=iter(()))
    with QA.open(settings, embedder=word_embedder(), chat_model=chat_model) as engine:
        engine.sync()
        yield engine


def files(engine: QA) -> set[Path]:
    return set(engine.settings.index_dir().glob(f"{KEPT}*"))


def read_whole(reader: LocalReader) -> set[str]:
    """Return the first words of what was read last, if it was a whole document."""
    last = reader.asked[-1]
    return {last.sentences[0].text} if last.kept else set()


def test_a_document_that_was_read_before_is_read_whole_for_a_question_about_it(engine, reader):
    engine.ask("Was the dog young?")
    assert reader.asked[-1].kept is None
    assert engine.read_documents()
    assert len(files(engine)) == 3
    engine.ask("Was the dog young?")
    assert read_whole(reader) == {"A dog ran to the tree."}
    assert len(reader.asked[-1].sentences) == 3
    engine.ask("Was the fish blue?")
    assert read_whole(reader) == {"A fish swam in the cloud."}


def test_of_two_documents_that_speak_of_it_the_one_with_the_nearest_sentence_is_read(
    reader: LocalReader, word_embedder, corpus_of, tmp_path: Path
) -> None:
    often = "A dog and a cat lay there, so they say who came by in the long hot summer of that year, as ever. "
    texts = {"near.txt": "A dog ran to the tree. The river and the stone were still.", "often.txt": often * 6}
    most, question = tokens(texts["often.txt"]) + 8, "Which dog ran to the tree?"
    settings = Settings(
        corpus=corpus_of(texts), data_dir=tmp_path / "data", whole_document_tokens=most, passage_characters=200
    )
    with QA.open(settings, embedder=word_embedder(), chat_model=GenericFakeChatModel(messages=iter(()))) as engine:
        engine.sync()
        found = [replace(hit, score=0.5) for hit in engine.search(question)]
        assert len(found) == 4
        wholes = engine._material.read_whole(question, found, None, "", lambda _: True, False)
    assert [whole.documents[0].source for whole in wholes] == ["near.txt", "often.txt"]


def test_what_was_asked_about_is_read_first(engine, reader):
    engine.ask("Was the fish blue?")
    reads: list[Reading] = []
    reader.warm = reads.append
    engine.read_documents()
    assert reads[0].sentences[0].text.startswith("A fish")


def test_reading_gives_way_and_goes_on(engine, reader):
    reader.busy = True
    assert not engine.read_documents()
    assert not engine.read_documents(lambda: True)
    reader.busy = False
    assert engine.read_documents()
    assert len(files(engine)) == 3


def test_an_upload_is_read_and_forgotten_with_all_that_was_kept_of_it(engine, reader):
    engine.read_documents()
    before = files(engine)
    added = engine.add_text("Birds", "A bird sat on a cloud. The bird sang.", "me")
    engine.read_documents()
    assert len(files(engine) - before) == 1
    engine.ask("Did the bird sing?", owner="me")
    assert read_whole(reader) == {"A bird sat on a cloud."}
    engine.ask("Did the bird sing?")
    assert not read_whole(reader) & {"A bird sat on a cloud."}
    engine.remove(added.id, "me")
    assert files(engine) == before


def test_a_small_corpus_and_an_upload_are_read_together_and_nobody_waits_for_it(settings, reader, word_embedder):
    larger = settings.model_copy(update={"whole_document_tokens": 200})
    with QA.open(larger, embedder=word_embedder(), chat_model=GenericFakeChatModel(messages=iter(()))) as engine:
        engine.sync()
        engine.warm_up()
        assert engine.read_documents()
        corpus = files(engine)
        assert len(corpus) == 1
        engine.add_text("Birds", "A bird sat on a cloud. The bird sang.", "me")
        engine.ask("Did the bird sing?", owner="me")
        assert reader.asked[-1].kept is None
        engine.read_documents()
        engine.ask("Did the bird sing?", owner="me")
        assert len(reader.asked[-1].sentences) == 11
        engine.forget("me")
        assert files(engine) == corpus


def test_all_of_a_small_corpus_is_waited_for_where_no_quiet_time_is_used(settings, reader, word_embedder):
    larger = settings.model_copy(update={"whole_document_tokens": 200})
    with QA.open(larger, embedder=word_embedder(), chat_model=GenericFakeChatModel(messages=iter(()))) as engine:
        engine.sync()
        engine.ask("Was the dog young?")
        assert len(reader.asked[-1].sentences) == 9


def test_a_changed_corpus_leaves_nothing_kept_of_what_it_was(engine, settings):
    engine.read_documents()
    (settings.corpus / "dogs.txt").unlink()
    (settings.corpus / "cats.txt").write_text("Another cat came.")
    engine.sync()
    assert len(files(engine)) == 1
    engine.read_documents()
    assert len(files(engine)) == 2


def test_what_was_used_longest_ago_goes_when_there_is_no_room(settings, reader, word_embedder):
    small = settings.model_copy(update={"reading_megabytes": 1})
    with QA.open(small, embedder=word_embedder(), chat_model=GenericFakeChatModel(messages=iter(()))) as engine:
        engine.sync()
        engine.read_documents()
        kept = sorted(files(engine))
        assert len(kept) == 3
        for age, file in enumerate(kept):
            file.write_bytes(bytes(400_000))
            os.utime(file, (1_000 - age, 1_000 - age))
        engine.forget("nobody")
        assert sorted(files(engine)) == kept[:2]
        engine.read_documents()
        assert sorted(files(engine)) == kept[:2]


def test_a_model_elsewhere_reads_no_single_document_whole(engine, reader):
    engine.read_documents()
    reader.runs_here = False
    engine.ask("Was the dog young?")
    assert reader.asked[-1].kept is None


LONG = "\n\n".join(
    f"The {animal} lived in the {place}. Every {animal} of the {place} was {colour}. It had seen a {other} once."
    for animal, place, colour, other in (
        ("heron", "reeds", "grey", "stork"),
        ("badger", "woods", "black", "fox"),
        ("salmon", "rapids", "silver", "trout"),
        ("falcon", "tower", "brown", "dove"),
    )
)


def test_a_long_document_is_read_in_parts_and_a_question_is_asked_of_one(engine, reader):
    engine.read_documents()
    before = files(engine)
    added = engine.add_text("Animals", LONG, "me")
    engine.ask("Had the silver salmon in the rapids seen a trout?", owner="me")
    assert reader.asked[-1].kept is None
    wished = next(engine._material.unread(reader.knows, ["me"]))
    assert "salmon" in wished.text, "what was asked about comes first"
    assert engine.read_documents()
    assert len(files(engine) - before) == 4
    engine.ask("Had the silver salmon in the rapids seen a trout?", owner="me")
    assert read_whole(reader) == {"The salmon lived in the rapids."}
    assert len(reader.asked[-1].sentences) == 3
    assert added.text[reader.asked[-1].sentences[1].start :].startswith("Every salmon")
    engine.remove(added.id, "me")
    assert files(engine) == before


def test_of_a_document_for_which_there_is_no_room_what_was_asked_about_is_read(settings, reader, word_embedder):
    (settings.corpus / "animals.txt").write_text(LONG)
    small = settings.model_copy(update={"reading_megabytes": 1})
    with QA.open(small, embedder=word_embedder(), chat_model=GenericFakeChatModel(messages=iter(()))) as engine:
        engine.sync()
        reader.size = 490_000
        assert engine.read_documents()
        assert len(files(engine)) == 1, "nothing else fits"
        engine.ask("Had the brown falcon in the tower seen a dove?")
        assert not read_whole(reader)
        assert engine.read_documents()
        assert len(files(engine)) == 2
        engine.ask("Had the brown falcon seen a dove?")
        assert read_whole(reader) == {"The falcon lived in the tower."}


def test_a_book_is_not_gone_through_where_there_is_no_room_for_it(settings, reader, word_embedder, monkeypatch):
    book = "\n\n".join(f"Guest {n} came from town {n}. He was {n} years old. He stayed." for n in range(100))
    (settings.corpus / "book.txt").write_text(book)
    small = settings.model_copy(update={"reading_megabytes": 1})
    laid: list[int] = []
    lay = Material._laid_out_part
    monkeypatch.setattr(Material, "_laid_out_part", lambda *which: laid.append(which[-1]) or lay(*which))
    with QA.open(small, embedder=word_embedder(), chat_model=GenericFakeChatModel(messages=iter(()))) as engine:
        engine.sync()
        reader.size = 150_000
        assert engine.read_documents()
        assert len(files(engine)) == 2
        assert len(laid) < 7


def test_nothing_is_read_whole_of_a_part_that_one_endless_sentence_makes_too_long(engine, reader):
    engine.add_text("Endless", "and the crane flew " * 100 + "home.", "me")
    assert engine.read_documents()
    engine.ask("Where did the crane fly?", owner="me")
    assert reader.asked[-1].kept is None


@pytest.mark.slow
def test_the_real_model_reads_documents_once_and_answers_from_the_whole_of_one_or_a_part(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "ferry.txt").write_text(
        "The ferry to Ostholm sank on 3 March in a storm. All 41 passengers were saved by fishermen. "
        "The owner, Line Bakke, said the hull had been inspected in January.\n"
    )
    (corpus / "library.txt").write_text(
        "The town library reopened on 9 June after two years of repairs. Its new roof cost 3 million crowns. "
        "The architect, Jon Reve, called it his last building.\n\n"
        "In its cellar workers found 212 letters of a sea captain, Ada Holm, written between 1810 and 1823. They will "
        "be shown in spring, and the museum of Ostholm has asked for copies.\n"
    )
    settings = Settings(corpus=corpus, data_dir=tmp_path / "data", whole_document_tokens=60)
    with QA.open(settings) as engine:
        engine.sync()
        assert engine.read_documents()
        read = files(engine)
        assert len(read) == 3, "the longer document in two parts"
        inodes = {file: file.stat().st_ino for file in read}
    with QA.open(settings) as engine:
        engine.sync()
        assert engine.read_documents()
        for question, word, source in (
            ("Who saved the passengers of the ferry?", "fishermen", "ferry.txt"),
            ("What did the library's new roof cost?", "3 million", "library.txt"),
            ("Who owned the ferry that sank?", "Line Bakke", "ferry.txt"),
            ("How many letters were found in the cellar?", "212", "library.txt"),
        ):
            answer = engine.ask(question)
            assert word in answer.text
            assert {citation.source for citation in answer.citations} == {source}
            assert answer.signals["whole"] == 1
        assert {file: file.stat().st_ino for file in files(engine) & read} == inodes


def test_headings_count_among_what_is_read_of_the_best_sentences(engine: QA) -> None:
    sections = (f"## {'Cats of the old town ' * 7}{number}\n\n- cat {number}\n- no dog\n" for number in range(9))
    engine.add_text("Towns", "\n\n".join(sections), "me")
    reading = engine._material.best("Which cat?", engine.search("Which cat?", 16, owner="me")).reading
    most = engine.settings.reading_tokens()
    assert most / 2 < tokens(reading.text) <= 1.2 * most
    assert reading.text.count("## ") < 9
