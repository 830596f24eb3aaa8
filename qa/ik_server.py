"""What answers in the place of llama.cpp's server where one answer is written at a time: the same records, sooner.

It takes raw prompts, keeps what it has read of the last one, and saves that to files. What else is asked of a server,
messages and an address, llama.cpp's own one does, which is loaded only then.
"""

import codecs
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.errors import ModelError
from qa.ik_library import BATCH_TOKENS, Grammar, IkModel, Logits

BLOCK = 128
"""Tokens of which the best is looked for together."""
LIKELY = 64
"""Likeliest tokens that a grammar is asked about before it is asked about all."""

Record = dict[str, Any]
Receive = Callable[[Record], bool]
"""Takes a record as llama.cpp's server sends it; True says that no more is wanted."""


class IkServer:
    """A loaded model that takes one prompt at a time."""

    def __init__(self, model: IkModel, folder: Path, start_other: Callable[[], Any]) -> None:
        """Use a loaded model.

        Args:
            model: reads and writes.
            folder: where what was read is saved to and taken up from.
            start_other: loads llama.cpp's server.
        """
        self._model = model
        self._folder = folder
        self._start_other = start_other

    @cached_property
    def _other(self) -> Any:
        return self._start_other()

    @property
    def listening_address(self) -> str:
        """Where llama.cpp's server listens."""
        return str(self._other.listening_address)

    def handle_chat_completions(self, request: Mapping[str, Any], receive: Receive) -> None:
        """Have llama.cpp's server answer messages."""
        self._other.handle_chat_completions(request, receive)

    def post(self, path: str, body: Mapping[str, Any]) -> Record:
        """Count tokens, or save what was read to a file, or take it up from there; paths are those of llama.cpp.

        Raises:
            ModelError: the file cannot be written, or is none of this model's.
        """
        if path == "/tokenize":
            return {"tokens": self._model.tokens(body["content"])}
        act = self._model.save if path.endswith("save") else self._model.restore
        if not act(self._folder / body["filename"]):
            raise ModelError(f"the embedded model refuses {path}")
        return {}

    def handle_completions(self, request: Mapping[str, Any], receive: Receive) -> None:
        """Read a prompt, of which what is known is not read again, and write an answer."""
        tokens, room = self._model.tokens(request["prompt"]), self._model.context
        if len(tokens) >= room:
            error = {"type": "exceed_context_size_error", "n_prompt_tokens": len(tokens), "n_ctx": room}
            receive({"error": error})
            return
        text = request.get("grammar")
        grammar = self._model.grammar(text) if text else None
        if text and not grammar:
            receive({"error": {"message": "failed to parse grammar"}})
            return
        try:
            self._answer(request, tokens, grammar, receive)
        finally:
            if grammar:
                grammar.close()

    def _answer(
        self, request: Mapping[str, Any], tokens: Sequence[int], grammar: Grammar | None, receive: Receive
    ) -> None:
        begun = time.perf_counter()
        known = _same(self._model.read, tokens[:-1])
        self._model.forget_from(known)
        for at in range(known, len(tokens), BATCH_TOKENS):
            self._read_on(tokens[at : at + BATCH_TOKENS])
            if receive({"prompt_progress": {"processed": len(self._model.read), "total": len(tokens)}}):
                return
        read, reason = time.perf_counter(), "length"
        for record in self._write(request, grammar):
            if record is None:
                reason = "stop"
                break
            if receive(record):
                return
        times = {"prompt_ms": 1000 * (read - begun), "predicted_ms": 1000 * (time.perf_counter() - read)}
        written = len(self._model.read) - len(tokens)
        counts = {"cache_n": known, "prompt_n": len(tokens) - known, "predicted_n": written}
        receive({"choices": [{"text": "", "finish_reason": reason}], "timings": counts | times})

    def _read_on(self, tokens: Sequence[int]) -> None:
        if not self._model.read_on(tokens):
            raise ModelError("the embedded model could not read on: is there too little memory?")

    def _write(self, request: Mapping[str, Any], grammar: Grammar | None) -> Iterator[Record | None]:
        """Yield a record for each token, and None where the model, or a stop string, ends the text."""
        decode, held = codecs.getincrementaldecoder("utf-8")("replace").decode, ""
        for _ in range(min(request["max_tokens"], self._model.context - len(self._model.read))):
            logits = self._model.logits()
            token = _choose(logits, grammar, request.get("temperature", 0.0))
            if self._model.ends(token):
                yield _record(held)
                yield None
                return
            text, held, stopped = _until_stop(held + decode(self._model.piece(token)), request.get("stop", ()))
            yield _record(text, self._told(logits, token, request["logprobs"]) if request.get("logprobs") else None)
            if stopped:
                yield None
                return
            if grammar:
                grammar.accept(token)
            self._read_on([token])
        yield _record(held)

    def _told(self, logits: Logits, token: int, count: int) -> Record:
        """Return a token's log-probability and those of the likeliest tokens, before grammar and temperature."""
        best = float(logits.max())
        total = best + float(np.log(np.exp(logits - best).sum()))

        def told(one: int) -> Record:
            return {"token": self._model.piece(one).decode("utf-8", "replace"), "logprob": float(logits[one]) - total}

        return {"content": [{**told(token), "top_logprobs": [told(int(one)) for one in _likeliest(logits, count)]}]}


def _record(text: str, told: Record | None = None) -> Record:
    return {"choices": [{"text": text, "logprobs": told, "finish_reason": None}]}


def _until_stop(text: str, stops: Sequence[str]) -> tuple[str, str, bool]:
    """Return what of a text may be shown, what is held back since a stop string may begin there, and if one stands."""
    found = [at for at in map(text.find, stops) if at >= 0]
    if found:
        return text[: min(found)], "", True
    begun = (at for at in range(len(text)) if any(stop.startswith(text[at:]) for stop in stops))
    end = next(begun, len(text))
    return text[:end], text[end:], False


def _same(old: Sequence[int], new: Sequence[int]) -> int:
    """Return how many tokens two sequences begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _choose(logits: Logits, grammar: Grammar | None, temperature: float) -> int:
    """Return the likeliest token that a grammar allows, or with a temperature a random one."""
    if temperature > 0:
        logits = logits / temperature + np.random.default_rng().gumbel(size=len(logits)).astype(np.float32)
    best = int(logits.argmax())
    if not grammar or grammar.allows(np.array([best]))[0]:
        return best
    for likely in (_likeliest(logits, LIKELY), np.arange(len(logits))):
        allowed = likely[grammar.allows(likely)]
        if len(allowed):
            return int(allowed[logits[allowed].argmax()])
    return best


def _likeliest(logits: Logits, count: int) -> NDArray[np.int64]:
    """Return the tokens with the highest logits, best first, shape (count,).

    None of them lies outside the `count` blocks whose own best are the highest: 0.15 ms, a partition of all takes 2.8.
    """
    best_of_blocks = np.maximum.reduceat(logits, np.arange(0, len(logits), BLOCK))
    blocks = np.argsort(-best_of_blocks)[:count]
    tokens = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
    tokens = tokens[tokens < len(logits)]
    return tokens[np.argsort(-logits[tokens])][:count]
