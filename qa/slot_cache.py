"""What the embedded model has read, kept on disk: saved once, restored at the next start in hundredths of a second.

A file holds a line of JSON (whose state it is, and its sha256) and then llama.cpp's own bytes; it is read only by the
very model, adapter, number of slots and runtime that wrote it.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qa.errors import ModelError
from qa.runtime import Runtime

_NAME = "slot.bin"
SAVED_SLOT = 0
"""The slot whose state is saved; all slots take it up."""


@contextmanager
def _state(runtime: Runtime) -> Iterator[Path]:
    """The file in which the server leaves and finds the state of a slot; it is gone afterwards."""
    path = runtime.folder / _NAME
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _take(runtime: Runtime) -> None:
    """Have the saved slot's state written to the file."""
    runtime.post(f"/slots/{SAVED_SLOT}?action=save", {"filename": _NAME})


def _give(runtime: Runtime, slots: Iterable[int]) -> None:
    """Have slots take up the state in the file."""
    for slot in slots:
        runtime.post(f"/slots/{slot}?action=restore", {"filename": _NAME})


def share(runtime: Runtime) -> None:
    """Give all slots what the saved slot has read; where that fails, each reads it anew when it is first used."""
    others = [slot for slot in range(runtime.options.slots) if slot != SAVED_SLOT]
    if not others:
        return
    with suppress(ModelError), _state(runtime):
        _take(runtime)
        _give(runtime, others)


def save(runtime: Runtime, path: Path) -> None:
    """Write what the saved slot has read to a file.

    Raises:
        ModelError: the file cannot be written.
    """
    temporary = path.with_name(path.name + ".part")
    with _state(runtime) as state:
        try:
            _take(runtime)
            with state.open("rb") as source:
                header = {"identity": runtime.identity, "sha256": hashlib.file_digest(source, "sha256").hexdigest()}
                path.parent.mkdir(parents=True, exist_ok=True)
                source.seek(0)
                with temporary.open("wb") as target:
                    target.write(json.dumps(header).encode() + b"\n")
                    shutil.copyfileobj(source, target, 1 << 20)
            temporary.replace(path)
        except OSError as error:
            raise ModelError(f"cannot keep what the model has read in {str(path)!r}: {error}") from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def restore(runtime: Runtime, path: Path) -> bool:
    """Give all slots what a file holds; False, and nothing changed, when it is missing, damaged or another model's."""
    with _state(runtime) as state:
        try:
            with path.open("rb") as source:
                header = json.loads(source.readline())
                with state.open("w+b") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                    target.seek(0)
                    digest = hashlib.file_digest(target, "sha256").hexdigest()
            if header != {"identity": runtime.identity, "sha256": digest}:
                return False
            _give(runtime, range(runtime.options.slots))
        except (OSError, ValueError, ModelError):
            return False
    return True
