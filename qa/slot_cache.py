"""What the embedded model has read, kept on disk: saved once, restored at the next start in hundredths of a second.

A file holds a line of JSON (whose state it is, and its sha256) and then llama.cpp's own bytes; it is read only by the
very model, adapter, number of slots and runtime that wrote it.
"""

import hashlib
import json
import shutil
from contextlib import suppress
from pathlib import Path

from qa.errors import ModelError
from qa.runtime import Runtime

_NAME = "slot.bin"
SAVED_SLOT = 0
"""The slot whose state is saved; all slots take it up."""


def share(runtime: Runtime) -> None:
    """Give all slots what the saved slot has read; where that fails, each reads it anew when it is first used."""
    others = [slot for slot in range(runtime.options.slots) if slot != SAVED_SLOT]
    with suppress(ModelError):
        if others:
            runtime.post(f"/slots/{SAVED_SLOT}?action=save", {"filename": _NAME})
        for slot in others:
            runtime.post(f"/slots/{slot}?action=restore", {"filename": _NAME})
    with suppress(OSError):
        (runtime.folder / _NAME).unlink(missing_ok=True)


def save(runtime: Runtime, path: Path) -> None:
    """Write what the saved slot has read to a file.

    Raises:
        ModelError: the file cannot be written.
    """
    state = runtime.folder / _NAME
    temporary = path.with_name(path.name + ".part")
    try:
        runtime.post(f"/slots/{SAVED_SLOT}?action=save", {"filename": _NAME})
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
            state.unlink(missing_ok=True)
            temporary.unlink(missing_ok=True)


def restore(runtime: Runtime, path: Path) -> bool:
    """Give all slots what a file holds; False, and nothing changed, when it is missing, damaged or another model's."""
    state = runtime.folder / _NAME
    try:
        with path.open("rb") as source:
            header = json.loads(source.readline())
            with state.open("w+b") as target:
                shutil.copyfileobj(source, target, 1 << 20)
                target.seek(0)
                digest = hashlib.file_digest(target, "sha256").hexdigest()
        if header != {"identity": runtime.identity, "sha256": digest}:
            return False
        for slot in range(runtime.options.slots):
            runtime.post(f"/slots/{slot}?action=restore", {"filename": _NAME})
    except (OSError, ValueError, ModelError):
        return False
    finally:
        with suppress(OSError):
            state.unlink(missing_ok=True)
    return True
