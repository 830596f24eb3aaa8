"""Whose uploads are in the index: those of a page that was killed, before it could forget them, are found by its lock.

The owners that a page gives to its sessions begin with its name, and while it runs it holds the lock of that name.
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

_OWNER = re.compile(r"(page-[0-9a-f]{16})-[0-9a-f]{32}")


class Claim:
    """One page's claim on the owners that it makes up; nothing is claimed before `hold`."""

    def __init__(self) -> None:
        self._name = f"page-{secrets.token_hex(8)}"
        self._lock: FileLock | None = None

    def owner(self) -> str:
        """Return a new secret name under which a session's documents are kept."""
        return f"{self._name}-{secrets.token_hex(16)}"

    def hold(self, folder: Path) -> None:
        """Hold this page's lock in the index's folder until `release` or the end of the process, however that comes."""
        self._lock = _lock(folder, self._name)
        self._lock.acquire()

    def release(self) -> None:
        """Give the claim up."""
        if self._lock is not None:
            _remove(self._lock)
            self._lock = None


def abandoned(folder: Path, owners: Iterable[str]) -> Iterator[str]:
    """Yield those owners whose page runs no more; owners that no page made up are none of them."""
    gone: dict[str, bool] = {}
    for owner in owners:
        if made := _OWNER.fullmatch(owner):
            name = made[1]
            if name not in gone:
                gone[name] = _is_free(folder, name)
            if gone[name]:
                yield owner


def _is_free(folder: Path, name: str) -> bool:
    lock = _lock(folder, name)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    _remove(lock)
    return True


def _lock(folder: Path, name: str) -> FileLock:
    return FileLock(folder / f"{name}.lock", thread_local=False)


def _remove(lock: FileLock) -> None:
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
