"""What a generation delivers, and how it is read from the records of llama.cpp's server; nothing here runs a model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qa.errors import ModelError

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


Event = Chunk | ModelError | None
"""What a generation delivers: pieces, or an error; None at the end."""


def read_record(record: Mapping[str, Any], chat: bool) -> Iterator[Chunk | ModelError]:
    """Yield what one record of the server says: pieces of text, an error, or nothing (progress of reading)."""
    if "error" in record:
        yield request_error(record["error"])
        return
    for choice in record.get("choices", ()):
        text = (choice["delta"].get("content") if chat else choice["text"]) or ""
        tokens = (choice.get("logprobs") or {}).get("content", ())
        usage = _usage(record, choice.get("finish_reason"))
        if text or tokens or usage:
            yield Chunk(text, tuple(map(_alternatives, tokens)), _pairs(tokens), usage)


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


def request_error(error: Mapping[str, Any]) -> ModelError:
    """Return the server's refusal as an error that says what to do."""
    if error.get("type") == "exceed_context_size_error":
        return ModelError(
            f"the prompt has {error['n_prompt_tokens']} tokens, but the model's context holds {error['n_ctx']}: "
            "ask a shorter question or let fewer passages be read"
        )
    return ModelError(f"the language model refuses the request: {error.get('message', error)}")
