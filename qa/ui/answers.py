"""One answer as HTML: its text with a link for each citation mark, and its quotes listed under the same numbers."""

import re
from collections.abc import Iterator

from qa.datatypes import Answer, Citation
from qa.ui.markup import Mark, button, element, isolated, prose, segments
from qa.ui.messages import Words

MARK = re.compile(r"\[(\d+)\]")


def citation_address(citation: Citation) -> str:
    """Return the part of the page's address that opens the article at a citation."""
    return f"#/?cite={citation.document_id}:{citation.start}-{citation.end}"


def citation_link(citation: Citation, turn: int, content: str, kind: str, words: Words) -> str:
    """Return a link to a quote's place; its label reads the quote out; `content` is HTML already."""
    return element(
        "a",
        content,
        class_=kind,
        href=citation_address(citation),
        data_cite=citation.marker,
        data_turn=turn,
        data_document=citation.document_id,
        data_start=citation.start,
        data_end=citation.end,
        aria_label=f"{words('quote', number=citation.marker)}: {citation.quote}",
    )


def answer_html(answer: Answer, turn: int, words: Words) -> str:
    """Draw the answer's text: each statement that has a quote is a span, each mark [n] of a citation a link."""
    text = answer.text
    by_number = {citation.marker: citation for citation in answer.citations}
    claims = [Mark(c.marker, c.answer_start, c.answer_end) for c in answer.citations]
    pieces: list[str] = []
    start = 0
    for found in MARK.finditer(text):
        if citation := by_number.get(int(found[1])):
            pieces.extend(_claims(text, start, found.start(), claims))
            if pieces and pieces[-1].endswith(" "):
                pieces[-1] = pieces[-1][:-1] + "\u00a0"  # a mark never begins a line alone
            pieces.append(citation_link(citation, turn, str(citation.marker), "cite", words))
            start = found.end()
    pieces.extend(_claims(text, start, len(text), claims))
    return element("div", "".join(pieces), class_="answer" if answer.answered else "answer declined", dir="auto")


def _claims(text: str, start: int, end: int, claims: list[Mark]) -> Iterator[str]:
    for segment in segments(start, end, claims):
        content = prose(text[segment.start : segment.end])
        numbers = " ".join(map(str, segment.marks))
        yield element("span", content, class_="claim", data_claims=numbers) if numbers else content


def quotes_html(answer: Answer, turn: int, words: Words) -> str:
    """Draw the list of quotes, numbered as the marks are, each a link to its place in the article."""
    if not answer.citations:
        return ""
    titles = {document.id: document.title for document in answer.documents}
    items = "".join(_quote(citation, turn, titles, words) for citation in answer.citations)
    title = element("h3", words("quotes"))
    return element("div", title + element("ol", items), class_="quotes")


def _quote(citation: Citation, turn: int, titles: dict[str, str], words: Words) -> str:
    quote = element("q", prose(citation.quote), dir="auto")
    title = isolated(titles.get(citation.document_id, citation.source))
    source = words("on_page", title=title, page=citation.page) if citation.page else words("in_document", title=title)
    copy = button(words("copy_link"), data_copy_link=citation_address(citation))
    content = citation_link(citation, turn, quote, "quote", words) + element("span", f"{source} {copy}", class_="from")
    return element("li", content, value=citation.marker)
