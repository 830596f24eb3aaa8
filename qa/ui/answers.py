"""One answer as HTML: its text with a link for each citation mark, and the list of its quotes under the same numbers."""

import re
from collections.abc import Iterator

from qa.datatypes import Answer, Citation
from qa.ui.markup import Mark, escaped, isolated, segments
from qa.ui.messages import Words

MARK = re.compile(r"\[(\d+)\]")


def citation_address(citation: Citation) -> str:
    """Return the part of the page's address that opens the article at a citation."""
    return f"#/?cite={citation.document_id}:{citation.start}-{citation.end}"


def citation_link(citation: Citation, turn: int, content: str, label: str, kind: str) -> str:
    """Return a link to a quote's place; `content` is HTML already, `label` is text."""
    return (
        f'<a class="{kind}" href="{escaped(citation_address(citation))}" data-cite="{citation.marker}" data-turn="{turn}"'
        f' data-document="{escaped(citation.document_id)}" data-start="{citation.start}" data-end="{citation.end}"'
        f' aria-label="{escaped(label)}">{content}</a>'
    )


def answer_html(answer: Answer, turn: int, words: Words) -> str:
    """Draw the answer's text: each statement that has a quote is a span, each mark [n] of a citation a link."""
    text = answer.text
    by_number = {citation.marker: citation for citation in answer.citations}
    links = [found for found in MARK.finditer(text) if int(found[1]) in by_number]
    claims = [Mark(c.marker, c.answer_start, c.answer_end) for c in answer.citations]
    pieces, start = [], 0
    for found in links:
        pieces.extend(_claims(text, start, found.start(), claims))
        pieces.append(_mark(by_number[int(found[1])], turn, words))
        start = found.end()
    pieces.extend(_claims(text, start, len(text), claims))
    kind = "answer" if answer.answered else "answer declined"
    return f'<div class="{kind}" dir="auto">{"".join(pieces)}</div>'


def _claims(text: str, start: int, end: int, claims: list[Mark]) -> Iterator[str]:
    for segment in segments(start, end, claims):
        content = escaped(text[segment.start : segment.end])
        numbers = " ".join(map(str, segment.marks))
        yield f'<span class="claim" data-claims="{numbers}">{content}</span>' if numbers else content


def _mark(citation: Citation, turn: int, words: Words) -> str:
    label = f"{words('quote', number=citation.marker)}: {citation.quote}"
    return citation_link(citation, turn, str(citation.marker), label, "cite")


def quotes_html(answer: Answer, turn: int, words: Words) -> str:
    """Draw the list of quotes, numbered as the marks are, each a link to its place in the article."""
    if not answer.citations:
        return ""
    titles = {document.id: document.title for document in answer.documents}
    items = "".join(_quote(citation, turn, titles, words) for citation in answer.citations)
    return f'<section class="quotes" aria-label="{words("quotes")}"><h4>{words("quotes")}</h4><ol>{items}</ol></section>'


def _quote(citation: Citation, turn: int, titles: dict[str, str], words: Words) -> str:
    source = titles.get(citation.document_id, citation.source)
    content = f'<q dir="auto">{escaped(citation.quote)}</q>'
    label = f"{words('quote', number=citation.marker)}: {citation.quote}"
    return (
        f'<li value="{citation.marker}">{citation_link(citation, turn, content, label, "quote")}'
        f'<span class="from">{words("in_document", title=isolated(source))}'
        f' <button type="button" data-copy-link="{escaped(citation_address(citation))}">{words("copy_link")}</button></span></li>'
    )
