"""Lines of a page joined to paragraphs: what goes on, what does not, and what becomes of divided words."""

import pytest

from qa.paragraphs import Line, text_of

WIDTH, HEIGHT, STEP = 400.0, 10.0, 12.0


def line(text: str, at: int, page: int = 0, *, left: float = 50, share: float = 0.98, tall: float = HEIGHT) -> Line:
    """Return the line that stands `at` lines below the page's first one, with a share of the full width."""
    return Line(page, text, left, left + share * WIDTH, 700 - at * STEP, tall, " | " in text, marginal=False)


def test_lines_of_a_paragraph_are_joined() -> None:
    lines = [line("The council met on", 0), line("Tuesday. It sat until", 1), line("noon.", 2, share=0.1)]
    assert text_of(lines) == "The council met on Tuesday. It sat until noon."


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line("It sat.", 0, share=0.3), line("Then it rose.", 1)], "It sat.\n\nThen it rose."),
        ([line("It sat.", 0), line("Then it rose.", 1, left=70)], "It sat.\n\nThen it rose."),
        ([line("It sat.", 0), line("Then it rose.", 1)], "It sat. Then it rose."),
        ([line("It sat and", 0), line("sat", 1), line("The vote", 4)], "It sat and sat\n\nThe vote"),
        ([line("The vote", 0, tall=14), line("it was lost", 1)], "# The vote\n\nit was lost"),
        ([line("Members present", 0, share=0.3), line("Ana Lind", 1, share=0.3)], "Members present\n\nAna Lind"),
        ([line("It was lost by", 0, share=0.7), line("ten votes.", 1)], "It was lost by ten votes."),
        ([line("Two things:", 0), line("- bread", 1), line("- milk", 2)], "Two things:\n\n- bread\n\n- milk"),
        ([line("我们在上海的河边", 0), line("走路。", 1, share=0.2)], "我们在上海的河边走路。"),
        ([line("He is a poet of", 0), line("80. He rose.", 1)], "He is a poet of 80. He rose."),
        ([line("2022 | 4 m", 0), line("2023 | 5 m", 1)], "2022 | 4 m\n\n2023 | 5 m"),
    ],
    ids=["short", "set in", "full", "far", "size", "lines", "ragged", "items", "Chinese", "number", "rows"],
)
def test_where_a_paragraph_ends(lines: list[Line], expected: str) -> None:
    rest = [line(f"Some more words {n} that fill a line", 10 + n) for n in range(8)]
    assert text_of([*lines, *rest]).startswith(expected + "\n\n")


def test_a_paragraph_goes_on_in_the_next_column() -> None:
    lines = [
        *(line(f"left line {n} and", n, share=0.45) for n in range(20)),
        *(line(f"right line {n} and", n, share=0.45, left=270) for n in range(20)),
    ]
    assert text_of(lines).count("\n") == 0


def test_a_form_feed_stands_where_a_page_begins() -> None:
    pages = [line("It sat until", 0), line("noon.", 0, 1, share=0.2), line("It rose.", 3, 1), line("Later.", 0, 3)]
    assert text_of(pages) == "It sat until\fnoon.\n\nIt rose.\n\n\f\fLater."
    assert text_of([line("Late.", 0, 2)]) == "\f\fLate."


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("The govern-", "ment met."), "The government met."),
        (("The govern\u00ad", "ment met."), "The government met."),
        (("A cross-border road, a cross-", "border path."), "A cross-border road, a cross-border path."),
        (("A long time at a range. A long-", "range gun."), "A long time at a range. A long-range gun."),
        (("The Lind-", "Orr affair."), "The Lind- Orr affair."),
        (("In 1998-", "or so."), "In 1998- or so."),
        (("The oﬃce", "is ﬁne."), "The office is fine."),
        (("He \x02said", "so."), "He said so."),
    ],
)
def test_words_divided_at_the_end_of_a_line(lines: tuple[str, str], expected: str) -> None:
    assert text_of([line(text, at) for at, text in enumerate(lines)]) == expected


def test_a_word_divided_by_the_end_of_a_page_stays_whole() -> None:
    assert text_of([line("The govern-", 0), line("ment met.", 0, 1)]) == "The government\fmet."
