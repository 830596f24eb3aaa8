"""What the page draws, without a browser: text escaped, marks where the offsets say, numbers that agree."""

import re

import pytest
from page_qa import document_of
from page_support import HOSTILE, WORDS, Reader, answer_on, article_text, assert_harmless, done

from qa.ui.answers import answer_html, quotes_html
from qa.ui.article import PART_CHARACTERS, article_html, marks_of, parts
from qa.ui.markup import Mark, element, escaped, segments, shortened
from qa.ui.session import ChatTurn
from qa.ui.shelf import notes_html, shelf_html
from qa.ui.transcript import turns_html, welcome_html

# Text to markup


@pytest.mark.parametrize("text", [HOSTILE, "", "plain", "\n\n", "a & b < c > d"])
def test_escaped_text_is_read_back_as_it_was(text: str) -> None:
    assert Reader(escaped(text)).text == text.replace("\x00", "\ufffd")


def test_attributes_are_escaped_and_left_out() -> None:
    markup = element("a", "x", title='"><script>', data_turn=0, open=True, hidden=False, id=None)
    assert markup == '<a title="&quot;&gt;&lt;script&gt;" data-turn="0" open>x</a>'


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], [(0, 10, ())]),
        ([Mark(1, 2, 4)], [(0, 2, ()), (2, 4, (1,)), (4, 10, ())]),
        ([Mark(1, 0, 10)], [(0, 10, (1,))]),
        ([Mark(1, 2, 6), Mark(2, 4, 8)], [(0, 2, ()), (2, 4, (1,)), (4, 6, (1, 2)), (6, 8, (2,)), (8, 10, ())]),
        ([Mark(1, 2, 4), Mark(2, 2, 4)], [(0, 2, ()), (2, 4, (1, 2)), (4, 10, ())]),
        ([Mark(1, 5, 5)], [(0, 10, ())]),
        ([Mark(1, -5, 3), Mark(2, 8, 20)], [(0, 3, (1,)), (3, 8, ()), (8, 10, (2,))]),
    ],
    ids=["none", "one", "whole", "overlapping", "same", "empty", "reaching out"],
)
def test_segments(marks: list[Mark], expected: list[tuple[int, int, tuple[int, ...]]]) -> None:
    assert [(s.start, s.end, s.marks) for s in segments(0, 10, marks)] == expected


def test_shortened_cuts_at_a_word() -> None:
    assert shortened("one two  three", 100) == "one two three"
    assert shortened("one two three", 9) == "one two …"


# The article

ARTICLES = {
    "hostile": HOSTILE,
    "several lines": "First line.\n\nSecond “quoted” line.\nNo end",
    "emoji and Hindi": "👩‍👩‍👧 says नमस्ते।\nسلام دنیا. Fin.\n",
    "bold": "**Two** hours, 2 ** 3, **not\nthis**, and **<b>this</b>**.",
    "Markdown": "# Title\n\nText under *it*.\n## Next\n- item",
    "carriage returns": "one\ttwo\n  indented\n\n\n",
    "one long line": "word " * 200,
}


@pytest.mark.parametrize("text", ARTICLES.values(), ids=ARTICLES)
def test_the_panel_shows_every_character(text: str) -> None:
    markup = article_html(document_of("a.txt", text), WORDS)
    assert article_text(markup) == text.replace("\x00", "\ufffd")
    assert_harmless(markup)


@pytest.mark.parametrize("text", ARTICLES.values(), ids=ARTICLES)
def test_marked_words_are_the_quote(text: str) -> None:
    spans = [(start, min(len(text), start + 17)) for start in range(0, len(text), 5)][:50]
    answer = answer_on(text, spans)
    document = answer.documents[0]
    markup = article_html(document, WORDS, marks=marks_of(answer.citations, document.id), turn=0)
    shown = text.replace("\x00", "\ufffd")
    assert article_text(markup) == shown
    assert Reader(markup).marked == {str(n): shown[start:end] for n, (start, end) in enumerate(spans, start=1)}
    identities = [attributes["id"] for tag, attributes in Reader(markup).tags if tag == "mark" and "id" in attributes]
    assert len(identities) == len(set(identities))


def test_marks_of_other_documents_are_not_shown() -> None:
    answer = answer_on("Some text.", [(0, 4)])
    assert marks_of(answer.citations, "another") == []


