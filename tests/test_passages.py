"""Sentences and passages: every offset exact, on awkward text too."""

import random
from itertools import pairwise
from pathlib import Path

import pytest

from qa.blocks import blocks
from qa.corpus import make_document, read_document
from qa.datatypes import Document, Passage
from qa.passages import sentences, split


def check(document: Document, passages: list[Passage]) -> None:
    """Assert what holds for the passages of any document."""
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.document_id == document.id
        assert passage.sentences[0][0] == passage.start
        assert passage.sentences[-1][1] == passage.end
        for start, end in passage.sentences:
            assert start < end
            assert document.text[start:end] == document.text[start:end].strip()
    spans = [span for passage in passages for span in passage.sentences]
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert len({passage.id for passage in passages}) == len(passages)


def quotes(text: str, longest: int = 500) -> list[list[str]]:
    """Return the sentences of each passage."""
    document = make_document("T", "a.txt", text)
    passages = split(document, longest)
    check(document, passages)
    return [[text[start:end] for start, end in passage.sentences] for passage in passages]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He left. He left. He left.", [["He left.", "He left.", "He left."]]),
        ("First line.\r\n\r\nSecond line.\r\n", [["First line."], ["Second line."]]),
        ("“Go,” he said. “Why?” “No reason.”", [["“Go,” he said.", "“Why?”", "“No reason.”"]]),
        ("Dr. Smith met Mr. Jones at 5 p.m. They ate.", [["Dr. Smith met Mr. Jones at 5 p.m.", "They ate."]]),
        ("It cost 3.5 million. Fine.", [["It cost 3.5 million.", "Fine."]]),
        ("好的。再见。", [["好的。", "再见。"]]),
        ("ठीक है। नमस्ते।", [["ठीक है।", "नमस्ते।"]]),
        ("Party 🎉! Next 👩‍👩‍👧 one.", [["Party 🎉!", "Next 👩‍👩‍👧 one."]]),
        ("\ufeffMarked text. Ends.", [["Marked text.", "Ends."]]),
        ("  \t Indented.   Spaced.  ", [["Indented.", "Spaced."]]),
        ("**Results.** With light. *Why?* It is so.", [["**Results.** With light.", "*Why?*", "It is so."]]),
        ("Open Mon. to Fri. 9 am. Tel. 0555 12.", [["Open Mon. to Fri. 9 am.", "Tel. 0555 12."]]),
        ("Now max. 30 euros incl. delivery. 5 paid.", [["Now max. 30 euros incl. delivery.", "5 paid."]]),
        ("I know. it rains. Yes.", [["I know.", "it rains.", "Yes."]]),
        ("He sat. 2 stood. Then came Max. 3 left.", [["He sat.", "2 stood.", "Then came Max.", "3 left."]]),
        ("", []),
    ],
    ids=lambda value: "" if isinstance(value, list) else value[:12],
)
def test_sentences_are_cut_and_verbatim(text: str, expected: list[list[str]]) -> None:
    if not text:
        assert split(Document("id", "T", "a", text), 500) == []
        return
    assert quotes(text) == expected


def test_headings_go_with_what_is_under_them() -> None:
    text = "# Harbour news\n\nBoats left. They came back.\n\n## Weather\nRain fell.\n"
    document = make_document("T", "a.md", text)
    found = split(document, 500)
    check(document, found)
    assert [(passage.heading, passage.text) for passage in found] == [
        ("Harbour news", "Boats left. They came back."),
        ("Weather", "Rain fell."),
    ]


def test_a_document_of_headings_only_still_has_passages() -> None:
    assert quotes("# One title\n\n# Another title") == [["# One title"], ["# Another title"]]


def test_lines_wrapped_by_hand_are_one_block() -> None:
    first = "The council decided on Tuesday that the old bridge over the"
    text = f"{first}\nriver will be closed. Nobody objected.\n\nNew block."
    assert [text[block.start : block.end] for block in blocks(text)] == [text[: text.index("\n\n")], "New block."]
    assert quotes(text)[0][0] == f"{first}\nriver will be closed."


def test_lines_are_joined_only_where_the_next_word_had_no_room_or_the_sentence_goes_on() -> None:
    listed = (
        "Talk to your doctor if any of these gets serious or does not go away after a week of the treatment.\n"
        "Very common: drowsiness and a dry mouth, in one of ten people\n"
        "Common: dizziness, also when one gets up from a chair\nUncommon: vivid dreams in the first weeks\n"
    )
    assert [listed[block.start : block.end] for block in blocks(listed)] == listed.splitlines()
    for text in (
        "The first line is as long as it could be before the word that was\nUppsala, which begins with a capital.\n",
        f"{'word ' * 28}end.\n\nThis line ends where a sentence cannot end, for it is of the\nUppsala council.\n",
    ):
        assert text[blocks(text)[-1].start :].count("\n") == 2


