"""A process that keeps the models loaded, and the shell's short way to it: one line of JSON each way over a socket.

The socket lies in a folder that only this user can enter, under a name made from the settings, so that a question
reaches only a process with the very same settings. Nothing heavy is loaded here.
"""

import argparse
import hashlib
import json
import os
import socket
import socketserver
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from qa.datatypes import Answer, Turn
from qa.errors import QAError, SettingsError
from qa.options import history_of, question_of, settings_of
from qa.settings import Settings
from qa.terminal import show_answer

CONNECT_SECONDS = 1.0
OWN_ONLY = 0o700
WAITING = 128
"""Connections that may wait to be accepted; past that, a question is answered without the warm process."""

Ask = Callable[[str, Sequence[Turn]], Answer]


def socket_path(settings: Settings) -> Path:
    """Return where a process with these settings listens."""
    places = {"corpus": settings.corpus.resolve(), "data_dir": settings.index_dir().resolve()}
    described = settings.model_copy(update=places).model_dump_json(exclude={"api_key"})
    key = hashlib.sha256(f"{__file__} {described}".encode()).hexdigest()[:16]
    return _folder() / f"{key}.socket"


def _folder() -> Path:
    """Return the folder of sockets: in the user's runtime folder, else under the user's number."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir():
        return Path(runtime) / "qa-article"
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"qa-article-{user}"


def ask_warm(settings: Settings, question: str, history: Sequence[Turn]) -> dict[str, Any] | None:
    """Return the answer's JSON record from a running process; None when there is none with these settings.

    Raises:
        QAError: what that process says is wrong with the question, or that it left without an answer.
    """
    connection = _connect(socket_path(settings))
    if connection is None:
        return None
    try:
        with connection, connection.makefile("rw", encoding="utf-8") as line:
            line.write(json.dumps({"question": question, "history": list(history)}) + "\n")
            line.flush()
            reply = json.loads(line.readline())
    except (OSError, ValueError) as error:
        raise QAError("the process of `qa serve` left without an answer: ask again") from error
    if "error" in reply:
        raise QAError(reply["error"])
    answer: dict[str, Any] = reply["answer"]
    return answer


def run(arguments: argparse.Namespace) -> int | None:
    """Carry out `qa ask` by a running process and return the exit code; None when there is none.

    Raises:
        QAError: as `ask_warm`, and for unusable settings or history.
    """
    settings = settings_of(arguments)
    if not socket_path(settings).exists():
        return None
    question, history = question_of(arguments), history_of(arguments)
    answer = ask_warm(settings, question, history)
    if answer is None:
        arguments.question = question  # standard input has been read
        return None
    show_answer(answer, arguments.json)
    return 0


def _connect(path: Path) -> socket.socket | None:
    """Return a connection, or None when nobody listens there or the folder is not this user's alone."""
    if not hasattr(socket, "AF_UNIX") or not _is_own(path.parent):
        return None
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(CONNECT_SECONDS)
        connection.connect(str(path))
        connection.settimeout(None)
    except OSError:
        connection.close()
        return None
    return connection


def _is_own(folder: Path) -> bool:
    with suppress(OSError):
        found = folder.lstat()
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == OWN_ONLY
    return False


class WarmServer:
    """Listens for questions, each answered in a thread of its own."""

    def __init__(self, settings: Settings, ask: Ask) -> None:
        """Bind the socket.

        Raises:
            SettingsError: such a process runs already, or there can be no socket here.
        """
        self.path = socket_path(settings)
        if not hasattr(socketserver, "ThreadingUnixStreamServer"):
            raise SettingsError("this system has no local sockets: use `qa chat`, or serve the page with app.py")
        try:
            self.path.parent.mkdir(mode=OWN_ONLY, parents=True, exist_ok=True)
            if not _is_own(self.path.parent):
                raise SettingsError(
                    f"the folder {str(self.path.parent)!r} is open to others: make it yours alone (0700)"
                )
            if running := _connect(self.path):
                running.close()
                raise SettingsError("a process with these settings is serving already")
            self.path.unlink(missing_ok=True)
            self._server = _server(self.path, ask)
        except OSError as error:
            raise SettingsError(f"cannot listen at {str(self.path)!r}: {error.strerror or error}") from error

    def serve(self) -> None:
        """Answer until interrupted."""
        try:
            self._server.serve_forever(poll_interval=0.1)
        finally:
            self.close()

    def stop(self) -> None:
        """Make `serve`, running in another thread, return."""
        self._server.shutdown()

    def close(self) -> None:
        """Give the socket back."""
        self._server.server_close()
        self.path.unlink(missing_ok=True)


def _server(path: Path, ask: Ask) -> socketserver.ThreadingUnixStreamServer:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if line := self.rfile.readline():
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(json.dumps(_reply(line, ask)).encode() + b"\n")

    class Listener(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        request_queue_size = WAITING

    return Listener(str(path), Handler)


def _reply(line: bytes, ask: Ask) -> dict[str, Any]:
    try:
        request = json.loads(line)
        return {"answer": ask(request["question"], request["history"]).to_json()}
    except QAError as error:
        return {"error": str(error)}
    except Exception as error:  # the asker is told, the server goes on
        return {"error": f"the process of `qa serve` failed: {type(error).__name__}: {error}"}
