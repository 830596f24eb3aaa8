"""The page put together: gradio components, and which event changes which of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from qa.ui import acts, adding, api, conversing, opening
from qa.ui.drawing import Parts
from qa.ui.engine import Engine
from qa.ui.messages import all_words
from qa.ui.session import Session
from qa.ui.sessions import Sessions

STATIC = Path(__file__).parent / "static"
ANSWERS_AT_ONCE = 16
"""Answers of all sessions and of the API under way at once; each shows its passages while it waits for the model."""
TICK_SECONDS = 0.7
PRIVATE = {"show_progress": "hidden", "api_visibility": "private", "api_name": "page"}
"""Of every event of the page; the name keeps `ask` and `search` free for programs."""

_ADDRESS = "() => [{search: location.search, hash: location.hash, languages: [...navigator.languages]}]"
_ATTACH = "window.readingRoom.attach((said) => trigger('ask', said), (said) => trigger('act', said), watch)"
_WATCH = "watch('value', () => window.readingRoom.{name}(props.value))"

i18n = gr.I18n(**{code: words.sentences for code, words in all_words().items()})


def build_page(engine: Engine, sessions: Sessions) -> gr.Blocks:
    """Return the page over an engine, ready to be launched."""
    title = all_words()["en"]("title")
    page = api.Page(title=title, fill_width=True, analytics_enabled=False, delete_cache=(3600, 3600))
    with page:
        session = gr.State(None)
        parts = _components()
        timer = gr.Timer(TICK_SECONDS)
        _Wiring(engine, sessions, session, parts).connect(page, timer)
        api.add_endpoints(engine, ANSWERS_AT_ONCE)
    return page


def _html(name: str, js_on_load: str | None = None) -> gr.HTML:
    return gr.HTML("", elem_id=name, apply_default_css=False, js_on_load=js_on_load)


def _components() -> dict[str, Any]:
    parts: dict[str, Any] = {"toolbar": _html("toolbar", _ATTACH)}
    with gr.Row(elem_id="room"):
        with gr.Column(elem_id="conversation"):
            with gr.Column(elem_id="scroll"):
                parts["past"] = _html("past")
                parts["live"] = _html("live", _WATCH.format(name="wrote"))
            parts["status"] = gr.HTML(
                '<p role="status" aria-live="polite"></p>', elem_id="status", apply_default_css=False, js_on_load=None
            )
            parts["composer"] = gr.Textbox(
                label=i18n("composer"), placeholder=i18n("composer_hint"), elem_id="composer", lines=1, max_lines=6,
                max_length=200_000, submit_btn=str(i18n("ask")),
            )  # fmt: skip
        with gr.Column(elem_id="reading"):
            with gr.Accordion(i18n("manage"), open=False, elem_id="documents"):
                parts |= _document_components()
            parts["article"] = _html("article", _WATCH.format(name="arrive"))
    parts["outbox"] = gr.HTML(
        None, html_template="<i></i>", visible="hidden", js_on_load=_WATCH.format(name="save"), apply_default_css=False
    )
    return parts


def _document_components() -> dict[str, Any]:
    parts: dict[str, Any] = {"shelf": _html("shelf")}
    with gr.Group(elem_id="adding"):
        gr.Markdown(i18n("private"), elem_classes="note")
        with gr.Row(elem_id="choosing"):
            parts["upload"] = gr.UploadButton(str(i18n("upload")), file_count="multiple", size="sm", elem_id="upload")
            gr.Markdown(i18n("drop"), elem_classes="note")
        parts["paste_title"] = gr.Textbox(label=i18n("paste_title"), max_length=200)
        parts["paste_text"] = gr.Textbox(label=i18n("paste_text"), placeholder=i18n("paste_hint"), lines=3, max_lines=8)
        parts["paste"] = gr.Button(i18n("add_text"), size="sm", elem_id="paste")
    parts["notes"] = _html("notes")
    return parts


class _Wiring:
    """The events. Each handler gets the session and returns changed parts, which become gradio's outputs here."""

    def __init__(self, engine: Engine, sessions: Sessions, session: gr.State, parts: dict[str, Any]) -> None:
        self.engine = engine
        self.sessions = sessions
        self.session = session
        self.parts = parts
        self.outputs = list(parts.values())

    def connect(self, page: gr.Blocks, timer: gr.Timer) -> None:
        """Bind every event; only answers pass through gradio's queue, so nothing else waits behind them."""
        quick: dict[str, Any] = {**PRIVATE, "queue": False}
        slow: dict[str, Any] = {
            **PRIVATE, "trigger_mode": "multiple", "concurrency_limit": ANSWERS_AT_ONCE, "concurrency_id": "answers"
        }  # fmt: skip
        adding_limits = {**slow, "concurrency_limit": 2, "concurrency_id": "adding"}
        parts, session, outputs = self.parts, self.session, self.outputs
        address = gr.JSON(visible=False)

        opened = page.load(self.open, address, [session, *outputs], js=_ADDRESS, **quick)
        opened.then(self.ask_linked, session, outputs, **slow)
        timer.tick(self.tick, session, [*outputs, timer], **quick)
        parts["composer"].submit(self.ask, [session, parts["composer"]], outputs, **slow)
        parts["composer"].change(self.typed, [session, parts["composer"]], None, trigger_mode="always_last", **quick)
        parts["toolbar"].ask(self.ask_button, session, outputs, **slow)
        parts["composer"].stop(self.stop, session, None, **quick)
        parts["toolbar"].act(self.act, session, outputs, trigger_mode="multiple", **quick)
        parts["upload"].upload(self.add_files, [session, parts["upload"]], outputs, **adding_limits)
        parts["paste"].click(
            self.add_text, [session, parts["paste_title"], parts["paste_text"]], outputs, **adding_limits
        )
        page.unload(self.leave)

    def _values(self, changed: Parts) -> list[Any]:
        return [changed.get(name, gr.skip()) for name in self.parts]

    def open(self, address: dict[str, Any] | None, request: gr.Request) -> list[Any]:
        """Begin a session for a window that was just opened, and draw its page."""
        session = Session(owner=self.engine.new_owner())
        self.sessions.seen(request.session_hash, session.owner)
        return [session, *self._values(opening.open_page(session, self.engine, address or {}))]

    def tick(self, session: Session | None) -> list[Any]:
        """Tell how far the preparation is, and show suggested questions when they come; then the clock stops."""
        if session is None:  # the clock was quicker than the opening
            return [*self._values({}), gr.skip()]
        changed = self._values(opening.refresh(session, self.engine))
        return [*changed, gr.Timer(active=False) if opening.settled(session) else gr.skip()]

    def ask(self, session: Session | None, question: str, request: gr.Request) -> Iterator[list[Any]]:
        """Answer what the question field holds."""
        self.sessions.seen(request.session_hash, _opened(session).owner)
        yield from self._answer(session, question)

    def typed(self, session: Session | None, question: str) -> None:
        """Read ahead what the question field holds so far."""
        if session is not None:
            conversing.read_ahead(session, self.engine, question)

    def ask_button(self, session: Session | None, event: gr.EventData) -> Iterator[list[Any]]:
        """Answer a suggested question, or one again."""
        said = event._data or {}
        turn = said.get("turn")
        yield from self._answer(session, str(said.get("question", "")), turn if isinstance(turn, int) else None)

    def ask_linked(self, session: Session | None) -> Iterator[list[Any]]:
        """Answer the question that the page's address carried, once."""
        known = _opened(session)
        question, known.linked_question = known.linked_question, ""
        yield from self._answer(known, question)

    def _answer(self, session: Session | None, question: str, replace_from: int | None = None) -> Iterator[list[Any]]:
        for changed in conversing.answer_question(_opened(session), self.engine, question, replace_from):
            yield self._values(changed)

    def stop(self, session: Session | None) -> None:
        """End the answer that is being written."""
        _opened(session).stop()

    def act(self, session: Session | None, event: gr.EventData, request: gr.Request) -> list[Any]:
        """Do what a small button asks for."""
        known = _opened(session)
        self.sessions.seen(request.session_hash, known.owner)
        return self._values(acts.act(known, self.engine, event._data or {}))

    def add_files(self, session: Session | None, paths: list[str] | None) -> Iterator[list[Any]]:
        """Index uploaded files."""
        for changed in adding.add_files(_opened(session), self.engine, paths or []):
            yield self._values(changed)

    def add_text(self, session: Session | None, title: str, text: str) -> Iterator[list[Any]]:
        """Index a pasted text."""
        for changed in adding.add_text(_opened(session), self.engine, title or "", text or ""):
            yield self._values(changed)

    def leave(self, request: gr.Request) -> None:
        """Note that a window was closed."""
        self.sessions.left(request.session_hash)


def _opened(session: Session | None) -> Session:
    if session is None:
        raise gr.Error("this call belongs to an opened page; programs use /ask and /search", print_exception=False)
    return session
