"""The llama.cpp server inside this process: loading, streaming, cancelling, counting; its cache in memory and on disk.

The one module that imports xllamacpp. It knows prompts and tokens, not chat messages of LangChain (embedded.py).
"""

import contextlib
import queue
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from importlib import import_module
from importlib.metadata import version
from json import JSONDecodeError, dumps, loads
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qa.errand import Errand, Urgency
from qa.errors import BusyError, ModelError
from qa.gate import Gate, Ticket
from qa.generation import Chunk, Event, read_record, request_error

BATCH_TOKENS = 256
"""Tokens read between two looks at whether the consumer has gone."""
RAM_CACHE_MEGABYTES = 256
"""Memory for prompts read earlier (28 kB a token with the default model), so that an unrelated prompt in between
does not cost the reading of a long prompt beginning again."""

Lead = Callable[[Chunk], Mapping[str, Any] | None]
"""Looks at the first piece that has log-probabilities and returns None, or what to change in the request."""

DRAFT_MATCH_TOKENS = 3
"""Tokens that must have stood in the prompt before, for those that followed there to be tried as a draft."""


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """How to load a model: GGUF file, LoRA adapter (GGUF) and its scale, threads, slots, tokens of context per slot.

    `draft_tokens` above 0 lets answers that repeat the prompt's words be written several tokens at a time. The text is
    the same but for rounding; tokens written so carry no log-probabilities (the first token always does).
    """

    path: Path
    adapter: Path | None = None
    adapter_scale: float = 1.0
    threads: int = 2
    slots: int = 1
    context_tokens: int = 4096
    max_waiting: int = 32
    http_key: str = "none"
    draft_tokens: int = 0


