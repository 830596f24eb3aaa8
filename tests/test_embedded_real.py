"""The embedded chat model with the real weights: what only the real runtime can show."""

import asyncio
import json
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qa.answering import EmbeddedReader
from qa.corpus import make_document
from qa.embedded import EmbeddedChatModel
from qa.errand import Errand, Urgency
from qa.errors import BusyError, ModelError
from qa.models import ADAPTER
from qa.passages import split
from qa.reading import chat_prefix, chat_suffix, lay_out
from qa.settings import Settings
from qa.slot_cache import Beginning
from qa.weights import chat_model_file

pytestmark = pytest.mark.slow

PROMPT = "<|im_start|>system\n{}<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
YES_OR_NO = PROMPT.format("Answer yes or no.", "Is snow white?")


@pytest.fixture(scope="module")
def path() -> Path:
    return chat_model_file(Settings.load())


@pytest.fixture(scope="module")
def model(path: Path) -> Iterator[EmbeddedChatModel]:
    model = EmbeddedChatModel(path=path, context_tokens=2048)
    yield model
    model.close()


def last_usage(model: EmbeddedChatModel, prompt: str, beginning: Beginning | None = None):
    *_, last = model.complete(prompt, max_tokens=1, beginning=beginning)
    return last.usage


def slots(model: EmbeddedChatModel) -> list[dict[str, Any]]:
    """Return what the server says of its slots."""
    address = model.serve().removesuffix("/v1") + "/slots"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {model.http_key}"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def beginning(article: Path, characters: int) -> str:
    """Return a prompt beginning that holds the article's first characters, four or five to a token."""
    text = article.read_text(encoding="utf-8")[:characters]
    return f"<|im_start|>system\nAnswer from the text.<|im_end|>\n<|im_start|>user\n{text}\n"


def ending(question: str) -> str:
    return f"Question: {question}<|im_end|>\n<|im_start|>assistant\n"


def test_the_grammar_binds_and_log_probabilities_are_told(model):
    chunks = list(model.complete(YES_OR_NO, max_tokens=3, grammar='root ::= "yes" | "no"', top_logprobs=5))
    assert "".join(chunk.text for chunk in chunks) in {"yes", "no"}
    assert len(chunks[0].logprobs[0]) == 5
    values = [logprob for _, logprob in chunks[0].logprobs[0]]
    assert values == sorted(values, reverse=True)
    assert values[0] <= 0


def test_a_lead_changes_the_first_word(model):
    told = []

    def lead(first):
        told.append(first.chosen[0][0])
        return 'root ::= "no"' if told == ["yes"] else 'root ::= "yes"'

    chunks = model.complete(YES_OR_NO, max_tokens=3, grammar='root ::= "yes" | "no"', top_logprobs=5, lead=lead)
    assert {"".join(chunk.text for chunk in chunks), *told} == {"yes", "no"}
    assert len(told) == 1


def test_messages_are_answered_with_usage(model):
    message = model.invoke(
        [("system", "Answer with one word."), ("human", "What is the capital of France?")], max_tokens=8
    )
    assert "Paris" in message.text
    assert message.usage_metadata["input_tokens"] > 10
    assert message.response_metadata["timings"]["write_seconds"] > 0


def test_stop_strings_end_the_answer(model):
    text = "".join(chunk.text for chunk in model.complete("One, two, three,", max_tokens=20, stop=["five"]))
    assert "four" in text
    assert "five" not in text


def test_tokens_are_counted_with_control_tokens_as_one(model):
    assert model.count_tokens("<|im_end|>") == 1
    assert model.count_tokens(YES_OR_NO) == last_usage(model, YES_OR_NO).prompt_tokens


def test_what_was_read_ahead_is_not_read_again(model, seed_article):
    start = beginning(seed_article, characters=1200)
    model.read_ahead(start + "Question: Who rejected the claim about the")
    usage = last_usage(model, start + ending("Who rejected the claim about the strikes?"))
    assert usage.prompt_tokens - usage.cached_tokens <= 9


def test_a_finished_question_is_read_ahead_to_the_end_of_its_prompt(model, seed_article, tmp_path):
    document = make_document("Talks", "talks.txt", seed_article.read_text(encoding="utf-8")[:1200])
    reading, question = lay_out(split(document, 400), [document]), "What was said about the strikes?"
    EmbeddedReader(model, tmp_path).read_ahead(reading, question + " ", ())
    usage = last_usage(model, chat_prefix(reading) + chat_suffix(question))
    assert usage.prompt_tokens - usage.cached_tokens == 1


