"""From statements to proved citations."""

import pytest

from qa.citations import LEAD, compose
from qa.concluding import foreign_names, known_without_proof
from qa.corpus import make_document
from qa.material import Gathered
from qa.numerals import counted, numbers, without_numbers
from qa.passages import split
from qa.proving import content_words, particulars, prove
from qa.reading import Reading, Statement, lay_out

TEXT = (
    "Mayor Ana Lind opened the bridge on 4 May. The works cost 12 million crowns.\n"
    "Critics, among them Oskar Brandt, called the price absurd.\n"
)
DOCUMENT = make_document("The bridge", "bridge.txt", TEXT)
SENTENCES = lay_out(split(DOCUMENT, 400), [DOCUMENT]).sentences


def composed(*statements: Statement, known: str = ""):
    return compose(statements, SENTENCES, {DOCUMENT.id: DOCUMENT}, known)


def test_every_citation_is_verbatim_and_ties_to_its_statement() -> None:
    price = Statement("it cost 12 million crowns", (2,))
    cited = composed(price, Statement("Oskar Brandt called the price absurd", (3,)))
    assert cited.text == (
        "It cost 12 million crowns. [1] "
        "Oskar Brandt called the price absurd. “Critics, among them Oskar Brandt, called the price absurd.” [2]"
    )
    assert [c.quote for c in cited.citations] == [SENTENCES[1].text, SENTENCES[2].text]
    for citation in cited.citations:
        assert TEXT[citation.start : citation.end] == citation.quote
    assert [cited.text[c.answer_start : c.answer_end] for c in cited.citations] == [
        "It cost 12 million crowns.",
        "Oskar Brandt called the price absurd. “Critics, among them Oskar Brandt, called the price absurd.”",
    ]


def test_a_sentence_that_the_model_might_as_well_have_named_is_quoted_too() -> None:
    price = Statement("it cost 12 million crowns", (2,))
    cited = compose([price], SENTENCES, {DOCUMENT.id: DOCUMENT}, "", also={2, 3})
    assert [c.quote for c in cited.citations] == [SENTENCES[1].text, SENTENCES[2].text]
    assert cited.text.endswith(f"“{SENTENCES[2].text}” [2]")


def test_markers_count_in_order_of_first_use_and_stay() -> None:
    cited = composed(
        Statement("Brandt called it absurd", (3,)),
        Statement("It opened on 4 May", (1,)),
        Statement("The price, absurd", (3,)),
    )
    assert [c.marker for c in cited.citations] == [1, 2]
    assert cited.text.endswith("The price, absurd. [1]")


@pytest.mark.parametrize(
    "statement",
    [
        Statement("The works cost 15 million crowns", (2,)),
        Statement("The bridge was opened by Petra Holm", (1,)),
        Statement("Zebras migrate south every winter", ()),
        Statement("Zebras migrate south", (77,)),
    ],
    ids=["number not there", "name not there", "no numbers, no words", "no such sentence"],
)
def test_what_the_source_does_not_hold_is_left_out_and_counted(statement: Statement) -> None:
    cited = composed(statement)
    assert (cited.text, cited.citations, cited.unsupported) == ("", (), 1)


def test_a_name_from_the_question_needs_no_proof() -> None:
    cited = composed(Statement("It cost what Petra paid, 12 million crowns", (2,)), known="What did Petra pay?")
    assert cited.unsupported == 0


def test_a_missing_number_is_found_in_another_sentence_and_cited_too() -> None:
    proof = prove(Statement("Critics called 12 million crowns absurd", (3,)), SENTENCES, "")
    assert [s.number for s in proof] == [2, 3]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the second round, the 2nd, round two", {"2"}),
        ("Twenty-five men and a twenty-first, 3,000 more, 1,200,000 in all", {"25", "21", "3000", "1200000"}),
        ("at 10:30, for 3.5 million", {"10:30", "3.5"}),
        ("One of two-thirds", {"2"}),
        ("someone’s tenfold gain", set()),
    ],
)
def test_numbers_in_words_and_in_digits_are_the_same(text: str, found: set[str]) -> None:
    assert numbers(text) == found
    assert numbers(without_numbers(text)) == set()


