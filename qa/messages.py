"""Pieces of the embedded model's generation -> LangChain message chunks, with usage, timings and log-probabilities."""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from qa.generation import Chunk, Usage


def message_chunk(piece: Chunk, model_name: str) -> ChatGenerationChunk:
    """Return a piece as LangChain streams it; the last one carries usage, times (seconds) and the reason of the end."""
    details: dict[str, Any] = {}
    if piece.chosen:
        pairs = zip(piece.chosen, piece.logprobs, strict=True)
        details["logprobs"] = {"content": [_token(*chosen, alternatives) for chosen, alternatives in pairs]}
    if piece.usage is None:
        message = AIMessageChunk(content=piece.text, response_metadata=details)
    else:
        details |= _ending(piece.usage, model_name)
        message = AIMessageChunk(
            content=piece.text, response_metadata=details, usage_metadata=_usage(piece.usage), chunk_position="last"
        )
    return ChatGenerationChunk(message=message, generation_info=details or None)


def _ending(usage: Usage, model_name: str) -> dict[str, Any]:
    return {
        "model_name": model_name,
        "model_provider": "llama.cpp",
        "finish_reason": usage.finish_reason,
        "timings": {"read_seconds": usage.read_seconds, "write_seconds": usage.write_seconds},
    }


def _usage(usage: Usage) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.written_tokens,
        total_tokens=usage.prompt_tokens + usage.written_tokens,
        input_token_details=InputTokenDetails(cache_read=usage.cached_tokens),
    )


def _token(token: str, logprob: float, alternatives: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """Return one token in the shape that hosted chat models use for log-probabilities."""
    return {
        "token": token,
        "logprob": logprob,
        "top_logprobs": [{"token": name, "logprob": value} for name, value in alternatives],
    }
