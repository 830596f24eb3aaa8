"""Rows: what is stored comes back, words are found, owners are apart, a failed transaction leaves nothing."""

import sqlite3
import threading
from pathlib import Path

import pytest

from qa import lexical, store
from qa.corpus import make_document
from qa.database import Database
from qa.errors import IndexMismatchError, SettingsError
from qa.passages import split
from qa.store import Entry, Stamp, Store


def entry(source: str, text: str) -> Entry:
    document = make_document("", source, text)
    return Entry(document, tuple(split(document, 100)), Stamp(document.id, len(text), 1, 2))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "new folder" / "index.sqlite3")


def put(database: Database, owner: str, *entries: Entry) -> int:
    with database.writing() as connection:
        shelf = store.make_shelf(connection, owner)
        store.insert(connection, shelf, entries)
    return shelf


def texts(database: Database, shelf: int, question: str, k: int = 10, documents: list[str] | None = None) -> list[str]:
    rows = Store(database)
    return [passage.text for passage in rows.passages([key for key, _ in rows.lexical(shelf, question, k, documents)])]


def test_documents_and_passages_come_back_as_they_were(database: Database) -> None:
    made = entry("b.txt", "# Head\n\n“Curly” cats. 日本 😀 two.\n\nLast.")
    put(database, "", made, entry("a.txt", "Other."))
    rows = Store(database)
    assert rows.document(made.document.id) == made.document
    assert tuple(rows.document_passages(made.document.id)) == made.passages
    assert rows.passages([made.passages[1].id, "gone", made.passages[0].id]) == [made.passages[1], made.passages[0]]
    assert [(document.source, document.text) for document in rows.documents([0])] == [("a.txt", ""), ("b.txt", "")]
    assert rows.stamps()["b.txt"] == made.stamp
    assert rows.count() == 3
    with pytest.raises(KeyError):
        rows.document("gone")


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("Who was the Minister?", '"minister"'),
        ("What is it?", '"what" OR "is" OR "it"'),
        ('"NEAR(a OR b)" -x * col:y', '"near" OR "b" OR "x" OR "col" OR "y"'),
        ("cat Cat CAT's", '"cat" OR "s"'),
        ("?!", ""),
    ],
    ids=["stop-words", "only-stop-words", "operators", "once", "no-words"],
)
def test_question_to_query(question: str, query: str) -> None:
    assert lexical.match_query(question) == query


def test_words_are_found_by_stem_and_without_accents(database: Database) -> None:
    put(
        database,
        "",
        entry("a.txt", "Élysée strikes.\n\nThe river is calm.\n\nMany rivers and more rivers.\n\nNothing."),
    )
    assert texts(database, 0, "Did the elysee strike?") == ["Élysée strikes."]
    assert texts(database, 0, "river") == ["Many rivers and more rivers.", "The river is calm."]
    assert texts(database, 0, "river", k=1) == ["Many rivers and more rivers."]
    assert texts(database, 0, "ocean") == []
    assert texts(database, 0, "?") == []


def test_bm25_prefers_rare_words_and_short_passages(database: Database) -> None:
    common = [entry(f"{number}.txt", f"The boat number {number} is here.") for number in range(20)]
    put(database, "", *common, entry("x.txt", "Anna met the captain."))
    assert texts(database, 0, "the boat captain", k=2)[0] == "Anna met the captain."
    scores = [score for _, score in Store(database).lexical(0, "boat captain", 50, None)]
    assert len(scores) == 21
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_common_words_are_searched_for_only_where_there_is_no_rarer_one(database, monkeypatch) -> None:
    monkeypatch.setattr(lexical, "COMMON", 3)
    common = [entry(f"{number}.txt", f"The boat number {number} is here.") for number in range(5)]
    put(database, "", *common, entry("x.txt", "Anna met the captain."), entry("y.txt", "A captain's boat."))
    assert texts(database, 0, "the boat captain") == ["Anna met the captain.", "A captain's boat."]
    assert len(texts(database, 0, "boat")) == 6
    assert len(texts(database, 0, "boat number")) == 6


