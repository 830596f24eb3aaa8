"""One reading, one question, one generation: how the reply is got from a chat model and when it counts as a decline.

Two readers share one prompt: the embedded model is led by a grammar and tells how likely "not stated" was; any other
LangChain chat model is asked in messages. What the reply proves is decided elsewhere (proving.py).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage

from qa.conversation import leaned_on, looks_finished, recent
from qa.datatypes import Turn
from qa.drafting import follows
from qa.embedded import EmbeddedChatModel
from qa.errors import ModelError, QAError
from qa.generation import Chunk
from qa.pointing import Likely, likely_among
from qa.provided import as_chunk, labelled
from qa.reading import (
    INSTRUCTIONS,
    INSTRUCTIONS_SCOPE,
    NOT_STATED,
    SYSTEM,
    Reading,
    Statement,
    chat_prefix,
    chat_suffix,
    grammar,
    instruction,
    kept_file,
    number_of,
    read_reply,
    request,
)
from qa.slot_cache import Beginning

REPLY_TOKENS = 160
ALTERNATIVES = 20


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote.

    `not_stated` is the probability (0..1) that it gave to "the sentences do not say", None where the model does not
    tell. `likely` holds the numbers of the sentences that it might have named first, with their probabilities (0..1)
    as weighed, likeliest first.
    """

    text: str
    not_stated: float | None = None
    likely: Likely = ()

    def likely_from(self, share: float) -> frozenset[int]:
        """Return the sentences whose share in the probability of all likely ones is at least this."""
        total = sum(chance for _, chance in self.likely)
        return frozenset(number for number, chance in self.likely if chance >= share * total > 0)

    @property
    def first(self) -> int:
        """The number of the likeliest sentence; 0 when none is known."""
        return self.likely[0][0] if self.likely else 0

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements written; none means: not stated."""
        return read_reply(self.text)


class Guide(Protocol):
    """What leads a reader that tells probabilities at its first token; no other ever asks it."""

    def weigh(self, likely: Likely) -> Likely:
        """Return the likely sentences with probabilities that know more than the reader does, likeliest first."""
        ...

    def declines(self, not_stated: float, likely: Likely) -> bool:
        """Say, from the probability that the sentences do not say and from the weighed ones, whether to decline."""
        ...


class Reader(Protocol):
    """Anything that reads labelled sentences and replies to a question about them.

    `runs_here` says whether it does so in this process, at the cost of nothing but this machine's time.
    """

    runs_here: bool

    def turns_read(self, question: str, history: Sequence[Turn]) -> tuple[Turn, ...]:
        """Return what of the history is to be read with a question."""
        ...

    def read(self, reading: Reading, question: str, turns: Sequence[Turn], guide: Guide) -> Iterator[Reply]:
        """Yield the reply as far as it is written, again and again, and last the whole of it.

        `turns` is what `turns_read` returned. Nothing is written once the guide declines; what is written names the
        guide's likeliest sentence first.
        """
        ...

    def knows(self, reading: Reading) -> bool:
        """Say whether a question about these sentences can be answered without their being read first."""
        ...

    def warm(self, reading: Reading) -> None:
        """Read the sentences ahead of a question, where that saves time.

        Others who want the model come between, and what is not wanted gives way to them with a BusyError; what was read
        by then is kept.
        """
        ...

    def read_ahead(self, reading: Reading, begun: str, history: Sequence[Turn]) -> None:
        """Read the sentences and the whole words of a question's beginning, where that saves time and none waits.

        Of a question that looks finished all is read, with what follows it in the prompt. `history` is all of it.
        """
        ...


class EmbeddedReader:
    """Reads with the embedded chat model: raw prompt, cached beginning, grammar, log-probabilities."""

    runs_here = True

    def __init__(self, model: EmbeddedChatModel, folder: Path) -> None:
        """Use a loaded model; what it has read of its instructions is kept in the folder."""
        self._model = model
        self._instructions = Beginning(INSTRUCTIONS, kept_file(folder, INSTRUCTIONS_SCOPE, INSTRUCTIONS))

    def turns_read(self, question: str, history: Sequence[Turn]) -> tuple[Turn, ...]:
        """Return what the question leans on: the rest would take seconds to read, and misleads a small model."""
        return leaned_on(question, history)

    def read(self, reading: Reading, question: str, turns: Sequence[Turn], guide: Guide) -> Iterator[Reply]:
        """Yield the growing Reply with its probabilities."""
        count, text = len(reading.sentences), ""
        not_stated: float | None = None
        likely: Likely = ()
        declined = False

        def reply() -> Reply:
            return Reply(text, not_stated, likely)

        def lead(first: Chunk) -> str | None:
            """Have the guide look at the first token; another sentence than the model's own is begun from anew."""
            nonlocal not_stated, likely, declined
            not_stated = sum(math.exp(p) for token, p in first.logprobs[0] if token.strip() == NOT_STATED)
            likely = guide.weigh(likely_among(first.logprobs[0], count))
            declined = guide.declines(not_stated, likely)
            if declined or not likely or likely[0][0] == number_of(first.chosen[0][0]):
                return None
            return grammar(count, likely[0][0])

        for chunk in self._model.complete(
            chat_prefix(reading) + chat_suffix(question, turns),
            max_tokens=REPLY_TOKENS,
            grammar=grammar(count),
            top_logprobs=ALTERNATIVES,
            lead=lead,
            draft=partial(follows, reading),
            beginning=self._beginning(reading),
        ):
            if declined:
                break
            text += chunk.text
            yield reply()
        yield reply()

    def knows(self, reading: Reading) -> bool:
        """Say whether the sentences, all of them, are in their file."""
        return self._model.knows(self._beginning(reading))

    def warm(self, reading: Reading) -> None:
        """Read the sentences, or the instructions alone, into their file, unless that was done before.

        Reading a thousand tokens takes ten seconds and more on two cores, taking them from the file a tenth of one.
        """
        self._model.warm(self._beginning(reading))

    def read_ahead(self, reading: Reading, begun: str, history: Sequence[Turn]) -> None:
        """Read up to the last whole word, or all; the question itself then takes that from the model's cache."""
        whole = looks_finished(begun)
        words = begun.strip() if whole else begun[: max(begun.rfind(space) for space in " \n\t") + 1]
        rest = (chat_suffix if whole else request)(words, leaned_on(words, history, whole))
        self._model.read_ahead(chat_prefix(reading) + rest, self._beginning(reading))

    def _beginning(self, reading: Reading) -> Beginning:
        return Beginning(chat_prefix(reading), reading.kept) if reading.kept else self._instructions


