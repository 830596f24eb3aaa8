"""The embedded language model as a LangChain chat model: messages or a raw prompt in, streamed text out."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import BaseMessage, convert_to_openai_messages
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr

from qa.errand import Urgency, current_errand
from qa.errors import ModelError
from qa.generation import Chunk, Event
from qa.llama_server import RuntimeOptions
from qa.messages import message_chunk
from qa.runtime import Around, Runtime
from qa.slot_cache import Beginning, SlotCache

STEP_CHARACTERS = 256
"""Length, at least, of what is read of a beginning at a time, where nobody waits for it: some 60 tokens, a second or
two. Read so, a thousand tokens take a tenth longer."""
KEPT_CHARACTERS = 1024
"""The same where somebody waits; and what is lost at most when another prompt comes between."""


class EmbeddedChatModel(BaseChatModel):
    """A GGUF model run inside this process by llama.cpp; loaded on first use, safe to share between threads.

    A call takes `max_tokens`, `temperature`, `stop`, `grammar` (GBNF), `logprobs` and `top_logprobs`, by `bind` or as
    keywords. The grammar holds for the whole answer; log-probabilities are those before the grammar. The adapter, which
    answers in a form of its own, acts on what `complete` writes, not on what messages ask for.
    """

    path: Path = Field(description="GGUF file")
    adapter: Path | None = Field(None, description="LoRA adapter, a GGUF file")
    adapter_scale: float = Field(1.0, description="how strongly the adapter acts")
    threads: int = Field(2, ge=1, description="threads of computing")
    slots: int = Field(1, ge=1, description="generations at the same time")
    context_tokens: int = Field(4096, ge=256, description="tokens of prompt and answer together, for each slot")
    max_waiting: int = Field(32, ge=0, description="generations that may wait for a slot before BusyError")
    draft_tokens: int = Field(0, ge=0, le=64, description="tokens copied from the prompt as a draft; 0: none")
    quick: bool = Field(False, description="read raw prompts with ik_llama.cpp, where that can be had")
    temperature: float = Field(0.0, ge=0)
    max_tokens: int = Field(512, ge=1, description="tokens that an answer holds at most")
    http_key: str = Field(default_factory=token_urlsafe, repr=False, description="key that `serve` asks callers for")

    _runtime: Runtime = PrivateAttr()
    _slots: SlotCache = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Prepare the runtime; nothing is loaded yet."""
        super().model_post_init(context)
        options = {name: getattr(self, name) for name in RuntimeOptions.__slots__}
        self._runtime = Runtime(RuntimeOptions(**options))
        self._slots = SlotCache(self._runtime)

    @property
    def model_name(self) -> str:
        """The file's name, as traces and metadata show it."""
        return self.path.name

    @property
    def _llm_type(self) -> str:
        return self._runtime.options.runtime

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model_name, "adapter": self.adapter and self.adapter.name, "scale": self.adapter_scale}

    def load(self) -> "EmbeddedChatModel":
        """Load the model now (about two seconds) rather than at first use.

        Raises:
            ModelError: the runtime or the file cannot be used.
        """
        self._runtime.load()
        return self

    def close(self) -> None:
        """Stop what is running and free the model's memory; a later call loads it again."""
        self._runtime.close()

    def complete(
        self,
        prompt: str,
        *,
        max_tokens: int,
        grammar: str | None = None,
        top_logprobs: int = 0,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        lead: Callable[[Chunk], str | None] | None = None,
        draft: Callable[[str], str] | None = None,
        beginning: Beginning | None = None,
    ) -> Iterator[Chunk]:
        """Yield the continuation of a raw prompt (special tokens such as <|im_start|> are read as such).

        Args:
            prompt: the text to continue; what it shares with the prompt before it is not read again.
            max_tokens: tokens to write at most; 0 only reads the prompt.
            grammar: GBNF that the continuation must follow.
            top_logprobs: how many likeliest tokens to report at each position.
            stop: strings that end the continuation and are left out of it.
            temperature: 0 takes the likeliest token always.
            lead: gets the first piece, before it is yielded and in another thread; a grammar that it returns takes the
                place of the first, and the continuation begins anew under it.
            draft: gets what is written and returns what probably follows, for the runtime to try several tokens at a
                time where it can; called in another thread.
            beginning: what the prompt begins with, if `warm` has read that.

        Raises:
            BusyError: too many wait already.
            ModelError: the prompt is too long, the grammar wrong, or the model cannot be loaded.
        """
        drafted = draft if self._runtime.options.reads_quickly else None
        options = {"grammar": grammar, "logprobs": top_logprobs, "stop": list(stop), "draft": drafted}
        request: dict[str, Any] = {"prompt": prompt, "max_tokens": max_tokens, "temperature": temperature}
        request |= {name: value for name, value in options.items() if value}

        def led(first: Chunk) -> dict[str, Any] | None:
            changed = lead(first) if lead else None
            return {"grammar": changed} if changed else None

        for chunk in self._runtime.generate(request, lead=led, around=self._taking_up(beginning)):
            if max_tokens or chunk.usage:  # asked to write nothing, the server writes one token all the same
                yield chunk

    def warm(self, beginning: Beginning) -> None:
        """Read what many prompts begin with into its file, unless it is there; no prompt then needs to read it again.

        It is read in steps, between which others may have the model; what was read before an error stays. Raises as
        `complete` does.
        """
        known = kept = self._slots.characters(beginning)
        errand = current_errand()
        step = STEP_CHARACTERS if errand and errand.urgency < Urgency.WANTED else KEPT_CHARACTERS
        for end in _steps(beginning.text, known, step):
            keep = end - kept >= KEPT_CHARACTERS or end == len(beginning.text)
            around = self._slots.reading_on(beginning, known, keep)
            deque(self._runtime.generate({"prompt": beginning.text[:end], "max_tokens": 0}, around=around), maxlen=0)
            kept = end if keep else kept
            known = end

    def knows(self, beginning: Beginning) -> bool:
        """Say whether the whole beginning has been read."""
        return self._slots.characters(beginning) == len(beginning.text)

    def read_ahead(self, prompt: str, beginning: Beginning | None = None) -> None:
        """Read a prompt for one that begins with it, unless as urgent work goes on (errand.py); rest as `complete`."""
        self._runtime.read_ahead({"prompt": prompt, "max_tokens": 0}, self._taking_up(beginning))

    def _taking_up(self, beginning: Beginning | None) -> Around | None:
        return self._slots.taking_up(beginning) if beginning else None

    def serve(self) -> str:
        """Return the address of this model's OpenAI-shaped server on loopback; callers need `http_key`.

        Any program on this machine can reach the address, but only one that has the key is answered.
        """
        return f"{self._runtime.load().listening_address}/v1"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for piece in self._runtime.generate(self._request(messages, stop, kwargs), chat=True):
            chunk = message_chunk(piece, self.model_name)
            if run_manager:
                run_manager.on_llm_new_token(piece.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        events: asyncio.Queue[Event] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def deliver(event: Event) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        await asyncio.to_thread(self._runtime.load)
        ticket = self._runtime.submit(self._request(messages, stop, kwargs), True, deliver)
        try:
            while (event := await events.get()) is not None:
                if isinstance(event, ModelError):
                    raise event
                chunk = message_chunk(event, self.model_name)
                if run_manager:
                    await run_manager.on_llm_new_token(event.text, chunk=chunk)
                yield chunk
        finally:
            ticket.cancel()

    def _request(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> dict[str, Any]:
        return {
            "messages": convert_to_openai_messages(messages),
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            **({"stop": stop} if stop else {}),
            **({"lora": [{"id": 0, "scale": 0.0}]} if self.adapter else {}),
            **{name: value for name, value in options.items() if value is not None},
        }

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the model reads for the text, special tokens counted as one each."""
        return len(self._runtime.post("/tokenize", {"content": text, "parse_special": True})["tokens"])

    def get_num_tokens(self, text: str) -> int:
        """Return `count_tokens(text)`; LangChain's name for it."""
        return self.count_tokens(text)


def _steps(text: str, known: int, step: int) -> Iterator[int]:
    """Yield how far to read next, at ends of lines, until all of a text is read of which the beginning is known."""
    while known < len(text):
        end = text.find("\n", known + step) + 1
        known = end or len(text)
        yield known