TALKS = make_document(
    "The talks", "talks.txt", "The second round began in Aston. Three envoys came. Nine soldiers died on the border."
)
TALKS_HELD = lay_out(split(TALKS, 400), [TALKS]).sentences


@pytest.mark.parametrize(
    ("question", "claim", "said"),
    [
        ("Where was the first round?", "The first round began in Aston", "“The second round began in Aston.” [1]"),
        ("Why did 20 soldiers die?", "20 soldiers died on the border", "“Nine soldiers died on the border.” [1]"),
        (
            "Where did the 2nd round begin?",
            "The 2nd began in Aston",
            "The 2nd began in Aston. “The second round began in Aston.” [1]",
        ),
        ("Who came?", "3 envoys", "3 envoys. “Three envoys came.” [1]"),
        ("How did Holm's envoys come?", "Holm’s envoys came", "“Three envoys came.” [1]"),
    ],
)
def test_a_number_or_a_name_that_only_the_question_holds_is_not_stated(question: str, claim: str, said: str) -> None:
    material = Gathered(Reading("", TALKS_HELD), (TALKS,), "whole")
    known, foreign = known_without_proof(question, question, material), foreign_names(question, question, material)
    pointed = next(s.number for s in TALKS_HELD if s.text in said)
    statement = Statement(claim, (pointed,))
    by_id = {TALKS.id: TALKS}
    assert compose([statement], TALKS_HELD, by_id, known, pointed=pointed, foreign=foreign).text == said


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("exports were 5.3 million tonnes of coal", {"tonnes"}),
        ("twelve units, of 40 or so", {"units", "or"}),
        ("4.1 m in 2022", set()),
        ("on 7 November, 5 Thais", set()),
    ],
)
def test_what_is_counted(text: str, found: set[str]) -> None:
    assert counted(text) == found


@pytest.mark.parametrize(
    ("claim", "proved"),
    [
        ("Exports in 2022 were 4.1 m", True),
        ("Exports in 2022 were 4.1 tons", True),
        ("Exports in 2022 were 4.1 million tonnes", False),
        ("Imports in 2022 were 12 barrels", True),
        ("Imports in 2022 were 12 crates", False),
    ],
)
def test_a_unit_that_no_row_names_is_not_stated(claim: str, proved: bool) -> None:
    rows = "Tonnes went by sea.\n\n| Year | Exports, tons | Imports |\n| 2022 | 4.1 m | 12 |\n"
    document = make_document("Trade", "trade.md", rows)
    sentences = lay_out(split(document, 400), [document]).sentences
    question = "How many barrels were the exports, and how many the imports, in 2022?"
    proof = prove(Statement(claim, (sentences[-1].number,)), sentences, question)
    assert proof == (sentences[-2:] if proved else ())


@pytest.mark.parametrize(
    ("source", "claim", "proved"),
    [
        ("Moving: 1 day, once in 24 months.", "Moving gives one day per year", False),
        ("Moving: 1 day in 12 months.", "Moving gives one day every month", True),
        ("The fee is 20 crowns annually.", "The fee is 20 crowns per year", True),
        ("The fee is 20 crowns, paid daily.", "The fee of 20 crowns is paid once a day", True),
        ("It was larger before early shifts (11.8) than before late shifts (5.2).", "It was larger before late", False),
        ("It was larger before early shifts (11.8) than before late ones.", "It was larger before early shifts", True),
        ("Ana is older than Bo, who left.", "Ana is older than Bo", True),
    ],
)
def test_neither_a_rate_nor_the_side_of_a_comparison_is_made_up(source: str, claim: str, proved: bool) -> None:
    document = make_document("Source", "source.txt", source)
    sentences = lay_out(split(document, 400), [document]).sentences
    assert bool(prove(Statement(claim, (1,)), sentences, "")) is proved


