"""Blocks of a text: what is a heading, what a list, what a table; nothing is lost."""

import pytest

from qa.blocks import blocks

FELL = ("paragraph", "It fell.")


def kinds(text: str) -> list[tuple[str, str]]:
    """Return the kind and the words of each block."""
    return [(block.kind, text[block.start : block.end]) for block in blocks(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Old town\nIt ended.", [("heading", "Old town"), ("paragraph", "It ended.")]),
        ("# Anything.\n\n## More", [("heading", "# Anything."), ("heading", "## More")]),
        ("Part 1: Rain\nIt fell.", [("heading", "Part 1: Rain"), ("paragraph", "It fell.")]),
        ("Town\nBy Ana\nIt fell.", [("heading", "Town"), ("heading", "By Ana"), ("paragraph", "It fell.")]),
        ("It fell.\nThe end", [("paragraph", "It fell."), ("item", "The end")]),
        ("Lead: Ana\nStart: May\nIt fell.", [("item", "Lead: Ana"), ("item", "Start: May"), ("paragraph", "It fell.")]),
        ("Eggs\nSalt\nTea\nMix.", [("item", "Eggs"), ("item", "Salt"), ("item", "Tea"), ("paragraph", "Mix.")]),
        ("Budget\n# Next\nIt fell.", [("item", "Budget"), ("heading", "# Next"), ("paragraph", "It fell.")]),
        ("#Rain fell on the town.", [("paragraph", "#Rain fell on the town.")]),
        ("It fell.\n#rain", [FELL, ("item", "#rain")]),
        ("2. Rain\nIt fell.", [("heading", "2. Rain"), ("paragraph", "It fell.")]),
        ("1. Rain\n2. Snow\nIt fell.", [("item", "1. Rain"), ("item", "2. Snow"), ("paragraph", "It fell.")]),
        ("# Rain\n# By Ana\n# Intro\nIt fell.", [("item", "Rain"), ("item", "By Ana"), ("heading", "# Intro"), FELL]),
        ("It fell.\n# A\n# B\n# C", [FELL, ("item", "A"), ("item", "B"), ("item", "C")]),
        ("- Milk\n* Bread.\n2) Tea", [("item", "Milk"), ("item", "Bread."), ("item", "2) Tea")]),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", [("row", "a | b"), ("row", "1 | 2")]),
        ("a\tb\tc\nd | e | f", [("row", "a\tb\tc"), ("row", "d | e | f")]),
        ("It fell.\n\n* * *\n-----\nIt rose.", [("paragraph", "It fell."), ("paragraph", "It rose.")]),
        ("Weather\n=======\nIt fell.", [("heading", "Weather"), ("paragraph", "It fell.")]),
    ],
)
def test_kinds(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


def test_questions_with_an_answer_under_each_are_headings() -> None:
    text = "Is it open?\nYes.\n\nQ: What does it cost?\nA: Nothing.\n\n3. May I bring a dog?\nNo."
    assert [kind for kind, _ in kinds(text)] == ["heading", "paragraph"] * 3
    short = "Is it open?\nMon to Fri\n\nWhat does it cost?\n10 crowns\n\nPrices\n\nMay I bring a dog?\nNo."
    assert [kind for kind, _ in kinds(short)] == [*["heading", "item"] * 2, *["heading"] * 2, "paragraph"]


@pytest.mark.parametrize(
    "text",
    [
        "Is it open?\nYes.\nWhy?\nIt is.",
        "“Is it?”\nYes.\n“Why?”\nIt is.\n“Where?”\nHere.",
        "ANA: Is it?\nBO: Yes.\nANA: Why?\nBO: It is.\nANA: Where?\nBO: Here.",
        "Is it?\nWhy?\nWhere?\nWhen?",
    ],
    ids=["two", "quoted", "spoken", "unanswered"],
)
def test_other_questions_are_none(text: str) -> None:
    assert "heading" not in dict(kinds(text))


def test_items_and_rows_are_not_taken_for_wrapped_lines() -> None:
    item = "a line of a list that is as long as one that was wrapped by hand"
    assert kinds(f"- {item}\n- {item}") == [("item", item), ("item", item)]
    row = f"{item} | of a table | with three cells"
    assert kinds(f"| {row} |\n| {row} |") == [("row", row), ("row", row)]


def test_a_long_item_or_heading_is_a_paragraph() -> None:
    assert kinds("1. " + "It rained for a day. " * 12)[0][0] == "paragraph"
    assert kinds("# " + "It rained for a day. " * 12)[0][0] == "paragraph"
