"""Texts to vectors: the real model's shapes and order, lazy loading, and a server over loopback."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embedding_server import embedding_server

from qa.attention import AT_ONCE, _attend
from qa.embedding import Embedder, SentenceTransformerEmbedder, open_embedder
from qa.errors import ModelError
from qa.settings import Settings

SERVED: dict[str, list[float]] = {"cat": [3, 0, 4], "dog": [0, 2, 0]}


@pytest.fixture
def server() -> Iterator[str]:
    with embedding_server("small", lambda texts: [SERVED.get(text, [1, 0, 0]) for text in texts]) as url:
        yield url


def test_a_server_embeds(server: str) -> None:
    embedder: Embedder = open_embedder(Settings(embedder="small", embedder_url=server))
    assert embedder.embed_passages(["dog", "cat"]) == pytest.approx(np.array([[0, 1, 0], [0.6, 0, 0.8]]))
    assert embedder.embed_question("cat") == pytest.approx(np.array([0.6, 0, 0.8]))
    assert (embedder.dimension, embedder.embed_passages([]).shape) == (3, (0, 3))
    assert "small" in embedder.name


def test_a_server_that_fails_is_told(server: str) -> None:
    with pytest.raises(ModelError, match=r"the embeddings server at .* failed for 'unknown'"):
        open_embedder(Settings(embedder="unknown", embedder_url=server)).embed_question("cat")


def test_attention_is_that_of_torch_whatever_is_padded() -> None:
    import torch  # three seconds, for this test alone

    torch.manual_seed(0)
    query, key, value = torch.randn(3, 2 * AT_ONCE + 1, 3, 7, 5)
    lengths = torch.arange(len(query)) % 7 + 1
    mask = torch.where(torch.arange(7) < lengths[:, None], 0.0, -1e30)[:, None, None].expand(-1, 1, 7, 7)
    for padded in (None, mask):
        ours, _ = _attend(None, query, key, value, padded, 0.4)
        theirs = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=padded, scale=0.4)
        torch.testing.assert_close(ours, theirs.transpose(1, 2))


@pytest.mark.slow
def test_a_folder_that_holds_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"cannot be loaded"):
        open_embedder(Settings(embedder=str(tmp_path))).embed_question("cat")


def test_opening_loads_nothing() -> None:
    code = (
        "import sys; from qa.settings import Settings; from qa.embedding import open_embedder;"
        "embedder = open_embedder(Settings()); embedder.name;"
        "print(sorted({'torch', 'sentence_transformers', 'transformers', 'openai'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.fixture(scope="module")
def real() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(Settings())


@pytest.mark.slow
def test_the_real_model(real: SentenceTransformerEmbedder) -> None:
    assert real.dimension == 384
    assert real.name == "sentence-transformers/all-MiniLM-L6-v2"
    assert real._model is None
    texts = ["A cat sat on the mat.", "The government raised taxes.", "x " * 2000, "A cat sat on the mat.", ""]
    vectors = real.embed_passages(texts)
    assert (vectors.shape, vectors.dtype) == ((5, 384), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] @ vectors[3] == pytest.approx(1, abs=1e-4)
    question = real.embed_question("Where was the cat?")
    assert question.shape == (384,)
    assert question @ vectors[0] > 0.5 > question @ vectors[1]
    assert real.embed_passages([]).shape == (0, 384)


@pytest.mark.slow
def test_passages_are_as_the_model_in_full_precision_embeds_them(real: SentenceTransformerEmbedder) -> None:
    import sentence_transformers

    words = (Path(__file__).parent / "data" / "wikipedia_articles.json").read_text(encoding="utf-8")
    texts = [words[start : start + 40 + start % 900] for start in range(5000, 65000, 1000)]
    plain = sentence_transformers.SentenceTransformer(real._place, device="cpu", local_files_only=True)
    expected = plain.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    assert (real.embed_passages(texts) * expected).sum(axis=1).min() > 0.999


@pytest.mark.slow
def test_threads_share_one_model() -> None:
    embedder = SentenceTransformerEmbedder(Settings())
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(embedder.embed_question("cat"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(vector == pytest.approx(found[0], abs=1e-6) for vector in found)
    assert len(found) == 4