def test_a_row_is_quoted_with_the_first_row_of_its_table() -> None:
    table = "| Event | Paid days |\n|---|---|\n| Birth | 10 |\n| Moving house | 1 in 24 months |\n"
    document = make_document("Leave", "leave.md", table)
    sentences = lay_out(split(document, 400), [document]).sentences
    invented = Statement("Moving house gives one day a year", (3,))
    said = compose([invented], sentences, {document.id: document}, "", pointed=3)
    assert said.text == "“Event | Paid days” [1] “Moving house | 1 in 24 months” [2]"
    also = compose([Statement("Moving house: 1 in 24 months", (3,))], sentences, {document.id: document}, "", also={2})
    assert also.text.endswith("“Birth | 10” [3]")


def test_of_a_long_table_another_row_is_never_taken_for_the_first() -> None:
    rows = "\n".join(f"| {year} | {year % 7} m |" for year in range(1990, 2025))
    text = f"| Year | Trade |\n{rows}\n\nIt fell.\n\n| Town | Mayor |\n| Aston | Bo |"
    document = make_document("Trade", "trade.md", text)
    passages = split(document, 200)
    sentences = lay_out(passages, [document]).sentences
    row = next(s for s in sentences if s.text.startswith("2010"))
    assert row.passage_id != sentences[0].passage_id
    proof = prove(Statement("Trade was 1 m in 2010", (row.number,)), sentences, "")
    assert [s.text for s in proof] == ["Year | Trade", "2010 | 1 m"]
    without = lay_out(passages[1:], [document]).sentences
    row = next(s for s in without if s.text.startswith("2010"))
    assert prove(Statement("Trade was 1 m in 2010", (row.number,)), without, "") == (row,)


def test_a_numbered_item_is_not_quoted_beside_its_own_words() -> None:
    document = make_document("Plan", "plan.txt", "Decided:\n1. We take Signaro.\n2. 12 panels, not 11.\n")
    sentences = lay_out(split(document, 400), [document]).sentences
    said = compose([Statement("We take Signaro.", (2,))], sentences, {document.id: document}, "")
    assert (said.text, said.citations[0].quote) == ("We take Signaro. [1]", "1. We take Signaro.")


def test_statements_without_numbers_are_attributed_by_their_words() -> None:
    proof = prove(Statement("The works cost 12 million crowns.", ()), SENTENCES, "")
    assert [s.number for s in proof] == [2]


def test_words_and_particulars() -> None:
    assert content_words("The Mayor’s bridges") == {"mayor", "bridge"}
    assert particulars("The works, said Ana, cost 1,200 crowns in May") == {"ana", "1200", "may"}


def test_a_capital_makes_no_name_of_a_word_without_meaning() -> None:
    document = make_document("The court", "court.txt", "The judge went to The Hague (Peace Be Upon It).")
    (sentence,) = lay_out(split(document, 400), [document]).sentences
    assert particulars(sentence.text, {"the", "be", "hague", "upon"}) == {"hague", "upon"}
    assert prove(Statement("He went to The Hague (Peace Be Upon It)", (1,)), [sentence], "") == (sentence,)


def test_a_repeated_statement_is_said_once() -> None:
    statement = Statement("It opened on 4 May", (1,))
    assert composed(statement, statement).text == "It opened on 4 May. “Mayor Ana Lind opened the bridge on 4 May.” [1]"


def test_an_unsure_answer_quotes_the_whole_passage_and_states_nothing() -> None:
    statements = [Statement("It cost 12 million crowns", (2,))]
    cited = compose(statements, SENTENCES, {DOCUMENT.id: DOCUMENT}, "", sure=False)
    assert cited.text == f"{LEAD} “{SENTENCES[0].text}” [1] “{SENTENCES[1].text}” [2]"
    for citation in cited.citations:
        assert cited.text[citation.answer_start : citation.answer_end] == f"“{citation.quote}”"


