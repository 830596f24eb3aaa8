"""Outgrowing one machine by settings alone: two page processes that share a Chroma, a chat and an embeddings server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import chromadb
import pytest
from chat_server import KEY, chat_server
from chroma_server import chroma_server
from embedding_server import embedding_server
from gradio_client import Client
from page_window import TESTS, serving

from qa.embedding import open_embedder
from qa.settings import Settings, seed_corpus

pytestmark = pytest.mark.slow

ARTICLE = next(seed_corpus().iterdir()).read_text(encoding="utf-8")[:1_500]
"""As much as is read in a few seconds."""
QUESTIONS = ("Who rejected the claim about the strikes?", "Who writes off the Afghan Taliban?")


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Three servers, and the variables that make any process of this project use them; yields Chroma's address."""
    embedder, chroma = open_embedder(Settings.load()), tmp_path / "chroma"
    chroma.mkdir()
    with (
        chroma_server(chroma) as chroma_url,
        embedding_server("minilm", lambda texts: embedder.embed_passages(texts).tolist()) as embedder_url,
        chat_server(context_tokens=4096) as base_url,
    ):
        for name, value in {
            "CHROMA_URL": chroma_url,
            "EMBEDDER": "minilm",
            "EMBEDDER_URL": embedder_url,
            "CHAT_MODEL": "openai:local",
            "BASE_URL": base_url,
            "API_KEY": KEY,
        }.items():
            monkeypatch.setenv(f"QA_{name}", value)
        yield chroma_url


def test_two_processes_share_three_servers(servers: str, tmp_path: Path) -> None:
    shared, corpus = tmp_path / "shared", tmp_path / "article.txt"
    corpus.write_text(ARTICLE, encoding="utf-8")
    command = (str(TESTS.parent / "app.py"), "--corpus", str(corpus), "--data-dir", str(shared))
    with (
        serving(*command) as first,
        serving(*command) as second,
        ThreadPoolExecutor(4) as pool,
    ):
        asked = [(url, question) for question in QUESTIONS for url in (first, second)]

        def ask(place: tuple[str, str]) -> dict[str, object]:
            return Client(place[0], verbose=False).predict(place[1], api_name="/ask")

        answers = list(pool.map(ask, asked))
        found = [Client(url, verbose=False).predict("border clashes", 3, api_name="/search") for url in (first, second)]
    for (_, question), answer in zip(asked, answers, strict=True):
        print(question, "->", answer["text"])
        assert answer["question"] == question
        for cited in answer["citations"]:
            assert cited["quote"] == ARTICLE[cited["start"] : cited["end"]]
    assert any(answer["citations"] for answer in answers)  # without its adapter the model declines much
    assert found[0] == found[1]
    place = urlsplit(servers)
    client = chromadb.HttpClient(host=str(place.hostname), port=int(place.port or 0))
    assert sum(each.count() for each in client.list_collections()) > 0
    assert not (shared / "vectors").exists()
