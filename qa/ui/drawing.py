"""A session's state drawn as the page's parts: the one place that says which part shows what."""

from typing import Any

import gradio as gr

from qa.overview import MOST_DOCUMENTS
from qa.suggesting import STARTERS
from qa.ui.article import article_html, marks_of
from qa.ui.engine import Engine
from qa.ui.markup import button, element, escaped, isolated
from qa.ui.messages import Words, words_for
from qa.ui.session import Place, Session
from qa.ui.shelf import shelf_html
from qa.ui.transcript import turns_html, welcome_html

MENU: tuple[tuple[str, dict[str, object]], ...] = (
    ("clear", {"data_act": "clear"}),
    ("export_markdown", {"data_act": "export", "data_form": "markdown"}),
    ("export_json", {"data_act": "export", "data_form": "json"}),
    ("theme", {"data_theme_switch": True}),
)
"""The menu's entries: the key of their words, and what they do."""

Parts = dict[str, Any]
"""New values of parts of the page, by their names in the layout; parts not named stay as they are."""


def words_of(session: Session) -> Words:
    """Return the words of a session's language."""
    return words_for([session.language])


def chat(session: Session, engine: Engine) -> Parts:
    """Draw the whole conversation."""
    words = words_of(session)
    return {"past": turns_html(session.turns[:-1], words), **live(session, engine)}


def live(session: Session, engine: Engine) -> Parts:
    """Draw the last turn, or the welcome before the first."""
    words = words_of(session)
    if session.turns:
        last = len(session.turns) - 1
        return {"live": turns_html(session.turns[-1:], words, last)}
    ended, starters = engine.suggested, engine.starters()
    session.seen_starters = ended or bool(starters)
    qa = engine.opened
    if qa and not engine.progress.error and 0 < len(qa.documents(session.owner)) <= MOST_DOCUMENTS:
        starters = (words("overview"), *starters[: STARTERS - 1])
    return {"live": welcome_html(starters, words, coming=engine.finished and not session.seen_starters)}


def composer(session: Session, text: str | None = None) -> Parts:
    """Draw the question field: with a stop button while an answer is written, with a send button otherwise."""
    words = words_of(session)
    running = session.running
    changed: dict[str, Any] = {"submit_btn": not running and words("ask"), "stop_btn": running and words("stop")}
    if text is not None:
        changed["value"] = text
    return {"composer": gr.update(**changed)}


def status(message: str) -> Parts:
    """Say something in the live region that screen readers read out."""
    return {"status": element("p", escaped(message), role="status", aria_live="polite")}


def article(session: Session, engine: Engine, move: bool = False) -> Parts:
    """Draw the article panel at the session's place; `move` asks the browser to go to its span."""
    words, qa, place = words_of(session), engine.opened, session.place
    if qa is None:
        return {"article": element("p", f"{words('preparing')} …", class_="note")}
    visible = [document.id for document in qa.documents(session.owner)]
    if place is None and not visible:
        told = words("no_documents") if engine.finished else f"{words('preparing')} …"
        return {"article": element("p", told, class_="note")}
    place = place or Place(visible[0])
    if place.document_id not in visible:  # gone, or another session's
        return {"article": element("p", words("no_document"), class_="note", role="status")}
    document = qa.document(place.document_id)
    session.jumps += move
    answer = session.turns[place.turn].answer if place.turn is not None and place.turn < len(session.turns) else None
    drawn = article_html(
        document,
        words,
        marks=marks_of(answer.citations, document.id) if answer else (),
        turn=place.turn,
        span=place.span,
        jump=session.jumps,
        take_focus=place.take_focus,
    )
    return {"article": drawn}


def shelf(session: Session, engine: Engine) -> Parts:
    """Draw the list of documents."""
    if (qa := engine.opened) is None:
        return {}
    documents = qa.documents(session.owner)
    shared = {document.id for document in qa.documents("")}
    own = {document.id for document in documents} - shared
    session.chosen &= {document.id for document in documents}
    return {"shelf": shelf_html(documents, own, session.chosen, words_of(session))}


def toolbar(session: Session, engine: Engine) -> Parts:
    """Draw the head of the page: its name, how far the preparation is, and what can be done with the conversation.

    The words that the browser itself shows travel along as data attributes.
    """
    words = words_of(session)
    skips = element("a", words("to_question"), class_="skip", href="#composer")
    skips += element("a", words("to_article"), class_="skip", href="#article")
    items = [button(words(key), **action) for key, action in MENU]
    items.append(element("a", words("programs"), href="gradio_api/info"))
    menu = element("summary", words("menu")) + element("ul", "".join(element("li", item) for item in items))
    return {
        "toolbar": element(
            "header",
            skips + element("h1", words("title")) + _state(engine, words) + element("details", menu, class_="menu"),
            class_="bar",
            data_language=words.language,
            data_largest=round(1_000_000 * engine.opened.settings.max_file_megabytes) if engine.opened else None,
            **{f"data_{key}": words(key) for key in ("back", "copied", "conversation", "article", "composer")},
            **{f"data_{verb}": words(f"{verb}_article") for verb in ("show", "hide")},
        )
    }


def _state(engine: Engine, words: Words) -> str:
    progress = engine.progress
    if progress.key == "ready":
        return element("p", words("tagline"), class_="state ready", role="status")
    if progress.error:
        return element("p", words("unready", error=isolated(progress.error)), class_="state broken", role="alert")
    told = f"{words('preparing')}: {words(progress.key, **dict(progress.blanks))} …"
    return element("p", told, class_="state busy", role="status")
