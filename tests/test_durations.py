"""The time between two dates, as the written articles tell them."""

import pytest

from qa.citations import compose
from qa.corpus import make_document
from qa.durations import asks_duration, duration
from qa.passages import split
from qa.reading import Statement, lay_out

LONG = "How long was it between the two?"


@pytest.mark.parametrize(
    ("question", "claims", "told"),
    [
        (LONG, ["The talks opened on October 25", "The paper is of Oct 31"], "From October 25 to Oct 31: 6 days."),
        (LONG, ["It was shut on 11 June", "The shooting was on 9 June"], "From 9 June to 11 June: 2 days."),
        (LONG, ["He served from 1871 to 1880"], "From 1871 to 1880: 9 years."),
        (
            LONG,
            ["The treaty was sealed on 24 August 1290", "Peace was made on 3 May 1299"],
            "From 24 August 1290 to 3 May 1299: 8 years and 8 months.",
        ),
        (LONG, ["Begun in May 1549", "Ended in the spring of 1572"], "From May 1549 to 1572: 23 years."),
        (LONG, ["Made on 1 March 2023", "Sold on 31 March 2023"], "From 1 March 2023 to 31 March 2023: 30 days."),
        ("How many weeks?", ["On 1 June", "On 25 June"], "From 1 June to 25 June: 3 weeks and 3 days."),
        ("How many days?", ["May 1, 2020", "May 1, 2021"], "From May 1, 2020 to May 1, 2021: 365 days."),
        ("How many months?", ["In May 2019", "In July 2021"], "From May 2019 to July 2021: 26 months."),
        ("How many years?", ["2 July 2001", "1 July 2004"], "From 2 July 2001 to 1 July 2004: 2 years and 11 months."),
    ],
)
def test_two_dates_give_the_time_between(question: str, claims: list[str], told: str) -> None:
    assert duration(question, [[claim] for claim in claims]) == told


@pytest.mark.parametrize(
    "claims",
    [
        ["It began on 9 July"],
        ["It began on 9 July", "It was said again on July 9"],
        ["It ran from June 9 to June 13", "The next began on August 28"],
        ["It began on 9 July", "It ended on 22 August 1868"],
        ["It began on 20 December", "It ended on 5 January"],
        ["It began on 4 February", "It ended on 27 March"],
        ["It began on 30 August", "It ended on 6 June"],
        ["It began on 31 June", "It ended on 4 July"],
        ["He has thirty days", "He did so in 2017 and in 2020"],
        ["It cost 1500 francs", "It cost 1900 francs"],
        ["They may march", "They may not march 1"],
    ],
    ids=[
        "one",
        "one twice",
        "three",
        "one year",
        "across years",
        "leap day",
        "backwards",
        "no such day",
        "undated",
        "sums",
        "words",
    ],
)
def test_what_is_not_certain_is_not_told(claims: list[str]) -> None:
    assert duration(LONG, [[claim] for claim in claims]) is None


def test_a_claim_is_dated_by_its_proof_where_it_names_no_date() -> None:
    claims = [["Talks are over", "On November 7 he said that talks were over."], ["It spoke on Nov 14", "Rain fell."]]
    assert duration(LONG, claims) == "From November 7 to Nov 14: 7 days."


@pytest.mark.parametrize("question", ["How long after that?", "How many days lay between?", "how much time passed"])
def test_questions_that_ask_for_a_duration(question: str) -> None:
    assert asks_duration(question)


@pytest.mark.parametrize("question", ["When was that?", "For long?", "How many died?", "How long was each?"])
def test_other_questions(question: str) -> None:
    assert not asks_duration(question)


def test_the_time_is_cited_from_the_sentences_that_date_it() -> None:
    text = "The raid took place on 11 May. Rain fell. The report on it came out on 14 May."
    document = make_document("Raid", "raid.txt", text)
    reading = lay_out(split(document, 400), [document])
    statements = [Statement("The raid took place on 11 May", (1,)), Statement("The report came out on 14 May", (3,))]
    cited = [
        compose(statements, reading.sentences, {document.id: document}, "", question=question).text
        for question in ("How long after the raid was the report published?", "When were raid and report?")
    ]
    assert cited[0] == cited[1] + " From 11 May to 14 May: 3 days. [1][2]"
