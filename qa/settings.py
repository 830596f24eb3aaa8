"""Settings: every choice a user has, read once from arguments, QA_* variables and an optional TOML file.

Nothing here opens a file of the corpus or loads a model; unknown keys are refused by name.
"""

import hashlib
import os
import tomllib
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from qa.errors import SettingsError

PREFIX = "QA_"
FILE_VARIABLE = "QA_SETTINGS"
EMBEDDED = "embedded"
DEFAULT_EMBEDDER = "sentence-transformers/all-MiniLM-L6-v2"


def seed_corpus() -> Path:
    """Return the folder of the seed article: the checkout's, or the copy that the installed package carries."""
    package = Path(__file__).resolve().parent
    checkout = package.parent / "corpus"
    return checkout if checkout.is_dir() else package / "seed_corpus"


class Settings(BaseModel):
    """All settings; precedence: arguments, then QA_* variables, then the file named by QA_SETTINGS, then defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corpus: Path = Field(default_factory=seed_corpus, description="file or folder that holds the documents")
    data_dir: Path | None = Field(None, description="folder of the index; by default one for each corpus")
    model_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("qa-article")) / "models",
        description="cache folder of joined and fetched model files",
    )
    chat_model: str = Field(
        EMBEDDED,
        description="embedded, gguf:PATH, gguf:REPOSITORY/FILE.gguf, or PROVIDER:MODEL as init_chat_model knows it",
    )
    base_url: str | None = Field(None, description="OpenAI-compatible server; use with chat_model openai:NAME")
    api_key: SecretStr | None = Field(None, description="provider's key; by default from the provider's own variable")
    embedder: str = Field(DEFAULT_EMBEDDER, description="sentence-transformers model, name or path")
    embedder_url: str | None = Field(None, description="OpenAI-compatible embeddings server, in place of a local model")
    chroma_url: str | None = Field(None, description="Chroma server, like http://localhost:8000, in place of a folder")
    collection: str = Field(
        "passages", pattern=r"^[a-z0-9][a-z0-9_-]{1,60}[a-z0-9]$", description="name of the collection"
    )
    passage_characters: int = Field(
        400, ge=100, le=4000, description="longest passage, characters; a longer sentence stays whole"
    )
    top_k: int = Field(8, ge=1, le=100, description="passages that a search returns")
    context_tokens: int | None = Field(
        None, ge=50, le=1_000_000, description="tokens of sentences read for a question; None: 175 embedded, else 4,000"
    )
    whole_document_tokens: int | None = Field(
        None, ge=0, le=1_000_000, description="a corpus up to this is read whole; None: 1,600 embedded, else 12,000"
    )
    reading_megabytes: int = Field(
        512, ge=0, le=1_000_000, description="disk space for documents that the embedded model has read, to read whole"
    )
    max_question_characters: int = Field(2000, ge=10, le=100_000, description="longest question, characters")
    decline_threshold: float | None = Field(
        None, ge=0, le=1, description="least probability for an answer to be given; None: as calibrated"
    )
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=1024, description="threads of local models"
    )
    slots: int = Field(1, ge=1, le=64, description="answers that the embedded model writes at the same time")
    max_waiting: int = Field(32, ge=0, le=10_000, description="questions that may wait for the model before 'busy'")
    max_file_megabytes: float = Field(20, gt=0, le=2000, description="largest document file, megabytes")
    offline: bool = Field(False, description="never contact a model hub")

    def __init__(self, **arguments: Any) -> None:
        """Merge arguments over variables over the file.

        Raises:
            SettingsError: an unknown key, a value out of bounds, or a settings file that cannot be read.
        """
        try:
            super().__init__(**(_from_file() | _from_variables(set(type(self).model_fields)) | arguments))
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc']))}={fault['input']!r}: {fault['msg']}" for fault in error.errors()
            )
            known = ", ".join(sorted(type(self).model_fields))
            raise SettingsError(f"settings not usable: {faults}; known are {known}") from error

    @classmethod
    def load(cls, **arguments: Any) -> "Settings":
        """Return settings from arguments of which None counts as not given; raises as the constructor does."""
        return cls(**{key: value for key, value in arguments.items() if value is not None})

    def reading_tokens(self) -> int:
        """Return how many tokens of sentences the chat model reads for one question of a large corpus."""
        if self.context_tokens is not None:
            return self.context_tokens
        return 175 if self.chat_model == EMBEDDED else 4_000

    def whole_tokens(self) -> int:
        """Return up to how many tokens a corpus is read whole."""
        if self.whole_document_tokens is not None:
            return self.whole_document_tokens
        return 1_600 if self.chat_model == EMBEDDED else 12_000

    def index_dir(self) -> Path:
        """Return the folder of the index: `data_dir`, or one of its own for each corpus path."""
        if self.data_dir is not None:
            return self.data_dir
        key = hashlib.sha256(str(self.corpus.resolve()).encode()).hexdigest()[:12]
        return Path(platformdirs.user_data_dir("qa-article")) / key


def _from_file() -> dict[str, Any]:
    file = os.environ.get(FILE_VARIABLE)
    if not file:
        return {}
    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read the settings file {file!r} (from {FILE_VARIABLE}): {error}") from error


def _from_variables(known: set[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in os.environ.items():
        if not name.startswith(PREFIX) or name == FILE_VARIABLE:
            continue
        key = name.removeprefix(PREFIX).lower()
        if key not in known:
            names = ", ".join(sorted(PREFIX + each.upper() for each in known))
            raise SettingsError(f"unknown setting {name}; known are {names}")
        values[key] = value
    return values
