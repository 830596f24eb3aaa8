"""Model spec -> LangChain chat model: the embedded one, a GGUF file, a provider's, or any OpenAI-compatible server.

Also the translation of what providers' libraries raise into one clear error. No prompt is built here.
"""

from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel

from qa.embedded import EmbeddedChatModel
from qa.errors import ModelError
from qa.joining import Progress
from qa.settings import EMBEDDED, Settings
from qa.weights import GGUF, chat_model_file

DRAFT_TOKENS = 3
"""Tokens of the prompt that an answer may repeat at a time, where one answer is written at a time: with the one before
them as many as the processor multiplies together. Beside other answers a draft that fails would cost their time."""
SPECS = "'embedded', 'gguf:PATH', 'gguf:REPOSITORY/FILE.gguf' or 'PROVIDER:MODEL' (such as 'openai:gpt-5')"


def open_chat_model(settings: Settings, progress: Progress | None = None, adapter: Path | None = None) -> BaseChatModel:
    """Return the chat model that the settings name, loaded if it runs in this process.

    Args:
        settings: `chat_model`, with `base_url` and `api_key` for a provider or a server.
        progress: told of bytes while the embedded model's file is joined.
        adapter: LoRA adapter (GGUF) made for the embedded model; other models ignore it.

    Raises:
        ModelError: no such model, its weights, package or key missing; the message says what to do.
    """
    if settings.chat_model == EMBEDDED or settings.chat_model.startswith(GGUF):
        return EmbeddedChatModel(
            path=chat_model_file(settings, progress),
            adapter=adapter if settings.chat_model == EMBEDDED else None,
            threads=settings.threads,
            slots=settings.slots,
            draft_tokens=DRAFT_TOKENS if settings.slots == 1 else 0,
            max_waiting=settings.max_waiting,
            quick=settings.chat_model == EMBEDDED,
        ).load()
    return _hosted(settings)


def _hosted(settings: Settings) -> BaseChatModel:
    """Return a provider's model by LangChain's own spec, temperature 0 as for the embedded one."""
    options: dict[str, Any] = {"temperature": 0, "base_url": settings.base_url, "api_key": settings.api_key}
    try:
        from langchain.chat_models import init_chat_model  # half a second, which the embedded model need not wait for

        model = init_chat_model(
            settings.chat_model, **{key: value for key, value in options.items() if value is not None}
        )
    except Exception as error:  # every provider's constructor raises its own kinds
        raise provider_error(error, settings.chat_model) from error
    if not isinstance(model, BaseChatModel):
        raise ModelError(f"chat_model {settings.chat_model!r} names no model: give {SPECS}")
    return model


def provider_error(error: Exception, name: str) -> ModelError:
    """Return what a provider's library raised as one line that says what to do.

    Args:
        error: raised when the model was opened or called.
        name: the model's spec, for the message.
    """
    said = " ".join(str(error).split())[:200] or type(error).__name__
    status = getattr(error, "status_code", None)
    kind = type(error).__name__
    if isinstance(error, ImportError):
        advice = "install the package named, or choose another model with QA_CHAT_MODEL"
    elif status in {401, 403} or "api_key" in said.lower() or "credentials" in said.lower():
        advice = "set QA_API_KEY, or the provider's own variable, to a valid key"
    elif status == 404:
        advice = "check the model's name (QA_CHAT_MODEL) and the address (QA_BASE_URL)"
    elif status == 429:
        advice = "the provider limits how often it may be asked: try again later, or check the account"
    elif "Timeout" in kind or "Connect" in kind or isinstance(error, ConnectionError):
        advice = "check that the server runs and that QA_BASE_URL is its address"
    elif isinstance(error, (TypeError, ValueError)):
        advice = f"chat_model must be {SPECS}"
    else:
        advice = "check its name, its key and its address"
    return ModelError(f"the chat model {name!r} cannot be used ({said}): {advice}")
