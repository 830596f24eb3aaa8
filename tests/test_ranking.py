"""Sentences in the order of how likely they answer, and nothing computed twice for it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from qa.datatypes import Passage, RetrievedPassage
from qa.passages import text_of
from qa.ranking import RANKED, SentenceRanker


class Judge:
    """A cross-encoder that likes a word, and remembers what it was asked."""

    def __init__(self, liked: str) -> None:
        self.liked = liked
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, question: str, texts: Sequence[str]) -> np.ndarray:
        self.asked.append((question, list(texts)))
        return np.array([5.0 if self.liked in text else -5.0 for text in texts], dtype=np.float32)


def hit(identity: str, *sentences: str, score: float = 0.5) -> RetrievedPassage:
    text, spans, start = " ".join(sentences), [], 100
    for sentence in sentences:
        spans.append((start, start + len(sentence)))
        start += len(sentence) + 1
    return RetrievedPassage(Passage(identity, "d", 100, 100 + len(text), text, tuple(spans)), 1, score, 0.5)


def ranked(ranker: SentenceRanker, question: str, *found: RetrievedPassage) -> list[str]:
    return [text_of(passage, span) for passage, span in ranker.rank(question, found)]


FOUND = (hit("a", "A cat sat.", "A dog ran.", "The bird flew over a stone."), hit("b", "The river rose.", score=0.1))


def test_the_nearest_sentence_of_the_best_passage_comes_first(word_embedder) -> None:
    ranker = SentenceRanker(word_embedder(), lambda *_: None)
    assert ranked(ranker, "Which dog?", *FOUND)[0] == "A dog ran."
    assert ranked(ranker, "Which river?", *FOUND)[0] == "The river rose."
    assert sorted(ranked(ranker, "Which dog?", *FOUND)) == sorted(
        ["A cat sat.", "A dog ran.", "The bird flew over a stone.", "The river rose."]
    )


def test_what_is_no_sentence_is_compared_with_its_heading(word_embedder) -> None:
    judge = Judge("stone")
    one = hit("a", "9 | 12", "The cat sat.")
    found = replace(one, passage=replace(one.passage, heading="Dogs"))
    assert ranked(SentenceRanker(word_embedder(), judge), "How many dogs?", found) == ["9 | 12", "The cat sat."]
    assert judge.asked == [("How many dogs?", ["Dogs: 9 | 12", "The cat sat."])]


def test_the_cross_encoder_puts_the_nearest_in_order_and_no_others(word_embedder) -> None:
    many = hit("m", *(f"A dog ran {number} times." for number in range(RANKED)), "A stone and a cat.")
    judge = Judge("cat")
    assert ranked(SentenceRanker(word_embedder(), judge), "Which dog or cat?", *FOUND)[0] == "A cat sat."
    last = ranked(SentenceRanker(word_embedder(), judge), "Which dog?", many)[-1]
    assert last == "A stone and a cat."
    assert len(judge.asked[-1][1]) == RANKED


def test_the_same_is_ranked_once_and_a_sentence_is_embedded_once(word_embedder) -> None:
    embedder, judge = word_embedder(), Judge("dog")
    ranker = SentenceRanker(embedder, judge)
    first = ranked(ranker, "Which dog?", *FOUND)
    assert ranked(ranker, "Which dog?", *FOUND) == first
    assert len(judge.asked) == 1
    assert "A tree fell." in ranked(ranker, "Which stone?", *FOUND, hit("c", "A tree fell.", "A dog ran."))
    assert [question for question, _ in judge.asked] == ["Which dog?", "Which stone?"]
    assert sorted(embedder.embedded) == sorted([*first, "A tree fell."])


def test_of_each_document_its_nearest_sentence_counts_and_no_cross_encoder_is_asked(word_embedder) -> None:
    embedder, judge = word_embedder(), Judge("dog")
    ranker = SentenceRanker(embedder, judge)
    other = replace(FOUND[1], passage=replace(FOUND[1].passage, document_id="e"))
    near = ranker.nearest("Which dog?", (FOUND[0], other))
    assert set(near) == {"d", "e"}
    assert near["d"] > 0.5 > near["e"]
    assert not judge.asked
    ranked(ranker, "Which dog?", FOUND[0], other)
    assert len(embedder.embedded) == len(set(embedder.embedded)) == 4
    assert ranker.nearest("Which dog?", ()) == {}


def test_other_scores_of_the_same_passages_are_ranked_anew(word_embedder) -> None:
    ranker = SentenceRanker(word_embedder(), lambda *_: None)
    assert ranked(ranker, "Which?", hit("a", "A cat."), hit("b", "A dog.", score=0.4)) == ["A cat.", "A dog."]
    assert ranked(ranker, "Which?", hit("a", "A cat."), hit("b", "A dog.", score=0.6)) == ["A dog.", "A cat."]


def test_vectors_are_held_up_to_a_limit(word_embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.ranking.MOST_KNOWN", 3)
    embedder = word_embedder()
    ranker = SentenceRanker(embedder, lambda *_: None)
    for question in ("Which cat?", "Which dog?"):
        ranked(ranker, question, hit("a", "A cat.", "A dog."))
    assert embedder.embedded == ["A cat.", "A dog."]
    ranked(ranker, "Which tree?", hit("b", "A tree.", "A bird."))
    ranked(ranker, "Which cat?", hit("a", "A cat.", "A dog."))
    assert embedder.embedded == ["A cat.", "A dog.", "A tree.", "A bird.", "A cat.", "A dog."]


def test_nothing_found(word_embedder) -> None:
    assert SentenceRanker(word_embedder(), lambda *_: None).rank("Which?", ()) == []
