"""A small BERT in plain NumPy: a question's vector without waiting for torch to be imported.

It fits models of the shape of all-MiniLM-L6-v2 (BERT, mean of the tokens, unit length) and says so of no other. For a
single short text it takes hundredths of a second; for many texts `embedding` has the faster libraries.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from threadpoolctl import ThreadpoolController
from tokenizers import Encoding, Tokenizer

Array = NDArray[np.float32]

STEPS = ["Transformer", "Pooling", "Normalize"]
PARTS = ["", "1_Pooling", "2_Normalize"]
ROWS = 48
"""Tokens whose activation is computed at a time."""
ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
"""Coefficients of Abramowitz and Stegun 7.1.26: the error function to within 1.5e-7."""


def fits(folder: Path) -> bool:
    """Say whether the model in a folder is one that this encoder computes exactly."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        model = _read(folder / "config.json")
        pooling = _read(folder / "1_Pooling" / "config.json")
        steps = [(step["type"].rpartition(".")[2], step["path"]) for step in _read(folder / "modules.json")]
        prompts = _read(folder / "config_sentence_transformers.json").get("prompts") or {}
        modes = {name for name, value in pooling.items() if name.startswith("pooling_mode") and value}
        return (
            model["architectures"] == ["BertModel"]
            and model["hidden_act"] == "gelu"
            and model.get("position_embedding_type", "absolute") == "absolute"
            and modes == {"pooling_mode_mean_tokens"}
            and steps == list(zip(STEPS, PARTS, strict=True))
            and not any(prompts.values())
            and all((folder / name).is_file() for name in ("model.safetensors", "tokenizer.json"))
        )
    return False


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


class Transformer:
    """The layers of a loaded model; safe to use from several threads."""

    def __init__(self, folder: Path, weights: Mapping[str, Array] | None = None) -> None:
        """Read weights and vocabulary (a tenth of a second); `fits` must have said yes.

        Args:
            folder: the model's.
            weights: take the place of the folder's of the same names.
        """
        config = _read(folder / "config.json")
        self._heads: int = config["num_attention_heads"]
        self._layers: int = config["num_hidden_layers"]
        self._epsilon: float = config["layer_norm_eps"]
        self._weights: dict[str, Array] = dict(weights or {})
        with safe_open(folder / "model.safetensors", framework="numpy") as file:
            self._weights |= {name: file.get_tensor(name) for name in file.keys() - self._weights.keys()}
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_read(folder / "sentence_bert_config.json")["max_seq_length"])
        self._blas = ThreadpoolController().select(user_api="blas")

    def _means(self, texts: Sequence[Encoding]) -> Array:
        """Return the mean of the last states of each text's tokens, shape (len(texts), width).

        The tokens of all texts go through the layers as rows of one matrix, and attend to those of their own text.
        """
        table, lengths = self._weights, [len(text.ids) for text in texts]
        ids, kinds = ([kind for text in texts for kind in getattr(text, name)] for name in ("ids", "type_ids"))
        state = table["embeddings.word_embeddings.weight"][ids]
        state += np.concatenate([table["embeddings.position_embeddings.weight"][:length] for length in lengths])
        state += table["embeddings.token_type_embeddings.weight"][kinds]
        state = self._normal(state, "embeddings.LayerNorm")
        ends = np.cumsum(lengths)
        spans = [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]
        for layer in range(self._layers):
            state = self._layer(state, spans, f"encoder.layer.{layer}.")
        return np.stack([state[span].mean(axis=0) for span in spans])

    def _layer(self, state: Array, spans: Sequence[slice], name: str) -> Array:
        """Return the state, shape (tokens of all texts, width), after one layer."""
        parts = [self._dense(state, f"{name}attention.self.{part}") for part in ("query", "key", "value")]
        mixed = np.empty_like(state)
        for span in spans:
            query, key, value = (part[span].reshape(-1, self._heads, part.shape[1] // self._heads) for part in parts)
            mixed[span] = _attention(*(part.transpose(1, 0, 2) for part in (query, key, value)))
        mixed = self._dense(mixed, f"{name}attention.output.dense")
        state = self._normal(state + mixed, f"{name}attention.output.LayerNorm")
        wide = _gelu(self._dense(state, f"{name}intermediate.dense"))
        return self._normal(state + self._dense(wide, f"{name}output.dense"), f"{name}output.LayerNorm")

    def _dense(self, state: Array, name: str) -> Array:
        product: Array = state @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return product

    def _normal(self, state: Array, name: str) -> Array:
        centred = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(self._epsilon))
        scaled: Array = centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return scaled


class Encoder(Transformer):
    """Texts -> vectors."""

    def __init__(self, folder: Path) -> None:
        """As `Transformer`."""
        super().__init__(folder)
        self._computing = threading.Lock()

    def encode(self, text: str) -> Array:
        """Return the unit vector of one text, shape (dimension,); words past the model's limit do not count."""
        encoding = self._tokenizer.encode(text)
        # Products of this size are not worth a second thread, and waiting for one on a busy machine takes seconds.
        with self._computing, self._blas.limit(limits=1):
            (mean,) = self._means([encoding])
        vector: Array = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
        return vector


def _attention(query: Array, key: Array, value: Array) -> Array:
    """Return what each token takes from all, shape (tokens, width); the parts' is (heads, tokens, width / heads)."""
    scores = query @ key.transpose(0, 2, 1) / np.float32(query.shape[-1] ** 0.5)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    mixed: Array = (shares @ value).transpose(1, 0, 2).reshape(query.shape[1], -1)
    return mixed


def _gelu(values: Array) -> Array:
    """Return values times the normal distribution's share below them."""
    # As many rows at a time as the processor's cache holds through all the steps: four times as fast for many rows.
    return np.concatenate([_gelu_rows(values[first : first + ROWS]) for first in range(0, len(values), ROWS)])


def _gelu_rows(values: Array) -> Array:
    size = np.abs(values) * np.float32(0.5**0.5)
    step = 1 / (1 + np.float32(0.3275911) * size)
    total = np.zeros_like(step)
    for coefficient in reversed(ERF):
        total += np.float32(coefficient)
        total *= step
    erf = np.copysign(1 - total * np.exp(-size * size), values)
    product: Array = np.float32(0.5) * values * (1 + erf)
    return product
