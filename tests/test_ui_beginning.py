"""An answer begun before its question is sent: taken up, begun anew, given up; no browser and no model."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from page_qa import PageQA
from page_support import wait_for

from qa.courtesy import INTRODUCTION
from qa.errand import Urgency, current_errand
from qa.errors import ModelError
from qa.settings import Settings
from qa.ui.beginning import Asked, Beginning
from qa.ui.conversing import answer_question, read_ahead
from qa.ui.engine import Engine
from qa.ui.session import Session
from qa.ui.streaming import Stopped

WHO = Asked("Who rejected it?", [], None, "owner", 1)


class Source:
    """What is asked of it comes a word a go; `fails` raises in the place of the next words."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.urgencies: list[Urgency] = []
        self.go = threading.Event()
        self.closed = threading.Event()
        self.fails: list[Exception] = []

    def stream(self, question: str, **_options: object) -> Iterator[str]:
        errand = current_errand()
        assert errand
        self.asked.append(question)
        self.urgencies.append(errand.urgency)
        try:
            yield "passages"
            assert self.go.wait(10)
            if self.fails:
                raise self.fails.pop()
            yield "words"
        finally:
            self.closed.set()


@pytest.fixture
def source() -> Any:
    return Source()


def begun(source: Any) -> Beginning:
    """Return a beginning whose thread has come to the source."""
    beginning = Beginning()
    beginning.begin(source, WHO)
    wait_for(lambda: source.urgencies)
    return beginning


def answered(beginning: Beginning, source: Any, asked: Asked = WHO) -> list[str]:
    return [str(piece) for batch in beginning.answer(source, asked, lambda: False) for piece in batch]


def test_what_was_begun_is_taken_up_and_asked_once(source):
    beginning = begun(source)
    beginning.begin(source, Asked("Who rejected it?", [], None, "owner", 1))
    source.go.set()
    assert answered(beginning, source) == ["passages", "words"]
    assert (source.asked, source.urgencies) == (["Who rejected it?"], [Urgency.EXPECTED])
    assert answered(beginning, source) == ["passages", "words"]
    assert source.urgencies == [Urgency.EXPECTED, Urgency.WANTED]


@pytest.mark.parametrize(
    "other",
    [
        Asked("Who?", [], None, "owner", 1),
        Asked("Who rejected it?", [{"role": "user", "content": "What?"}], None, "owner", 1),
        Asked("Who rejected it?", [], {"d"}, "owner", 1),
        Asked("Who rejected it?", [], None, "owner", 2),
    ],
)
def test_another_question_history_choice_or_index_is_asked_anew(source, other):
    beginning = begun(source)
    source.go.set()
    assert answered(beginning, source, other) == ["passages", "words"]
    assert source.asked == [WHO.question, other.question]
    assert source.closed.wait(5)


def test_what_was_ended_for_someone_else_is_asked_again(source):
    source.fails = [ModelError("someone else wants the model")]
    source.go.set()
    beginning = begun(source)
    assert answered(beginning, source) == ["passages", "passages", "words"]


def test_a_fault_of_the_question_is_told(source):
    source.fails = [ModelError("again"), ModelError("once")]
    source.go.set()
    beginning = begun(source)
    with pytest.raises(ModelError, match="again"):
        answered(beginning, source)


def test_a_stop_ends_what_was_begun_too(source):
    beginning = begun(source)
    with pytest.raises(Stopped):
        list(beginning.answer(source, WHO, lambda: True))
    source.go.set()
    assert source.closed.wait(5)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(lambda: PageQA(Settings(data_dir=tmp_path)))  # type: ignore[arg-type,return-value]
    engine.start()
    engine.ready_qa(10)
    yield engine
    engine.close()


def test_a_question_that_looks_finished_is_begun_where_the_model_runs_here(engine):
    qa: Any = engine.opened
    for runs_here in (False, True):
        qa.runs_here = runs_here
        session = Session()
        for typed in ("Who", "Who rejected it?", "Who rejected it? "):
            read_ahead(session, engine, typed)
        list(answer_question(session, engine, "Who rejected it?"))
        (turn,) = session.turns
        assert (turn.stage, turn.answer.text) == ("done", "The military spokesperson did. [1]")
    assert [question for question, *_ in qa.asked] == ["Who rejected it?"] * 2


def test_a_question_that_goes_on_gives_up_what_was_begun(engine):
    qa: Any = engine.opened
    qa.runs_here = True
    session = Session()
    read_ahead(session, engine, "Who rejected it?")
    wait_for(lambda: qa.asked)
    read_ahead(session, engine, "Who rejected it? And trade ")
    list(answer_question(session, engine, "What of trade"))
    assert [question for question, *_ in qa.asked] == ["Who rejected it?", "What of trade"]
    assert session.turns[0].answer.question == "What of trade"


def test_a_greeting_is_answered_before_anything_is_loaded() -> None:
    engine = Engine(lambda: pytest.fail("nothing is to be opened"))
    session = Session()
    list(answer_question(session, engine, "Hello!"))
    (turn,) = session.turns
    assert not engine.finished
    assert turn.stage == "done"
    assert turn.answer is not None
    assert turn.answer.text == INTRODUCTION
