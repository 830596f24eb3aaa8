"""A page just opened: its language, a question in its address, a citation in its address."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from qa.ui import drawing
from qa.ui.conversing import add_follow_ups
from qa.ui.drawing import Parts
from qa.ui.engine import Engine
from qa.ui.messages import words_for
from qa.ui.session import Place, Session

_CITE = re.compile(r"#/\?cite=([0-9A-Za-z_-]{1,128}):(\d{1,11})-(\d{1,11})")


def open_page(session: Session, engine: Engine, address: Mapping[str, Any]) -> Parts:
    """Read the page's address and draw everything.

    Args:
        session: the new session, whose language, place and question are set here.
        engine: where documents come from, opened or not.
        address: from the browser: `search` and `hash` of the address, `languages` the person prefers.
    """
    query = parse_qs(str(address.get("search", "")).removeprefix("?"))
    languages = [*query.get("lang", []), *map(str, address.get("languages") or [])]
    session.language = words_for(languages).language
    session.linked_question = query.get("q", [""])[0].strip()
    if cite := _CITE.fullmatch(str(address.get("hash", ""))):
        session.place = Place(cite[1], None, (int(cite[2]), int(cite[3])))
    session.seen_ready = engine.finished
    return {
        **drawing.toolbar(session, engine),
        **drawing.chat(session, engine),
        **drawing.composer(session),
        **drawing.shelf(session, engine),
        **drawing.article(session, engine, move=session.place is not None),
    }


def refresh(session: Session, engine: Engine) -> Parts:
    """Draw what the preparation has changed since the page was drawn last."""
    if session.seen_ready:
        return _suggestions(session, engine)
    session.seen_ready = engine.finished
    parts = {**drawing.toolbar(session, engine), **drawing.shelf(session, engine)}
    if not session.turns:
        parts |= drawing.live(session, engine)
    if engine.opened is not None:
        parts |= drawing.article(session, engine)
    return parts


def settled(session: Session) -> bool:
    """Say whether `refresh` will draw nothing any more."""
    return session.seen_ready and session.seen_starters


def _suggestions(session: Session, engine: Engine) -> Parts:
    """Draw the suggested questions once, when they have come; they do not change under a reader's hand."""
    if session.seen_starters or session.running or not (engine.suggested or engine.starters()):
        return {}
    if session.turns:
        if not engine.suggested:
            return {}
        session.seen_starters = True
        add_follow_ups(session, engine)
    return drawing.live(session, engine)