def test_a_known_beginning_is_not_read_again_though_another_prompt_came_between(model, seed_article, tmp_path):
    talks = Beginning(beginning(seed_article, characters=1200), tmp_path / "talks")
    model.warm(talks)
    first = last_usage(model, talks.text + ending("Who?"), talks)
    model.invoke("Write one word.", max_tokens=2)
    second = last_usage(model, talks.text + ending("Where was it?"), talks)
    assert first.prompt_tokens > 250
    for usage in (first, second):
        assert usage.prompt_tokens - usage.cached_tokens <= 20


def test_what_was_read_none_of_the_slots_at_work_side_by_side_reads_again(path, seed_article, tmp_path):
    start = Beginning(beginning(seed_article, characters=1000), tmp_path / "start")
    model = EmbeddedChatModel(path=path, context_tokens=512, slots=3)
    unread: dict[int, int] = {}

    def ask(number: int) -> None:
        usage = last_usage(model, start.text + ending(f"Who is number {number}?"), start)
        unread[number] = usage.prompt_tokens - usage.cached_tokens

    model.warm(start)
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    model.close()
    assert len(unread) == 3
    assert max(unread.values()) <= 25


def test_what_was_read_is_kept_for_a_model_loaded_later(path, seed_article, tmp_path):
    start = Beginning(beginning(seed_article, characters=600), tmp_path / "kept" / "start")
    model = EmbeddedChatModel(path=path, context_tokens=512, slots=2)
    model.warm(start)
    model.close()
    other = EmbeddedChatModel(path=path, context_tokens=512, slots=2)
    try:
        adapted = EmbeddedChatModel(path=path, context_tokens=512, slots=2, adapter=ADAPTER)
        assert not adapted.knows(start)
        assert other.knows(start)
        usage = last_usage(other, start.text + ending("Who?"), start)
        assert usage.prompt_tokens - usage.cached_tokens <= 20
        other.invoke("Write one word.", max_tokens=2)
        changed = bytearray(start.file.read_bytes())
        changed[-1] ^= 1
        start.file.unlink()
        start.file.write_bytes(changed)
        usage = last_usage(other, start.text + ending("Who?"), start)
        assert usage.prompt_tokens - usage.cached_tokens > 100
        assert not start.file.exists()
        start.file.write_text("[]\n")
        assert not other.knows(start)
        assert not other.knows(Beginning(start.text, tmp_path / "missing"))
    finally:
        other.close()


def test_a_reading_that_gave_way_goes_on_from_what_was_kept(model, seed_article, tmp_path):
    whole = Beginning(beginning(seed_article, characters=2000), tmp_path / "whole")
    errand = Errand(Urgency.IDLE)

    def read() -> None:
        with errand.under(), pytest.raises(BusyError):
            model.warm(whole)

    reading = threading.Thread(target=read)
    reading.start()
    assert eventually(whole.file.exists, seconds=60)
    model.invoke("Write one word.", max_tokens=2)
    reading.join()
    assert not model.knows(whole)
    read_tokens = []
    steps = model._runtime.generate

    def counted(*arguments: Any, **options: Any) -> Iterator[Any]:
        for chunk in steps(*arguments, **options):
            if chunk.usage:
                read_tokens.append(chunk.usage.prompt_tokens - chunk.usage.cached_tokens)
            yield chunk

    model._runtime.generate = counted
    model.warm(whole)
    model._runtime.generate = steps
    assert model.knows(whole)
    assert sum(read_tokens) < model.count_tokens(whole.text) - 150
    usage = last_usage(model, whole.text + ending("Who?"), whole)
    assert usage.prompt_tokens - usage.cached_tokens <= 20


