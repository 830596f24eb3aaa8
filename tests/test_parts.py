"""A long document cut into parts."""

import pytest

from qa.corpus import make_document
from qa.datatypes import Document
from qa.parts import cut, size, tokens
from qa.passages import split

SENTENCE = "The river rose by {} metres in the night. "


def long_document(paragraphs: int, sentences: int, gap: str = "\n\n") -> Document:
    text = gap.join("".join(SENTENCE.format(n) for n in range(sentences)).strip() for _ in range(paragraphs))
    return make_document("River", "river.txt", text)


@pytest.mark.parametrize(("paragraphs", "sentences"), [(1, 1), (3, 2), (40, 5), (1, 200), (200, 1), (7, 90)])
def test_parts_hold_every_passage_once_and_are_about_equally_long(paragraphs: int, sentences: int) -> None:
    document = long_document(paragraphs, sentences)
    passages = split(document, 200)
    parts = cut(document, passages, 600)
    assert [passage for part in parts for passage in part] == passages
    sizes = [sum(map(size, part)) for part in parts]
    assert len(parts) == -(-sum(sizes) // 600)
    assert max(sizes) <= 1.25 * 600
    if len(parts) > 1:
        assert min(sizes) > 0.5 * max(sizes)


def test_parts_begin_where_paragraphs_do_if_one_begins_nearby() -> None:
    document = long_document(40, 5)
    starts = [part[0].start for part in cut(document, split(document, 100), 300)]
    assert len(starts) > 3
    assert all(document.text[start - 2 : start] == "\n\n" for start in starts[1:])


def test_a_sentence_longer_than_a_part_is_a_part_of_its_own_or_shares_one() -> None:
    document = make_document("Long", "long.txt", f"One came. {'word ' * 2000}. Two went.")
    passages = split(document, 400)
    assert [passage for part in cut(document, passages, 300) for passage in part] == passages


@pytest.mark.parametrize("most", [0, 10_000])
def test_a_small_document_is_one_part_and_none_where_nothing_is_read_whole(most: int) -> None:
    document = long_document(2, 2)
    assert len(cut(document, split(document, 400), most)) == bool(most)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("The parliament of the small republic voted on Tuesday.", 10),
        ("| 2024 | 37.5 m | 12 % |", 19),
        ("सरकार", 5),
    ],
)
def test_tokens_are_about_as_many_as_the_embedded_model_counts(text: str, counted: int) -> None:
    assert 0.6 * counted <= tokens(text) - 1 <= 1.4 * counted
