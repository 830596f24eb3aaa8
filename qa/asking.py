"""`qa.ask`: one function, one engine behind it for the whole process."""

import threading
from collections.abc import Sequence

from qa.datatypes import Answer, Turn
from qa.pipeline import QA

_shared: QA | None = None
_opening = threading.Lock()


def ask(question: str, *, history: Sequence[Turn] = ()) -> Answer:
    """Answer a question about the default corpus; the index is brought up to date at the first call."""
    global _shared
    with _opening:
        if _shared is None:
            engine = QA.open()
            engine.sync()
            _shared = engine
    return _shared.ask(question, history=history)