def test_a_place_that_is_no_quote_is_marked_without_a_number() -> None:
    markup = article_html(document_of("a.txt", "Some text here."), WORDS, span=(5, 9), jump=3, take_focus=True)
    mark = next(attributes for tag, attributes in Reader(markup).tags if tag == "mark")
    assert mark["data-marks"] == "0"
    assert "data-number" not in mark
    assert Reader(markup).marked == {"0": "text"}
    article = Reader(markup).tags[0][1]
    assert (article["data-jump"], article["data-focus"], article["data-start"]) == ("3", "1", "5")


def test_the_place_of_a_quote_names_its_number() -> None:
    marks = [Mark(1, 0, 4), Mark(2, 5, 9)]
    article = Reader(article_html(document_of("a.txt", "Some text."), WORDS, marks=marks, span=(5, 9))).tags[0][1]
    assert article["data-number"] == "2"


def test_headings_are_headings() -> None:
    text = "Heading\nA sentence under it, with an end.\n## Second\nText here."
    tags = [tag for tag, _ in Reader(article_html(document_of("a.txt", text), WORDS)).tags]
    assert tags.count("h3") == 2


def test_long_documents_are_shown_in_parts() -> None:
    text = "".join(f"Line number {number} of a long document.\n" for number in range(10_000))
    cuts = parts(text)
    assert "".join(text[start:end] for start, end in cuts) == text
    assert all(end - start <= PART_CHARACTERS and text[end - 1] == "\n" for start, end in cuts)
    wanted = text.index("Line number 9000 ")
    markup = article_html(
        document_of("a.txt", text), WORDS, marks=[Mark(1, wanted, wanted + 16)], span=(wanted, wanted + 16)
    )
    assert Reader(markup).marked == {"1": "Line number 9000"}
    assert len(markup) < 2 * PART_CHARACTERS
    assert f"of {len(cuts)}" in markup


def test_a_long_document_without_line_breaks_is_shown_in_parts() -> None:
    text = "x" * (3 * PART_CHARACTERS + 5)
    assert [end - start for start, end in parts(text)] == [PART_CHARACTERS] * 3 + [5]


# Answers


@pytest.mark.parametrize("count", [0, 1, 10, 50])
def test_marks_and_quotes_carry_the_same_numbers(count: int) -> None:
    text = "".join(f"Sentence {number}. " for number in range(60))
    answer = answer_on(text, [(12 * n, 12 * n + 10) for n in range(count)], answer_text="" if count else "Nothing.")
    links = [attributes for tag, attributes in Reader(answer_html(answer, 0, WORDS)).tags if tag == "a"]
    quotes = [attributes for tag, attributes in Reader(quotes_html(answer, 0, WORDS)).tags if tag == "a"]
    assert [link["data-cite"] for link in links] == [str(n) for n in range(1, count + 1)]
    assert [(q["data-cite"], q["data-start"]) for q in quotes] == [(a["data-cite"], a["data-start"]) for a in links]
    assert all(answer.citations[n].quote in (link["aria-label"] or "") for n, link in enumerate(links))


def test_brackets_that_are_no_citation_stay_text() -> None:
    answer = answer_on("Some text.", [(0, 4)], answer_text="In [2019] he said so [1], not [7].")
    read = Reader(answer_html(answer, 0, WORDS))
    assert read.text == "In [2019] he said so\u00a01, not [7]."
    assert sum(tag == "a" for tag, _ in read.tags) == 1


def test_supported_statements_are_spans() -> None:
    answer = answer_on("Some text.", [(0, 4)], answer_text="Said so. [1] More.")
    claims = re.findall(r'<span class="claim" data-claims="1">(.*?)</span>', answer_html(answer, 0, WORDS))
    assert claims == ["Said"]


