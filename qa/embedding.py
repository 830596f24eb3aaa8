"""Texts -> unit vectors: a sentence-transformers model in this process, or an OpenAI-compatible embeddings server.

The model is loaded on first use, once, whichever thread asks. Nothing here stores or searches.
"""

import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qa.attention import short_texts
from qa.encoder import Encoder, fits
from qa.errors import ModelError
from qa.settings import Settings
from qa.weights import embedder_folder

Vectors = NDArray[np.float32]

BATCH = 16
"""Texts of like length in one step of the model; several steps run side by side, each on one thread."""
FEW_CHARACTERS = 12_000
"""Texts that together are no longer are embedded without sentence-transformers while that is not loaded: the import
alone takes six seconds of computing, this at most two or three."""


class Embedder(Protocol):
    """What turns texts into vectors; `name` and `dimension` tell whether an index was made by the same."""

    @property
    def name(self) -> str:
        """The model's identity."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (len(texts), dimension)."""

    def embed_question(self, text: str) -> Vectors:
        """Return a unit vector, shape (dimension,)."""


def _unit(vectors: Vectors) -> Vectors:
    lengths: Vectors = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.divide(vectors, lengths, dtype=np.float32)


def open_embedder(settings: Settings) -> Embedder:
    """Return the embedder that the settings name; nothing is loaded yet.

    Raises:
        ModelError: the model's files are not there.
    """
    if settings.embedder_url:
        return ServerEmbedder(settings)
    return SentenceTransformerEmbedder(settings)


def prepare(embedder: Embedder, many: bool) -> None:
    """Load what questions need and, for a corpus whose questions take `many` texts each, what these need too.

    Raises:
        ModelError: the model cannot be loaded.
    """
    embedder.embed_question("warm up")
    if many and isinstance(embedder, SentenceTransformerEmbedder):
        embedder.load()


class SentenceTransformerEmbedder:
    """A sentence-transformers model on this machine's processor.

    Where the model's shape allows it, questions and short lists of texts go through a small encoder of our own, which
    gives the same vectors to seven digits and spares a process that only asks the import of torch.
    """

    def __init__(self, settings: Settings) -> None:
        """Find the model's files without loading them.

        Raises:
            ModelError: the files are not installed and `offline` forbids fetching them.
        """
        self._place = embedder_folder(settings)
        self._offline = settings.offline or Path(self._place).is_dir()
        self._threads = settings.threads
        self._model: Any = None
        self._encoder: Encoder | None = None
        self._light = fits(Path(self._place))
        self._loading = threading.Lock()
        self.name = settings.embedder

    @property
    def dimension(self) -> int:
        """Numbers in a vector, read from the model's own description where that is a file here."""
        pooling = Path(self._place) / "1_Pooling" / "config.json"
        if self._model is None and pooling.is_file():
            return int(json.loads(pooling.read_text(encoding="utf-8"))["word_embedding_dimension"])
        return int(self._loaded().get_embedding_dimension())

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (len(texts), dimension); a text's words past the model's limit do not count."""
        found = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if self._light and self._model is None and sum(map(len, texts)) <= FEW_CHARACTERS:
            for place, text in enumerate(texts):
                found[place] = self.embed_question(text)
            return found
        by_length = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        steps = [by_length[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        encode = self._loaded().encode_document
        with ThreadPoolExecutor(self._threads) as pool:
            for step, vectors in zip(steps, pool.map(lambda step: self._run(encode, texts, step), steps), strict=True):
                found[step] = vectors
        return found

    def embed_question(self, text: str) -> Vectors:
        """Return a unit vector, shape (dimension,)."""
        if self._light:
            return self._small().encode(text)
        vector: Vectors = self._run(self._loaded().encode_query, [text], [0])[0]
        return vector

    def load(self) -> None:
        """Load sentence-transformers' model now rather than with the first long list of texts.

        Raises:
            ModelError: it cannot be loaded.
        """
        self._loaded()

    def _small(self) -> Encoder:
        with self._loading:
            if self._encoder is None:
                try:
                    self._encoder = Encoder(Path(self._place))
                except Exception as error:
                    raise self._fault(error) from error
            return self._encoder

    def _run(self, encode: Callable[..., Any], texts: Sequence[str], places: Sequence[int]) -> Vectors:
        """Return the unit vectors of the texts at some places, made unit again in full precision."""
        chosen = [texts[place] for place in places]
        vectors = encode(chosen, batch_size=BATCH, show_progress_bar=False, convert_to_tensor=True).float().numpy()
        return _unit(vectors)

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                self._model = self._load()
        return self._model

    def _load(self) -> Any:
        if self._offline:
            # The hub's library reads these once, when it is imported.
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
            os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
            os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        try:
            import sentence_transformers
            import torch
            from transformers.utils import logging

            # Steps side by side on one thread each beat one step on all: 318 against 251 passages/s on two.
            torch.set_num_threads(1)
            able = torch.cpu.get_capabilities()
            half = able.get("amx_bf16") or able.get("avx512_bf16")
            logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            attention = {"attn_implementation": short_texts()} if half and self._light else {}
            return sentence_transformers.SentenceTransformer(
                self._place,
                device="cpu",
                local_files_only=self._offline,
                # Where the processor has instructions for it, this is three times as fast, and cosines agree to 0.9999.
                model_kwargs={"dtype": torch.bfloat16 if half else torch.float32, **attention},
            )
        except Exception as error:
            raise self._fault(error) from error

    def _fault(self, error: Exception) -> ModelError:
        return ModelError(f"the embedder {self.name!r} cannot be loaded from {self._place!r}: {error}")


class ServerEmbedder:
    """An OpenAI-compatible embeddings server."""

    def __init__(self, settings: Settings) -> None:
        """Remember the address; the first embedding makes contact."""
        self.name = f"{settings.embedder} at a server"
        self._model_name = settings.embedder
        self._url = settings.embedder_url or ""
        self._key = settings.api_key.get_secret_value() if settings.api_key else "none"
        self._client: Any = None
        self._dimension = 0
        self._opening = threading.Lock()

    @property
    def dimension(self) -> int:
        """Numbers in a vector, found by embedding one word."""
        return self._dimension or len(self.embed_question("dimension"))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (len(texts), dimension).

        Raises:
            ModelError: the server does not answer as it should.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        try:
            found: Vectors = np.asarray(self._open().embed_documents(list(texts)), dtype=np.float32)
        except Exception as error:
            message = f"the embeddings server at {self._url!r} failed for {self._model_name!r}: {error}"
            raise ModelError(message) from error
        self._dimension = found.shape[1]
        return _unit(found)

    def embed_question(self, text: str) -> Vectors:
        """Return a unit vector, shape (dimension,). Raises as `embed_passages` does."""
        vector: Vectors = self.embed_passages([text])[0]
        return vector

    def _open(self) -> Any:
        with self._opening:
            if self._client is None:
                from langchain.embeddings import init_embeddings  # half a second, for those who need it alone

                # Without this check texts go as they are, and no tokenizer table is fetched from elsewhere.
                self._client = init_embeddings(
                    f"openai:{self._model_name}",
                    base_url=self._url,
                    api_key=self._key,
                    check_embedding_ctx_length=False,
                )
        return self._client
