"""The llama.cpp server inside this process: loading, streaming, cancelling, counting.

It knows prompts and tokens, not chat messages of LangChain (embedded.py). Who comes in at the gate is given a slot, so
that it is known what each slot has read; what slots take up from files is in slot_cache.py.
"""

import contextlib
import queue
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from importlib.metadata import version
from json import JSONDecodeError, dumps, loads
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qa.errand import Errand, Urgency
from qa.errors import BusyError, ModelError
from qa.gate import Gate, Ticket
from qa.generation import Chunk, Event, read_record, request_error
from qa.ik_server import IkServer
from qa.llama_server import RuntimeOptions, start

Lead = Callable[[Chunk], Mapping[str, Any] | None]
"""Looks at the first piece that has log-probabilities and returns None, or what to change in the request."""
Around = Callable[[int], AbstractContextManager[None]]
"""Given the number of a slot, what to do before and after a generation in it, while nobody else uses the slot."""


class Runtime:
    """A loaded model; all methods may be called from any thread. Nothing is loaded before the first use.

    `held` has for each slot the prompt that was read in it last and to its end, as far as that is known.
    """

    def __init__(self, options: RuntimeOptions) -> None:
        self.options = options
        self._gate = Gate(options.slots, options.max_waiting)
        self._lock = threading.Lock()
        self._server: Any = None
        self._folder = ""
        self.held = [""] * options.slots

    def load(self) -> Any:
        """Load the model unless it is loaded, and return the server.

        Raises:
            ModelError: the runtime is not installed, or the file is not a model that it can load.
        """
        with self._lock:
            if self._server is None:
                self._folder = tempfile.mkdtemp(prefix="qa-model-")
                self._server = start(self.options, self._folder)
                self.held = [""] * self.options.slots
                self._finalizer = weakref.finalize(self, _stop, self._gate, self._folder)
            return self._server

    def close(self) -> None:
        """Cancel what runs, free the model's memory; the next use loads it again."""
        with self._lock:
            if self._server is not None:
                self._finalizer()
                self._server = None

    def submit(
        self,
        request: Mapping[str, Any],
        chat: bool,
        deliver: Callable[[Event], None],
        lead: Lead | None = None,
        around: Around | None = None,
    ) -> Ticket:
        """Start one generation in a thread of its own; `ticket.cancel()` ends it within a token or a batch.

        What `lead` returns for the first piece begins the generation anew, without giving the slot up to others;
        `around` is entered when a slot is free and left before that is given up.

        Raises:
            BusyError: more are waiting than the options allow.
        """
        server = self.load()
        ticket = self._gate.enter()
        arguments = (server, request, chat, deliver, ticket, lead, around)
        threading.Thread(target=self._run, args=arguments, daemon=True).start()
        return ticket

    def _run(
        self,
        server: Any,
        request: Mapping[str, Any],
        chat: bool,
        deliver: Callable[[Event], None],
        ticket: Ticket,
        lead: Lead | None,
        around: Around | None,
    ) -> None:
        anew: Mapping[str, Any] | None = None

        def receive(record: dict[str, Any]) -> bool:
            """Take one record of the server; True tells it to stop."""
            nonlocal anew, lead
            with ticket.delivering():
                for event in () if ticket.cancelled or anew else read_record(record, chat):
                    if isinstance(event, Chunk):
                        self.held[ticket.place] = request.get("prompt", "")
                    if lead and isinstance(event, Chunk) and event.logprobs:
                        anew, lead = lead(event), None
                    if not anew:
                        deliver(event)
            return ticket.cancelled or bool(anew)

        handle = server.handle_chat_completions if chat else server.handle_completions
        try:
            if self._gate.wait(ticket):
                always = {"stream": True, "return_progress": True, "cache_prompt": True, "id_slot": ticket.place}
                with around(ticket.place) if around else nullcontext():
                    self.held[ticket.place] = ""
                    handle({**request, **always}, receive)
                    if (changed := anew) and not ticket.cancelled:
                        anew = None
                        handle({**request, **changed, **always}, receive)
            if ticket.sent_out:
                deliver(BusyError("somebody waits for the language model; ask again"))
            elif ticket.cancelled:  # by the consumer, who no longer listens, or by closing the model
                deliver(ModelError("the language model was closed while it was at work"))
        except Exception as error:  # a thread's last frame: what is not delivered would be lost
            deliver(ModelError(f"the language model failed: {error}"))
        finally:
            self._gate.leave(ticket)
            with ticket.delivering():
                deliver(None)

    def generate(
        self,
        request: Mapping[str, Any],
        chat: bool = False,
        lead: Lead | None = None,
        around: Around | None = None,
    ) -> Iterator[Chunk]:
        """Yield the pieces of one generation; closing the iterator stops the model. `lead`, `around` as for `submit`.

        Raises:
            ModelError: the request cannot be served; the message says why.
        """
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        ticket = self.submit(request, chat, events.put, lead, around)
        try:
            while (event := events.get()) is not None:
                if isinstance(event, ModelError):
                    raise event
                yield event
        finally:
            ticket.cancel()

    def read_ahead(self, request: Mapping[str, Any], around: Around | None = None) -> None:
        """Carry a request out for what it leaves in the cache, unless as urgent work goes on; faults do not matter."""
        server = self.load()
        with contextlib.suppress(BusyError), Errand(Urgency.EXPECTED).under():
            self._run(server, request, False, lambda _: None, self._gate.enter(), None, around)

    def share(self, slot: int, text: str) -> bool:
        """Let a slot begin with a text that another slot has read; return whether one has, and this runtime can."""
        server = self.load()
        return isinstance(server, IkServer) and server.share(slot, text)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON answer of one of the server's own addresses, over loopback.

        Raises:
            ModelError: the server refuses.
        """
        server = self.load()
        if isinstance(server, IkServer):
            return server.post(path, body)
        address = urlsplit(server.listening_address)
        connection = HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=600)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.options.http_key}"}
        try:
            connection.request("POST", path, dumps(body), headers)
            answer = loads(connection.getresponse().read())
        except (OSError, HTTPException, JSONDecodeError) as error:
            raise ModelError(f"the embedded model does not respond on {path}: {error}") from error
        finally:
            connection.close()
        if "error" in answer:
            raise request_error(answer["error"])
        return answer

    @cached_property
    def identity(self) -> str:
        """What distinguishes this model's state from another's: files, adapter scale, version, llama.cpp's slots."""
        files = [file for file in (self.options.path, self.options.adapter) if file]
        marks = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        runtime = self.options.runtime
        slots = 1 if self.options.reads_quickly else self.options.slots
        parts = (marks, self.options.adapter_scale, slots, runtime, version(runtime))
        return sha256(repr(parts).encode()).hexdigest()

    @property
    def folder(self) -> Path:
        """The folder that slots are saved to and restored from."""
        self.load()
        return Path(self._folder)


def _stop(gate: Gate, folder: str) -> None:
    """Let running generations end before the server goes, so that no thread calls back into a dying interpreter."""
    gate.close()
    for file in Path(folder).glob("*"):
        file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        Path(folder).rmdir()
