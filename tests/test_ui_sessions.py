"""The page behind its drawing: words, export, feedback, sessions, streams and the preparation; no browser."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from page_qa import PageQA
from page_support import HOSTILE, WORDS, answer_on, done, wait_for

import qa.ui
from qa.errors import QuestionError
from qa.feedback import feedback_file, question_set, record
from qa.question_sets import article_questions, read_question_set
from qa.scoring import CitedSpan, Prediction, score
from qa.settings import Settings
from qa.ui.answers import citation_address
from qa.ui.claims import abandoned
from qa.ui.conversing import read_ahead
from qa.ui.engine import Engine
from qa.ui.export import as_json, as_markdown
from qa.ui.messages import all_words, words_for
from qa.ui.session import ChatTurn, Session
from qa.ui.sessions import Sessions
from qa.ui.streaming import Incoming, Stopped

# Words


def test_every_language_says_everything_with_the_same_blanks() -> None:
    languages = all_words()
    assert set(languages) == {"de", "en", "es", "fr"}
    blanks = {key: set(re.findall(r"{(\w+)}", text)) for key, text in languages["en"].sentences.items()}
    for words in languages.values():
        assert list(words.sentences) == list(languages["en"].sentences), words.language
        assert {key: set(re.findall(r"{(\w+)}", text)) for key, text in words.sentences.items()} == blanks


def test_every_word_is_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(qa.ui.__file__).parent.glob("*.py"))
    made = {"show_article", "hide_article", "stopped"}
    unused = [key for key in WORDS.sentences if not re.search(f"[\"']{key}[\"']", sources) and key not in made]
    assert unused == []


@pytest.mark.parametrize(
    ("preferred", "expected"),
    [(["de-AT", "en"], "de"), (["xx", "fr"], "fr"), ([], "en"), (["zz"], "en"), (["ES_mx"], "es")],
)
def test_the_language_preferred_first_is_taken(preferred: list[str], expected: str) -> None:
    assert words_for(preferred).language == expected


# Export and feedback


def test_the_conversation_as_json_has_every_citation() -> None:
    answer = answer_on(HOSTILE, [(0, 8)])
    turns = json.loads(as_json([done(answer, verdict="up"), ChatTurn("Q", "failed", error="no")]))["turns"]
    assert turns[0]["answer"]["citations"][0]["quote"] == HOSTILE[0:8]
    assert (turns[0]["verdict"], turns[1]["error"]) == ("up", "no")


def test_the_conversation_as_markdown_holds_no_markup_of_others() -> None:
    answer = answer_on(HOSTILE, [(0, len(HOSTILE))], answer_text="# Not a title\n- nor a list [1]", question="*Why*?")
    written = as_markdown([done(answer)], WORDS)
    assert "\n## \\*Why\\*?\n" in written
    assert not re.search(r"(?<!\\)<", written)
    assert "\\# Not a title" in written
    assert f"{answer.citations[0].start}–{answer.citations[0].end}" in written


def test_feedback_becomes_a_question_set(tmp_path: Path) -> None:
    file = feedback_file(tmp_path / "new")
    good = answer_on("Some text.", [(0, 4)], question="First?")
    bad = answer_on("Some text.", [(5, 9)], question="Second?")
    declined = answer_on("Some text.", [], question="Third?", answered=False)
    earlier = [{"role": "user", "content": "Before?"}, {"role": "assistant", "content": "Yes. [1]"}]
    record(file, good, "down")
    record(file, good, "up", "fine “now”")
    record(file, bad, "down", "wrong")
    record(file, declined, "up", history=earlier)  # type: ignore[arg-type]
    record(file, answer_on("Mine.", [(0, 4)], question="Fourth?"), "up", uploaded=True)
    rows = question_set(file)
    assert [(row["question"], row["kind"], row["evidence"]) for row in rows] == [
        ("First?", "feedback", ["Some"]),
        ("Third?", "unanswerable", []),
    ]
    assert rows[0]["remark"] == "fine “now”"
    assert len(file.read_text(encoding="utf-8").splitlines()) == 5
    evaluated = read_question_set(file).rows  # as `qa evaluate FILE` reads it
    asked = [(row.question, row.history) for row in evaluated]
    assert asked == [("First?", ()), ("Third?", (("Before?", "Yes. [1]"),))]
    gold = article_questions(evaluated, {"a.txt": "Some text."})[0]
    cited = (CitedSpan(start=0, end=4, source="a.txt"),)
    for text, right in (("Said. [1]", True), ("“Some” it is. [1]", True), ("Nothing of it.", False)):
        assert score(gold, Prediction(id=gold.id, answer=text, answered=True, citations=cited)).right is right
    file.write_text(file.read_text(encoding="utf-8").replace('"up"', '"down"'), encoding="utf-8")
    with pytest.raises(QuestionError, match="no question"):
        read_question_set(file)


# Sessions, streams, the engine


def test_a_session_tells_its_history() -> None:
    session = Session(turns=[done(answer_on("Text.", [(0, 4)])), ChatTurn("Failed?", "failed"), ChatTurn("Now?")])
    assert session.history() == [{"role": "user", "content": "What?"}, {"role": "assistant", "content": "Said 1 [1]"}]
    assert session.history(0) == []
    assert Session().owner != Session().owner


def test_a_closed_window_is_forgotten_after_a_while_unless_it_returns() -> None:
    forgotten: list[str] = []
    sessions = Sessions(forgotten.append, grace=0.05)
    sessions.seen("a", "owner-a")
    sessions.seen("b", "owner-b")
    sessions.left("a")
    sessions.left("b")
    sessions.seen("b", "owner-b")
    sessions.left("unknown")
    sessions.left(None)
    wait_for(lambda: forgotten)
    time.sleep(0.1)
    assert forgotten == ["owner-a"]
    sessions.close()
    assert forgotten == ["owner-a", "owner-b"]


def never() -> bool:
    return False


def test_a_stream_is_passed_through_with_its_error() -> None:
    assert [item for batch in Incoming(lambda: iter([1, 2])).batches(never) for item in batch] == [1, 2]
    held = threading.Event()

    def failing() -> Iterator[int]:
        yield 1
        held.wait(10)
        yield 2
        yield 3
        raise KeyError("no")

    batches = Incoming(failing).batches(never)
    assert next(batches) == [1]
    held.set()
    assert next(batches)[0] == 2
    with pytest.raises(KeyError):
        list(batches)


def test_a_stop_does_not_wait_for_the_stream_which_is_closed() -> None:
    held, closed = threading.Event(), threading.Event()
    wanted = False

    def slow() -> Iterator[int]:
        try:
            yield 1
            held.wait(10)
            yield 2
        finally:
            closed.set()

    batches = Incoming(slow).batches(lambda: wanted)
    assert next(batches) == [1]
    wanted = True
    with pytest.raises(Stopped):
        next(batches)
    assert not closed.is_set()
    held.set()
    assert closed.wait(5)


def test_the_engine_prepares_itself_and_tells_why_it_could_not(tmp_path: Path) -> None:
    engine = Engine(lambda: PageQA(Settings(data_dir=tmp_path)))  # type: ignore[arg-type,return-value]
    engine.start()
    assert engine.ready_qa(10) is engine.opened
    assert engine.progress.key == "ready"

    def broken() -> None:
        raise RuntimeError("no disk")

    engine = Engine(broken)  # type: ignore[arg-type]
    engine.start()
    with pytest.raises(Exception, match="no disk"):
        engine.ready_qa(10)
    assert engine.progress.key == "unready"


def test_documents_can_be_added_before_the_models_are_there(tmp_path: Path) -> None:
    engine = Engine(lambda: PageQA(Settings(data_dir=tmp_path), hold=tmp_path / "warm"))  # type: ignore[arg-type,return-value]
    engine.start()
    assert engine.synced_qa() is engine.opened
    assert not engine.finished
    (tmp_path / "warm").touch()
    assert engine.ready_qa(10) is engine.opened


def test_questions_are_suggested_only_while_nobody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.ui.engine.QUIET_SECONDS", 0.05)
    late = tmp_path / "late"
    qa = PageQA(Settings(data_dir=tmp_path), late=late)
    calls: list[bool] = []

    def suggest(wanted: Callable[[], bool]) -> bool:
        while not wanted():
            time.sleep(0.01)
            if late.exists():
                return True
        calls.append(True)
        return False

    qa.suggest = suggest  # type: ignore[method-assign,assignment]
    engine = Engine(lambda: qa)  # type: ignore[arg-type,return-value]
    with engine.asking():
        engine.start()
        engine.ready_qa(10)
        time.sleep(0.2)
        assert calls == []
    time.sleep(0.3)  # now it works
    with engine.asking():
        wait_for(lambda: calls)
        late.touch()
        time.sleep(0.2)
        assert not engine.suggested
    wait_for(lambda: engine.suggested)
    assert engine.starters()
    engine.close()


def killed_page(folder: Path, wait: bool = False) -> subprocess.Popen[str]:
    """Start a process that claims an owner, tells its name, and is killed at once, or waits to be."""
    code = (
        "import os, sys, pathlib, qa.ui.claims as c\n"
        "claim = c.Claim(); claim.hold(pathlib.Path(sys.argv[1])); print(claim.owner(), flush=True)\n"
        "sys.stdin.read() if sys.argv[2] else os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, str(folder), "wait" if wait else ""]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_uploads_of_a_killed_page_are_forgotten_at_the_next_start(tmp_path: Path) -> None:
    with killed_page(tmp_path) as killed, killed_page(tmp_path, wait=True) as running:
        gone, there = (page.stdout.readline().strip() for page in (killed, running) if page.stdout)
        killed.wait()
        qa = PageQA(Settings(data_dir=tmp_path))
        for owner in ("ana", gone, there):
            qa.add_text("Cats", "Cats sleep.", owner)
        engine = Engine(lambda: qa)  # type: ignore[arg-type,return-value]
        own = engine.new_owner()
        qa.add_text("Dogs", "Dogs bark.", own)
        engine.start()
        engine.ready_qa(10)
        assert set(qa.uploaders()) == {"ana", there, own}
        assert len(list(tmp_path.glob("page-*.lock"))) == 2
        engine.close()
        running.communicate("")
    assert set(abandoned(tmp_path, qa.uploaders())) == {there, own}
    assert not list(tmp_path.glob("page-*.lock"))


def test_what_is_typed_is_read_ahead_once_and_not_beside_an_answer(tmp_path: Path) -> None:
    engine = Engine(lambda: PageQA(Settings(data_dir=tmp_path)))  # type: ignore[arg-type,return-value]
    engine.start()
    engine.ready_qa(10)
    session = Session()
    for typed in ("W", "Who", "Who ", "Who is", "Who is it", "Who is it?"):
        read_ahead(session, engine, typed)
    with engine.asking():
        read_ahead(session, engine, "Who is it now")
    read = (tmp_path / "read-ahead").read_text(encoding="utf-8").splitlines()
    assert read == ["0  ", "0 Who ", "0 Who is ", "0 Who is it? "]
    engine.close()


def test_documents_are_read_before_questions_are_suggested_and_whenever_there_are_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.ui.engine.QUIET_SECONDS", 0.05)
    qa = PageQA(Settings(data_dir=tmp_path))
    unread, calls = ["seed"], []

    def read_documents(wanted: Callable[[], bool]) -> bool:
        calls.extend(unread)
        unread.clear()
        return True

    def suggest(wanted: Callable[[], bool]) -> bool:
        calls.append("suggest")
        return True

    qa.read_documents, qa.suggest = read_documents, suggest  # type: ignore[method-assign,assignment]
    engine = Engine(lambda: qa)  # type: ignore[arg-type,return-value]
    engine.start()
    wait_for(lambda: engine.suggested)
    unread.append("upload")
    wait_for(lambda: len(calls) == 3)
    assert calls == ["seed", "suggest", "upload"]
    engine.close()


def test_no_suggestions_are_no_fault(tmp_path: Path) -> None:
    qa = PageQA(Settings(data_dir=tmp_path))

    def suggest(wanted: Callable[[], bool]) -> bool:
        raise RuntimeError("the provider is away")

    qa.suggest = suggest  # type: ignore[method-assign,assignment]
    engine = Engine(lambda: qa)  # type: ignore[arg-type,return-value]
    engine.start()
    wait_for(lambda: engine.suggested)
    assert engine.progress.key == "ready"
    engine.close()


def test_closing_ends_the_making_of_suggestions(tmp_path: Path) -> None:
    engine = Engine(lambda: PageQA(Settings(data_dir=tmp_path), late=tmp_path / "never"))  # type: ignore[arg-type,return-value]
    engine.start()
    engine.ready_qa(10)
    engine.close()
    assert engine._thread is not None
    assert not engine._thread.is_alive()


def test_a_citation_address_opens_the_citation() -> None:
    citation = answer_on("Some text.", [(5, 9)]).citations[0]
    assert citation_address(citation) == f"#/?cite={citation.document_id}:5-9"
