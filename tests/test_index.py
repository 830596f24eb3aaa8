"""The index as a whole: in step with the corpus, with itself, with other processes, and with its settings."""

import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qa import store, syncing
from qa.corpus import make_document
from qa.errors import CorpusError, IndexMismatchError, ModelError, SettingsError
from qa.index import FORMAT, Index
from qa.settings import Settings

TEXTS = {
    "a.txt": "The cat sat by the river.\n\nA dog barked at the cat.\n",
    "b.txt": "One bird in a tree.\n\nA stone under the tree.\n",
}
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def settings(tmp_path: Path, corpus_of: Callable[[Mapping[str, str]], Path]) -> Settings:
    return Settings(corpus=corpus_of(TEXTS), data_dir=tmp_path / "data")


@pytest.fixture
def embedder(word_embedder: type[Any]) -> Any:
    return word_embedder()


@pytest.fixture
def index(settings: Settings, embedder: Any) -> Any:
    index = Index.open(settings, embedder)
    index.sync()
    embedder.embedded.clear()
    yield index
    index.close()


def write(settings: Settings, name: str, text: str) -> None:
    """Write a file of the corpus as if it had been changed long ago, and not when the one before was."""
    path = settings.corpus / name
    path.write_text(text)
    age = 1_000_000_000_000_000_000 + abs(hash(text)) % 1_000_000_000
    os.utime(path, ns=(age, age))


def near(index: Index, embedder: Any, question: str, k: int = 10, **options: Any) -> list[str]:
    hits = index.dense(embedder.embed_question(question), k, **options)
    return [passage.text for passage in index.passages([key for key, _ in hits])]


def said(index: Index, question: str, **options: Any) -> list[str]:
    hits = index.lexical(question, 10, **options)
    return [passage.text for passage in index.passages([key for key, _ in hits])]


def in_step(index: Index) -> None:
    """Assert that rows and vectors hold the same passages, and nothing is left to settle."""
    shelves = index._shelves
    shelves.refresh()
    assert shelves.store.unsettled() == {}
    for owner in shelves.store.owners():
        stored = [key for page in shelves.vectors.ids(shelves.collection(owner)) for key in page]
        assert sorted(stored) == sorted(shelves.store.passage_ids(shelves.store.shelf(owner)))


def test_first_sync_indexes_everything(settings: Settings, embedder: Any) -> None:
    index = Index.open(settings, embedder)
    assert (index.documents(), index.count(), index.dense(embedder.embed_question("cat"), 5)) == ((), 0, [])
    assert index.lexical("cat", 5) == []
    told: list[tuple[int, int, str]] = []
    report = index.sync(lambda *step: told.append(step))
    assert (report.added, report.embedded, report.passages) == (2, 4, 4)
    sizes = [len(text) for text in TEXTS.values()]
    assert told == [(0, sum(sizes), "a.txt"), (sizes[0], sum(sizes), "b.txt"), (sum(sizes), sum(sizes), "")]
    assert [(document.source, document.title) for document in index.documents()] == [("a.txt", "A"), ("b.txt", "B")]
    assert near(index, embedder, "dog cat")[:2] == ["A dog barked at the cat.", "The cat sat by the river."]
    assert said(index, "barking") == ["A dog barked at the cat."]
    in_step(index)


def test_cosine_is_the_embedders(index: Index, embedder: Any) -> None:
    ((_, first), (_, second)) = index.dense(embedder.embed_question("dog cat"), 2)
    assert first == pytest.approx(1, abs=1e-3)
    assert second == pytest.approx(0.5, abs=1e-3)


def test_nothing_changed_embeds_nothing(index: Index, embedder: Any) -> None:
    before = index.generation
    report = index.sync()
    assert (report.unchanged, report.added, report.changed, report.removed, report.embedded) == (2, 0, 0, 0, 0)
    assert embedder.embedded == []
    assert index.generation == before


