"""Checking questions and understanding follow-ups."""

import pytest

from qa.conversation import check_history, check_question, leaned_on, recent, search_question
from qa.errors import QuestionError
from qa.follow_ups import is_follow_up

TALKS = (
    {"role": "user", "content": "When did the second round of talks start?"},
    {"role": "assistant", "content": "It began on October 25. [1]"},
)


@pytest.mark.parametrize("question", ["", "   \n", None, 7])
def test_empty_questions_are_refused(question: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        check_question(question, 100)


def test_an_endless_question_is_refused_with_its_length() -> None:
    with pytest.raises(QuestionError, match="100,000 characters, at most 2,000"):
        check_question("a" * 100_000, 2000)


@pytest.mark.parametrize(
    "history",
    [[{"role": "system", "content": "x"}], [{"role": "user"}], ["who?"], [{"role": "user", "content": 3}]],
)
def test_wrong_histories_are_refused(history) -> None:
    with pytest.raises(QuestionError, match="turn 0"):
        check_history(history)


@pytest.mark.parametrize(
    "question",
    [
        "And in which city?",
        "Why?",
        "Who told them that?",
        "What about the third one?",
        "Why Qatar?",
        "At what hour, and where?",
        "Did the minister answer her?",
        "What did the Taliban say to that?",
        "Which one of the sides left, and was the other still there?",
        "Was anybody else there?",
        "Was hat der Minister in Kabul dazu gesagt?",
    ],
)
def test_follow_ups_are_searched_with_the_exchange_they_lean_on(question: str) -> None:
    assert is_follow_up(question)
    assert search_question(question, TALKS) == (
        f"When did the second round of talks start? It began on October 25. {question}"
    )


@pytest.mark.parametrize(
    "question",
    [
        "Which television channel interviewed the defence minister?",
        "Why did the third round end in deadlock?",
        "What does Asif say about his visits?",
        "Who is Zabiullah Mujahid?",
        "On what grounds was the claim rejected?",
        "Who said that the talks that failed were held in Doha?",
        "Which file takes precedence over all other files?",
        "Is there a rule for those who come late, and for one of the guards?",
        "What did the company do after its launch?",
        "Who founded the club, and when did he leave?",
        "Why is the river so deep this year?",
    ],
)
def test_a_question_that_stands_alone_is_searched_and_read_as_it_is(question: str) -> None:
    assert search_question(question, TALKS) == question
    assert leaned_on(question, TALKS) == ()
    assert search_question("And in which city?", ()) == "And in which city?"


def test_a_follow_up_is_read_with_the_last_exchange_alone() -> None:
    earlier = ({"role": "user", "content": "Who came?"}, {"role": "assistant", "content": "Ann. [1]"})
    assert [turn["content"] for turn in leaned_on("And where were they held?", (*earlier, *TALKS))] == [
        "When did the second round of talks start?",
        "It began on October 25.",
    ]


def test_the_beginning_of_a_question_is_no_follow_up_for_being_short() -> None:
    assert leaned_on("Which television", TALKS, whole=False) == ()
    assert leaned_on("And which", TALKS, whole=False)
    assert leaned_on("What did he", TALKS, whole=False)
    assert leaned_on("Which channel?", TALKS)


def test_recent_turns_are_few_short_and_without_marks() -> None:
    turns = recent([*TALKS, {"role": "user", "content": "x" * 5000}, *TALKS])
    assert len(turns) == 4
    assert max(len(turn["content"]) for turn in turns) == 300
    assert "[1]" not in turns[-1]["content"]


@pytest.mark.parametrize(
    ("answer", "claims"),
    [
        ("Ann came. “Ann and Bo came by “night” trains.” [1]", "Ann came."),
        ("Bo said “no.” “Bo said no.” [1][2] Ann left. [3] “At nine.” [3]", "Bo said “no.” Ann left. “At nine.”"),
        ("“Ann came.” [1]", "“Ann came.”"),
        ("It does not say so. It says: “Ann came.” [1]", "It does not say so. It says: “Ann came.”"),
    ],
)
def test_of_earlier_answers_claims_are_read_and_not_their_proof(answer: str, claims: str) -> None:
    assert recent([{"role": "assistant", "content": answer}])[0]["content"] == claims
