"""What may be seen of an answer while its reply is written: only what is proved, so that nothing is taken back."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from qa.answering import Reply
from qa.proving import held_beginning
from qa.reading import NumberedSentence, read_reply
from qa.tables import columns


class Showing:
    """Turns a growing reply into the pieces of the answer's text.

    A statement is shown once it is finished and proved, in the words that the answer will have. Of the first one the
    words are shown as they are written, as long as the sentences that it names hold them, or the question.
    """

    def __init__(
        self, sentences: Iterable[NumberedSentence], known: str, proved: Callable[[Reply], str]
    ) -> None:
        """Show what is read of sentences.

        Args:
            sentences: those that were read.
            known: text that words may come from beside the sentences: the question and the titles.
            proved: returns the text that finished statements give.
        """
        self._sentences = {sentence.number: sentence for sentence in sentences}
        self._known = known
        self._proved = proved
        self._finished = self._text = self._shown = ""

    def piece(self, reply: Reply) -> str:
        """Return what can be shown beyond what was shown; "" when that is nothing."""
        finished, _, line = reply.text.rpartition("\n")
        if finished != self._finished:
            self._finished, self._text = finished, self._proved(replace(reply, text=finished))
        text = self._text if finished else self._beginning(line)
        if not text.startswith(self._shown):
            return ""
        piece, self._shown = text[len(self._shown) :], text
        return piece

    def _beginning(self, line: str) -> str:
        for statement in read_reply(line):
            named = [self._sentences[number] for number in statement.numbers if number in self._sentences]
            if any(columns(sentence.text, sentence.heading) for sentence in named):
                return ""  # of a cell the row is told first
            begun = held_beginning(statement.text, named, self._known)
            return begun[:1].upper() + begun[1:]
        return ""
