"""What one browser session holds: its turns, its language, its choice of documents. Never shared between sessions."""

import secrets
from dataclasses import dataclass, field
from typing import Literal

from qa.datatypes import Answer, RetrievedPassage, Turn
from qa.ui.beginning import Beginning

Stage = Literal["searching", "writing", "done", "stopped", "failed"]


@dataclass(slots=True, eq=False)
class ChatTurn:
    """One question and what has come of it so far; `text` is what the model has written until `answer` is there."""

    question: str
    stage: Stage = "searching"
    passages: tuple[RetrievedPassage, ...] = ()
    text: str = ""
    answer: Answer | None = None
    error: str = ""
    follow_ups: tuple[str, ...] = ()
    stop_wanted: bool = False
    verdict: Literal["", "up", "down"] = ""
    remark_sent: bool = False

    @property
    def running(self) -> bool:
        """Whether the answer is still on its way."""
        return self.stage in ("searching", "writing")


@dataclass(slots=True)
class Place:
    """What the article panel shows: a document, the turn whose quotes are marked, and the span to bring into view."""

    document_id: str
    turn: int | None = None
    span: tuple[int, int] | None = None
    take_focus: bool = False


@dataclass(slots=True)
class Session:
    """State of one browser session. `owner` is the secret name under which its documents are kept."""

    owner: str = field(default_factory=lambda: secrets.token_hex(16))
    language: str = "en"
    turns: list[ChatTurn] = field(default_factory=list)
    chosen: set[str] = field(default_factory=set)
    place: Place | None = None
    jumps: int = 0
    linked_question: str = ""
    replace_from: int | None = None
    read_ahead: str | None = None
    beginning: Beginning = field(default_factory=Beginning)
    seen_ready: bool = False
    seen_starters: bool = False

    def history(self, before: int | None = None) -> list[Turn]:
        """Return the turns before a number (all when None) as QA wants them: only those that came to an answer."""
        turns: list[Turn] = []
        for turn in self.turns[:before]:
            if turn.answer is not None:
                turns.append({"role": "user", "content": turn.question})
                turns.append({"role": "assistant", "content": turn.answer.text})
        return turns

    def stop(self) -> None:
        """Ask for the end of the answer that is being written, if there is one."""
        for turn in self.turns[-1:]:
            turn.stop_wanted = True

    @property
    def running(self) -> bool:
        """Whether an answer is being written."""
        return bool(self.turns) and self.turns[-1].running
