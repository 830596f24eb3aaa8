"""A session's state drawn as the page's parts: the one place that says which part shows what."""

from typing import Any

import gradio as gr

from qa.ui.article import article_html, marks_of
from qa.ui.engine import Engine
from qa.ui.markup import escaped, isolated
from qa.ui.messages import Words, words_for
from qa.ui.session import Place, Session
from qa.ui.shelf import shelf_html
from qa.ui.transcript import turns_html, welcome_html

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
    qa = engine.opened if engine.finished else None
    return {"live": welcome_html(qa.suggestions(session.owner) if qa else (), words)}


def composer(session: Session, text: str | None = None) -> Parts:
    """Draw the question field: with a stop button while an answer is written, with a send button otherwise."""
    words = words_of(session)
    buttons = {"submit_btn": False, "stop_btn": words("stop")} if session.running else {
        "submit_btn": words("ask"),
        "stop_btn": False,
    }
    return {"composer": gr.update(**buttons) if text is None else gr.update(value=text, **buttons)}


def status(message: str) -> Parts:
    """Say something in the live region that screen readers read out."""
    return {"status": f'<p role="status" aria-live="polite">{escaped(message)}</p>'}


def article(session: Session, engine: Engine, move: bool = False) -> Parts:
    """Draw the article panel at the session's place; `move` asks the browser to go to its span."""
    words, qa, place = words_of(session), engine.opened, session.place
    if qa is None:
        return {"article": f'<p class="note">{words("preparing")} …</p>'}
    if place is None:
        documents = qa.documents(session.owner)
        if not documents:
            return {"article": f'<p class="note">{words("no_documents")}</p>'}
        place = Place(documents[0].id)
    try:
        document = qa.document(place.document_id)
    except KeyError:
        return {"article": f'<p class="note" role="status">{words("no_document")}</p>'}
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
    """Draw the head of the page: its name, how far the preparation is, and what can be done with the conversation."""
    words = words_of(session)
    buttons = "".join(
        f'<li><button type="button" {action}>{words(key)}</button></li>'
        for action, key in (
            ('data-act="clear"', "clear"),
            ('data-act="export" data-form="markdown"', "export_markdown"),
            ('data-act="export" data-form="json"', "export_json"),
            ("data-theme-switch", "theme"),
        )
    )
    return {
        "toolbar": f'<div class="bar" data-language="{words.language}" data-back="{words("back")}"'
        f' data-conversation="{words("conversation")}" data-article="{words("article")}"'
        f' data-copied="{words("copied")}" data-show="{words("show_article")}" data-hide="{words("hide_article")}">'
        f'<a class="skip" href="#composer">{words("to_question")}</a><a class="skip" href="#article">{words("to_article")}</a>'
        f"<h1>{words('title')}</h1>{_state(engine, words)}"
        f'<details class="menu"><summary>{words("menu")}</summary><ul>{buttons}</ul></details></div>'
    }


def _state(engine: Engine, words: Words) -> str:
    progress = engine.progress
    if progress.key == "ready":
        return f'<p class="state ready" role="status"><span class="tagline">{words("tagline")}</span></p>'
    if progress.error:
        return f'<p class="state broken" role="alert">{words("unready", error=isolated(progress.error))}</p>'
    told = words(progress.key, **dict(progress.blanks))
    return f'<p class="state busy" role="status">{words("preparing")}: {told} …</p>'
