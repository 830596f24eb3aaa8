"""Searching: two rankings fused by hand-computable figures, ties, limits, and LangChain's face of it."""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

from qa.corpus import make_document
from qa.embedding import open_embedder
from qa.index import Index
from qa.retrieval import MEANING, PassageRetriever, Retriever, fuse
from qa.settings import Settings

TEXT = "The cat sat by the river.\n\nA dog barked at the cat.\n\nOne bird in a tree.\n\nA cloud of fish.\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text(TEXT)
    return Settings(corpus=tmp_path / "corpus", data_dir=tmp_path / "data")


@pytest.fixture
def index(settings: Settings, word_embedder: type[Any]) -> Any:
    index = Index.open(settings, word_embedder())
    index.sync()
    yield index
    index.close()


@pytest.fixture
def retriever(index: Index, word_embedder: type[Any]) -> Retriever:
    return Retriever(index, word_embedder(), 3)


def test_fused_scores_by_hand() -> None:
    scores = fuse({"a": 0.5, "b": 0.5, "c": -0.2}, {"b": 3.0, "d": 6.0})
    assert scores == pytest.approx(
        {
            "b": MEANING * 0.5 + (1 - MEANING) * 0.5,
            "d": 1 - MEANING,
            "a": MEANING * 0.5,
            "c": 0.0,
        }
    )
    assert list(scores) == ["b", "d", "a", "c"]


def test_equal_scores_stay_in_order_and_nothing_gives_nothing() -> None:
    assert list(fuse({"z": 0.5, "a": 0.5, "m": 0.5}, {})) == ["z", "a", "m"]
    assert fuse({}, {}) == {}
    assert fuse({"a": 1.0000001}, {"a": 2.0}) == pytest.approx({"a": 1.0})


def test_search_ranks_by_meaning_and_words(retriever: Retriever) -> None:
    found = retriever.search("Which dog and cat?")
    assert [hit.rank for hit in found] == [1, 2, 3]
    assert [hit.passage.text for hit in found][:2] == ["A dog barked at the cat.", "The cat sat by the river."]
    assert found[0].cosine == pytest.approx(1, abs=1e-3)
    assert found[0].score == pytest.approx(1, abs=1e-3)
    scores = [hit.score for hit in retriever.search("dog river bird", k=10)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_words_unknown_to_the_embedder_still_find(retriever: Retriever) -> None:
    assert retriever.search("barking", k=1)[0].passage.text == "A dog barked at the cat."


def test_a_list_is_found_by_its_heading(retriever: Retriever, index: Index) -> None:
    text = "# Dogs\n\n- nine\n- twelve\n\n# Rivers\n\n- nine\n- twelve\n"
    mine = make_document("Mine", "mine.md", text)
    index.add(mine, "me")
    for question, heading in (("How many dogs?", "Dogs"), ("How many rivers?", "Rivers")):
        assert retriever.search(question, k=1, owner="me")[0].passage.heading == heading
    index.remove(mine.id, "me")
    index.add(mine, "me")
    assert retriever.search("dogs", k=1, owner="me")[0].passage.text == "nine\n- twelve"


def test_how_many_and_which(retriever: Retriever, index: Index) -> None:
    assert len(retriever.search("cat")) == 3
    assert len(retriever.search("cat", k=1)) == 1
    assert len(retriever.search("cat", k=50)) == 4
    assert retriever.search("cat", k=0) == retriever.search("  ") == retriever.search("cat", documents=[]) == ()
    mine = make_document("Mine", "mine.txt", "A dog of stone.")
    index.add(mine, "me")
    assert [hit.passage.text for hit in retriever.search("dog stone", documents=[mine.id], owner="me")] == [
        "A dog of stone."
    ]
    assert retriever.search("dog stone", documents=[mine.id]) == ()


def test_an_empty_index_finds_nothing(tmp_path: Path, word_embedder: type[Any]) -> None:
    settings = Settings(corpus=tmp_path, data_dir=tmp_path / "data")
    with_nothing = Index.open(settings, word_embedder())
    assert Retriever(with_nothing, word_embedder(), 3).search("cat") == ()


@pytest.mark.parametrize("question", ["x" * 100_000, "cat " * 25_000, "'\"*()^:{}\0", "😀 你好"])
def test_awkward_questions_find_without_fault(retriever: Retriever, question: str) -> None:
    assert len(retriever.search(question)) == 3


def test_langchain_documents_carry_place_and_scores(retriever: Retriever) -> None:
    (found,) = PassageRetriever(retriever=retriever, k=1).invoke("dog")
    assert found.page_content == "A dog barked at the cat."
    assert found.metadata["source"] == "a.txt"
    assert TEXT[found.metadata["start"] : found.metadata["end"]] == found.page_content
    assert found.metadata["passage_id"] == found.id
    assert found.metadata["score"] >= found.metadata["cosine"] * MEANING > 0


class TestLangChain(RetrieversIntegrationTests):
    """LangChain's own checks of a retriever."""

    @pytest.fixture(autouse=True)
    def use(self, index: Index, word_embedder: type[Any]) -> None:
        type(self).made = Retriever(index, word_embedder(), 3)

    made: Retriever

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return PassageRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"retriever": self.made}

    @property
    def retriever_query_example(self) -> str:
        return "Where did the cat sit?"


@pytest.mark.slow
def test_the_seed_article_is_searched(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    embedder = open_embedder(settings)
    index = Index.open(settings, embedder)
    index.sync()
    found = Retriever(index, embedder, 8).search("Who rejected the claim about the strikes?")
    assert any("The military spokesperson rejected the allegations." in hit.passage.text for hit in found[:3])
