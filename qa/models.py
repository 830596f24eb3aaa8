"""The chat model of an engine: opened at first need, its reader, and what it has read ahead."""

import threading
from pathlib import Path

from langchain_core.language_models import BaseChatModel

from qa.answering import Reader, open_reader
from qa.language_model import open_chat_model
from qa.material import Gathered
from qa.settings import EMBEDDED, Settings

ADAPTER = Path(__file__).parent / "adapters" / "reader.gguf"


class Models:
    """Opens the chat model once, whichever thread asks; may be shared by engines over several corpora."""

    def __init__(self, settings: Settings, chat_model: BaseChatModel | None) -> None:
        """Use a chat model, or open that of the settings when it is needed."""
        self._settings = settings
        self._chat_model = chat_model
        self._reader: Reader | None = None
        self._opening = threading.Lock()
        self._warming = threading.Lock()
        self._warmed = ""

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
            self._reader = open_reader(self.chat_model)
        return self._reader

    def warm(self, whole: Gathered, folder: Path) -> None:
        """Have a small corpus read ahead, once for each state of it; what was read is kept in the folder."""
        with self._warming:
            if self._warmed != whole.reading.text:
                self.reader.warm(whole.reading, folder)
                self._warmed = whole.reading.text
