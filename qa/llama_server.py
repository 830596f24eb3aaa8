"""How a GGUF model is loaded into llama.cpp's server: the options, and what they become. Imports xllamacpp, alone."""

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from qa import ik_library
from qa.errors import ModelError
from qa.ik_server import IkServer
from qa.ik_slots import Slots

BATCH_TOKENS = 256
"""Tokens read between two looks at whether the consumer has gone."""
DRAFT_MATCH_TOKENS = 3
"""Tokens that must have stood in the prompt before, for those that followed there to be tried as a draft."""


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """How to load a model: GGUF file, LoRA adapter (GGUF) and its scale, threads, slots, tokens of context per slot.

    `draft_tokens` above 0 lets answers that repeat the prompt's words be written several tokens at a time. The text is
    the same but for rounding; tokens written so carry no log-probabilities (the first token always does).
    A `quick` model reads with ik_server.py, where that can be had; it takes no drafts from the prompt by itself, but
    tries those that it is given.
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
    quick: bool = False

    @property
    def runtime(self) -> str:
        """The package that reads raw prompts."""
        return ik_library.PACKAGE if self.quick and ik_library.available() else "xllamacpp"

    @property
    def reads_quickly(self) -> bool:
        """Whether raw prompts are read by ik_server.py, where a request may have a draft of its answer."""
        return self.runtime == ik_library.PACKAGE


def start(options: RuntimeOptions, folder: str) -> Any:
    """Load the model and return the server, whose slots are saved to and restored from files in `folder`.

    Raises:
        ModelError: the runtime is not installed, or the file is not a model that it can load.
    """
    if options.runtime == ik_library.PACKAGE:
        return _quick(options, folder)
    try:
        library = import_module("xllamacpp")
    except ImportError as error:
        raise ModelError(
            f"the runtime of the embedded language model cannot be loaded ({error}): install it with "
            "pip install xllamacpp, or choose another model with QA_CHAT_MODEL"
        ) from error
    _check_files(options)
    parameters = library.CommonParams()
    parameters.model.path = str(options.path)
    parameters.n_ctx = options.context_tokens * options.slots
    parameters.n_parallel = options.slots
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = options.threads
    parameters.n_batch = parameters.n_ubatch = BATCH_TOKENS
    # Read, not mapped: what is laid out anew for the processor is not held twice (1.4 in place of 2.0 GB at the peak).
    parameters.load_mode = library.llama_load_mode.LLAMA_LOAD_MODE_NONE
    parameters.cache_ram_mib = 0  # slots take up what was read before from files (slot_cache.py)
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
        raise _not_loaded(options) from error


def _quick(options: RuntimeOptions, folder: str) -> IkServer:
    _check_files(options)
    files = (options.path, options.adapter, options.adapter_scale)
    model = ik_library.IkModel(*files, options.threads, options.context_tokens, options.slots)
    if not model.loaded:
        raise _not_loaded(options)
    return IkServer(Slots(model), Path(folder), lambda: start(replace(options, quick=False), folder))


def _check_files(options: RuntimeOptions) -> None:
    for file in filter(None, (options.path, options.adapter)):
        if not file.is_file():
            raise ModelError(f"no model file at {str(file)!r}: give the path of a GGUF file")


def _not_loaded(options: RuntimeOptions) -> ModelError:
    return ModelError(
        f"cannot load {str(options.path)!r} (adapter: {options.adapter}): not a whole GGUF file that this runtime "
        "knows, or too little memory; check it with qa doctor"
    )
