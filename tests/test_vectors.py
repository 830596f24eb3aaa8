"""Vectors in Chroma: a folder, and a real Chroma server over loopback behind the same face."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chroma_server import chroma_server

from qa.corpus import make_document
from qa.errors import IndexMismatchError
from qa.index import Index
from qa.settings import Settings
from qa.vectors import Vectors, VectorStore


def unit(count: int, seed: int = 0, dimension: int = 24) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def keys(count: int) -> list[str]:
    return [f"p{number:05}" for number in range(count)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chroma_server(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture(params=["folder", "server"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    url = request.getfixturevalue("server") if request.param == "server" else None
    store = VectorStore(tmp_path, url, "test")
    store.erase(["passages", "other"])
    yield store
    store.close()


def test_nearest_is_exact_on_a_few_thousand(store: VectorStore) -> None:
    vectors = unit(2500)
    store.upsert("passages", keys(2500), vectors)
    assert store.count("passages") == 2500
    for question in unit(10, seed=1):
        cosines = vectors @ question
        best = np.argsort(-cosines)[:10]
        found = store.nearest("passages", question, 10)
        assert [key for key, _ in found] == [keys(2500)[place] for place in best]
        assert [cosine for _, cosine in found] == pytest.approx(cosines[best], abs=1e-5)


@pytest.mark.parametrize("chosen", [1, 20, 400, 2400])
def test_nearest_among_chosen_ids(store: VectorStore, chosen: int) -> None:
    vectors, ids = unit(2500), keys(2500)
    store.upsert("passages", ids, vectors)
    among = np.random.default_rng(2).permutation(2500)[:chosen]
    for question in unit(5, seed=3):
        best = among[np.argsort(-(vectors[among] @ question))[:20]]
        found = store.nearest("passages", question, 20, [ids[place] for place in among])
        assert [key for key, _ in found] == [ids[place] for place in best]
    assert store.nearest("passages", question, 20, []) == []


def test_writing_again_replaces_and_deleting_removes(store: VectorStore) -> None:
    vectors = unit(30)
    store.upsert("passages", keys(30), vectors)
    store.upsert("passages", keys(30)[:1], -vectors[:1])
    store.delete("passages", [*keys(30)[1:3], "gone"])
    assert store.count("passages") == 28
    fetched = store.fetch("passages", keys(30)[:4])
    assert sorted(fetched) == ["p00000", "p00003"]
    assert fetched["p00000"] == pytest.approx(-vectors[0], abs=1e-6)
    assert sorted(key for page in store.ids("passages") for key in page) == ["p00000", *keys(30)[3:]]
    assert store.nearest("passages", vectors[1], 3)[0][1] < 0.999


def test_collections_are_apart(store: VectorStore) -> None:
    store.upsert("passages", keys(3), unit(3))
    store.upsert("other", keys(2), unit(2))
    store.drop("other")
    store.drop("never made")
    assert (store.count("passages"), store.count("other")) == (3, 0)


def test_another_mark_is_refused_unless_empty(store: VectorStore, tmp_path: Path) -> None:
    store.count("passages")
    other = VectorStore(tmp_path, store._url, "another")
    assert other.count("passages") == 0
    store.upsert("passages", keys(3), unit(3))
    other.reopen()
    with pytest.raises(IndexMismatchError, match=r"made with test, not with another"):
        other.count("passages")
    other.close()


def test_an_index_on_a_server(server: str, tmp_path: Path, word_embedder: type[Any]) -> None:
    (tmp_path / "a.txt").write_text("A cat in a tree.\n\nA dog by the river.")
    settings = Settings(corpus=tmp_path / "a.txt", data_dir=tmp_path / "data", chroma_url=server, collection="served")
    embedder = word_embedder()
    first, second = Index.open(settings, embedder), Index.open(settings, embedder)
    first.sync()
    first.add(make_document("Mine", "mine.txt", "A fish."), "me")
    for index in (first, second):
        hits = index.dense(embedder.embed_question("fish"), 5, owner="me")
        assert index.passages([hits[0][0]])[0].text == "A fish."
        assert len(hits) == 3
    assert not (tmp_path / "data" / "vectors").exists()
    second.remove_owner("me")
    (tmp_path / "a.txt").write_text("A bird in a tree.")
    assert first.sync().changed == 1
    hits = second.dense(embedder.embed_question("bird"), 5, owner="me")
    assert [passage.text for passage in second.passages([key for key, _ in hits])] == ["A bird in a tree."]
    first.close()
    second.close()
