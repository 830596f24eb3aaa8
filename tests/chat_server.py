"""llama.cpp's own OpenAI-compatible server on loopback, with the embedded model as any program may run it."""

from collections.abc import Iterator
from contextlib import contextmanager

from qa.embedded import EmbeddedChatModel
from qa.settings import Settings
from qa.weights import chat_model_file

KEY = "none"


@contextmanager
def chat_server(context_tokens: int) -> Iterator[str]:
    """Serve the real model, without adapter or grammar, to who has the KEY; yields the address."""
    model = EmbeddedChatModel(path=chat_model_file(Settings.load()), http_key=KEY, context_tokens=context_tokens)
    try:
        yield model.serve()
    finally:
        model.close()
