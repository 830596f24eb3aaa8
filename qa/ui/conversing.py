"""From a question on the page to its drawn answer: the one long-running event. QA does the work, this draws it."""

import logging
import time
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from qa.concluding import answer_politely
from qa.conversation import looks_finished
from qa.courtesy import courtesy
from qa.datatypes import Answer, RetrievedPassage, Turn
from qa.errors import QAError
from qa.query import Clock
from qa.ui import drawing
from qa.ui.beginning import Asked
from qa.ui.drawing import Parts, words_of
from qa.ui.engine import Engine
from qa.ui.session import ChatTurn, Place, Session
from qa.ui.streaming import Pace, Stopped

if TYPE_CHECKING:
    from qa.pipeline import QA

log = logging.getLogger(__name__)

DRAW_SECONDS = 0.06


def answer_question(
    session: Session, engine: Engine, question: str, replace_from: int | None = None
) -> Iterator[Parts]:
    """Ask QA and yield the parts of the page that change; never raises.

    A greeting is answered at once, also while the models are being loaded.
    """
    question = question.strip()
    if not question or session.running:
        yield {}
        return
    turn, history = _begin(session, question, replace_from)
    yield {**drawing.chat(session, engine), **drawing.composer(session, ""), **_told(session, "searching")}
    if polite := courtesy(question):
        session.beginning.drop()
        turn.answer, turn.stage = answer_politely(question, polite, Clock().timings()), "done"
        yield _ended(session, engine, turn, follow=True)
        return
    with engine.asking():
        yield from _answer(session, engine, turn, history)


def _answer(session: Session, engine: Engine, turn: ChatTurn, history: list[Turn]) -> Iterator[Parts]:
    pace, place = Pace(DRAW_SECONDS), session.place
    try:
        qa = yield from _wait(turn, engine)
        asked = _asked(session, qa, turn.question, history)
        for batch in session.beginning.answer(qa, asked, lambda: turn.stop_wanted):
            found = turn.stage == "searching"
            for item in batch:
                _take(turn, item)
            if turn.running and (found or pace.due()):
                told = _told(session, "found", count=len(turn.passages)) if found else {}
                yield {**drawing.live(session, engine), **told}
        add_follow_ups(session, engine)
    except Stopped:
        turn.stage = "stopped"
    except QAError as error:
        turn.stage, turn.error = "failed", str(error)
    except Exception:
        log.exception("answering failed")
        turn.stage, turn.error = "failed", words_of(session)("broken")
    finally:
        if turn.running:
            turn.stage = "stopped"
    if turn in session.turns:
        yield _ended(session, engine, turn, follow=session.place is place)


def read_ahead(session: Session, engine: Engine, typed: str) -> None:
    """Use the time of typing, so that the answer comes sooner; never raises.

    Words are read as they are finished. An answer is begun once the question looks finished, where that costs nobody
    anything: the model runs here and is free.
    """
    finished = looks_finished(typed)
    words = typed.strip() if finished else " ".join(typed.split()[: None if typed[-1:].isspace() else -1])
    qa = None if session.running or words == session.read_ahead else engine.free_qa()
    if qa is None:
        return
    session.read_ahead = words
    try:
        asked = _asked(session, qa, words, session.history(session.replace_from))
        if finished and qa.runs_here:
            session.beginning.begin(qa, asked)
            return
        session.beginning.drop()
        qa.read_ahead(f"{words} ", history=asked.history, documents=asked.documents, owner=asked.owner)
    except QAError as error:  # the question itself will meet it too, and tell
        log.info("nothing was read ahead: %s", error)


def _asked(session: Session, qa: "QA", question: str, history: list[Turn]) -> Asked:
    """Return a question with what the session asks it of: the documents that the reader chose, None for all."""
    chosen = session.chosen and session.chosen & {document.id for document in qa.documents(session.owner)}
    return Asked(question, history, chosen or None, session.owner, qa.generation)


def add_follow_ups(session: Session, engine: Engine) -> None:
    """Give the last answer the suggested questions that lie near it, as far as they have been made."""
    turn, qa = session.turns[-1] if session.turns else None, engine.opened
    if qa is not None and turn is not None and turn.answer is not None:
        turn.follow_ups = qa.follow_ups(turn.answer, [earlier.question for earlier in session.turns])


def _begin(session: Session, question: str, replace_from: int | None) -> tuple[ChatTurn, list[Turn]]:
    cut = session.replace_from if replace_from is None else replace_from
    if cut is not None:
        del session.turns[cut:]
    session.replace_from = session.read_ahead = None
    history = session.history()
    turn = ChatTurn(question)
    for earlier in session.turns:
        earlier.follow_ups = ()
    session.turns.append(turn)
    return turn, history


def _wait(turn: ChatTurn, engine: Engine) -> Generator[Parts, None, "QA"]:
    """Wait until the models are loaded, letting a stop through; returns the QA."""
    while not engine.finished:
        if turn.stop_wanted:
            raise Stopped
        time.sleep(0.1)
        yield {}
    return engine.ready_qa()


def _take(turn: ChatTurn, item: tuple[RetrievedPassage, ...] | str | Answer) -> None:
    if isinstance(item, Answer):
        turn.answer, turn.stage = item, "done"
    elif isinstance(item, str):
        turn.text += item
    else:
        turn.passages, turn.stage, turn.text = item, "writing", ""


def _told(session: Session, key: str, **blanks: object) -> Parts:
    return drawing.status(words_of(session)(key, **blanks))


def _ended(session: Session, engine: Engine, turn: ChatTurn, follow: bool) -> Parts:
    """Draw the finished turn, and the article at its first quote unless the reader has gone elsewhere meanwhile."""
    spoken = turn.answer.text if turn.answer else turn.error or words_of(session)("stopped")
    parts = {**drawing.live(session, engine), **drawing.composer(session), **drawing.status(spoken)}
    if follow and turn.answer and turn.answer.citations:
        first = turn.answer.citations[0]
        session.place = Place(first.document_id, len(session.turns) - 1, (first.start, first.end))
        parts |= drawing.article(session, engine, move=True)
    return parts
