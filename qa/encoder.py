"""A small BERT sentence encoder in plain NumPy: a question's vector without waiting for torch to be imported.

It fits models of the shape of all-MiniLM-L6-v2 (BERT, mean of the tokens, unit length) and says so of no other. For a
single short text it takes hundredths of a second; for many texts `embedding` has the faster libraries.
"""

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from threadpoolctl import ThreadpoolController
from tokenizers import Tokenizer

Array = NDArray[np.float32]

STEPS = ["Transformer", "Pooling", "Normalize"]
PARTS = ["", "1_Pooling", "2_Normalize"]
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


class Encoder:
    """A loaded model; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Read weights and vocabulary (a tenth of a second); `fits` must have said yes."""
        config = _read(folder / "config.json")
        self._heads: int = config["num_attention_heads"]
        self._layers: int = config["num_hidden_layers"]
        self._epsilon: float = config["layer_norm_eps"]
        self._weights: dict[str, Array] = load_file(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._computing = threading.Lock()
        self._blas = ThreadpoolController().select(user_api="blas")
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_read(folder / "sentence_bert_config.json")["max_seq_length"])

    def encode(self, text: str) -> Array:
        """Return the unit vector of one text, shape (dimension,); words past the model's limit do not count."""
        ids: Sequence[int] = self._tokenizer.encode(text).ids
        # Products of this size are not worth a second thread, and waiting for one on a busy machine takes seconds.
        with self._computing, self._blas.limit(limits=1):
            return self._compute(ids)

    def _compute(self, ids: Sequence[int]) -> Array:
        table = self._weights
        state = table["embeddings.word_embeddings.weight"][list(ids)]
        state = state + table["embeddings.position_embeddings.weight"][: len(ids)]
        state = self._normal(state + table["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(self._layers):
            state = self._layer(state, f"encoder.layer.{layer}.")
        mean = state.mean(axis=0)
        vector: Array = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
        return vector

    def _layer(self, state: Array, name: str) -> Array:
        """Return the state, shape (tokens, width), after one layer."""
        query, key, value = (
            self._dense(state, f"{name}attention.self.{part}").reshape(len(state), self._heads, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / np.float32(query.shape[-1] ** 0.5)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        mixed = (shares @ value).transpose(1, 0, 2).reshape(state.shape)
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


def _gelu(values: Array) -> Array:
    """Return values times the normal distribution's share below them."""
    size = np.abs(values) * np.float32(0.5**0.5)
    step = 1 / (1 + np.float32(0.3275911) * size)
    total = np.zeros_like(step)
    for coefficient in reversed(ERF):
        total = (total + np.float32(coefficient)) * step
    erf = np.copysign(1 - total * np.exp(-size * size), values)
    product: Array = np.float32(0.5) * values * (1 + erf)
    return product
