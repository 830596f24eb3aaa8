"""What the small buttons do: each act takes the session and the browser's words for it, and returns changed parts.

The browser is not trusted: unknown acts, turns that are not there and odd values change nothing.
"""

import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any

from qa.errors import QAError
from qa.feedback import feedback_file, record
from qa.ui import drawing
from qa.ui.drawing import Parts, words_of
from qa.ui.engine import Engine
from qa.ui.export import as_json, as_markdown
from qa.ui.session import ChatTurn, Place, Session
from qa.ui.shelf import notes_html

Said = Mapping[str, Any]

_exports = itertools.count(1)


def act(session: Session, engine: Engine, said: Said) -> Parts:
    """Do what a button asks for."""
    action = ACTS.get(str(said.get("act")))
    return action(session, engine, said) if action else {}


def _number(said: Said, key: str) -> int | None:
    value = str(said.get(key, ""))
    return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else None


def _turn(session: Session, said: Said) -> tuple[int, ChatTurn] | None:
    number = _number(said, "turn")
    return (number, session.turns[number]) if number is not None and number < len(session.turns) else None


def _show(session: Session, engine: Engine, said: Said) -> Parts:
    """Open a document, at a span when one is given, with the marks of a turn when one is given.

    When the browser has `drawn` it already, this only notes where the reader is.
    """
    start, end, turn = _number(said, "start"), _number(said, "end"), _turn(session, said)
    span = (start, end) if start is not None and end is not None and start <= end else None
    session.place = Place(str(said.get("document")), turn[0] if turn else None, span, take_focus=True)
    return {} if said.get("drawn") is True else drawing.article(session, engine, move=True)


def _edit(session: Session, _engine: Engine, said: Said) -> Parts:
    if not (found := _turn(session, said)):
        return {}
    session.replace_from = found[0]
    return {**drawing.composer(session, found[1].question), **drawing.status(words_of(session)("editing"))}


def _vote(session: Session, engine: Engine, said: Said) -> Parts:
    verdict = said.get("verdict")
    if (found := _turn(session, said)) and verdict in ("up", "down"):
        found[1].verdict, found[1].remark_sent = verdict, False
        _keep(session, engine, *found, "")
    return drawing.chat(session, engine)


def _remark(session: Session, engine: Engine, said: Said) -> Parts:
    if (found := _turn(session, said)) and found[1].verdict:
        found[1].remark_sent = True
        _keep(session, engine, *found, str(said.get("remark", ""))[:2000])
    return drawing.chat(session, engine)


def _keep(session: Session, engine: Engine, number: int, turn: ChatTurn, remark: str) -> None:
    qa, answer = engine.opened, turn.answer
    if qa is not None and answer is not None and turn.verdict:
        shared = {document.id for document in qa.documents("")}
        uploaded = any(citation.document_id not in shared for citation in answer.citations)
        file = feedback_file(qa.settings.index_dir())
        record(file, answer, turn.verdict, remark, session.history(number), uploaded)


def _choose(session: Session, engine: Engine, said: Said) -> Parts:
    (session.chosen.add if said.get("checked") else session.chosen.discard)(str(said.get("document")))
    return drawing.shelf(session, engine)


def _remove(session: Session, engine: Engine, said: Said) -> Parts:
    """Remove one of the session's own documents; others are out of reach, because the owner is part of the call."""
    qa, identity = engine.opened, str(said.get("document"))
    title = next((d.title for d in qa.documents(session.owner) if d.id == identity), None) if qa else None
    if qa is None or title is None:
        return {}
    try:
        qa.remove(identity, session.owner)
    except (QAError, KeyError) as error:
        return {"notes": notes_html([(str(error), True)])}
    if session.place and session.place.document_id == identity:
        session.place = None
    note = notes_html([(words_of(session)("removed", name=title), False)])
    return {**drawing.shelf(session, engine), **drawing.article(session, engine), "notes": note}


def _too_large(session: Session, engine: Engine, said: Said) -> Parts:
    """Tell which files the browser did not even send."""
    if engine.opened is None:
        return {}
    limit = f"{engine.opened.settings.max_file_megabytes:g}"
    note = words_of(session)("too_large", names=str(said.get("names"))[:1000], limit=limit)
    return {"notes": notes_html([(note, True)])}


def _clear(session: Session, engine: Engine, _said: Said) -> Parts:
    session.stop()
    session.turns.clear()
    session.replace_from = None
    if session.place:
        session.place = Place(session.place.document_id)
    return {**drawing.chat(session, engine), **drawing.composer(session, ""), **drawing.article(session, engine)}


def _export(session: Session, _engine: Engine, said: Said) -> Parts:
    words = words_of(session)
    name = f"conversation-{time.strftime('%Y-%m-%d-%H%M')}"
    if said.get("form") == "json":
        file = {"name": f"{name}.json", "type": "application/json", "text": as_json(session.turns)}
    else:
        file = {"name": f"{name}.md", "type": "text/markdown", "text": as_markdown(session.turns, words)}
    return {"outbox": {**file, "number": next(_exports)}}


ACTS: dict[str, Callable[[Session, Engine, Said], Parts]] = {
    "show": _show,
    "edit": _edit,
    "vote": _vote,
    "remark": _remark,
    "choose": _choose,
    "remove": _remove,
    "too_large": _too_large,
    "clear": _clear,
    "export": _export,
}
