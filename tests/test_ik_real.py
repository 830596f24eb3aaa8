"""The quick runtime with the real weights, beside llama.cpp's own with the same."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from test_embedded_real import PROMPT, YES_OR_NO, beginning, ending, eventually, last_usage, lora

from qa import ik_library
from qa.embedded import EmbeddedChatModel
from qa.errors import ModelError
from qa.ik_library import IkModel
from qa.ik_slots import Slots
from qa.models import ADAPTER
from qa.settings import Settings
from qa.slot_cache import Beginning
from qa.weights import chat_model_file

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ik_library.available(), reason="there is no quick runtime for this machine"),
]


@pytest.fixture(scope="module")
def path() -> Path:
    return chat_model_file(Settings.load())


@pytest.fixture(scope="module")
def quick(path: Path) -> Iterator[EmbeddedChatModel]:
    model = EmbeddedChatModel(path=path, adapter=ADAPTER, context_tokens=2048, quick=True)
    yield model
    model.close()


@pytest.fixture(scope="module")
def plain(path: Path) -> Iterator[EmbeddedChatModel]:
    model = EmbeddedChatModel(path=path, adapter=ADAPTER, context_tokens=2048)
    yield model
    model.close()


def first(model: EmbeddedChatModel, prompt: str) -> dict[str, float]:
    """Return the log-probabilities of the likeliest first words."""
    return dict(next(model.complete(prompt, max_tokens=1, top_logprobs=5)).logprobs[0])


def test_the_adapter_acts_as_it_does_in_llama_cpp(quick, plain, seed_article):
    for prompt in (YES_OR_NO, beginning(seed_article, 1500) + ending("Who rejected the claim about the strikes?")):
        one, other = first(quick, prompt), first(plain, prompt)
        likely = [token for token, chance in other.items() if chance > -3]
        assert likely
        for token in likely:
            assert one[token] == pytest.approx(other[token], abs=0.25)


def test_the_same_words_are_written(quick, plain, seed_article):
    prompt = beginning(seed_article, 800) + ending("What did the minister say?")
    texts = ["".join(c.text for c in m.complete(prompt, max_tokens=10)) for m in (quick, plain)]
    assert texts[0] == texts[1] != ""


def test_one_thread_computes_whoever_asks(path, monkeypatch):
    slots = Slots(IkModel(path, None, 1.0, 2, 512, sequences=3))
    model = slots.model
    decode, threads = model._api.llama_decode, set()

    def seen(*arguments: Any) -> Any:
        threads.add(threading.get_ident())
        return decode(*arguments)

    monkeypatch.setattr(model._api, "llama_decode", seen)
    texts = ("Ana", "and", "Ben")
    readings = [
        threading.Thread(target=slot.read_on, args=(model.tokens(text),))
        for slot, text in zip(slots, texts, strict=True)
    ]
    for reading in readings:
        reading.start()
    for reading in readings:
        reading.join()
    assert len(threads) == 1
    assert [slot.read for slot in slots] == [model.tokens(text) for text in texts]


def test_answers_written_side_by_side_are_those_written_alone(path, seed_article, tmp_path):
    start = Beginning(beginning(seed_article, characters=1000), tmp_path / "start")
    model = EmbeddedChatModel(path=path, adapter=ADAPTER, context_tokens=768, slots=3, quick=True)
    questions = ["Who spoke?", "What did the minister say about the talks?", "Where were the talks held?"]
    found: dict[str, tuple[str, int]] = {}

    def ask(question: str) -> None:
        *pieces, last = model.complete(start.text + ending(question), max_tokens=12, beginning=start)
        text = "".join(piece.text for piece in [*pieces, last])
        found[question] = text, last.usage.prompt_tokens - last.usage.cached_tokens

    model.warm(start)
    for question in questions:
        ask(question)
    alone, threads = dict(found), [threading.Thread(target=ask, args=(question,)) for question in questions]
    found.clear()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    model.close()
    assert {question: text for question, (text, _) in found.items()} == {
        question: text for question, (text, _) in alone.items()
    }
    assert max(unread for _, unread in found.values()) <= 30


def test_the_grammar_binds(quick):
    chunks = list(quick.complete(YES_OR_NO, max_tokens=3, grammar='root ::= "perhaps" | "never"', top_logprobs=5))
    assert "".join(chunk.text for chunk in chunks) in {"perhaps", "never"}
    values = [logprob for _, logprob in chunks[0].logprobs[0]]
    assert values == sorted(values, reverse=True)
    assert chunks[0].chosen[0][1] <= values[0] <= 0
    with pytest.raises(ModelError, match="grammar"):
        list(quick.complete(YES_OR_NO, max_tokens=1, grammar="root ::= ("))


def test_tokens_are_counted_with_control_tokens_as_one(quick):
    assert quick.count_tokens("<|im_end|>") == 1
    assert quick.count_tokens(YES_OR_NO) == last_usage(quick, YES_OR_NO).prompt_tokens


def test_what_was_read_is_kept_for_a_model_loaded_later_and_for_no_other_runtime(path, plain, seed_article, tmp_path):
    start = Beginning(beginning(seed_article, characters=600), tmp_path / "start")
    told = []
    for _ in range(2):
        model = EmbeddedChatModel(path=path, adapter=ADAPTER, context_tokens=512, quick=True)
        model.warm(start)
        *_, last = model.complete(start.text + ending("Who?"), max_tokens=1, top_logprobs=3, beginning=start)
        told.append((first(model, start.text + ending("Who?")), last.usage.prompt_tokens - last.usage.cached_tokens))
        model.close()
    assert told[0][0] == pytest.approx(told[1][0], abs=0.01)
    assert max(unread for _, unread in told) <= 20
    assert not plain.knows(start)


def test_leaving_stops_the_writing(quick):
    words = PROMPT.format("", "Count from one to a thousand in words.")
    pieces = quick.complete(words, max_tokens=1500)
    next(pieces)
    pieces.close()
    assert eventually(lambda: not quick._runtime._gate._inside, seconds=10)
    assert last_usage(quick, words).written_tokens <= 1


def test_messages_are_answered_by_the_other_runtime(path):
    model = EmbeddedChatModel(path=path, adapter=ADAPTER, context_tokens=512, quick=True)
    message = model.invoke("What is the capital of France? One word.", max_tokens=8)
    model.close()
    assert "Paris" in message.text


def test_a_prompt_longer_than_the_context_is_refused(quick):
    with pytest.raises(ModelError, match=r"the prompt has \d+ tokens, but the model's context holds 2048"):
        list(quick.complete("word " * 3000, max_tokens=1))


def test_what_is_no_model_and_an_adapter_of_another_one_are_refused(path, tmp_path):
    (tmp_path / "no.gguf").write_bytes(b"GGUF but no model")
    with pytest.raises(ModelError, match=r"cannot load .*no\.gguf"):
        EmbeddedChatModel(path=tmp_path / "no.gguf", quick=True).load()
    with pytest.raises(ModelError, match=r"cannot load .*other\.gguf"):
        EmbeddedChatModel(path=path, adapter=lora(tmp_path / "other.gguf", architecture="llama"), quick=True).load()


def test_the_thread_that_computes_may_be_the_last_to_let_go_of_it(tmp_path, monkeypatch):
    tell, faults = Future.set_result, list[Any]()

    def tell_before_letting_go(future: Any, result: Any) -> None:
        tell(future, result)
        time.sleep(0.1)

    monkeypatch.setattr(Future, "set_result", tell_before_letting_go)
    monkeypatch.setattr(sys, "unraisablehook", faults.append)
    path = tmp_path / "model.gguf"
    path.write_bytes(b"no model")
    IkModel(path, None, 1.0, 1, 512)
    for thread in threading.enumerate():
        if thread.name.startswith("qa-model"):
            thread.join(5)
    assert faults == []


SCRIPT = """
import sys, threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from qa.embedded import EmbeddedChatModel
from qa.errors import ModelError
model = EmbeddedChatModel(path=Path(sys.argv[1]), context_tokens=512, quick=True)
begun = threading.Event()
def tell():
    with suppress(ModelError):
        for _ in model.complete("Tell a long story.", max_tokens=400):
            begun.set()
if sys.argv[2] == "a load":
    library = import_module("ik_llama_cpp._ctypes_api")
    open_context = library.llama_init_from_model
    def open_slowly(*arguments):
        begun.set()
        return open_context(*arguments)
    library.llama_init_from_model = open_slowly
threading.Thread(target=tell, daemon=True).start()
begun.wait()
"""


@pytest.mark.parametrize("work", ["a load", "a generation"])
def test_it_prints_nothing_and_ends_cleanly_in_the_middle_of(path: Any, work: str) -> None:
    command = [sys.executable, "-c", SCRIPT, str(path), work]
    ended = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
