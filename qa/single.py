"""One question, asked of the reader: from what is gathered for it to an answer."""

from collections.abc import Generator
from functools import partial
from pathlib import Path

from qa.actors import done_by_another
from qa.answering import Reply
from qa.attempts import Attempt, likeliest
from qa.calibration import Calibration
from qa.citations import NOTHING_SAID, Cited
from qa.concluding import conclude, give_listing, give_rows, give_topic, known_without_proof, proved
from qa.conflicts import Conflict, conflict
from qa.datatypes import Answer
from qa.embedded import EmbeddedChatModel
from qa.embedding import Embedder
from qa.index import Index
from qa.introducing import introduced
from qa.judging import Judge
from qa.material import Gathered
from qa.models import Models
from qa.pointing import shared_words
from qa.polarity import begins_with_word, settled
from qa.preparing import Preparation
from qa.query import Clock, Query
from qa.questions import bare_words, topic_asked
from qa.reading import NumberedSentence, write_reply
from qa.settings import Settings
from qa.showing import Showing
from qa.tables import cells
from qa.topics import OnTopic, on_topic

ADAPTERS = Path(__file__).parent / "adapters"


class SingleQuestions(Preparation):
    """An engine that answers one question at a time."""

    def __init__(self, settings: Settings, embedder: Embedder, index: Index, models: Models) -> None:
        """Compose what is open."""
        super().__init__(settings, embedder, index, models)
        self._calibration = Calibration.load(ADAPTERS / "reader.json")

    def _answer_one(
        self, query: Query, wholes: list[Gathered | None], clock: Clock, before: Cited = NOTHING_SAID
    ) -> Generator[str, None, Answer]:
        question, searched = query.question, query.searched

        def attempt(whole: Gathered | None) -> Attempt:
            return self._attempt(query, whole or self._material.best(searched, query.candidates))

        reply = Reply("")
        with likeliest(attempt, wholes or [None]) as taken:
            material, judge = taken.material, taken.judge
            if found := self._on_topic(query, taken):
                answer = give_topic(question, query.passages, material, found, clock.timings(), before)
                yield answer.text
                return answer
            pointed = self._pointed(taken)
            if pointed and (listing := self._listings.introduced_by(pointed)):
                answer = give_listing(question, query.passages, listing, clock.timings(), taken.stated(), before)
                yield answer.text
                return answer
            rows = pointed and (self._extremes.asked(question, pointed) or self._selections.asked(question, pointed))
            if rows:
                answer = give_rows(question, query.passages, rows, clock.timings(), taken.stated(), before)
                yield answer.text
                return answer
            showing = Showing(
                material.reading.sentences,
                known_without_proof(question, searched, material),
                lambda part: proved(question, searched, material, part, judge, finished=False, before=before).text,
            )
            for reply in taken.replies():
                if judge.sure and not begins_with_word(question, reply) and (piece := showing.piece(reply)):
                    clock.shown()
                    yield piece
        if judge.sure and isinstance(model := self._models.chat_model, EmbeddedChatModel):
            reply = settled(question, reply, material.reading.sentences, model)
        answer = conclude(question, searched, query.passages, material, reply, judge, clock.timings(), before)
        if answer.answered or not (introduction := introduced(question, material.reading)):
            return answer
        judge.accept()
        reply = Reply(write_reply([introduction]))
        answer = conclude(question, searched, query.passages, material, reply, judge, clock.timings(), before)
        yield answer.text
        return answer

    def _attempt(self, query: Query, material: Gathered) -> Attempt:
        """Return the question asked of what was gathered."""
        reader, reading, question = self._models.reader, material.reading, query.question
        relevance, threshold = self._models.relevance(question, reading), self.settings.decline_threshold
        shared = shared_words(question, reading)
        judge = Judge(
            query.passages,
            material.extent,
            self._calibration,
            threshold,
            shared,
            relevance,
            partial(self._conflict, question, material),
            {sentence.number for sentence in reading.sentences if len(cells(sentence.text)) > 1},
        )

        def read() -> Generator[Reply]:
            if reading.sentences:
                reader.warm(reading)
                yield from reader.read(reading, question, query.turns, judge)

        return Attempt(material, judge, read)

    def _conflict(self, question: str, material: Gathered, number: int) -> Conflict | None:
        """Return how a sentence, by its number, speaks of something else than a question."""
        sentences = material.reading.sentences
        sentence = sentences[number - 1]
        (text,) = (d.text for d in material.documents if d.id == sentence.document_id)
        return conflict(question, sentence.text) or done_by_another(question, sentence, sentences, text)

    def _pointed(self, attempt: Attempt) -> NumberedSentence | None:
        """Return the sentence that the embedded model begins its answer from; None where there is none."""
        if not self._models.reader.runs_here or not attempt.answers() or not attempt.judge.likely:
            return None
        (number, _), *_ = attempt.judge.likely
        return attempt.material.reading.sentences[number - 1]

    def _on_topic(self, query: Query, attempt: Attempt) -> OnTopic | None:
        """Return what the material says of the topic that a question asks for, where more than one sentence does.

        One is enough where the reader finds nothing said, though the topic is named. Bare words must be named.
        """
        topic = topic_asked(query.question) if self._models.reader.runs_here and not query.turns else ""
        if not topic:
            return None
        answered = attempt.answers()
        found = on_topic(topic, attempt.material.reading, attempt.judge.likely)
        several = len(found.sentences) > 1 and not bare_words(query.question)
        return found if found.named or (answered and several) else None
