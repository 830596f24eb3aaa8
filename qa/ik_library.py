"""ik_llama.cpp, a fork of llama.cpp that reads faster on a processor without a GPU: a model of it, by ctypes.

Of the functions that the package does not declare, the signatures are those of its header llama.h. Imports
ik_llama_cpp, alone.
"""

import ctypes
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Returned = TypeVar("Returned")
Logits = NDArray[np.float32]
"""Of all tokens of a vocabulary, shape (vocabulary,)."""
PACKAGE = "ik_llama_cpp_python"
BATCH_TOKENS = 256
"""Tokens that are read at once."""
LONGEST_PIECE = 256
"""Bytes of a token."""
NEEDED = {"avx2", "fma", "f16c", "bmi2"}
"""What a processor must have for the packaged library, as Linux names it."""


def available() -> bool:
    """Say whether the library is installed and made for this machine."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    return set(flags) >= NEEDED and bool(find_spec("ik_llama_cpp"))


class Token(NamedTuple):
    """One token to read: after how many others of which sequence, and whether the logits after it are wanted."""

    sequence: int
    place: int
    token: int
    told: bool


class IkModel:
    """A loaded model that reads several sequences of tokens side by side.

    All computing is done by one thread of its own, to which `submit` hands a function; `read`, `logits`, `forget_from`,
    `copy`, `save` and `restore` are for functions that it runs. The rest may be called from any thread.
    """

    def __init__(
        self, path: Path, adapter: Path | None, scale: float, threads: int, context: int, sequences: int = 1
    ) -> None:
        """Load the model; what is no model, or an adapter of another one, is not `loaded`.

        Args:
            path: GGUF file.
            adapter: LoRA adapter, a GGUF file.
            scale: how strongly the adapter acts.
            threads: threads of computing.
            context: tokens of prompt and answer together, of each sequence.
            sequences: how many there are, numbered from 0.
        """
        self._api = import_module("ik_llama_cpp._ctypes_api")
        self._library = _declared(self._api._lib)
        self.context = context
        self.sequences = sequences
        self._open = ExitStack()
        # When Python ends, the memory goes with the process: freed before, it may still be in use, by a load say.
        weakref.finalize(self, self._open.close).atexit = False
        # OpenMP keeps threads for every thread that computes; with more than there are processors they sleep where they
        # have to wait for each other, and a token takes more than twice the time.
        self._computing = ThreadPoolExecutor(1, "qa-model")
        self._open.callback(self._computing.shutdown, wait=False)  # that thread may be the last to let go of this
        self.loaded = self.submit(self._load, path, threads, adapter, scale).result()

    def _load(self, path: Path, threads: int, adapter: Path | None, scale: float) -> bool:
        api = self._api
        api.llama_backend_init()
        options = api.llama_model_default_params()
        options.n_gpu_layers = 0
        options.use_mmap = False
        options.repack_tensors = True
        self._model = api.llama_model_load_from_file(str(path).encode(), options)
        if not self._model:
            return False
        self._open.callback(api.llama_free_model, self._model)
        settings = api.llama_context_default_params()
        settings.n_ctx = self.context * self.sequences
        settings.n_seq_max = self.sequences
        settings.n_batch = settings.n_ubatch = BATCH_TOKENS
        settings.n_threads = settings.n_threads_batch = threads
        settings.flash_attn = settings.fused_up_gate = False  # no adapter acts on what either computes
        self._context = api.llama_init_from_model(self._model, settings)
        if not self._context:
            return False
        self._open.callback(api.llama_free, self._context)
        self._batch = api.llama_batch_init(BATCH_TOKENS, 0, 1)
        self._open.callback(api.llama_batch_free, self._batch)
        self._vocabulary = api.llama_model_get_vocab(self._model)
        self._words = api.llama_vocab_n_tokens(self._vocabulary)
        return adapter is None or self._adapt(adapter, scale)

    def submit(self, function: Callable[..., Returned], *arguments: Any) -> Future[Returned]:
        """Have the computing thread run a function, after those that it was handed before."""
        return self._computing.submit(function, *arguments)

    def _adapt(self, adapter: Path, scale: float) -> bool:
        found = self._library.llama_lora_adapter_init(self._model, str(adapter).encode())
        return bool(found) and not self._library.llama_lora_adapter_set(self._context, found, scale)

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text, control tokens as one each."""
        data = text.encode()
        found = (ctypes.c_int32 * (len(data) + 2))()
        count = self._api.llama_tokenize(self._model, data, len(data), found, len(found), True, True)
        return list(found[:count])

    def piece(self, token: int) -> bytes:
        """Return what a token stands for."""
        room = ctypes.create_string_buffer(LONGEST_PIECE)
        count = self._api.llama_token_to_piece(self._model, token, room, len(room), 0, True)
        return room.raw[: max(0, count)]

    def ends(self, token: int) -> bool:
        """Say whether a token ends a text."""
        return bool(self._api.llama_token_is_eog(self._model, token))

    def read(self, tokens: Sequence[Token]) -> bool:
        """Read at most BATCH_TOKENS more, of one sequence or of several; return whether that succeeded."""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for at, token in enumerate(tokens):
            batch.token[at], batch.pos[at], batch.logits[at] = token.token, token.place, token.told
            batch.n_seq_id[at], batch.seq_id[at][0] = 1, token.sequence
        return not self._api.llama_decode(self._context, batch)

    def logits(self, at: int) -> Logits:
        """Return the logits after one of the tokens last read, by its place among them; valid until more is read."""
        pointer = self._api.llama_get_logits_ith(self._context, at)
        found: Logits = np.ctypeslib.as_array(pointer, (self._words,))
        return found

    def forget_from(self, sequence: int, place: int) -> None:
        """Forget what was read of a sequence from a place on, in tokens."""
        self._library.llama_kv_cache_seq_rm(self._context, sequence, place, -1)

    def copy(self, source: int, target: int, count: int) -> None:
        """Let a sequence, of which nothing has been read, begin with the first tokens that were read of another."""
        self._library.llama_kv_cache_seq_cp(self._context, source, target, 0, count)

    def save(self, sequence: int, tokens: Sequence[int], file: Path) -> bool:
        """Write what was read of a sequence, and its tokens, to a file; return whether that succeeded."""
        held, name = (ctypes.c_int32 * len(tokens))(*tokens), str(file).encode()
        return bool(self._library.llama_state_seq_save_file(self._context, name, sequence, held, len(tokens)))

    def restore(self, sequence: int, file: Path) -> list[int] | None:
        """Take up from a file what was read when it was written, in place of what is; return its tokens if it could."""
        tokens, count = (ctypes.c_int32 * self.context)(), ctypes.c_size_t()
        name, room = str(file).encode(), self.context
        done = self._library.llama_state_seq_load_file(self._context, name, sequence, tokens, room, ctypes.byref(count))
        return list(tokens[: count.value]) if done else None

    def grammar(self, text: str) -> "Grammar | None":
        """Return a grammar (GBNF) for what is written next; None if it cannot be read."""
        pointer = self._library.llama_sampler_init_grammar(self._vocabulary, text.encode(), b"root")
        return Grammar(self._library, self._api, self._context, pointer) if pointer else None


