"""What answers in the place of llama.cpp's server: the same records, sooner.

It takes raw prompts, one for each slot at a time, keeps what it has read of the last one there, and saves that to
files. What else is asked of a server, messages and an address, llama.cpp's own one does, which is loaded only then.
"""

import codecs
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.errors import ModelError
from qa.ik_library import BATCH_TOKENS, Grammar, Logits
from qa.ik_slots import Slot, Slots, same

BLOCK = 128
"""Tokens of which the best is looked for together."""
LIKELY = 64
"""Likeliest tokens that a grammar is asked about before it is asked about all."""
DRAFT_TOKENS = {1: 3, 2: 1}
"""Tokens of a draft that are read with the one before them, by how many answers are at work; of more, none. Four cost
about what two cost that are read one by one, and what the others have ready costs as little."""

Record = dict[str, Any]
Receive = Callable[[Record], bool]
"""Takes a record as llama.cpp's server sends it; True says that no more is wanted."""
Draft = Callable[[str], str]
"""Given what is written of an answer, returns what probably follows; "" where nothing is known."""


class IkServer:
    """A loaded model that takes one prompt at a time in each slot."""

    def __init__(self, slots: Slots, folder: Path, start_other: Callable[[], Any]) -> None:
        """Use a loaded model.

        Args:
            slots: read and write.
            folder: where what was read is saved to and taken up from.
            start_other: loads llama.cpp's server.
        """
        self._slots, self._model = slots, slots.model
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
        slot = self._slots[int(path.removeprefix("/slots/").partition("?")[0])]
        act = slot.save if path.endswith("save") else slot.restore
        if not act(self._folder / body["filename"]):
            raise ModelError(f"the embedded model refuses {path}")
        return {}

    def share(self, slot: int, text: str) -> bool:
        """Let a slot begin with a text that another one has read; return whether one has."""
        return self._slots[slot].begin_with(self._model.tokens(text))

    def handle_completions(self, request: Mapping[str, Any], receive: Receive) -> None:
        """Read a prompt, of which what is known is not read again, and write an answer.

        A request is llama.cpp's, but that it may have a `draft`, a Draft: it saves time where it is right and changes
        no word where it is wrong.
        """
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
        slot = self._slots[request.get("id_slot", 0)]
        try:
            with self._slots.working():
                self._answer(slot, request, tokens, grammar, receive)
        finally:
            if grammar:
                grammar.close()

    def _answer(
        self, slot: Slot, request: Mapping[str, Any], tokens: Sequence[int], grammar: Grammar | None, receive: Receive
    ) -> None:
        begun = time.perf_counter()
        known = same(slot.read, tokens)
        if known == len(tokens) and not slot.ends_at(known):
            known -= 1
        slot.forget_from(known)
        for at in range(known, len(tokens), BATCH_TOKENS):
            _read_on(slot, tokens[at : at + BATCH_TOKENS])
            if receive({"prompt_progress": {"processed": len(slot.read), "total": len(tokens)}}):
                return
        read = {"prompt_ms": 1000 * (time.perf_counter() - begun)}
        for record in self._write(slot, request, grammar, {"cache_n": known, "prompt_n": len(tokens) - known} | read):
            if receive(record):
                return

    def _write(
        self, slot: Slot, request: Mapping[str, Any], grammar: Grammar | None, reading: Mapping[str, float]
    ) -> Iterator[Record]:
        """Yield a record for each token, and last one with the timings of reading, as given, and of writing."""
        begun, written, reason = time.perf_counter(), 0, "length"
        decode, held = codecs.getincrementaldecoder("utf-8")("replace").decode, ""
        room = min(request["max_tokens"], self._model.context - len(slot.read))
        for token, logits in islice(self._chosen(slot, request, grammar), room):
            if self._model.ends(token):
                reason = "stop"
                break
            text, held, stopped = _until_stop(held + decode(self._model.piece(token)), request.get("stop", ()))
            yield _record(text, self._told(logits, token, request["logprobs"]) if request.get("logprobs") else None)
            if stopped:
                reason = "stop"
                break
            written += 1
        writing = {"predicted_n": written, "predicted_ms": 1000 * (time.perf_counter() - begun)}
        yield {"choices": [{"text": held, "finish_reason": reason}], "timings": {**reading, **writing}}

    def _chosen(self, slot: Slot, request: Mapping[str, Any], grammar: Grammar | None) -> Iterator[tuple[int, Logits]]:
        """Yield the tokens of an answer, each with the logits that it was chosen from.

        Those of a draft are read with the token before them, and forgotten from the first on that is not chosen.
        """
        model, drafted, text = self._model, list[int](), b""
        draft: Draft | None = request.get("draft")
        while True:
            begun = len(slot.read) - len(drafted)
            for at, expected in enumerate([*drafted, None]):
                logits = slot.logits(at - len(drafted) - 1)
                token = _choose(logits, grammar, request.get("temperature", 0.0))
                yield token, logits
                text += model.piece(token)
                if grammar:
                    grammar.accept(token)
                if token != expected:
                    break
            slot.forget_from(begun + at)
            most = min(DRAFT_TOKENS.get(self._slots.at_work, 0), model.context - len(slot.read) - 1)
            guess = draft(text.decode("utf-8", "ignore")) if draft and most else ""
            drafted = model.tokens(guess)[:most]
            _read_on(slot, [token, *drafted], len(drafted) + 1)

    def _told(self, logits: Logits, token: int, count: int) -> Record:
        """Return a token's log-probability and those of the likeliest tokens, before grammar and temperature."""
        best = float(logits.max())
        total = best + float(np.log(np.exp(logits - best).sum()))

        def told(one: int) -> Record:
            return {"token": self._model.piece(one).decode("utf-8", "replace"), "logprob": float(logits[one]) - total}

        return {"content": [{**told(token), "top_logprobs": [told(int(one)) for one in _likeliest(logits, count)]}]}


def _read_on(slot: Slot, tokens: Sequence[int], told: int = 1) -> None:
    if not slot.read_on(tokens, told):
        raise ModelError("the embedded model could not read on: is there too little memory?")


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
