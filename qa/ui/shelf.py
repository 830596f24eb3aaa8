"""The list of documents as HTML: which to ask, which to read, which to remove; and the notes of adding some."""

from collections.abc import Collection, Sequence

from qa.datatypes import Document
from qa.ui.markup import escaped, isolated
from qa.ui.messages import Words

SHOWN = 300
"""Documents listed; a larger corpus is asked as a whole, or narrowed by its folder's settings."""


def shelf_html(
    documents: Sequence[Document], own: Collection[str], chosen: Collection[str], words: Words
) -> str:
    """Draw the documents: a tick box for asking, the title as a button for reading, and one for removing one's own."""
    if not documents:
        return f'<p class="note">{words("no_documents")}</p>'
    items = "".join(_document(document, document.id in own, document.id in chosen, words) for document in documents[:SHOWN])
    more = f'<li class="note">+ {len(documents) - SHOWN}</li>' if len(documents) > SHOWN else ""
    note = f'<p class="note">{words("scope_note")}</p>' if len(documents) > 1 else ""
    return f'<ul class="shelf" aria-label="{words("documents")}">{items}{more}</ul>{note}'


def _document(document: Document, own: bool, chosen: bool, words: Words) -> str:
    identity, title = escaped(document.id), escaped(document.title)
    remove = (
        f'<span class="own">{words("yours")}</span>'
        f'<button type="button" data-act="remove" data-document="{identity}"'
        f' aria-label="{words("remove")}: {title}">{words("remove")}</button>'
    )
    return (
        f'<li><input type="checkbox" data-act="choose" data-document="{identity}"{" checked" if chosen else ""}'
        f' aria-label="{words("ask_in")}: {title}">'
        f'<button type="button" class="title" data-act="show" data-document="{identity}" title="{escaped(document.source)}">'
        f"{isolated(document.title)}</button>{remove if own else ''}</li>"
    )


def notes_html(notes: Sequence[tuple[str, bool]]) -> str:
    """Draw what became of each document added: (message, whether it failed)."""
    items = "".join(
        f'<li class="{"error" if failed else "note"}" dir="auto">{escaped(message)}</li>' for message, failed in notes
    )
    return f'<ul class="notes" role="status">{items}</ul>' if items else ""