def test_equal_scores_keep_the_order_of_entry(database: Database) -> None:
    put(database, "", *(entry(f"{number}.txt", "Same words here.") for number in range(9)))
    found = [key for key, _ in Store(database).lexical(0, "words", 9, None)]
    assert found == [passage for (passage,) in Store(database)._rows("SELECT id FROM passages ORDER BY number")]


def test_only_chosen_documents_are_searched(database: Database) -> None:
    made = [entry(f"{number}.txt", f"A cat and number {number}.") for number in range(60)]
    put(database, "", *made)
    chosen = [made[57].document.id, made[3].document.id]
    assert sorted(texts(database, 0, "cat", 10, chosen)) == ["A cat and number 3.", "A cat and number 57."]
    assert texts(database, 0, "cat", 10, []) == []


def test_deleted_documents_leave_no_words(database: Database) -> None:
    made = entry("a.txt", "The cat sat. " * 20)
    put(database, "", made, entry("b.txt", "A dog."))
    with database.writing() as connection:
        removed = store.delete(connection, 0, [made.document.id])
    assert removed == [passage.id for passage in made.passages]
    assert texts(database, 0, "cat dog") == ["A dog."]
    with database.reading() as connection:
        connection.execute("INSERT INTO words_0(words_0) VALUES ('integrity-check')")


def test_owners_do_not_see_each_other(database: Database) -> None:
    same = entry("mine.txt", "Our secret cat.")
    first, second = put(database, "one", same), put(database, "two", same, entry("b.txt", "Second cat."))
    rows = Store(database)
    assert rows.owners() == ["", "one", "two"]
    assert texts(database, first, "cat") == ["Our secret cat."]
    assert len(texts(database, second, "cat")) == 2
    with database.writing() as connection:
        store.delete_shelf(connection, first)
    assert rows.shelf("one") is None
    assert rows.document(same.document.id).text == "Our secret cat."
    assert put(database, "three") > second


def test_generation_rises_and_notes_go_with_each_change(database: Database) -> None:
    before = database.generation
    database.set_note("questions", "[1]")
    database.set_value("fingerprint", "x")
    with database.writing(visible=False):
        pass
    assert (database.generation, database.note("questions")) == (before, "[1]")
    put(database, "")
    assert database.generation == before + 1
    assert database.note("questions") is None
    assert database.value("fingerprint") == "x"


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    made = entry("a.txt", "A cat.")
    put(database, "", made)
    before = database.generation
    with pytest.raises(sqlite3.IntegrityError):
        put(database, "", entry("b.txt", "A dog."), made)
    assert database.generation == before
    assert texts(database, 0, "cat dog") == ["A cat."]


def test_vectors_to_settle_are_kept_until_struck_out(database: Database) -> None:
    with database.writing() as connection:
        store.note_unsettled(connection, "passages", ["b", "a", "a"])
    assert Store(database).unsettled() == {"passages": ["a", "b"]}
    with database.writing() as connection:
        store.settle(connection, "passages", ["a"])
    assert Store(database).unsettled() == {"passages": ["b"]}


def test_many_threads_read_while_one_writes(database: Database) -> None:
    put(database, "", entry("0.txt", "A cat."))
    faults: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(50):
                assert texts(database, 0, "cat")
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(1, 20):
        put(database, "", entry(f"{number}.txt", f"A cat {number}."))
    for thread in threads:
        thread.join()
    assert not faults


def test_a_folder_or_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingsError, match="set data_dir"):
        Database(tmp_path / "file" / "index.sqlite3")
    (tmp_path / "index.sqlite3").write_bytes(b"no database at all" * 1000)
    with pytest.raises(IndexMismatchError, match="damaged"):
        Database(tmp_path / "index.sqlite3")