class ChatReader:
    """Reads with any LangChain chat model, in messages."""

    runs_here = False

    def __init__(self, model: BaseChatModel) -> None:
        self._model = model

    def turns_read(self, question: str, history: Sequence[Turn]) -> tuple[Turn, ...]:
        """Return the last exchanges: a larger model sees by itself whether a question belongs to them."""
        del question
        return recent(history)

    def read(self, reading: Reading, question: str, turns: Sequence[Turn], guide: Guide) -> Iterator[Reply]:
        """Yield the growing Reply, at its end with the labels of what the provider itself cites.

        Raises:
            ModelError: the provider failed; the message repeats what it said.
        """
        del guide  # no probability is told
        read = AIMessageChunk(content="")
        messages = [SystemMessage(SYSTEM), HumanMessage(instruction(reading) + request(question, turns))]
        try:
            for chunk in self._model.stream(messages):
                read += as_chunk(chunk)
                yield Reply(read.text)
        except QAError:
            raise
        except Exception as error:  # a provider's library may raise anything
            raise ModelError(
                f"the chat model {getattr(self._model, 'model_name', type(self._model).__name__)!r} failed: "
                f"{type(error).__name__}: {error}; check its name, its key and its address"
            ) from error
        yield Reply(labelled(read, reading))

    def knows(self, reading: Reading) -> bool:
        """Say yes: nothing would be gained by waiting."""
        del reading
        return True

    def warm(self, reading: Reading) -> None:
        """Do nothing: a provider's cache is its own affair."""

    def read_ahead(self, reading: Reading, begun: str, history: Sequence[Turn]) -> None:
        """Do nothing: a provider is paid for what it reads."""


def open_reader(model: BaseChatModel, folder: Path) -> Reader:
    """Return the reader that fits the chat model; what it may keep of its instructions goes into the folder."""
    return EmbeddedReader(model, folder) if isinstance(model, EmbeddedChatModel) else ChatReader(model)
