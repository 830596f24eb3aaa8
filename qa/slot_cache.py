"""What the embedded model has read, kept in files: taken up in hundredths of a second instead of read anew in many.

A file holds a line of JSON (whose state it is, of how many characters of the text, and its sha256) and then llama.cpp's
own bytes; only the very model, adapter, number of slots and runtime that wrote it take it up. While a text is being
read, its file holds what there is of it, so that reading goes on from where it was interrupted.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.errors import ModelError
from qa.runtime import Around, Runtime


@dataclass(frozen=True, slots=True)
class Beginning:
    """What many prompts begin with, and the file in which what the model has read of it is kept."""

    text: str
    file: Path


class SlotCache:
    """Lets the slots of one runtime take up from files what was read before, and keeps what they read."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._elsewhere: dict[Path, Path] = {}

    def characters(self, beginning: Beginning) -> int:
        """Return how many characters of the text its file has; 0 if it is missing or of another model."""
        try:
            with self._place(beginning).open("rb") as source:
                return int(self._header(source.readline())["characters"])
        except (OSError, ValueError):
            return 0

    def taking_up(self, beginning: Beginning) -> Around:
        """Have the slot know the beginning before a generation, as far as its file has it."""

        @contextmanager
        def around(slot: int) -> Iterator[None]:
            held, text = self._runtime.held, beginning.text
            if not held[slot].startswith(text):
                known = len(text) if self._runtime.share(slot, text) else self._restore(slot, beginning)
                held[slot] = text[:known] if known else held[slot]
            with suppress(OSError):  # so that what is used stays longest
                os.utime(self._place(beginning))
            yield

        return around

    def reading_on(self, beginning: Beginning, known: int, keep: bool) -> Around:
        """Have the slot know `known` characters before it reads more; then, to `keep` it, put all into the file."""

        @contextmanager
        def around(slot: int) -> Iterator[None]:
            with self.taking_up(Beginning(beginning.text[:known], beginning.file))(slot):
                yield
            held = self._runtime.held[slot]
            if keep and held and beginning.text.startswith(held):
                self._save(slot, beginning, len(held))

        return around

    def _save(self, slot: int, beginning: Beginning, characters: int) -> None:
        """Write what a slot has read; into the runtime's own folder where the file's cannot be written."""
        with self._state(slot) as state:
            self._runtime.post(f"/slots/{slot}?action=save", {"filename": state.name})
            with state.open("rb") as source:
                header = {
                    "identity": self._runtime.identity,
                    "characters": characters,
                    "sha256": hashlib.file_digest(source, "sha256").hexdigest(),
                }
            try:
                _write(header, state, beginning.file)
            except OSError:
                self._elsewhere[beginning.file] = self._runtime.folder / beginning.file.name
                with suppress(OSError):  # a full disk costs time, no answer
                    _write(header, state, self._place(beginning))

    def _restore(self, slot: int, beginning: Beginning) -> int:
        """Give a slot what the file holds and return its number of characters; 0, and nothing changed, if it fails."""
        path = self._place(beginning)
        with self._state(slot) as state:
            try:
                with path.open("rb") as source:
                    header = self._header(source.readline())
                    with state.open("wb") as target:
                        shutil.copyfileobj(source, target, 1 << 20)
                with state.open("rb") as source:
                    if hashlib.file_digest(source, "sha256").hexdigest() != header["sha256"]:
                        path.unlink()  # or it would count as read for ever
                        return 0
                self._runtime.post(f"/slots/{slot}?action=restore", {"filename": state.name})
            except (OSError, ValueError, ModelError):
                return 0
        return int(header["characters"])

    def _header(self, line: bytes) -> dict[str, Any]:
        """Read a file's first line; raise ValueError if it is not one of this model's."""
        header = json.loads(line)
        if not isinstance(header, dict) or header.get("identity") != self._runtime.identity:
            raise ValueError("written by another model or runtime")
        return header

    def _place(self, beginning: Beginning) -> Path:
        return self._elsewhere.get(beginning.file, beginning.file)

    @contextmanager
    def _state(self, slot: int) -> Iterator[Path]:
        """The file in which the server leaves and finds the state of a slot; it is gone afterwards."""
        path = self._runtime.folder / f"slot-{slot}.bin"
        try:
            yield path
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _write(header: dict[str, Any], state: Path, path: Path) -> None:
    """Write a header and a state to a file, all or nothing; raises OSError."""
    temporary = path.with_name(f"{path.name}.{state.stem}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as target, state.open("rb") as source:
            target.write(json.dumps(header).encode() + b"\n")
            shutil.copyfileobj(source, target, 1 << 20)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
