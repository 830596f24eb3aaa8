"""What the tests of the page share: answers made by hand, hostile text, and a reader of HTML."""

import time
from collections.abc import Callable
from html.parser import HTMLParser

from page_qa import document_of

from qa.datatypes import Answer, Citation, Passage, RetrievedPassage, Timings
from qa.ui.messages import words_for
from qa.ui.session import ChatTurn

WORDS = words_for(["en"])

HOSTILE = (
    '<script>alert(1)</script></p></article><img src=x onerror="alert(2)">\n'
    "[link](javascript:alert(3)) <a href='javascript:alert(4)'>x</a> ${alert(5)} {{constructor}} `${alert(6)}`\n"
    '"\' onmouseover=alert(7) data-act="clear" </textarea></style></title><svg onload=alert(8)>\n'
    "abc\u202egnp.exe\u2066 \x00 &lt;b&gt; &amp;"
)

OUR_TAGS = frozenset(
    (
        "a", "article", "bdi", "button", "details", "div", "form", "h1", "h2",
        "h3", "h4", "header", "input", "label", "li", "mark", "strong", "nav", "ol",
        "p", "path", "q", "rect", "section", "span", "summary", "svg", "ul",
    )
)  # fmt: skip


class Reader(HTMLParser):
    """Reads HTML as a browser would: its text, its tags, its attributes."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.marked: dict[str, str] = {}
        self._inside: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "mark":
            self._inside = (dict(attrs)["data-marks"] or "").split()

    def handle_endtag(self, tag: str) -> None:
        if tag == "mark":
            self._inside = []

    def handle_data(self, data: str) -> None:
        self.text += data
        for number in self._inside:
            self.marked[number] = self.marked.get(number, "") + data


def assert_harmless(markup: str) -> None:
    for tag, attributes in Reader(markup).tags:
        assert tag in OUR_TAGS, tag
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith(("#", "gradio_api/info"))
        assert "src" not in attributes
        assert "style" not in attributes


def article_text(markup: str) -> str:
    return Reader(markup.partition('<div class="text"')[2].partition(">")[2]).text


def answer_on(text: str, spans: list[tuple[int, int]], answer_text: str = "", **changes: object) -> Answer:
    document = document_of("a.txt", text)
    written = answer_text or " ".join(f"Said {n} [{n}]" for n in range(1, len(spans) + 1))
    citations = tuple(
        Citation(n, document.id, document.source, "p", start, end, text[start:end], 0, 4, document.page(start))
        for n, (start, end) in enumerate(spans, start=1)
    )
    passage = Passage("p", document.id, 0, len(text), text, ((0, len(text)),))
    values: dict[str, object] = {
        "question": "What?", "search_question": "What?", "text": written, "answered": True, "confidence": 0.9,
        "citations": citations, "passages": (RetrievedPassage(passage, 1, 1.0, 1.0),),
        "timings": Timings(0, 0, 1), "documents": (document,), **changes,
    }  # fmt: skip
    return Answer(**values)  # type: ignore[arg-type]


def done(answer: Answer, **changes: object) -> ChatTurn:
    return ChatTurn(answer.question, "done", answer.passages, answer.text, answer, **changes)  # type: ignore[arg-type]


def wait_for(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until another thread has made something true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
