"""Reading replies from chat models, and judging them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage

from qa.answering import ChatReader, Reply
from qa.calibration import Calibration, Evidence, Logistic, log_odds
from qa.citations import Cited
from qa.concluding import conclude
from qa.conflicts import Conflict
from qa.corpus import make_document
from qa.datatypes import Citation, Extent, RetrievedPassage, Timings
from qa.errors import ModelError
from qa.judging import NOT_SAID, Judge
from qa.material import Gathered
from qa.passages import split
from qa.pointing import Pointing, considered, shared_words
from qa.reading import lay_out

DOCUMENT = make_document("The bridge", "bridge.txt", "Ana Lind opened the bridge.")
READING = lay_out(split(DOCUMENT, 400), [DOCUMENT])
STATED = Logistic(0, {"log_odds": 1})
PLAIN = Calibration(
    dict.fromkeys(get_args(Extent), STATED),
    {"whole": 0.5, "part": 0.4, "sentences": 0.3},
    0.2,
    0.5,
    STATED,
    Logistic(0, {"log_odds": -1}),
)
CITED = Cited("Ana Lind. [1]", (Citation(1, DOCUMENT.id, "bridge.txt", "p", 0, 27, DOCUMENT.text, 0, 9),), 0)


NEVER = Judge((), "whole", PLAIN, 0.0)


def test_any_chat_model_can_read() -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage("A: Ana Lind")]))
    replies = list(ChatReader(model).read(READING, "Who opened it?", (), NEVER))
    assert len(replies) > 2
    assert all("A: Ana Lind".startswith(reply.text) for reply in replies)
    assert replies[-1] == Reply("A: Ana Lind")


def cited_by_provider(text: str, *quotes: str) -> dict[str, Any]:
    """Return a text block with what a provider cites for it, as LangChain has it."""
    return {"type": "text", "text": text, "annotations": [{"type": "citation", "cited_text": q} for q in quotes]}


@pytest.mark.parametrize(
    ("blocks", "reply"),
    [
        ([cited_by_provider("It was Ana Lind.", "Ana Lind opened the bridge.")], "A: It was Ana Lind."),
        ([cited_by_provider("It was Ana Lind.", "Ana  Lind\nopened the bridge.")], "A: It was Ana Lind."),
        ([cited_by_provider("It was Ana Lind.", "opened the bridge")], "A: It was Ana Lind."),
        ([cited_by_provider("It was Ana Lind.", "bridge")], "It was Ana Lind."),  # too little to tell a sentence by
        ([cited_by_provider("It was Bo.", "Bo opened the bridge.")], "It was Bo."),  # nowhere to be read
        ([cited_by_provider("A: It was Ana Lind.", "Ana Lind opened the bridge.")], "A: It was Ana Lind."),
        (
            [{"type": "text", "text": "The text says: "}, cited_by_provider("Ana Lind", READING.sentences[0].text)],
            "The text says:\nA: Ana Lind",
        ),
        ([{"type": "text", "text": "A: Ana "}, {"type": "text", "text": "Lind"}], "A: Ana Lind"),
    ],
)
def test_what_a_provider_cites_counts_where_it_was_read(blocks: list[dict[str, Any]], reply: str) -> None:
    model = FakeMessagesListChatModel(responses=[AIMessage(content=blocks)])
    *_, last = ChatReader(model).read(READING, "Who opened it?", (), NEVER)
    assert last == Reply(reply)


def test_citations_in_a_provider_s_own_form_count_too() -> None:
    place = {"type": "char_location", "document_index": 0, "document_title": None, "start_char_index": 0}
    cited = {**place, "end_char_index": 27, "cited_text": "Ana Lind opened the bridge."}
    content: list[Any] = [{"type": "text", "text": "It was Ana Lind.", "citations": [cited]}]
    message = AIMessage(content=content, response_metadata={"model_provider": "anthropic"})
    *_, last = ChatReader(FakeMessagesListChatModel(responses=[message])).read(READING, "Who?", (), NEVER)
    assert last == Reply("A: It was Ana Lind.")


def test_a_failing_provider_is_told_in_one_line() -> None:
    with pytest.raises(ModelError, match=r"GenericFakeChatModel.*check its name"):
        list(ChatReader(GenericFakeChatModel(messages=iter([]))).read(READING, "Who?", (), NEVER))


@pytest.mark.parametrize(("extent", "not_stated"), [("whole", 0.5), ("part", 0.6), ("sentences", 0.7)])
def test_each_extent_has_a_threshold_of_its_own(extent: Extent, not_stated: float) -> None:
    judge = Judge((), extent, PLAIN, None)
    assert not judge.declines(not_stated - 0.05, ((1, 0.5),))
    assert judge.declines(not_stated + 0.05, ((1, 0.5),))
    assert not judge.sure


@pytest.mark.parametrize(
    ("extent", "threshold", "likeliest", "not_stated"),
    [("whole", None, 2, 0.8), ("whole", None, 1, 0.5), ("sentences", None, 2, 0.7), ("whole", 0.6, 2, 0.4)],
)
def test_a_row_of_a_table_in_what_is_read_whole_has_a_threshold_of_its_own(
    extent: Extent, threshold: float | None, likeliest: int, not_stated: float
) -> None:
    judge = Judge((), extent, PLAIN, threshold, rows={2, 3})
    assert not judge.declines(not_stated - 0.05, ((likeliest, 0.5), (3, 0.4)))
    assert judge.declines(not_stated + 0.05, ((likeliest, 0.5), (3, 0.4)))


@pytest.mark.parametrize(
    ("not_stated", "threshold", "answered"),
    [(0.1, None, True), (0.9, None, False), (0.9, 0.05, True), (0.1, 0.95, False)],
)
def test_declining_follows_the_threshold(not_stated: float, threshold: float | None, answered: bool) -> None:
    judge = Judge((), "whole", PLAIN, threshold)
    assert judge.declines(not_stated, ((1, 0.5),)) is not answered
    verdict = judge.verdict(Reply("A: Ana Lind", not_stated), CITED)
    assert verdict.answered is answered
    assert (verdict.text, verdict.citations) == ((CITED.text, CITED.citations) if answered else (NOT_SAID, ()))
    assert 0 <= verdict.confidence <= 1


@pytest.mark.parametrize(("not_stated", "sure"), [(0.4, True), (0.6, False)])
def test_an_answer_is_sure_from_the_calibrated_probability_on(not_stated: float, sure: bool) -> None:
    judge = Judge((), "whole", PLAIN, 0.0)
    judge.declines(not_stated, ())
    assert judge.sure is sure


@pytest.mark.parametrize(
    ("found", "answered", "sure"),
    [(None, True, True), (Conflict.OPPOSITE, True, False), (Conflict.ANOTHER, False, False)],
)
def test_a_sentence_in_conflict_is_only_quoted_or_no_answer(
    found: Conflict | None, answered: bool, sure: bool
) -> None:
    judge = Judge((), "whole", PLAIN, 0.0, conflicts={2: found}.get)
    assert judge.declines(0.01, ((2, 0.5), (1, 0.4))) is not answered
    assert judge.sure is sure
    assert judge.verdict(Reply("B: Ana Lind", 0.01), CITED).answered is answered


def test_what_nothing_supports_is_declined() -> None:
    assert not Judge((), "whole", PLAIN, None).verdict(Reply("A: Bo", 0.01), Cited("", (), 1)).answered
    assert not Judge((), "whole", PLAIN, None).verdict(Reply("It was Bo"), Cited("", (), 1)).answered


def test_without_log_probabilities_the_proof_decides() -> None:
    assert Judge((), "whole", PLAIN, None).verdict(Reply("A: Ana Lind"), CITED).answered


def test_log_odds_and_logistic_by_hand() -> None:
    assert log_odds(0.5) == 0.0
    assert log_odds(1.0) == pytest.approx(-13.8, abs=0.1)
    assert Logistic(1.0, {"log_odds": 2.0, "cosine": -4.0}).probability(Evidence(0.5, cosine=0.5)) == 0.5


def test_rare_words_of_the_question_count_more() -> None:
    document = make_document("The bridge", "bridge.txt", "Ana Lind opened the bridge. The bridge was long. Bo slept.")
    reading = lay_out(split(document, 400), [document])
    opened, long, slept = shared_words("Who opened the bridge?", reading)
    assert opened == pytest.approx(1)
    assert 0 < long < 0.5
    assert slept == 0
    assert shared_words("Who?", reading) == (0, 0, 0)


def test_shared_words_weigh_what_the_reader_would_name_first() -> None:
    likely = ((1, 0.5), (2, 0.3))
    assert Pointing().weigh(likely, (0.0, 1.0)) == (pytest.approx((1, 0.5)), pytest.approx((2, 0.3)))
    weighed = Pointing(0.5, 2.0).weigh(likely, (0.0, 1.0))
    assert [number for number, _ in weighed] == [2, 1]
    assert sum(chance for _, chance in weighed) == pytest.approx(0.8)
    assert weighed[0][1] / weighed[1][1] == pytest.approx((0.3 / 0.5) ** 0.5 * math.exp(2))
    assert Pointing(0.5, 2.0).weigh((), ()) == ()


def test_only_sentences_that_could_come_first_are_weighed() -> None:
    asked: list[list[int]] = []

    def relevance(numbers):
        asked.append(list(numbers))
        return dict.fromkeys(numbers, 0.0)

    likely = ((3, 0.002), (9, 0.5), (4, 0.006), *((number, 0.05) for number in range(10, 16)))
    weighed = Judge((), "whole", PLAIN, None, (0.0,) * 15, relevance).weigh(likely)
    assert asked == [[9, 10, 11, 12, 13, 14]]
    assert sorted(number for number, _ in weighed) == asked[0]
    assert considered(((3, 0.002), (9, 0.5), (4, 0.006))) == ((9, 0.5), (4, 0.006))
    assert considered(()) == ()


def test_the_cross_encoder_weighs_what_the_reader_would_name_first() -> None:
    calibration = replace(PLAIN, pointing=Pointing(relevance=0.5))
    judge = Judge((), "whole", calibration, None, relevance=lambda numbers: {n: {1: -2.0, 2: 3.0}[n] for n in numbers})
    (first, most), (second, least) = judge.weigh(((1, 0.6), (2, 0.2)))
    assert (first, second, judge.relevance) == (2, 1, 3.0)
    assert most / least == pytest.approx(0.2 / 0.6 * math.exp(2.5))
    assert most + least == pytest.approx(0.8)


def test_without_a_cross_encoder_the_reader_decides() -> None:
    judge = Judge((), "whole", replace(PLAIN, pointing=Pointing(relevance=0.5)), None)
    assert judge.weigh(((1, 0.6), (2, 0.2)))[0] == pytest.approx((1, 0.6))
    assert judge.relevance == 0


def test_six_sentences_are_weighed_at_most() -> None:
    asked = []

    def relevance(numbers: Sequence[int]) -> dict[int, float]:
        asked.extend(numbers)
        return dict.fromkeys(numbers, 0.0)

    judge = Judge((), "whole", PLAIN, None, relevance=relevance)
    judge.weigh(tuple((number, 0.01 * number) for number in range(1, 13)))
    assert asked == [12, 11, 10, 9, 8, 7]


@pytest.mark.parametrize(("cosine", "declined"), [(0.05, True), (0.3, False)])
def test_a_question_about_something_else_is_declined(cosine: float, declined: bool) -> None:
    passage = RetrievedPassage(split(DOCUMENT, 400)[0], 1, 0.5, cosine)
    assert Judge([passage], "whole", PLAIN, None).declines(0.01, ((1, 0.9),)) is declined


@pytest.mark.parametrize(("odds", "not_stated", "kept"), [(3.0, 0.1, 2), (-0.5, 0.1, 1), (-0.5, None, 2)])
def test_a_later_statement_must_be_likely_to_answer(odds: float, not_stated: float | None, kept: int) -> None:
    judge = Judge((), "whole", PLAIN, None, relevance=lambda numbers: dict.fromkeys(numbers, odds))
    assert len(judge.kept(Reply("A: Ana Lind\nB: on 4 May", not_stated))) == kept


def test_later_statements_stay_where_no_cross_encoder_is() -> None:
    assert len(Judge((), "whole", PLAIN, None).kept(Reply("A: Ana Lind\nB: on 4 May\nC D", 0.1))) == 3


def test_a_reply_that_strays_is_concluded_with_the_sentence_it_pointed_at() -> None:
    document = make_document("The bridge", "bridge.txt", "Ana Lind opened the bridge. Critics called the price absurd.")
    material = Gathered(lay_out(split(document, 400), [document]), (document,), "whole")
    reply = Reply("A: Critics called the price absurd", 0.1, ((1, 0.8), (2, 0.1)))
    judge = Judge((), "whole", PLAIN, 0.0, relevance=lambda numbers: {number: 4.0 - 2 * number for number in numbers})
    answer = conclude("Who opened it?", "Who opened it?", (), material, reply, judge, Timings(0, 0, 0))
    assert reply.first == 1
    assert answer.text == "“Ana Lind opened the bridge.” [1]"
    assert [citation.quote for citation in answer.citations] == ["Ana Lind opened the bridge."]
