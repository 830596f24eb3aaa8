"""Parts -> one file, verified by sha256: under a lock, to a temporary name, with progress; what is verified is stamped.

A stamp is a small file beside the model (or in the cache folder) that says which bytes on disk were verified, by path,
size and time of change, so that a later start need not hash a gigabyte again.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock
from tqdm import tqdm

from qa.errors import ModelError

_BLOCK = 1 << 22

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all."""


def stamp_of(target: Path) -> Path:
    """Return where the stamp of a joined or fetched file lies."""
    return target.with_name(target.name + ".verified.json")


def verified(file: Path, sha256: str, stamp: Path, again: bool = False) -> bool:
    """Say whether a file has this sha256: by the stamp of an earlier look at the same bytes, else by hashing it.

    Raises:
        OSError: the file cannot be read.
    """
    with suppress(OSError, ValueError):
        if not again and json.loads(stamp.read_text(encoding="utf-8")) == _identity(file, sha256):
            return True
    with file.open("rb") as stream:
        right = hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    if right:
        _write_stamp(file, sha256, stamp)
    return right


def join(parts: Sequence[Path], target: Path, size: int, sha256: str, progress: Progress | None) -> bool:
    """Write the parts, one after the other, to `target`; False (and nothing left) when they have another sha256.

    To be called under `locked(target)`.

    Raises:
        ModelError: a part cannot be read, the folder cannot be written, or the disk is full.
    """
    temporary = target.with_name(f".{target.name}.part")
    digest = hashlib.sha256()
    try:
        with storing(target, size), temporary.open("wb") as joined, _bar(target.name, size, progress) as advance:
            for block in _blocks(parts):
                joined.write(block)
                digest.update(block)
                advance(len(block))
            joined.flush()
            os.fsync(joined.fileno())
        if digest.hexdigest() != sha256:
            return False
        temporary.replace(target)
    except OSError as error:
        raise ModelError(f"cannot join the parts of {target.name}: {error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    _write_stamp(target, sha256, stamp_of(target))
    return True


@contextmanager
def storing(target: Path, size: int) -> Iterator[None]:
    """Make the folder, refuse early when the disk has no room for `size` bytes, and say plainly what hinders writing.

    Raises:
        ModelError: no room, or no right to write.
        OSError: any other fault of what is done inside.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(target.parent).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise ModelError(
                f"no room for {target.name} in {str(target.parent)!r}: it needs {size / 1e9:.2f} GB; free some space, "
                "or name a folder on another disk with QA_MODEL_DIR"
            ) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}:
            raise ModelError(
                f"cannot write {target.name} to {str(target.parent)!r} ({error.strerror}): make the folder writable, "
                "or name another one with QA_MODEL_DIR"
            ) from error
        raise


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Let one process at a time make `target`; the others wait.

    Raises:
        ModelError: the folder cannot be made or written.
    """
    with storing(target, 0):
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(target.name + ".lock"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _identity(file: Path, sha256: str) -> dict[str, str | int]:
    state = file.stat()
    return {"file": str(file), "size": state.st_size, "modified": state.st_mtime_ns, "sha256": sha256}


def _write_stamp(file: Path, sha256: str, stamp: Path) -> None:
    with suppress(OSError):  # a read-only folder: the file is hashed again next time
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(json.dumps(_identity(file, sha256)), encoding="utf-8")


def _blocks(parts: Sequence[Path]) -> Iterator[bytes]:
    for part in parts:
        with part.open("rb") as stream:
            while block := stream.read(_BLOCK):
                yield block


@contextmanager
def _bar(name: str, size: int, progress: Progress | None) -> Iterator[Callable[[int], object]]:
    """Give a function that is told of bytes done; they go to `progress`, or to a bar on stderr."""
    if progress is None:
        with tqdm(total=size, unit="B", unit_scale=True, desc=f"joining {name}", mininterval=0.3) as bar:
            yield bar.update
        return
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(done, size)

    yield advance
