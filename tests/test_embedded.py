"""The embedded chat model over a scripted runtime (fast) and over the real one (slow)."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from langchain_core.messages import HumanMessage

from qa.embedded import EmbeddedChatModel
from qa.errand import Errand, Urgency
from qa.errors import BusyError, ModelError

Record = dict[str, Any]


class ScriptedServer:
    """What xllamacpp's Server does, word by word from a list; it writes until the callback says stop."""

    words = ("The ", "sky ", "is ", "blue.")
    running: threading.Event | None = None
    requests: ClassVar[list[Record]] = []
    written = 0
    listening_address = "http://127.0.0.1:1"

    def __init__(self, parameters: Any) -> None:
        type(self).parameters = parameters

    def handle_completions(self, request: Record, callback: Callable[[Record], bool]) -> None:
        self._write(request, callback, lambda text: {"text": text})

    def handle_chat_completions(self, request: Record, callback: Callable[[Record], bool]) -> None:
        self._write(request, callback, lambda text: {"delta": {"content": text}})

    def _write(self, request: Record, callback: Callable[[Record], bool], shape: Callable[[str], Record]) -> None:
        kind = type(self)
        kind.requests.append(request)
        if request.get("grammar") == "wrong":
            callback({"error": {"code": 400, "message": "failed to parse grammar", "type": "invalid_request_error"}})
            return
        if request.get("prompt") == "long":
            callback({"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 4096}})
            return
        for word in self.words:
            if kind.running:
                kind.running.wait(5)
            kind.written += 1
            logprobs = {
                "content": [{"token": word, "logprob": -0.5, "top_logprobs": [{"token": "A", "logprob": -0.1}]}]
            }
            choice = shape(word) | {"logprobs": logprobs if request.get("logprobs") else None, "finish_reason": None}
            if callback({"choices": [choice]}):
                return
        timings = {"cache_n": 7, "prompt_n": 3, "predicted_n": 4, "prompt_ms": 100.0, "predicted_ms": 200.0}
        callback({"choices": [shape("") | {"finish_reason": "stop"}], "timings": timings})


def parameters() -> SimpleNamespace:
    speculative = SimpleNamespace(types=[], ngram_simple=SimpleNamespace())
    parts = {name: SimpleNamespace() for name in ("model", "cpuparams", "cpuparams_batch")}
    return SimpleNamespace(**parts, speculative=speculative)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> type[ScriptedServer]:
    """A fresh scripted server in the place of the runtime's library."""
    fresh = type("Server", (ScriptedServer,), {"requests": [], "written": 0})
    kinds = SimpleNamespace(COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE="copying")
    library = SimpleNamespace(
        Server=fresh,
        CommonParams=parameters,
        CommonAdapterLoraInfo=lambda *a: a,
        common_speculative_type=kinds,
        llama_load_mode=SimpleNamespace(LLAMA_LOAD_MODE_NONE=0),
    )
    monkeypatch.setitem(sys.modules, "xllamacpp", library)
    return fresh


@pytest.fixture
def model(server: type[ScriptedServer], tmp_path: Path) -> Iterator[EmbeddedChatModel]:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF")
    model = EmbeddedChatModel(path=file, max_waiting=1)
    yield model
    model.close()


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait up to two seconds for another thread."""
    end = time.monotonic() + 2
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_nothing_is_loaded_before_the_first_use(model, server):
    assert not hasattr(server, "parameters")
    model.load()
    assert server.parameters.n_ctx == 4096


def test_invoke_gives_text_usage_and_times(model):
    message = model.invoke("What colour is the sky?")
    assert message.content == "The sky is blue."
    assert message.usage_metadata == {
        "input_tokens": 10,
        "output_tokens": 4,
        "total_tokens": 14,
        "input_token_details": {"cache_read": 7},
    }
    assert message.response_metadata["timings"] == {"read_seconds": 0.1, "write_seconds": 0.2}
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.response_metadata["model_name"] == "tiny.gguf"


def test_stream_gives_the_pieces(model):
    assert [chunk.content for chunk in model.stream("?") if chunk.content] == ["The ", "sky ", "is ", "blue."]


def test_the_request_carries_messages_and_options(model, server):
    model.bind(grammar='root ::= "x"', max_tokens=9).invoke([("system", "Be terse."), ("human", "Hi")], stop=["\n"])
    (request,) = server.requests
    assert request["messages"] == [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Hi"}]
    assert (request["grammar"], request["max_tokens"], request["stop"]) == ('root ::= "x"', 9, ["\n"])
    assert request["temperature"] == 0


def test_log_probabilities_come_with_their_tokens(model):
    message = model.invoke("?", logprobs=True, top_logprobs=1)
    first = message.response_metadata["logprobs"]["content"][0]
    assert first == {"token": "The ", "logprob": -0.5, "top_logprobs": [{"token": "A", "logprob": -0.1}]}
    assert len(message.response_metadata["logprobs"]["content"]) == 4


def test_complete_gives_chunks_with_alternatives_and_usage_last(model, server):
    *chunks, last = model.complete("<|im_start|>", max_tokens=5, grammar="root ::= .", top_logprobs=3, stop=["x"])
    assert "".join(chunk.text for chunk in chunks) == "The sky is blue."
    assert chunks[0].logprobs == ((("A", -0.1),),)
    assert chunks[0].chosen == (("The ", -0.5),)
    assert last.usage.prompt_tokens == 10
    assert last.usage.cached_tokens == 7
    assert server.requests[0]["prompt"] == "<|im_start|>"
    assert server.requests[0]["logprobs"] == 3


def test_a_lead_begins_the_writing_anew_once(model, server):
    seen = []

    def lead(first):
        seen.append(first.text)
        return "other"

    chunks = list(model.complete("?", max_tokens=9, grammar="one", top_logprobs=2, lead=lead))
    assert "".join(chunk.text for chunk in chunks) == "The sky is blue."
    assert seen == ["The "]
    assert [request["grammar"] for request in server.requests] == ["one", "other"]
    assert server.written == 1 + 4


def test_a_lead_that_is_content_changes_nothing(model, server):
    chunks = list(model.complete("?", max_tokens=9, grammar="one", top_logprobs=2, lead=lambda first: None))
    assert "".join(chunk.text for chunk in chunks) == "The sky is blue."
    assert len(server.requests) == 1


def test_warming_writes_nothing(model):
    assert [chunk.text for chunk in model.complete("a beginning", max_tokens=0)] == [""]


async def test_async_does_not_block_the_loop(model, server):
    server.running = threading.Event()
    answer = asyncio.create_task(model.ainvoke("?"))
    await asyncio.sleep(0.02)
    assert not answer.done()
    server.running.set()
    assert (await answer).content == "The sky is blue."
    assert [c.content async for c in model.astream("?") if c.content] == ["The ", "sky ", "is ", "blue."]


def test_closing_a_stream_stops_the_writing(model, server):
    server.words = ("word ",) * 1_000_000
    stream = model.stream("?")
    next(stream)
    stream.close()
    assert eventually(lambda: not model._runtime._gate._inside)
    assert server.written < 1_000_000


async def test_cancelling_a_task_stops_the_writing(model, server):
    server.words = ("word ",) * 1_000_000
    task = asyncio.create_task(model.ainvoke("?"))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(eventually, lambda: not model._runtime._gate._inside)
    assert server.written < 1_000_000


def test_closing_the_model_tells_who_still_listens(model, server):
    server.words = ("word ",) * 1_000_000
    stream = model.stream("?")
    next(stream)
    model.close()
    with pytest.raises(ModelError, match="the language model was closed while it was at work"):
        list(stream)


def test_reading_ahead_gives_way_to_who_is_at_work(model, server):
    model.read_ahead("Question: Who")
    assert [(request["prompt"], request["max_tokens"]) for request in server.requests] == [("Question: Who", 0)]
    server.running = threading.Event()
    thread = threading.Thread(target=model.invoke, args=("?",))
    thread.start()
    assert eventually(lambda: len(server.requests) == 2)
    model.read_ahead("Question: Who asked")
    server.running.set()
    thread.join()
    assert len(server.requests) == 2


def test_what_nobody_waits_for_is_ended_by_the_next_question(model, server):
    server.words = ("word ",) * 1_000_000
    with Errand(Urgency.EXPECTED).under():
        ahead = model.stream("?")
        next(ahead)
    server.words = ("now ",)
    assert model.invoke("!").content == "now "
    with pytest.raises(BusyError):
        list(ahead)


def test_beyond_the_queue_the_model_is_busy(model, server):
    server.running = threading.Event()
    threads = [threading.Thread(target=model.invoke, args=("?",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: len(model._runtime._gate._waiting) == 1)
    with pytest.raises(BusyError):
        model.invoke("?")
    server.running.set()
    for thread in threads:
        thread.join()
    assert model.invoke("?").content


def test_twenty_threads_each_get_their_own_answer(server, tmp_path):
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    model = EmbeddedChatModel(path=tmp_path / "m.gguf", slots=3)
    assert [message.content for message in model.batch(["?"] * 20)] == ["The sky is blue."] * 20
    model.close()


@pytest.mark.parametrize(
    ("prompt", "grammar", "message"),
    [
        ("long", None, r"9000 tokens, but the model's context holds 4096: ask a shorter"),
        ("x", "wrong", r"refuses the request: failed to parse grammar"),
    ],
)
def test_refusals_are_model_errors(model, prompt, grammar, message):
    with pytest.raises(ModelError, match=message):
        list(model.complete(prompt, max_tokens=1, grammar=grammar))


def test_a_fault_inside_the_runtime_is_a_model_error(model, server, monkeypatch):
    monkeypatch.setattr(server, "_write", lambda *_: 1 / 0)
    with pytest.raises(ModelError, match="the language model failed: division by zero"):
        model.invoke("?")


def test_a_missing_runtime_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ModelError, match="pip install xllamacpp, or choose another model"):
        model.load()


def test_a_missing_file_is_named(server, tmp_path):
    with pytest.raises(ModelError, match=r"no model file at .*gone\.gguf"):
        EmbeddedChatModel(path=tmp_path / "gone.gguf").load()


def test_a_file_that_is_no_model(model, server, monkeypatch):
    def refuse(self: Any, parameters: Any) -> None:
        raise RuntimeError("Failed to init server")

    monkeypatch.setattr(server, "__init__", refuse)
    with pytest.raises(ModelError, match=r"cannot load .*tiny\.gguf.*qa doctor"):
        model.load()


def test_the_adapter_and_the_threads_reach_the_runtime(server, tmp_path):
    for name in ("m.gguf", "a.gguf"):
        (tmp_path / name).write_bytes(b"GGUF")
    model = EmbeddedChatModel(
        path=tmp_path / "m.gguf", adapter=tmp_path / "a.gguf", adapter_scale=0.5, threads=3, slots=4
    )
    model.load()
    assert server.parameters.lora_adapters == [(str(tmp_path / "a.gguf"), 0.5)]
    assert server.parameters.cpuparams.n_threads == 3
    assert (server.parameters.n_parallel, server.parameters.n_ctx) == (4, 4 * 4096)
    assert server.parameters.hostnames == ["127.0.0.1"]
    model.close()


def test_drafts_are_copied_from_the_prompt_when_asked_for(model, server):
    model.load()
    assert server.parameters.speculative.types == []
    drafting = EmbeddedChatModel(path=model.path, draft_tokens=6)
    drafting.load()
    assert server.parameters.speculative.types == ["copying"]
    assert vars(server.parameters.speculative.ngram_simple) == {"size_n": 3, "size_m": 6}
    drafting.close()


def test_messages_of_all_kinds_are_taken(model, server):
    model.invoke([HumanMessage([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}])])
    assert server.requests[0]["messages"][0]["role"] == "user"