class Grammar:
    """What may be written next, as far as it has been written; `close` it before its model is gone."""

    def __init__(self, library: Any, api: Any, context: Any, pointer: Any) -> None:
        self._library, self._api, self._context, self._pointer = library, api, context, pointer

    def allows(self, tokens: Any) -> Any:
        """Return for each token whether it may come next, as booleans, both of shape (tokens,)."""
        data = np.zeros(len(tokens), dtype=[("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])
        data["id"] = tokens
        pointer = data.ctypes.data_as(ctypes.POINTER(self._api.llama_token_data))
        candidates = self._api.llama_token_data_array(pointer, len(tokens), -1, False)
        self._library.llama_grammar_sample(self._pointer, self._context, ctypes.byref(candidates))
        order = np.argsort(data["id"])
        return np.isfinite(data["logit"][order[np.searchsorted(data["id"], tokens, sorter=order)]])

    def accept(self, token: int) -> None:
        """Take it that a token has been written."""
        self._library.llama_grammar_accept_token(self._pointer, self._context, token)

    def close(self) -> None:
        """Give its memory back."""
        self._library.llama_grammar_free(self._pointer)


def _declared(library: Any) -> Any:
    """Return the library, silent, with the functions that its package does not declare."""
    pointer, number, size, text = ctypes.c_void_p, ctypes.c_int32, ctypes.c_size_t, ctypes.c_char_p
    for name, result, arguments in (
        ("llama_lora_adapter_init", pointer, [pointer, text]),
        ("llama_lora_adapter_set", number, [pointer, pointer, ctypes.c_float]),
        ("llama_kv_cache_seq_rm", ctypes.c_bool, [pointer, number, number, number]),
        ("llama_kv_cache_seq_cp", None, [pointer, number, number, number, number]),
        ("llama_state_seq_save_file", size, [pointer, text, number, pointer, size]),
        ("llama_state_seq_load_file", size, [pointer, text, number, pointer, size, pointer]),
        ("llama_sampler_init_grammar", pointer, [pointer, text, text]),
        ("llama_grammar_free", None, [pointer]),
        ("llama_grammar_sample", None, [pointer, pointer, pointer]),
        ("llama_grammar_accept_token", None, [pointer, pointer, number]),
        ("llama_log_set", None, [pointer, pointer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.llama_log_set(_SILENT, None)
    return library


_SILENT = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
