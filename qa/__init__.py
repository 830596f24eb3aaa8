"""Ask documents and get an answer with verbatim citations, or hear that they do not say.

The public names and nothing else; each is loaded on first use, so that `import qa` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.asking import ask
    from qa.datatypes import Answer, Citation, Document, Passage, RetrievedPassage, SyncReport, Timings, Turn
    from qa.errors import (
        BusyError,
        CorpusError,
        IndexMismatchError,
        ModelError,
        QAError,
        QuestionError,
        SettingsError,
    )
    from qa.pipeline import QA
    from qa.settings import Settings

__all__ = [
    "Answer",
    "BusyError",
    "Citation",
    "CorpusError",
    "Document",
    "IndexMismatchError",
    "ModelError",
    "Passage",
    "QA",
    "QAError",
    "QuestionError",
    "RetrievedPassage",
    "Settings",
    "SettingsError",
    "SyncReport",
    "Timings",
    "Turn",
    "ask",
]

_ROOMS = {
    "asking": ("ask",),
    "datatypes": ("Answer", "Citation", "Document", "Passage", "RetrievedPassage", "SyncReport", "Timings", "Turn"),
    "errors": (
        "BusyError",
        "CorpusError",
        "IndexMismatchError",
        "ModelError",
        "QAError",
        "QuestionError",
        "SettingsError",
    ),
    "pipeline": ("QA",),
    "settings": ("Settings",),
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for."""
    for module, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"qa.{module}"), name)
    raise AttributeError(f"module 'qa' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
