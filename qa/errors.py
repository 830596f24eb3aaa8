"""What can go wrong, as one small tree; declining to answer is a result and stands nowhere here.

QAError                  the root: its message says what, which value, and what to do
├── SettingsError        an unknown setting, a value out of bounds
├── QuestionError        an empty or oversized question, a malformed history
├── CorpusError          a missing, empty, unreadable or unsupported document
├── IndexMismatchError   an index made with other settings, another format or by a newer program
└── ModelError           weights missing, damaged or not loadable; a provider that fails
    └── BusyError        the model's queue is full: try again shortly
"""


class QAError(Exception):
    """Root of all errors of this package; the message is fit for a user's eyes."""


class SettingsError(QAError):
    """A setting is unknown or its value is not allowed."""


class QuestionError(QAError):
    """The question or the history cannot be used."""


class CorpusError(QAError):
    """A document or a folder of documents cannot be read."""


class IndexMismatchError(QAError):
    """The stored index does not belong to these settings; the message names the command that rebuilds it."""


class ModelError(QAError):
    """A model, its weights or its provider cannot be used."""


class BusyError(ModelError):
    """More questions are waiting for the language model than the settings allow."""
