"""Several answers that one model writes side by side (continuous batching): each step reads what all have ready.

A token beside others costs a third to a half of one alone, for the weights are fetched from memory once for all. What
slots begin with in common is held once.
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from qa.ik_library import BATCH_TOKENS, IkModel, Logits, Token

STEP_TOKENS = 64
"""Tokens that are read in a step while more than one answer is at work, so that those that are written go on."""
GATHER_SECONDS = 0.004
"""How long a step waits for answers at work that have nothing ready: they choose their next token meanwhile."""


def same(old: Sequence[int], new: Sequence[int]) -> int:
    """Return how many tokens two sequences begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


class Slot:
    """One sequence of tokens that the model has read; used by one thread at a time.

    What is forgotten the model forgets when it next computes for the slot: only one thread may call it.
    """

    def __init__(self, slots: "Slots", number: int) -> None:
        self._slots = slots
        self._model = slots.model
        self.number = number
        self.read: list[int] = []
        self._held = 0  # tokens that the model holds, of which those of `read` are the first
        self._logits: list[Logits] = []

    def forget_from(self, place: int) -> None:
        """Forget what was read from a place on, in tokens."""
        if place < len(self.read):
            self._logits = []
            del self.read[place:]

    def ends_at(self, place: int) -> bool:
        """Say whether `place` tokens have been read and the logits of the next one are known."""
        return bool(self._logits) and len(self.read) == place

    def read_on(self, tokens: Sequence[int], told: int = 1) -> bool:
        """Read more; return whether that succeeded.

        Args:
            tokens: what to read.
            told: after how many of the last of them logits are wanted.
        """
        return self._slots.read(_Reading(self, tokens, told))

    def logits(self, at: int = -1) -> Logits:
        """Return the logits after one of the last tokens read, counted from their end; valid until more is read."""
        return self._logits[at]

    def begin_with(self, tokens: Sequence[int]) -> bool:
        """Begin with what this or another slot has read, if that begins with all the tokens; return whether it does."""
        return self._model.submit(self._begin_with, tokens).result()

    def _begin_with(self, tokens: Sequence[int]) -> bool:
        found = next((slot for slot in (self, *self._slots) if same(slot.read, tokens) == len(tokens)), None)
        if found and found is not self:
            self.forget_from(0)
            self.catch_up()
            self._model.copy(found.number, self.number, len(tokens))
            self.read, self._held = list(tokens), len(tokens)
        return bool(found)

    def save(self, file: Path) -> bool:
        """Write what was read to a file; return whether that succeeded."""
        return self._model.submit(self._save, file).result()

    def _save(self, file: Path) -> bool:
        self.catch_up()
        return self._model.save(self.number, self.read, file)

    def restore(self, file: Path) -> bool:
        """Take up from a file what was read when it was written, in place of all that is; return whether it could."""
        return self._model.submit(self._restore, file).result()

    def _restore(self, file: Path) -> bool:
        self.forget_from(0)
        self.catch_up()
        tokens = self._model.restore(self.number, file)
        self.read = tokens or []
        self._held = len(self.read)
        return tokens is not None

    def catch_up(self) -> None:
        """Let the model forget what was forgotten; in the thread that computes."""
        if self._held > len(self.read):
            self._model.forget_from(self.number, len(self.read))
            self._held = len(self.read)

    def reads(self, tokens: Sequence[Token]) -> None:
        """Note what the model is about to read, of which nothing counts as read before `has_read`."""
        self.catch_up()
        self._held, self._logits = len(self.read) + len(tokens), []

    def has_read(self, tokens: Sequence[Token], logits: list[Logits]) -> None:
        """Note what the model has read, and what it said after the last of that."""
        self.read.extend(token.token for token in tokens)
        self._logits = logits


@dataclass(slots=True, eq=False)
class _Reading:
    """Tokens that a slot wants read, and after how many of the last of them it wants the logits."""

    slot: Slot
    tokens: Sequence[int]
    told: int
    at: int = 0
    done: Future[bool] = field(default_factory=Future)

    @property
    def left(self) -> int:
        """How many tokens are still to be read."""
        return len(self.tokens) - self.at

    def part(self, room: int) -> list[Token]:
        """Return the next tokens, as many as there is room for."""
        begun, silent = len(self.slot.read), len(self.tokens) - self.told - self.at
        part = self.tokens[self.at : self.at + room]
        return [Token(self.slot.number, begun + i, token, i >= silent) for i, token in enumerate(part)]

    def take(self, part: Sequence[Token], logits: list[Logits]) -> None:
        """Note that a part has been read."""
        self.slot.has_read(part, logits)
        self.at += len(part)


class Slots:
    """The slots of a model, and the steps in which it reads what they have ready."""

    def __init__(self, model: IkModel) -> None:
        self.model = model
        self._slots = [Slot(self, number) for number in range(model.sequences)]
        self._waiting: list[_Reading] = []
        self._changed = threading.Condition()
        self.at_work = 0

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots)

    def __getitem__(self, number: int) -> Slot:
        return self._slots[number]

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let the others' steps wait for what is read in the block."""
        with self._changed:
            self.at_work += 1
        try:
            yield
        finally:
            with self._changed:
                self.at_work -= 1
                self._changed.notify_all()

    def read(self, reading: _Reading) -> bool:
        """Have tokens read, with what others want read; return whether that succeeded."""
        with self._changed:
            self._waiting.append(reading)
            self._changed.notify_all()
        self.model.submit(self._step)
        return reading.done.result()

    def _step(self) -> None:
        """Read once of what is waited for, the shortest first; in the thread that computes."""
        with self._changed:
            if not self._waiting:
                return  # another step has read it
            self._changed.wait_for(lambda: len(self._waiting) >= self.at_work, GATHER_SECONDS)
            waiting = sorted(self._waiting, key=lambda reading: reading.left)
            room = STEP_TOKENS if self.at_work > 1 else BATCH_TOKENS
        parts = list[tuple[_Reading, list[Token]]]()
        for reading in waiting:
            if part := reading.part(room):
                parts.append((reading, part))
                room -= len(part)
        try:
            self._read(parts)
        except Exception as error:  # else nobody would hear of it, and they would wait for ever
            for reading, _ in parts:
                if not reading.done.done():
                    self._end(reading, error=error)
        if self._waiting:
            self.model.submit(self._step)

    def _read(self, parts: Sequence[tuple[_Reading, list[Token]]]) -> None:
        """Read parts together; each alone where that fails, so that none fails for another."""
        for reading, part in parts:
            reading.slot.reads(part)
        done = self.model.read([token for _, part in parts for token in part])
        if not done and len(parts) > 1:
            for each in parts:
                self._read([each])
            return
        at = 0
        for reading, part in parts:
            if done:
                reading.take(part, [self.model.logits(at + i).copy() for i, token in enumerate(part) if token.told])
            if not done or not reading.left:
                self._end(reading, done)
            at += len(part)

    def _end(self, reading: _Reading, done: bool = False, error: Exception | None = None) -> None:
        with self._changed:
            self._waiting.remove(reading)
        if error:
            reading.done.set_exception(error)
        else:
            reading.done.set_result(done)