def test_where_the_folder_cannot_be_written_what_was_read_is_kept_as_long_as_the_model(model, seed_article, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    start = Beginning(beginning(seed_article, characters=600), tmp_path / "file" / "start")
    model.warm(start)
    assert model.knows(start)
    model.invoke("Write one word.", max_tokens=2)
    usage = last_usage(model, start.text + ending("Who?"), start)
    assert usage.prompt_tokens - usage.cached_tokens <= 20


def test_closing_a_stream_really_stops_the_model(model):
    stream = model.stream("Count from one to a thousand in words.", max_tokens=1500)
    next(stream)
    stream.close()
    assert eventually(lambda: not any(slot["is_processing"] for slot in slots(model)), seconds=30)


def test_leaving_while_a_prompt_is_read_stops_the_reading(model):
    words = " ".join(f"number{n}" for n in range(200))

    def leave(event: object) -> None:
        pass

    ticket = model._runtime.submit({"prompt": words, "max_tokens": 1}, False, leave)
    assert eventually(lambda: any(slot["is_processing"] for slot in slots(model)), seconds=30)
    ticket.cancel()
    assert eventually(lambda: not any(slot["is_processing"] for slot in slots(model)), seconds=60)
    whole = last_usage(model, words)
    assert whole.cached_tokens < whole.prompt_tokens - 100


async def test_the_event_loop_goes_on_while_the_model_writes(model):
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await model.ainvoke("Name three colours.", max_tokens=12)
    ticking.cancel()
    assert ticks > 5


def test_two_at_once_are_not_mixed_up(path):
    model = EmbeddedChatModel(path=path, slots=2, context_tokens=512)
    answers: dict[str, str] = {}

    def ask(country: str) -> None:
        answers[country] = model.invoke(f"The capital of {country}, one word?", max_tokens=8).text

    threads = [threading.Thread(target=ask, args=(country,)) for country in ("France", "Italy", "Japan", "Egypt")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    model.close()
    expected = {"France": "Paris", "Italy": "Rome", "Japan": "Tokyo", "Egypt": "Cairo"}
    assert {country: expected[country] in text for country, text in answers.items()} == dict.fromkeys(expected, True)


def test_a_prompt_longer_than_the_context_is_refused(model):
    with pytest.raises(ModelError, match=r"the prompt has \d+ tokens, but the model's context holds 2048"):
        list(model.complete("word " * 3000, max_tokens=1))


def test_drafts_copied_from_the_prompt_change_no_word(model, path, seed_article):
    prompt = beginning(seed_article, characters=500) + ending("Repeat the first sentence of the text.")
    drafting = EmbeddedChatModel(path=path, context_tokens=512, draft_tokens=6)
    pieces = list(drafting.complete(prompt, max_tokens=24, top_logprobs=1))
    drafting.close()
    plain = "".join(chunk.text for chunk in model.complete(prompt, max_tokens=24))
    assert "".join(chunk.text for chunk in pieces) == plain
    assert pieces[0].logprobs
    assert sum(bool(piece.logprobs) for piece in pieces) < 24


def lora(path: Path, architecture: str = "qwen2", width: int = 1536) -> Path:
    """Write a LoRA adapter of rank 1 on the first attention matrix, strong enough to change every answer."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    def tensor(name: str, shape: tuple[int, int], offset: int) -> bytes:
        return text(name) + struct.pack("<IQQIQ", 2, *shape, 0, offset)

    strings = {"general.type": "adapter", "general.architecture": architecture, "adapter.type": "lora"}
    entries = b"".join(text(key) + struct.pack("<I", 8) + text(value) for key, value in strings.items())
    entries += text("adapter.lora.alpha") + struct.pack("<If", 6, 1.0)
    size = width * 4
    tensors = tensor("blk.0.attn_q.weight.lora_a", (width, 1), 0) + tensor(
        "blk.0.attn_q.weight.lora_b", (1, width), size
    )
    header = b"GGUF" + struct.pack("<IQQ", 3, 2, 4) + entries + tensors
    header += b"\0" * (-len(header) % 32)
    path.write_bytes(header + struct.pack(f"<{width}f", *[1.0] * width) + struct.pack(f"<{width}f", *[1.0] * width))
    return path


def test_an_adapter_acts_by_its_scale(model, path, tmp_path):
    adapter = lora(tmp_path / "adapter.gguf")

    def first(scale: float) -> float:
        adapted = EmbeddedChatModel(path=path, adapter=adapter, adapter_scale=scale, context_tokens=256)
        chunk = next(adapted.complete(YES_OR_NO, max_tokens=1, top_logprobs=1))
        adapted.close()
        return chunk.logprobs[0][0][1]

    plain = next(model.complete(YES_OR_NO, max_tokens=1, top_logprobs=1)).logprobs[0][0][1]
    assert first(0.0) == pytest.approx(plain, abs=0.02)
    assert abs(first(1.0) - plain) > 0.05


def test_an_adapter_of_another_model_is_refused(path, tmp_path):
    with pytest.raises(ModelError, match=r"cannot load .*other\.gguf"):
        EmbeddedChatModel(path=path, adapter=lora(tmp_path / "other.gguf", architecture="llama")).load()


SCRIPT = """
import sys, threading, time
from contextlib import suppress
from pathlib import Path
from qa.embedded import EmbeddedChatModel
from qa.errors import ModelError
model = EmbeddedChatModel(path=Path(sys.argv[1]), context_tokens=512)
model.invoke("Hi", max_tokens=2)
def tell():
    with suppress(ModelError):
        model.invoke("Tell a long story.")
threading.Thread(target=tell, daemon=True).start()
time.sleep(0.5)
"""


def test_the_runtime_prints_nothing_and_ends_cleanly_in_the_middle_of_a_generation(path):
    ended = subprocess.run([sys.executable, "-c", SCRIPT, str(path)], capture_output=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