class Runtime:
    """A loaded model; all methods may be called from any thread. Nothing is loaded before the first use."""

    def __init__(self, options: RuntimeOptions) -> None:
        self.options = options
        self._gate = Gate(options.slots, options.max_waiting)
        self._lock = threading.Lock()
        self._server: Any = None
        self._folder = ""

    def load(self) -> Any:
        """Load the model unless it is loaded, and return the server.

        Raises:
            ModelError: the runtime is not installed, or the file is not a model that it can load.
        """
        with self._lock:
            if self._server is None:
                self._folder = tempfile.mkdtemp(prefix="qa-model-")
                self._server = _start(self.options, self._folder)
                self._finalizer = weakref.finalize(self, _stop, self._gate, self._folder)
            return self._server

    def close(self) -> None:
        """Cancel what runs, free the model's memory; the next use loads it again."""
        with self._lock:
            if self._server is not None:
                self._finalizer()
                self._server = None

    def submit(
        self, request: Mapping[str, Any], chat: bool, deliver: Callable[[Event], None], lead: Lead | None = None
    ) -> Ticket:
        """Start one generation in a thread of its own; `ticket.cancel()` ends it within a token or a batch.

        What `lead` returns for the first piece begins the generation anew, without giving the place up to others.

        Raises:
            BusyError: more are waiting than the options allow.
        """
        server = self.load()
        ticket = self._gate.enter()
        threading.Thread(target=self._run, args=(server, request, chat, deliver, ticket, lead), daemon=True).start()
        return ticket

    def _run(
        self,
        server: Any,
        request: Mapping[str, Any],
        chat: bool,
        deliver: Callable[[Event], None],
        ticket: Ticket,
        lead: Lead | None,
    ) -> None:
        anew: Mapping[str, Any] | None = None

        def receive(record: dict[str, Any]) -> bool:
            """Take one record of the server; True tells it to stop."""
            nonlocal anew, lead
            with ticket.delivering():
                for event in () if ticket.cancelled or anew else read_record(record, chat):
                    if lead and isinstance(event, Chunk) and event.logprobs:
                        anew, lead = lead(event), None
                    if not anew:
                        deliver(event)
            return ticket.cancelled or bool(anew)

        handle = server.handle_chat_completions if chat else server.handle_completions
        always = {"stream": True, "return_progress": True, "cache_prompt": True}
        try:
            if self._gate.wait(ticket):
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

    def generate(self, request: Mapping[str, Any], chat: bool = False, lead: Lead | None = None) -> Iterator[Chunk]:
        """Yield the pieces of one generation; closing the iterator stops the model. `lead` as for `submit`.

        Raises:
            ModelError: the request cannot be served; the message says why.
        """
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        ticket = self.submit(request, chat, events.put, lead)
        try:
            while (event := events.get()) is not None:
                if isinstance(event, ModelError):
                    raise event
                yield event
        finally:
            ticket.cancel()

    def read_ahead(self, request: Mapping[str, Any]) -> None:
        """Carry a request out for what it leaves in the cache, unless as urgent work goes on; faults do not matter."""
        server = self.load()
        with contextlib.suppress(BusyError), Errand(Urgency.EXPECTED).under():
            self._run(server, request, False, lambda _: None, self._gate.enter(), None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON answer of one of the server's own addresses, over loopback.

        Raises:
            ModelError: the server refuses.
        """
        address = urlsplit(self.load().listening_address)
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

    @property
    def identity(self) -> str:
        """What distinguishes this model's state from another's: files, adapter scale, number of slots, version."""
        files = [file for file in (self.options.path, self.options.adapter) if file]
        marks = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        parts = (marks, self.options.adapter_scale, self.options.slots, version("xllamacpp"))
        return sha256(repr(parts).encode()).hexdigest()

    @property
    def folder(self) -> Path:
        """The folder that slots are saved to and restored from."""
        self.load()
        return Path(self._folder)


def _start(options: RuntimeOptions, folder: str) -> Any:
    try:
        library = import_module("xllamacpp")
    except ImportError as error:
        raise ModelError(
            f"the runtime of the embedded language model cannot be loaded ({error}): install it with "
            "pip install xllamacpp, or choose another model with QA_CHAT_MODEL"
        ) from error
    for file in filter(None, (options.path, options.adapter)):
        if not file.is_file():
            raise ModelError(f"no model file at {str(file)!r}: give the path of a GGUF file")
    parameters = library.CommonParams()
    parameters.model.path = str(options.path)
    parameters.n_ctx = options.context_tokens * options.slots
    parameters.n_parallel = options.slots
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = options.threads
    parameters.n_batch = parameters.n_ubatch = BATCH_TOKENS
    # Read, not mapped: what is laid out anew for the processor is not held twice (1.4 in place of 2.0 GB at the peak).
    parameters.load_mode = library.llama_load_mode.LLAMA_LOAD_MODE_NONE
    parameters.cache_ram_mib = RAM_CACHE_MEGABYTES
    parameters.slot_save_path = folder + "/"
    parameters.api_keys = [options.http_key]
    parameters.hostnames = ["127.0.0.1"]
    parameters.ui = False
    parameters.offline = True
    parameters.warmup = False
    parameters.verbosity = -1
    if options.draft_tokens:
        parameters.speculative.types = [library.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
        parameters.speculative.ngram_simple.size_n = DRAFT_MATCH_TOKENS
        parameters.speculative.ngram_simple.size_m = options.draft_tokens
    if options.adapter is not None:
        parameters.lora_adapters = [library.CommonAdapterLoraInfo(str(options.adapter), options.adapter_scale)]
    try:
        return library.Server(parameters)
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"cannot load {str(options.path)!r} (adapter: {options.adapter}): not a whole GGUF file that this runtime "
            "knows, or too little memory; check it with qa doctor"
        ) from error


def _stop(gate: Gate, folder: str) -> None:
    """Let running generations end before the server goes, so that no thread calls back into a dying interpreter."""
    gate.close()
    for file in Path(folder).glob("*"):
        file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        Path(folder).rmdir()
