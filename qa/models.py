"""The models of an engine but its embedder, opened at first need."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from qa.answering import Reader, open_reader
from qa.citations import Relevance
from qa.cross_encoder import CrossEncoder, open_cross_encoder
from qa.encoder import Array
from qa.errors import ModelError
from qa.language_model import open_chat_model
from qa.reading import Reading
from qa.settings import EMBEDDED, Settings

log = logging.getLogger(__name__)

ADAPTER = Path(__file__).parent / "adapters" / "reader.gguf"


class Models:
    """Opens each model once, whichever thread asks; may be shared by engines over several corpora."""

    def __init__(self, settings: Settings, chat_model: BaseChatModel | None) -> None:
        """Use a chat model, or open that of the settings when it is needed."""
        self._settings = settings
        self._chat_model = chat_model
        self._reader: Reader | None = None
        self._cross_encoder: CrossEncoder | None = None
        self._no_cross_encoder = False
        self._opening = threading.Lock()

    @property
    def chat_model(self) -> BaseChatModel:
        """The chat model.

        Raises:
            ModelError: it cannot be had; the message says what to do.
        """
        with self._opening:
            if self._chat_model is None:
                adapter = ADAPTER if self._settings.chat_model == EMBEDDED else None
                self._chat_model = open_chat_model(self._settings, adapter=adapter)
            return self._chat_model

    @property
    def reader(self) -> Reader:
        """The reader that fits the chat model; errors are those of `chat_model`."""
        if self._reader is None:
            self._reader = open_reader(self.chat_model, self._settings.index_dir())
        return self._reader

    def relevance(self, question: str, reading: Reading) -> Relevance:
        """Return what tells of sentences that were read, by number, the log-odds that each answers the question.

        What it was asked once it knows.
        """
        known: dict[int, float] = {}

        def of(numbers: Sequence[int]) -> dict[int, float]:
            unknown = [number for number in numbers if number not in known]
            texts = [reading.sentences[number - 1].text for number in unknown]
            if texts and (found := self.scores(question, texts)) is not None:
                known.update(zip(unknown, map(float, found), strict=True))
            return {number: known[number] for number in numbers if number in known}

        return of

    def scores(self, question: str, sentences: Sequence[str]) -> Array | None:
        """Return the log-odds that each sentence answers the question, shape (len(sentences),).

        None where MiniLM, whose vocabulary the cross-encoder has, is not installed as a package: answers are chosen and
        declined without it then.
        """
        with self._opening:
            if self._cross_encoder is None and not self._no_cross_encoder:
                try:
                    self._cross_encoder = open_cross_encoder(self._settings)
                except ModelError as error:
                    self._no_cross_encoder = True
                    log.warning("no cross-encoder: %s", error)
        return self._cross_encoder.scores(question, sentences) if self._cross_encoder else None