def test_a_wrong_sentence_number_is_mended_by_the_words() -> None:
    cited = composed(Statement("Critics called the price absurd", (1,)))
    assert [c.quote for c in cited.citations] == [SENTENCES[2].text]


STRAYED = Statement("Critics called the price absurd", (1,))


def test_names_in_common_do_not_prove_what_only_another_sentence_says() -> None:
    text = "Mayor Ana Lind praised the old bridge. Mayor Ana Lind called the old bridge a ruin that costs millions.\n"
    document = make_document("The bridge", "bridge.txt", text)
    praised, called = lay_out(split(document, 400), [document]).sentences
    assert prove(Statement(called.text, (praised.number,)), (praised, called), "") == (called,)
    assert prove(Statement("Lind praised the old bridge", (praised.number,)), (praised, called), "") == (praised,)


def pointed_at(statement: Statement, odds: dict[int, float]):
    return compose(
        [statement], SENTENCES, {DOCUMENT.id: DOCUMENT}, "", pointed=statement.numbers[-1], relevance=lambda _: odds
    )


@pytest.mark.parametrize(
    "statement",
    [
        STRAYED,
        Statement("The works cost 15 million crowns", (2,)),
        Statement("It cost 15 million crowns", (3, 2)),
    ],
)
def test_a_likely_sentence_pointed_at_is_quoted_in_place_of_words_that_are_not_its_own(statement) -> None:
    cited = pointed_at(statement, {1: 3.0, 2: 3.0, 3: 1.5})
    named = SENTENCES[statement.numbers[-1] - 1]
    assert cited.text == f"“{named.text}” [1]"
    assert [c.quote for c in cited.citations] == [named.text]
    assert cited.unsupported == 1


def test_an_unsure_answer_quotes_the_passage_of_the_likelier_sentence_pointed_at() -> None:
    cited = compose(
        [STRAYED], SENTENCES, {DOCUMENT.id: DOCUMENT}, "", sure=False, pointed=1, relevance=lambda _: {1: 3.0, 3: 1.5}
    )
    assert cited.text == f"{LEAD} “{SENTENCES[0].text}” [1] “{SENTENCES[1].text}” [2]"


@pytest.mark.parametrize("odds", [{1: 2.0, 3: 1.5}, {1: -1.0, 3: 4.0}, {}])
def test_words_stay_where_their_own_sentence_is_about_as_likely_or_nothing_can_tell(odds) -> None:
    assert pointed_at(STRAYED, odds) == composed(STRAYED)


def test_words_that_keep_to_the_sentence_pointed_at_stay() -> None:
    price = Statement("it cost 12 million crowns", (2,))
    assert pointed_at(price, {2: 9.0}) == composed(price)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("“It will rain on Monday and on Tuesday,” she said.", "“It will rain on Monday and on Tuesday,” she said."),
        ("“It will rain on Monday and on Tuesday.", "“It will rain on Monday and on Tuesday.”"),
        ("And it will rain on Monday and on Tuesday.”", "“And it will rain on Monday and on Tuesday.”"),
        ("She told the crew: “It will rain on Monday.”", "“She told the crew: “It will rain on Monday.””"),
        ('"It will rain on Monday," she told the crew.', '"It will rain on Monday," she told the crew.'),
        ('"It will rain on Monday and on Tuesday.', '"It will rain on Monday and on Tuesday.”'),
        ('And it will rain on Monday and on Tuesday."', '“And it will rain on Monday and on Tuesday."'),
    ],
)
def test_a_quote_of_direct_speech_has_its_marks_once(source: str, shown: str) -> None:
    document = make_document("Talk", "talk.txt", source)
    sentences = lay_out(split(document, 400), [document]).sentences
    cited = compose([Statement("rain on Monday", (1,))], sentences, {document.id: document}, "")
    assert cited.text == f"Rain on Monday. {shown} [1]"
    assert [c.quote for c in cited.citations] == [source]