def test_a_touched_file_is_not_embedded_again(index: Index, settings: Settings, embedder: Any) -> None:
    os.utime(settings.corpus / "a.txt", ns=(10**18, 10**18))
    assert index.sync().unchanged == 2
    os.remove(settings.corpus / "a.txt")
    write(settings, "a.txt", TEXTS["a.txt"])
    assert index.sync().unchanged == 2
    assert embedder.embedded == []


def test_an_unchanged_file_is_not_even_opened(index: Index, settings: Settings) -> None:
    write(settings, "a.txt", TEXTS["a.txt"])
    index.sync()
    before = (settings.corpus / "a.txt").stat()
    (settings.corpus / "a.txt").write_text(TEXTS["a.txt"].replace("cat", "rat"))
    os.utime(settings.corpus / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert index.sync().unchanged == 2


def test_an_edit_within_one_tick_of_the_clock_is_noticed(index: Index, settings: Settings) -> None:
    path = settings.corpus / "a.txt"
    for text, changed in ((TEXTS["a.txt"], 0), (TEXTS["a.txt"].replace("cat", "cow"), 1)):
        path.write_text(text)
        ahead = 4_000_000_000_000_000_000  # later than any clock: the file never counts as settled
        os.utime(path, ns=(ahead, ahead))
        assert index.sync().changed == changed
    assert said(index, "cow") != []


def test_an_edited_file_leaves_no_stale_passage(index: Index, settings: Settings, embedder: Any) -> None:
    write(settings, "a.txt", "The cat sat by the river.\n\nA fish swam.\n")
    report = index.sync()
    assert (report.changed, report.unchanged, report.embedded, report.passages) == (1, 1, 1, 4)
    assert embedder.embedded == ["A fish swam."]
    assert said(index, "dog barked") == []
    assert "A dog barked at the cat." not in near(index, embedder, "dog")
    assert near(index, embedder, "fish", 1) == ["A fish swam."]
    in_step(index)


def test_a_deleted_and_a_renamed_file(index: Index, settings: Settings, embedder: Any) -> None:
    (settings.corpus / "b.txt").unlink()
    (settings.corpus / "a.txt").rename(settings.corpus / "c.txt")
    report = index.sync()
    assert (report.added, report.removed, report.passages, report.embedded) == (1, 2, 2, 0)
    assert [document.source for document in index.documents()] == ["c.txt"]
    assert said(index, "tree") == []
    in_step(index)


def test_a_file_that_is_no_text_any_more_is_skipped_and_leaves(index: Index, settings: Settings) -> None:
    (settings.corpus / "a.txt").write_bytes(b"\0\1\2")
    (settings.corpus / "c.odt").write_bytes(b"PK")
    (settings.corpus / "d.txt").write_bytes("caf\xe9 cat.".encode("cp1252"))
    report = index.sync()
    assert (report.added, report.removed, report.passages) == (1, 1, 3)
    assert set(report.skipped) == {"a.txt", "c.odt"}
    assert "cp1252" in report.notes["d.txt"]
    assert said(index, "river") == []
    assert said(index, "cafe") == ["café cat."]


@pytest.mark.parametrize("fault", ["missing", "empty", "unreadable"])
def test_a_bad_corpus_is_told_and_the_index_stays(index: Index, settings: Settings, fault: str, embedder: Any) -> None:
    for name in TEXTS:
        (settings.corpus / name).unlink()
    if fault == "missing":
        settings.corpus.rmdir()
    if fault == "unreadable":
        (settings.corpus / "a.txt").write_bytes(b"\0")
    for rebuild in (False, True):
        with pytest.raises(CorpusError):
            index.sync(rebuild=rebuild)
        assert index.count() == 4
        assert near(index, embedder, "dog", 1) == ["A dog barked at the cat."]


def test_only_chosen_documents_are_searched(index: Index, embedder: Any) -> None:
    second = index.documents()[1]
    assert near(index, embedder, "cat", documents=[second.id]) == near(index, embedder, "", documents=[second.id])
    assert len(near(index, embedder, "cat", documents=[second.id])) == 2
    assert said(index, "cat tree stone", documents={second.id}) == ["A stone under the tree.", "One bird in a tree."]
    assert near(index, embedder, "cat", documents=[]) == said(index, "cat", documents=["gone"]) == []


def test_uploads_are_their_owners(index: Index, embedder: Any) -> None:
    mine = make_document("Mine", "mine.txt", "A cat made of stone.\n\nA cloud.")
    index.add(mine, "one")
    index.add(mine, "one")
    index.add(mine, "two")
    assert embedder.embedded == ["A cat made of stone.", "A cloud."] * 2
    assert near(index, embedder, "cat stone", 1, owner="one") == ["A cat made of stone."]
    assert near(index, embedder, "cat stone", owner="three") == near(index, embedder, "cat stone")
    assert "A cat made of stone." not in near(index, embedder, "cat stone")
    assert said(index, "cloud") == []
    assert said(index, "cloud", owner="two") == ["A cloud."]
    assert [document.title for document in index.documents("one")] == ["A", "B", "Mine"]
    assert [document.title for document in index.documents()] == ["A", "B"]
    assert index.document(mine.id) == mine
    assert len(index.document_passages(mine.id)) == 2
    index.sync()
    index.remove(mine.id, "three")
    index.remove(mine.id, "one")
    assert said(index, "cloud", owner="one") == []
    assert said(index, "cloud", owner="two") == ["A cloud."]
    in_step(index)
    index.remove_owner("two")
    assert index.count() == 4
    with pytest.raises(KeyError):
        index.document(mine.id)
    in_step(index)


def test_a_text_of_the_corpus_is_not_embedded_for_an_upload(index: Index, embedder: Any) -> None:
    index.add(make_document("Copy", "copy.txt", TEXTS["a.txt"]), "one")
    assert embedder.embedded == []
    assert len(near(index, embedder, "dog", owner="one")) == 6


def test_words_of_corpus_and_uploads_are_scored_together(index: Index) -> None:
    index.add(make_document("Mine", "mine.txt", "A cat.\n\nA stone.\n\nA cat under a stone by a river bed."), "one")
    found = said(index, "cat under river stone", owner="one")
    assert found[0] == "A cat under a stone by a river bed."
    assert len(found) == 6
    assert index.lexical("cat", 1, owner="one")[0][1] > 0


def test_cosines_of_single_passages(index: Index, embedder: Any) -> None:
    vector = embedder.embed_question("cat")
    all_of_them = dict(index.dense(vector, 10))
    chosen = list(all_of_them)[:2]
    assert index.cosines(vector, [*chosen, "gone"]) == pytest.approx({key: all_of_them[key] for key in chosen})
    assert index.cosines(vector, []) == {}


def test_notes_go_with_a_change(index: Index, settings: Settings) -> None:
    index.set_note("questions", "[]")
    index.sync()
    assert index.note("questions") == "[]"
    write(settings, "a.txt", "A fish.")
    index.sync()
    assert index.note("questions") is None


def test_another_embedder_or_cut_is_refused_until_rebuilt(
    index: Index, settings: Settings, word_embedder: type[Any]
) -> None:
    index.add(make_document("Mine", "mine.txt", "A cloud."), "one")
    index.close()
    for changed, other in (
        (settings, word_embedder(name="other")),
        (settings, word_embedder(words="cat dog")),
        (settings.model_copy(update={"passage_characters": 100}), word_embedder()),
    ):
        opened = Index.open(changed, other)
        for use in (
            partial(opened.dense, np.zeros(3, np.float32), 1),
            partial(opened.lexical, "x", 1),
            partial(opened.passages, ["x"]),
            partial(opened.add, make_document("x", "x", "x"), "one"),
            opened.documents,
            opened.sync,
        ):
            with pytest.raises(IndexMismatchError, match=r"qa index --rebuild"):
                use()
        opened.close()
    other = word_embedder(words="cat dog")
    index = Index.open(settings, other)
    report = index.sync(rebuild=True)
    assert (report.added, report.embedded) == (2, 4)
    assert near(index, other, "dog cat", 1) == ["A dog barked at the cat."]
    assert said(index, "cloud", owner="one") == ["A cloud."]
    in_step(index)
    index.close()
    assert Index.open(settings, other).count() == 5


def test_an_index_of_an_older_version_is_made_anew_by_the_next_sync(
    index: Index, settings: Settings, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add(make_document("Mine", "mine.txt", "A cloud."), "one")
    index.close()
    monkeypatch.setattr("qa.index.FORMAT", FORMAT + 1)
    opened = Index.open(settings, embedder)
    with pytest.raises(IndexMismatchError, match="format"):
        opened.documents()
    assert opened.sync().added == 2
    assert said(opened, "cloud", owner="one") == ["A cloud."]
    in_step(opened)
    opened.close()
    assert Index.open(settings, embedder).sync().unchanged == 2


def test_an_empty_index_belongs_to_nobody(settings: Settings, word_embedder: type[Any]) -> None:
    Index.open(settings, word_embedder()).close()
    assert Index.open(settings, word_embedder(name="other")).sync().added == 2


def test_lost_vectors_are_made_again(index: Index, settings: Settings, embedder: Any) -> None:
    index.close()
    shutil.rmtree(settings.index_dir() / "vectors")
    again = Index.open(settings, embedder)
    assert again.sync().embedded == 4
    assert near(again, embedder, "dog", 1) == ["A dog barked at the cat."]
    in_step(again)


def test_stray_vectors_are_never_found_and_removed(index: Index, embedder: Any) -> None:
    index._shelves.vectors.upsert("passages", ["stray"], np.array([embedder.embed_question("cloud")]))
    assert "stray" not in dict(index.dense(embedder.embed_question("cloud"), 10))
    index.sync()
    in_step(index)


def test_damaged_vectors_are_told_and_a_rebuild_helps(index: Index, settings: Settings, embedder: Any) -> None:
    index.close()
    for path in (settings.index_dir() / "vectors").rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged" * 1000)
    again = Index.open(settings, embedder)
    with pytest.raises(IndexMismatchError, match="qa index --rebuild"):
        near(again, embedder, "cat")
    assert again.sync(rebuild=True).embedded == 4
    in_step(again)


def test_a_server_that_does_not_answer_is_told(settings: Settings, embedder: Any) -> None:
    index = Index.open(settings.model_copy(update={"chroma_url": "http://127.0.0.1:9"}), embedder)
    with pytest.raises(SettingsError, match=r"the Chroma server at 'http://127.0.0.1:9'"):
        index.sync()


def test_a_sync_that_fails_goes_on_where_it_was(
    settings: Settings, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "BATCH_PASSAGES", 2)
    for number in range(10):
        write(settings, f"n{number}.txt", f"Cat number {number}.\n\nDog number {number}.")
    embed = embedder.embed_passages

    def fail_later(texts: list[str]) -> Any:
        if len(embedder.embedded) >= 10:
            raise ModelError("out of memory")
        return embed(texts)

    embedder.embed_passages = fail_later
    index = Index.open(settings, embedder)
    with pytest.raises(ModelError):
        index.sync()
    assert index.count() == 10
    in_step(index)
    embedder.embed_passages = embed
    report = index.sync()
    assert (report.unchanged, report.added, report.embedded, report.passages) == (5, 7, 14, 24)


def test_a_batch_is_embedded_while_the_one_before_is_written(
    settings: Settings, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "BATCH_PASSAGES", 2)
    index = Index.open(settings, embedder)
    upsert, embed, both = index._shelves.vectors.upsert, embedder.embed_passages, threading.Event()

    def counted(texts: list[str]) -> Any:
        if embedder.embedded:
            both.set()
        return embed(texts)

    def write_last(*batch: Any) -> None:
        assert both.wait(timeout=30)
        upsert(*batch)

    embedder.embed_passages = counted
    monkeypatch.setattr(index._shelves.vectors, "upsert", write_last)
    assert index.sync().added == 2
    in_step(index)


def test_a_batch_that_cannot_be_written_is_told_and_written_next_time(
    settings: Settings, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "BATCH_PASSAGES", 2)
    index = Index.open(settings, embedder)

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as failing:
        failing.setattr(store, "insert", fail)
        with pytest.raises(OSError, match="disk full"):
            index.sync()
    assert index.count() == 0
    assert index.sync().added == 2
    in_step(index)


def crash(settings: Settings, embedder: Any, point: str) -> None:
    """Sync in a process that dies at a point."""
    if point == "vectors written":
        store.insert = lambda *_: os._exit(9)  # type: ignore[assignment]
    if point == "rows deleted":
        index = Index.open(settings, embedder)
        index._shelves.vectors.delete = lambda *_: os._exit(9)  # type: ignore[method-assign]
        index.sync()
    Index.open(settings, embedder).sync()


@pytest.mark.parametrize("point", ["vectors written", "rows deleted"])
def test_a_crash_leaves_rows_and_vectors_to_settle(index: Index, settings: Settings, embedder: Any, point: str) -> None:
    near(index, embedder, "cat")
    write(settings, "a.txt", "A fish by the river.\n\nAnother fish.")
    process = SPAWN.Process(target=crash, args=(settings, embedder, point))
    process.start()
    process.join()
    assert process.exitcode == 9
    if point == "vectors written":
        assert near(index, embedder, "dog", 1) == ["A dog barked at the cat."]
    assert index._shelves.store.unsettled() != {}
    Index.open(settings, embedder).close()
    in_step(index)
    index.sync()
    assert said(index, "dog") == []
    assert near(index, embedder, "fish", 1) == ["Another fish."]
    in_step(index)


def upload_many(settings: Settings, embedder: Any, owner: str, count: int) -> None:
    """Add documents in a process of its own."""
    index = Index.open(settings, embedder)
    for number in range(count):
        text = "\n\n".join(f"Cat {owner} {number} {part}." for part in range(300))
        index.add(make_document("", f"{owner}-{number}", text), "all" if number % 2 else owner)
    index.close()


def test_processes_write_in_turn_and_readers_notice(index: Index, settings: Settings, embedder: Any) -> None:
    writers = [
        SPAWN.Process(target=upload_many, args=(settings, embedder, name, 4)) for name in ("one", "two", "three")
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        near(index, embedder, "cat", owner="all")
        writers[0].join(0.05)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert index.count() == 4 + 3 * 4 * 300
    assert len(near(index, embedder, "cat", 50, owner="all")) == 50
    in_step(index)
    index.remove_owner("all")
    assert near(index, embedder, "cat", 5, owner="all") == near(index, embedder, "cat", 5)
    in_step(index)


def test_threads_read_and_write_at_once(index: Index, embedder: Any) -> None:
    faults: list[BaseException] = []

    def guard(work: Callable[[int], None], number: int) -> None:
        try:
            for turn in range(8):
                work(number * 100 + turn)
        except BaseException as error:
            faults.append(error)

    def write_one(number: int) -> None:
        document = make_document("", f"{number}", f"A cat {number}.\n\nA cloud {number}.")
        index.add(document, f"owner {number % 3}")
        assert len(near(index, embedder, "cloud", 50, owner=f"owner {number % 3}")) >= 6
        index.remove(document.id, f"owner {number % 3}")

    def read(number: int) -> None:
        assert near(index, embedder, "dog", 1) == ["A dog barked at the cat."]

    threads = [threading.Thread(target=guard, args=(work, n)) for n in range(3) for work in (write_one, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert index.count() == 4
    in_step(index)
