"""The quick server on a model made up here: what is read, written and told, in llama.cpp's own records."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from qa import ik_library, ik_slots
from qa.errors import ModelError
from qa.generation import Chunk, read_record
from qa.ik_library import BATCH_TOKENS, Token
from qa.ik_server import BLOCK, IkServer, _likeliest
from qa.ik_slots import STEP_TOKENS, Slots
from qa.llama_server import RuntimeOptions, start

END = 0


class Spelling:
    """A model of which every byte is a token; it goes on as the texts of its script do."""

    context = 1000
    sequences = 3

    def __init__(self, *script: str) -> None:
        self.held = [list[int]() for _ in range(self.sequences)]
        self.readings: list[int] = []
        self.script = script
        self.saved: dict[Path, list[int]] = {}
        self.broken: set[int] = set()
        self.last: Sequence[Token] = ()
        self.submit = ThreadPoolExecutor(1).submit
        self.slots = Slots(self)  # type: ignore[arg-type]

    def tokens(self, text: str) -> list[int]:
        return list(text.encode())

    def piece(self, token: int) -> bytes:
        return bytes([token])

    def ends(self, token: int) -> bool:
        return token == END

    def read(self, tokens: Sequence[Token]) -> bool:
        self.readings.append(len(tokens))
        self.last = tokens
        for token in tokens:
            assert token.place == len(self.held[token.sequence])
            self.held[token.sequence].append(token.token)
        return self.broken.isdisjoint(token.sequence for token in tokens)

    def logits(self, at: int) -> np.ndarray:
        token = self.last[at]
        assert token.told
        text = bytes(self.held[token.sequence][: token.place + 1])
        rest = next((after[len(text) :] for after in map(str.encode, self.script) if after.startswith(text)), b"")
        found = np.zeros(256, dtype=np.float32)
        found[rest[0] if rest else END] = 5
        found[ord("b")] += 1
        return found

    def forget_from(self, sequence: int, place: int) -> None:
        del self.held[sequence][place:]

    def copy(self, source: int, target: int, count: int) -> None:
        assert not self.held[target]
        self.held[target] = self.held[source][:count]

    def save(self, sequence: int, tokens: Sequence[int], file: Path) -> bool:
        assert self.held[sequence] == list(tokens)
        self.saved[file] = list(tokens)
        return sequence not in self.broken

    def restore(self, sequence: int, file: Path) -> list[int] | None:
        self.held[sequence] = list(self.saved.get(file, []))
        return self.saved.get(file)

    def grammar(self, text: str) -> Any:
        allowed = set(text.encode())
        allows = lambda tokens: np.array([int(token) in allowed for token in tokens])  # noqa: E731
        return None if text == "wrong" else SimpleNamespace(allows=allows, accept=allowed.discard, close=lambda: None)


def other() -> Any:
    raise AssertionError("the other server was loaded")


def server(model: Spelling, start_other: Callable[[], Any] = other) -> IkServer:
    return IkServer(model.slots, Path("/folder"), start_other)


def written(model: Spelling, prompt: str, **request: Any) -> list[Chunk]:
    records: list[dict[str, Any]] = []
    server(model).handle_completions({"prompt": prompt, "max_tokens": 20, **request}, lambda r: bool(records.append(r)))
    found = [event for record in records for event in read_record(record, chat=False)]
    for event in found:
        if isinstance(event, ModelError):
            raise event
    return [event for event in found if isinstance(event, Chunk)]


def text(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def test_what_comes_after_the_prompt_is_written_to_its_end() -> None:
    *pieces, last = written(Spelling("Who? Ana, über."), "Who? ")
    assert text(pieces) == "Ana, über."
    assert last.usage
    assert (last.usage.prompt_tokens, last.usage.cached_tokens, last.usage.finish_reason) == (5, 0, "stop")
    assert last.usage.written_tokens == len("Ana, über.".encode())


def test_a_limit_and_stop_strings_end_the_answer() -> None:
    model = Spelling("Count: one two three")
    cut = written(model, "Count: ", max_tokens=5)
    assert (text(cut), cut[-1].usage and cut[-1].usage.finish_reason) == ("one t", "length")
    stopped = written(model, "Count: ", stop=["three", "two"])
    assert text(stopped) == "one "
    assert stopped[-1].usage
    assert stopped[-1].usage.finish_reason == "stop"
    assert text(written(model, "Count: ", stop=["two o'clock", "x"])) == "one two three"
    assert text(written(model, "Count: ", stop=["two o'clock"], max_tokens=6)) == "one tw"


def test_what_two_prompts_begin_with_is_read_once() -> None:
    model = Spelling()
    written(model, "The same. Who?", max_tokens=0)
    again, same, shorter = (
        written(model, prompt, max_tokens=0)[-1].usage for prompt in ("The same. Why?", "The same. Why?", "The same.")
    )
    assert again
    assert same
    assert shorter
    assert (again.cached_tokens, same.cached_tokens, shorter.cached_tokens) == (12, 14, 8)
    assert model.readings == [14, 2, 1]  # of the shorter one its last token, after which nothing was known


@pytest.mark.parametrize(
    ("guesses", "readings"),
    [
        ({"": "no", "A": "na", "Anab": "xy"}, [5, 3, 3, 1]),  # 5 of the prompt; A and its draft; b and a wrong one
        ({"A": "nab. Further"}, [5, 4, 1]),
        ({"A": "nothing"}, [5, 4, 1, 1, 1]),
    ],
)
def test_a_draft_saves_steps_and_changes_no_word(guesses: dict[str, str], readings: list[int]) -> None:
    model = Spelling("Who? Anab.")
    *pieces, last = written(model, "Who? ", draft=lambda text: guesses.get(text, ""))
    assert text(pieces) == "Anab."
    assert [piece.text for piece in pieces] == list("Anab.")
    assert last.usage
    assert last.usage.written_tokens == 5
    assert bytes(model.held[0]).startswith(b"Who? Anab.")
    assert model.readings == readings


def test_a_draft_is_held_to_the_grammar_the_limit_and_the_context() -> None:
    model = Spelling("?abcdef")
    bound = written(model, "?", draft="abcdef".removeprefix, grammar="abdz", max_tokens=3)
    assert text(bound) == "abd"
    assert text(written(model, "?", draft=lambda done: "abcdef"[len(done) :], max_tokens=3)) == "abc"
    model.context = 4
    assert text(written(model, "?", draft=lambda done: "abcdef"[len(done) :])) == "abc"
    assert len(model.held[0]) <= 4


def test_a_long_prompt_is_read_in_batches_between_which_one_may_leave() -> None:
    model, prompt = Spelling(), "x" * (2 * BATCH_TOKENS + 10)
    seen: list[dict[str, Any]] = []

    def leave(record: dict[str, Any]) -> bool:
        seen.append(record)
        return len(seen) == 2

    server(model).handle_completions({"prompt": prompt, "max_tokens": 1}, leave)
    assert [record["prompt_progress"]["processed"] for record in seen] == [BATCH_TOKENS, 2 * BATCH_TOKENS]
    usage = written(model, prompt)[-1].usage
    assert usage
    assert usage.cached_tokens == 2 * BATCH_TOKENS


def test_the_likeliest_allowed_word_is_written_and_all_probabilities_are_told() -> None:
    (first, *_) = written(Spelling("?a"), "?", grammar="xb", logprobs=3)
    assert first.chosen[0][0] == "b"
    assert [token for token, _ in first.logprobs[0]][:2] == ["a", "b"]
    assert first.chosen[0][1] == first.logprobs[0][1][1] < first.logprobs[0][0][1] < 0
    assert text(written(Spelling(), "?", grammar="z", max_tokens=1)) == "z"


@pytest.mark.parametrize("size", [5, BLOCK, 1000])
def test_the_likeliest_tokens_are_found_best_first(size: int) -> None:
    logits = np.random.default_rng(size).permutation(size).astype(np.float32)
    assert list(_likeliest(logits, 20)) == list(np.argsort(-logits)[:20])


def test_with_a_temperature_words_vary() -> None:
    model = Spelling("?a")
    assert len({text(written(model, "?", max_tokens=1, temperature=5.0)) for _ in range(50)}) > 5


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"prompt": "x" * 1000}, "the prompt has 1000 tokens, but the model's context holds 1000"),
        ({"prompt": "x", "grammar": "wrong"}, "failed to parse grammar"),
    ],
)
def test_what_cannot_be_served_is_refused(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        written(Spelling(), **request_)


def test_a_model_that_cannot_read_is_an_error() -> None:
    model = Spelling()
    model.broken = {0}
    with pytest.raises(ModelError, match="could not read on"):
        written(model, "x")
    with pytest.raises(ModelError, match="refuses /slots/0"):
        server(model).post("/slots/0?action=save", {"filename": "slot"})


def test_what_was_read_is_saved_and_taken_up() -> None:
    model = Spelling()
    written(model, "The same. Who?", max_tokens=0)
    server(model).post("/slots/0?action=save", {"filename": "slot"})
    assert list(model.saved) == [Path("/folder/slot")]
    written(model, "Another.", max_tokens=0)
    server(model).post("/slots/0?action=restore", {"filename": "slot"})
    usage = written(model, "The same. Why?", max_tokens=0)[-1].usage
    assert usage
    assert usage.cached_tokens == 12
    with pytest.raises(ModelError, match="refuses /slots/0"):
        server(model).post("/slots/0?action=restore", {"filename": "missing"})


def side_by_side(model: Spelling, prompts: Sequence[str], **request: Any) -> list[list[Chunk] | Exception]:
    """Have all prompts answered at the same time, none before all have come, each in the slot of its number."""
    found: list[list[Chunk] | Exception] = [[] for _ in prompts]
    begin = threading.Event()

    def ask(number: int) -> None:
        try:
            found[number] = written(model, prompts[number], id_slot=number, **request)
        except Exception as error:
            found[number] = error

    model.submit(begin.wait)
    asking = [threading.Thread(target=ask, args=(number,)) for number in range(len(prompts))]
    for thread in asking:
        thread.start()
    while len(model.slots._waiting) < len(prompts):
        time.sleep(0.001)
    begin.set()
    for thread in asking:
        thread.join(20)
    assert not any(thread.is_alive() for thread in asking)
    return found


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ik_slots, "GATHER_SECONDS", 10.0)


@pytest.mark.usefixtures("patient")
def test_answers_at_work_are_read_on_in_the_same_steps() -> None:
    model = Spelling("Who? Ana.", "When? May 1st.", "Why? So.")
    who, when, why = side_by_side(model, ["Who? ", "When? ", "Why? "])
    assert [text(each) for each in (who, when, why) if isinstance(each, list)] == ["Ana.", "May 1st.", "So."]
    assert model.readings == [16, 3, 3, 3, 2, 1, 1, 1, 1]  # the prompts; then the end of "So.", of "Ana.", of the last


@pytest.mark.usefixtures("patient")
def test_a_draft_is_tried_where_few_answers_are_at_work() -> None:
    model = Spelling("?abcdef", "!abcd", ".abc")
    side_by_side(model, ["?", "!"], draft=lambda done: "abcdef"[len(done) :])
    assert model.readings == [2, 4, 4, 2]  # of the longer answer the end, alone
    model.readings.clear()
    side_by_side(model, ["?", "!", "."], draft=lambda done: "abcdef"[len(done) :])
    assert model.readings[:2] == [3, 3]


@pytest.mark.usefixtures("patient")
def test_a_long_prompt_does_not_stop_what_is_being_written() -> None:
    model = Spelling("Count: 123456789", "x")
    short, long = side_by_side(model, ["Count: ", "x" * 300])
    assert isinstance(short, list)
    assert isinstance(long, list)
    assert text(short) == "123456789"
    assert long[-1].usage
    assert long[-1].usage.prompt_tokens == 300
    assert max(model.readings) == STEP_TOKENS


@pytest.mark.usefixtures("patient")
def test_what_cannot_be_read_fails_alone() -> None:
    model = Spelling("Who? Ana.", "Why? So.")
    model.broken = {1}
    who, when, why = side_by_side(model, ["Who? ", "When? ", "Why? "])
    assert isinstance(when, ModelError)
    assert [text(each) for each in (who, why) if isinstance(each, list)] == ["Ana.", "So."]


@pytest.mark.usefixtures("patient")
def test_a_fault_of_the_model_reaches_all_whom_it_concerns(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Spelling("Who? Ana.")
    monkeypatch.setattr(model, "read", lambda tokens: 1 / 0)
    assert [type(each) for each in side_by_side(model, ["Who?", "Why?"])] == [ZeroDivisionError] * 2
    monkeypatch.undo()
    assert text(written(model, "Who? ")) == "Ana."


def test_a_slot_begins_with_what_another_has_read() -> None:
    model = Spelling()
    written(model, "The same. Who?", id_slot=0, max_tokens=0)
    assert server(model).share(2, "The same. ")
    assert not server(model).share(1, "The same, or not.")
    assert server(model).share(0, "The same. ")
    usage = [written(model, "The same. Why?", id_slot=slot, max_tokens=0)[-1].usage for slot in (2, 1, 0)]
    assert [each and each.cached_tokens for each in usage] == [10, 0, 12]
    assert server(model).share(2, "The same. ")
    assert bytes(model.slots[2].read) == b"The same. Why?"  # which slot 0 has, too


def test_tokens_are_counted() -> None:
    assert server(Spelling()).post("/tokenize", {"content": "four", "parse_special": True}) == {"tokens": [*b"four"]}


def test_the_other_server_is_loaded_once_and_only_for_messages_and_an_address() -> None:
    loaded: list[Any] = []
    asked: list[Any] = []

    def load() -> Any:
        answer = lambda *request: asked.append(request)  # noqa: E731
        loaded.append(SimpleNamespace(listening_address="http://127.0.0.1:1", handle_chat_completions=answer))
        return loaded[-1]

    both = server(Spelling(), load)
    both.handle_completions({"prompt": "x", "max_tokens": 1}, bool)
    assert loaded == []
    both.handle_chat_completions({"messages": []}, bool)
    assert both.listening_address == "http://127.0.0.1:1"
    assert (len(loaded), asked) == (1, [({"messages": []}, bool)])


def test_where_the_library_is_not_to_be_had_the_other_runtime_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    options = RuntimeOptions(Path("model.gguf"), quick=True)
    monkeypatch.setattr(ik_library, "NEEDED", {"no such thing"})
    assert options.runtime == "xllamacpp"
    monkeypatch.setattr(ik_library, "NEEDED", set())
    monkeypatch.setattr(ik_library, "find_spec", lambda name: name)
    assert options.runtime == ik_library.PACKAGE
    assert RuntimeOptions(Path("model.gguf"), slots=2, quick=True).runtime == ik_library.PACKAGE
    with pytest.raises(ModelError, match=r"no model file at 'model\.gguf'"):
        start(options, "")
