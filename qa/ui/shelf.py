"""The list of documents as HTML: which to ask, which to read, which to remove; and the notes of adding some."""

from collections.abc import Collection, Sequence

from qa.datatypes import Document
from qa.ui.markup import button, element, escaped, isolated
from qa.ui.messages import Words

SHOWN = 300
"""Documents listed; a larger corpus is asked as a whole, or narrowed by its folder's settings."""


def shelf_html(documents: Sequence[Document], own: Collection[str], chosen: Collection[str], words: Words) -> str:
    """Draw the documents: a tick box for asking, the title as a button for reading, and one for removing one's own."""
    if not documents:
        return element("p", words("no_documents"), class_="note")
    items = "".join(_document(entry, entry.id in own, entry.id in chosen, words) for entry in documents[:SHOWN])
    if len(documents) > SHOWN:
        items += element("li", f"+ {len(documents) - SHOWN}", class_="note")
    note = element("p", words("scope_note"), class_="note") if len(documents) > 1 else ""
    return element("ul", items, class_="shelf", aria_label=words("documents")) + note


def _document(document: Document, own: bool, chosen: bool, words: Words) -> str:
    tick = (
        f'<input type="checkbox" data-act="choose" data-document="{escaped(document.id)}"{" checked" if chosen else ""}'
        f' aria-label="{escaped(words("ask_in"))}: {escaped(document.title)}">'
    )
    title = button(
        isolated(document.title),
        class_="title",
        title=document.source,
        data_act="show",
        data_document=document.id,
    )
    if not own:
        return element("li", tick + title)
    label = f"{words('remove')}: {document.title}"
    remove = button(words("remove"), data_act="remove", data_document=document.id, aria_label=label)
    return element("li", tick + title + element("span", words("yours"), class_="own") + remove)


def notes_html(notes: Sequence[tuple[str, bool]]) -> str:
    """Draw what became of each document added: (message, whether it failed)."""
    items = "".join(
        element("li", escaped(message), class_="error" if failed else "note", dir="auto") for message, failed in notes
    )
    return element("div", element("ul", items, class_="notes"), role="status") if items else ""
