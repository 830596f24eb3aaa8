"""Adding documents of one's own: uploaded files and pasted text, one note for each of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from qa.datatypes import Document
from qa.errors import QAError
from qa.ui import drawing
from qa.ui.drawing import Parts, words_of
from qa.ui.engine import Engine
from qa.ui.session import Place, Session
from qa.ui.shelf import notes_html

UNTITLED_CHARACTERS = 60


def add_files(session: Session, engine: Engine, paths: Sequence[str]) -> Iterator[Parts]:
    """Index uploaded files one after another; a file that cannot be read leaves a note, not a stop."""
    words = words_of(session)
    notes: list[tuple[str, bool]] = []
    for number, path in enumerate(map(Path, paths), start=1):
        yield {"notes": notes_html([*notes, (words("adding", name=path.name, done=number, total=len(paths)), False)])}
        try:
            notes.append(_added(session, engine.synced_qa().add_file(path, session.owner)))
        except QAError as error:
            notes.append((words("not_added", name=path.name, error=error), True))
        finally:
            path.unlink(missing_ok=True)
    yield _drawn(session, engine, notes)


def add_text(session: Session, engine: Engine, title: str, text: str) -> Iterator[Parts]:
    """Index a pasted text; an untitled one is called by its first words."""
    words = words_of(session)
    if not text.strip():
        yield {"notes": notes_html([(words("empty_text"), True)])}
        return
    name = title.strip() or text.strip().splitlines()[0][:UNTITLED_CHARACTERS]
    yield {"notes": notes_html([(words("adding", name=name, done=1, total=1), False)])}
    try:
        note = _added(session, engine.synced_qa().add_text(name, text, session.owner))
    except QAError as error:
        yield {"notes": notes_html([(words("not_added", name=name, error=error), True)])}
        return
    yield {**_drawn(session, engine, [note]), "paste_title": "", "paste_text": ""}


def _added(session: Session, document: Document) -> tuple[str, bool]:
    session.place = Place(document.id)
    return words_of(session)("added", name=document.title), False


def _drawn(session: Session, engine: Engine, notes: list[tuple[str, bool]]) -> Parts:
    return {"notes": notes_html(notes), **drawing.shelf(session, engine), **drawing.article(session, engine)}
