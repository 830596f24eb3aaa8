"""Which of two readings an answer is taken from, and what the model is asked for that."""

from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import pytest

from qa.answering import Reply
from qa.attempts import HOPELESS, Attempt, likeliest


class Scripted:
    """Attempts whose reader tells given probabilities of "not stated"; `log` has what was begun, ended and left."""

    def __init__(self, *not_stated: float | None, declined: bool = False) -> None:
        self.not_stated = not_stated
        self.declined = declined
        self.log: list[str] = []

    def attempt(self, whole: Any) -> Attempt:
        name = str(whole)

        def read() -> Generator[Reply]:
            self.log.append(f"begin {name}")
            try:
                yield Reply("" if self.declined else f"{name}:", self.not_stated[whole])
                if not self.declined:
                    yield Reply(f"{name}: all", self.not_stated[whole])
                    self.log.append(f"end {name}")
            finally:
                self.log.append(f"leave {name}")

        return Attempt(SimpleNamespace(extent="whole"), SimpleNamespace(declined=self.declined), read)

    def replies(self) -> list[str]:
        with likeliest(self.attempt, range(len(self.not_stated))) as taken:
            return [reply.text for reply in taken.replies()]


@pytest.mark.parametrize("not_stated", [(0.9,), (0.4, 0.0), (None, 0.0)])
def test_one_reading_is_asked_where_it_is_alone_or_speaks_or_tells_no_probability(not_stated):
    scripted = Scripted(*not_stated)
    assert scripted.replies() == ["0:", "0: all"]
    assert scripted.log == ["begin 0", "end 0", "leave 0"]


def test_where_the_first_is_silent_the_other_is_asked():
    scripted = Scripted(0.6, 0.2)
    assert scripted.replies() == ["1:", "1: all"]
    assert scripted.log == ["begin 0", "leave 0", "begin 1", "end 1", "leave 1"]


def test_where_the_other_is_more_silent_the_first_is_written_after_all():
    scripted = Scripted(0.6, 0.9)
    assert scripted.replies() == ["0:", "0:", "0: all"]
    assert scripted.log == ["begin 0", "leave 0", "begin 1", "leave 1", "begin 0", "end 0", "leave 0"]


def test_a_decline_is_not_asked_for_again():
    scripted = Scripted(0.6, 0.9, declined=True)
    assert scripted.replies() == [""]
    assert scripted.log == ["begin 0", "leave 0", "begin 1", "leave 1"]


def test_leaving_stops_the_model():
    scripted = Scripted(0.1)
    with likeliest(scripted.attempt, [0]) as taken:
        next(taken.replies())
    assert scripted.log == ["begin 0", "leave 0"]


def test_where_there_is_nothing_to_read_nothing_is_replied():
    def nothing() -> Generator[Reply]:
        yield from ()

    def attempt(whole: object) -> Attempt:
        return Attempt(SimpleNamespace(extent="whole"), SimpleNamespace(declined=False), nothing)

    with likeliest(attempt, [None, None]) as taken:
        assert [reply.text for reply in taken.replies()] == [""]


@pytest.mark.parametrize(
    ("part", "sentences", "asked", "taken"),
    [
        ((0.5, True), (0.6, False), ["part", "sentences"], "sentences"),
        ((0.5, True), (0.4, False), ["part", "sentences"], "sentences"),
        ((0.5, True), (0.6, True), ["part", "sentences"], "part"),
        ((0.5, True), (0.5, True), ["part", "sentences"], "part"),
        ((HOPELESS / 2, True), (0.9, False), ["part"], "part"),
        ((0.5, False), (0.9, False), ["part"], "part"),
    ],
)
def test_where_a_part_is_declined_but_not_hopeless_the_best_sentences_are_asked(part, sentences, asked, taken):
    begun: list[str] = []

    def attempt(whole: Any) -> Attempt:
        name = whole or "sentences"
        stated, declined = part if whole else sentences

        def read() -> Generator[Reply]:
            begun.append(name)
            yield Reply(name, 0.3)

        return Attempt(SimpleNamespace(extent=name), SimpleNamespace(declined=declined, stated=stated), read)

    with likeliest(attempt, ["part"]) as likely:
        assert likely.material.extent == taken
    assert begun == asked
