"""Model specs to chat models, and what providers raise as one clear line."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from chat_server import KEY, chat_server
from langchain_core.messages import AIMessageChunk
from langchain_openai import ChatOpenAI

from qa.embedded import EmbeddedChatModel
from qa.errors import ModelError
from qa.language_model import DRAFT_TOKENS, open_chat_model, provider_error
from qa.settings import Settings


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A runtime that loads anything."""

    def parameters() -> SimpleNamespace:
        speculative = SimpleNamespace(ngram_simple=SimpleNamespace())
        parts = {name: SimpleNamespace() for name in ("model", "cpuparams", "cpuparams_batch")}
        return SimpleNamespace(speculative=speculative, **parts)

    library = SimpleNamespace(
        Server=lambda parameters: parameters,
        CommonParams=parameters,
        CommonAdapterLoraInfo=list,
        llama_load_mode=SimpleNamespace(LLAMA_LOAD_MODE_NONE=0),
        common_speculative_type=SimpleNamespace(COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE="copying"),
    )
    monkeypatch.setitem(sys.modules, "xllamacpp", library)
    return library


def test_a_gguf_path_opens_the_embedded_model(library, tmp_path):
    file = tmp_path / "own.gguf"
    file.write_bytes(b"GGUF")
    model = open_chat_model(Settings(chat_model=f"gguf:{file}", threads=3, slots=2, max_waiting=5), adapter=tmp_path)
    assert isinstance(model, EmbeddedChatModel)
    assert (model.path, model.threads, model.slots, model.max_waiting) == (file, 3, 2, 5)
    assert model.adapter is None, "an adapter fits the model it was trained on and no other"
    model.close()


@pytest.mark.parametrize(("slots", "draft_tokens"), [(1, DRAFT_TOKENS), (2, 0)])
def test_drafts_are_tried_where_one_answer_is_written_at_a_time(library, tmp_path, slots, draft_tokens):
    file = tmp_path / "own.gguf"
    file.write_bytes(b"GGUF")
    model = open_chat_model(Settings(chat_model=f"gguf:{file}", slots=slots))
    assert model.draft_tokens == draft_tokens
    model.close()


def test_a_provider_is_opened_by_its_spec():
    model = open_chat_model(Settings(chat_model="openai:some-model", base_url="http://127.0.0.1:9/v1", api_key="none"))
    assert isinstance(model, ChatOpenAI)
    assert (model.model_name, model.openai_api_base) == ("some-model", "http://127.0.0.1:9/v1")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("anthropic_bedrock:claude", r"pip install langchain-aws.*install the package named"),
        ("nonsense", r"'nonsense' cannot be used .*chat_model must be 'embedded', 'gguf:PATH'"),
        ("unknown:model", r"'unknown:model' cannot be used .*'PROVIDER:MODEL'"),
        ("", r"chat_model '' names no model"),
        ("openai:gpt-5", r"QA_API_KEY, or the provider's own variable"),
    ],
)
def test_a_spec_that_cannot_be_opened_says_what_to_do(spec, message, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelError, match=message):
        open_chat_model(Settings(chat_model=spec))


def test_a_server_that_is_not_there():
    model = open_chat_model(Settings(chat_model="openai:x", base_url="http://127.0.0.1:9/v1", api_key="none"))
    model.max_retries = 0
    with pytest.raises(Exception, match="Connection") as caught:
        model.invoke("?")
    assert "check that the server runs and that QA_BASE_URL" in str(provider_error(caught.value, "openai:x"))


@pytest.mark.parametrize(("status", "advice"), [(401, "QA_API_KEY"), (404, "QA_CHAT_MODEL"), (429, "try again later")])
def test_a_provider_s_refusal(status, advice):
    error = RuntimeError("refused")
    error.status_code = status
    assert advice in str(provider_error(error, "openai:x"))


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The real embedded model, served on loopback with the key KEY; its address."""
    with chat_server(context_tokens=1024) as url:
        yield url


QUESTION = [("system", "Answer with one word."), ("human", "What is the capital of France?")]


@pytest.mark.slow
def test_the_openai_shape_over_loopback(served):
    model = open_chat_model(Settings(chat_model="openai:local", base_url=served, api_key=KEY))
    message = model.invoke(QUESTION, max_tokens=8)
    assert "Paris" in message.text
    assert message.usage_metadata["output_tokens"] > 0


@pytest.mark.slow
async def test_the_openai_shape_streams(served):
    model = open_chat_model(Settings(chat_model="openai:local", base_url=served, api_key=KEY))
    whole: AIMessageChunk | None = None
    async for chunk in model.astream(QUESTION, max_tokens=8):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert "Paris" in whole.text


@pytest.mark.slow
def test_a_wrong_key_is_refused_and_told(served):
    model = open_chat_model(Settings(chat_model="openai:local", base_url=served, api_key="wrong"))
    with pytest.raises(Exception, match="401") as caught:
        model.invoke(QUESTION, max_tokens=1)
    assert "set QA_API_KEY" in str(provider_error(caught.value, "openai:local"))


@pytest.mark.slow
def test_a_file_that_is_no_model(tmp_path: Path):
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF" + b"\0" * 1000)
    with pytest.raises(ModelError, match=r"cannot load .*broken\.gguf.*qa doctor"):
        open_chat_model(Settings(chat_model=f"gguf:{file}"))