def test_a_heading_that_tells_a_fact_can_be_cited_as_well() -> None:
    text = "Rivers 2026: a course\n\nTuesdays, 10:15 to 11:45, room B2\nIt is free.\n\nWeek 1: Mills\nThey turn.\n"
    document = make_document("Course", "course.txt", text)
    assert [(p.text, p.heading) for p in split(document, 400)] == [
        ("Tuesdays, 10:15 to 11:45, room B2", "Tuesdays, 10:15 to 11:45, room B2"),
        ("It is free.", "Tuesdays, 10:15 to 11:45, room B2"),
        ("They turn.", "Week 1: Mills"),
    ]


def test_passages_are_filled_evenly_and_long_sentences_stay_whole() -> None:
    sentence = "This sentence has exactly forty letters."
    found = quotes(" ".join([sentence] * 9), longest=150)
    assert [len(group) for group in found] == [3, 3, 3]
    long = "word " * 60 + "end."
    assert quotes(f"Short one. {long} Short two.", longest=100) == [["Short one."], [long], ["Short two."]]


def test_a_run_of_quoted_sentences_is_cut_into_sentences() -> None:
    text = (
        "He replied: “Both things are false at this time. We do react and retaliate, but not like that. "
        "We have a disciplined force that has traditions and a code of conduct.”"
    )
    (found,) = quotes(text)
    assert found == [
        "He replied: “Both things are false at this time.",
        "We do react and retaliate, but not like that.",
        "We have a disciplined force that has traditions and a code of conduct.”",
    ]


def test_seed_article(seed_article: Path) -> None:
    document = read_document(seed_article, seed_article.name, 20)
    passages = split(document, 500)
    check(document, passages)
    headings = {passage.heading for passage in passages} - {""}
    words = sum(len(text.split()) for text in [passage.text for passage in passages] + list(headings))
    assert words == len(document.text.split())
    assert max(len(passage.text) for passage in passages) <= 500


@pytest.mark.parametrize("seed", range(20))
def test_offsets_hold_on_random_text(seed: int) -> None:
    generator = random.Random(seed)
    pieces = [
        "Mr. X",
        "He left",
        ". ",
        "! ",
        "\n",
        "\r\n",
        "\n\n",
        "“",
        "”",
        " ",
        "\t",
        "😀",
        "。",
        "3.5",
        "# H",
        "…",
        "'",
    ]
    document = Document("id", "T", "a", "".join(generator.choices(pieces, k=400)))
    for longest in (100, 500):
        check(document, split(document, longest))


def test_sentences_of_a_part_of_the_text() -> None:
    assert sentences("Text. More.", (6, 11)) == [(6, 11)]


NOTES = """# Project Heron

Team lead: Anna Berg
Budget: 40,000 euros

## Milestones

- Prototype ready in June
- First sale in Oslo, of 12 units. Paid at once.

The next steps are:

1. Review
2. Launch

| Year | Revenue |
|------|---------|
| 2022 | 4.1 m |
| 2023 | 5.3 m |

---

The city pays for it.
"""


def test_lists_and_tables_are_passages() -> None:
    document = make_document("T", "a.md", NOTES)
    found = split(document, 500)
    check(document, found)
    assert [(p.heading, [NOTES[start:end] for start, end in p.sentences]) for p in found] == [
        ("Project Heron", ["Team lead: Anna Berg", "Budget: 40,000 euros"]),
        ("Milestones", ["Prototype ready in June", "First sale in Oslo, of 12 units.", "Paid at once."]),
        ("Milestones", ["The next steps are:", "1. Review", "2. Launch"]),
        ("Milestones: Year | Revenue", ["Year | Revenue", "2022 | 4.1 m", "2023 | 5.3 m"]),
        ("Milestones", ["The city pays for it."]),
    ]


def test_every_passage_of_a_table_knows_its_first_row() -> None:
    rows = "".join(f"| {year} | {year % 7} m | {year % 5} m |\n" for year in range(1990, 2020))
    found = split(make_document("T", "a.md", f"| Year | Revenue | Profit |\n|---|---|---|\n{rows}"), 200)
    assert {passage.heading for passage in found} == {"Year | Revenue | Profit"}
    assert len(found) > 3
