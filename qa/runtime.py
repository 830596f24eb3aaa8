"""The llama.cpp server inside this process: loading, streaming, cancelling, counting; its cache in memory and on disk.

The one module that imports xllamacpp. It knows prompts and tokens, not chat messages of LangChain (embedded.py).
"""

import contextlib
import queue
import secrets
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from importlib import import_module
from json import JSONDecodeError, dumps, loads
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qa.errors import ModelError
from qa.gate import Gate, Ticket

BATCH_TOKENS = 256
"""Tokens read between two looks at whether the consumer has gone."""
RAM_CACHE_MEGABYTES = 256
"""Memory for prompts read earlier (28 kB a token with the default model), so that an unrelated prompt in between
does not cost the reading of a long prompt beginning again."""

Alternatives = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one generation took: tokens, and seconds of reading and writing (waiting for a slot not included)."""

    prompt_tokens: int
    cached_tokens: int
    written_tokens: int
    read_seconds: float
    write_seconds: float
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a generation.

    `logprobs` holds, for each token of the piece, the likeliest tokens with their natural-log probabilities, best
    first, before grammar and temperature; `chosen` the tokens that were written, with theirs. Both are empty unless
    asked for. `usage` stands on the last piece only.
    """

    text: str
    logprobs: tuple[Alternatives, ...] = ()
    chosen: Alternatives = ()
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """How to load a model: GGUF file, LoRA adapter (GGUF) and its scale, threads, slots, tokens of context per slot."""

    path: Path
    adapter: Path | None = None
    adapter_scale: float = 1.0
    threads: int = 2
    slots: int = 1
    context_tokens: int = 4096
    max_waiting: int = 32
    http_key: str = field(default_factory=secrets.token_urlsafe)


Event = Chunk | ModelError | None
"""What a generation delivers: pieces, or an error; None at the end."""


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
                weakref.finalize(self, _stop, self._gate, self._folder)
            return self._server

    def submit(self, request: Mapping[str, Any], chat: bool, deliver: Callable[[Event], None]) -> Ticket:
        """Start one generation in a thread of its own; `ticket.cancel()` ends it within a token or a batch.

        Raises:
            BusyError: more are waiting than the options allow.
        """
        server = self.load()
        ticket = self._gate.enter()
        threading.Thread(target=self._run, args=(server, dict(request), chat, deliver, ticket), daemon=True).start()
        return ticket

    def _run(
        self, server: Any, request: dict[str, Any], chat: bool, deliver: Callable[[Event], None], ticket: Ticket
    ) -> None:
        def receive(record: dict[str, Any]) -> bool:
            if not ticket.cancelled:
                for event in _events(record, chat):
                    deliver(event)
            return ticket.cancelled

        handle = server.handle_chat_completions if chat else server.handle_completions
        try:
            if self._gate.wait(ticket):
                handle({**request, "stream": True, "return_progress": True, "cache_prompt": True}, receive)
        except Exception as error:  # a thread's last frame: what is not delivered would be lost
            deliver(ModelError(f"the language model failed: {error}"))
        finally:
            self._gate.leave(ticket)
            with contextlib.suppress(RuntimeError):  # the consumer's event loop is closed
                deliver(None)

    def generate(self, request: Mapping[str, Any], chat: bool = False) -> Iterator[Chunk]:
        """Yield the pieces of one generation; closing the iterator stops the model.

        Raises:
            ModelError: the request cannot be served; the message says why.
        """
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        ticket = self.submit(request, chat, events.put)
        try:
            while (event := events.get()) is not None:
                if isinstance(event, ModelError):
                    raise event
                yield event
        finally:
            ticket.cancel()

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
            raise _model_error(answer["error"])
        return answer

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
    parameters.cache_ram_mib = RAM_CACHE_MEGABYTES
    parameters.slot_save_path = folder + "/"
    parameters.api_keys = [options.http_key]
    parameters.hostnames = ["127.0.0.1"]
    parameters.ui = False
    parameters.offline = True
    parameters.warmup = False
    parameters.verbosity = -1
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


def _events(record: Mapping[str, Any], chat: bool) -> Iterator[Event]:
    """Yield what one record of the server says: pieces of text, an error, or nothing (progress of reading)."""
    if "error" in record:
        yield _model_error(record["error"])
        return
    for choice in record.get("choices", ()):
        text = (choice["delta"].get("content") if chat else choice["text"]) or ""
        tokens = (choice.get("logprobs") or {}).get("content", ())
        usage = _usage(record, choice.get("finish_reason"))
        if text or tokens or usage:
            yield Chunk(text, tuple(map(_alternatives, tokens)), _pairs(tokens), usage)
    if not record.get("choices") and record.get("timings"):
        yield Chunk("", usage=_usage(record, "stop"))


def _pairs(tokens: Sequence[Mapping[str, Any]]) -> Alternatives:
    return tuple((token["token"], token["logprob"]) for token in tokens)


def _alternatives(token: Mapping[str, Any]) -> Alternatives:
    return _pairs(token.get("top_logprobs", ()))


def _usage(record: Mapping[str, Any], finish_reason: str | None) -> Usage | None:
    timings = record.get("timings")
    if not timings or not finish_reason:
        return None
    return Usage(
        timings["cache_n"] + timings["prompt_n"],
        timings["cache_n"],
        timings["predicted_n"],
        timings["prompt_ms"] / 1000,
        timings["predicted_ms"] / 1000,
        finish_reason,
    )


def _model_error(error: Mapping[str, Any]) -> ModelError:
    if error.get("type") == "exceed_context_size_error":
        return ModelError(
            f"the prompt has {error['n_prompt_tokens']} tokens, but the model's context holds {error['n_ctx']}: "
            "ask a shorter question or let fewer passages be read"
        )
    return ModelError(f"the language model refuses the request: {error.get('message', error)}")
