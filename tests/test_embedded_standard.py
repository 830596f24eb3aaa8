"""LangChain's own standard tests of chat models, for the embedded one."""

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_tests.unit_tests import ChatModelUnitTests

from qa.embedded import EmbeddedChatModel


class TestEmbeddedChatModel(ChatModelUnitTests):
    """Construction, parameters and tracing as LangChain expects them; nothing is loaded."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return EmbeddedChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"path": "model.gguf"}

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return False