def test_hostile_text_is_shown_as_text_everywhere() -> None:
    answer = answer_on(
        HOSTILE, [(0, len(HOSTILE))], answer_text=HOSTILE + " [1]", question=HOSTILE, search_question=HOSTILE * 2
    )
    hostile_document = document_of(HOSTILE, HOSTILE, HOSTILE)
    failed = ChatTurn(HOSTILE, "failed", error=HOSTILE)
    for markup in (
        turns_html(
            [done(answer, follow_ups=(HOSTILE,), verdict="up"), failed, ChatTurn(HOSTILE, "writing", text=HOSTILE)],
            WORDS,
        ),
        welcome_html([HOSTILE], WORDS),
        article_html(hostile_document, WORDS, marks=[Mark(1, 3, 40)]),
        shelf_html([hostile_document, hostile_document], {hostile_document.id}, set(), WORDS),
        notes_html([(HOSTILE, True)]),
    ):
        assert_harmless(markup)
        assert "alert(1)" in Reader(markup).text


def test_a_declined_answer_offers_the_nearest_passages() -> None:
    declined = answer_on("Some text.", [], answer_text="The article does not say.", answered=False)
    markup = turns_html([done(declined)], WORDS)
    assert "Not in the text" in markup
    assert "Nearest passages" in markup
    assert '<details class="passages" open>' in markup
    assert 'class="quotes"' not in markup


def test_a_rewritten_question_is_shown() -> None:
    assert "Searched for:" in turns_html([done(answer_on("Text.", [(0, 4)], search_question="What of it?"))], WORDS)
    long = "What was said before? " * 20
    folded = turns_html([done(answer_on("Text.", [(0, 4)], search_question=long))], WORDS)
    assert '<details class="searched"><summary>Searched for:' in folded
    assert long.strip() in folded
    assert "Searched for:" not in turns_html([done(answer_on("Text.", [(0, 4)]))], WORDS)


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        (1.0, "Very likely right (about 9 in 10)"),
        (0.86, "Very likely right (about 9 in 10)"),
        (0.8, "Likely right (about 8 in 10)"),
        (0.7, "Likely right (about 7 in 10)"),
        (0.58, "More likely right than wrong (about 6 in 10)"),
        (0.42, "Doubtful, please check (about 4 in 10)"),
        (0.0, "Doubtful, please check (about 1 in 10)"),
    ],
)
def test_confidence_in_words(confidence: float, expected: str) -> None:
    assert expected in turns_html([done(answer_on("Text.", [(0, 4)], confidence=confidence))], WORDS)


def test_removed_statements_are_counted() -> None:
    assert "no sentence supports it: 2" in turns_html([done(answer_on("Text.", [(0, 4)], unsupported=2))], WORDS)


def test_a_running_turn_is_busy_and_offers_no_actions() -> None:
    markup = turns_html([ChatTurn("Q?", "writing", text="So far")], WORDS)
    assert 'aria-busy="true"' in markup
    assert 'class="actions"' not in markup
    assert "So far" in markup


def test_the_sign_of_a_heading_is_kept_but_not_shown() -> None:
    document = document_of("a.md", "# Weather\n\n\f## More rain\nIt fell.")
    markup = article_html(document, WORDS)
    assert article_text(markup) == document.text
    assert re.findall(r'<span class="sign">(.*?)</span>', markup) == ["# ", "## "]
    assert re.findall(r'data-page="(.*?)"', markup) == ["Page 2"]


def test_bold_words_are_bold_without_their_signs() -> None:
    text = "Within **two hours** at most, 2 ** 3 ** 4."
    answer = answer_on(text, [(0, len(text))])
    bold = '<span class="sign">**</span><strong>two hours</strong><span class="sign">**</span> at most, 2 ** 3 ** 4.'
    for markup in (article_html(answer.documents[0], WORDS), quotes_html(answer, 0, WORDS)):
        assert bold in markup
        assert "<strong>" not in markup.replace(bold, "")


def test_pages_are_numbered_and_quotes_tell_theirs() -> None:
    text = "One came.\n\n\fTwo went on to\fthe end.\n"
    answer = answer_on(text, [(text.index("Two"), text.index(".\n", 20) + 1)])
    markup = article_html(answer.documents[0], WORDS, marks=marks_of(answer.citations, answer.documents[0].id))
    assert article_text(markup) == text
    assert re.findall(r'data-page="(.*?)"', markup) == ["Page 2", "Page 3"]
    assert answer.citations[0].quote == "Two went on to\fthe end."
    assert answer.citations[0].where == "a.txt, p. 2"
    assert "page 2" in Reader(quotes_html(answer, 0, WORDS)).text
    assert "page" not in Reader(quotes_html(answer_on("One came.", [(0, 9)]), 0, WORDS)).text
