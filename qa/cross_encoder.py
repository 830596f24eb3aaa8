"""Does a sentence answer a question? A cross-encoder (Nogueira and Cho 2019, arXiv 1901.04085) in plain NumPy.

It reads question and sentence together, so it knows paraphrases that vectors of each alone and shared words miss. Its
layers were trained from those of all-MiniLM-L6-v2 (tests/training/train_cross_encoder.py) and lie in adapters/; the
vocabulary's vectors are MiniLM's own. The score is the natural log-odds of "answers it" against "nothing here does".
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from qa.encoder import Array, Transformer, fits
from qa.errors import ModelError
from qa.settings import DEFAULT_EMBEDDER, Settings
from qa.weights import embedder_folder

FILE = Path(__file__).parent / "adapters" / "cross_encoder.safetensors"
LONGEST = 160
"""Tokens of question and sentence together that are read."""


class CrossEncoder(Transformer):
    """A loaded model; safe to use from several threads."""

    def __init__(self, folder: Path, file: Path, threads: int) -> None:
        """Read MiniLM's vocabulary from its folder and the trained layers from a file.

        Args:
            folder: all-MiniLM-L6-v2, of which `encoder.fits` has said yes.
            file: layers and head, half precision.
            threads: pairs that are read side by side.
        """
        trained = {name: value.astype(np.float32) for name, value in load_file(file).items()}
        self._head, self._bias = trained.pop("head.weight"), float(trained.pop("head.bias")[0])
        super().__init__(folder, trained)
        self._tokenizer.enable_truncation(LONGEST, strategy="longest_first")
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="cross-encoder")

    def scores(self, question: str, sentences: Sequence[str]) -> Array:
        """Return for each sentence the log-odds that it answers the question, shape (len(sentences),)."""
        pairs = self._tokenizer.encode_batch([(question, sentence) for sentence in sentences])
        groups = [range(first, len(pairs), self._threads) for first in range(min(self._threads, len(pairs)))]
        found = np.zeros(len(pairs), dtype=np.float32)
        with self._blas.limit(limits=1):
            means = self._pool.map(lambda group: self._means([pairs[at] for at in group]), groups)
            for group, mean in zip(groups, means, strict=True):
                found[group] = mean @ self._head + self._bias
        return found


def open_cross_encoder(settings: Settings) -> CrossEncoder:
    """Load the cross-encoder, a tenth of a second.

    Raises:
        ModelError: MiniLM, whose vocabulary it has, is not at hand, or is another than it was trained from.
    """
    folder = Path(embedder_folder(settings.model_copy(update={"embedder": DEFAULT_EMBEDDER})))
    if not fits(folder):
        raise ModelError(f"the model in {str(folder)!r} is not {DEFAULT_EMBEDDER}")
    try:
        return CrossEncoder(folder, FILE, settings.threads)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(f"the cross-encoder cannot be loaded from {str(FILE)!r}: {error}; install qa anew") from error
