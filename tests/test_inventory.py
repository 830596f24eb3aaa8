"""All of a kind that a text names: which questions ask for that, what is found by form, and the real model's kinds."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from qa.citations import listed
from qa.corpus import make_document
from qa.inventory import kind_asked
from qa.names import Named, days_in, merged, months_in, names_in, weekdays_in, years_in
from qa.passages import split
from qa.pipeline import QA
from qa.reading import NumberedSentence, lay_out
from qa.settings import Settings

TEXT = (
    "Harbour Minister Ada Quill met the Joint Fishing Council (JFC) in Port Lorne on Tuesday. When Quill spoke of the "
    "Treaty of Sarn, signed on 3 May 2019, the JFC left. Boats may sail from November. Nobody in Lorne’s harbour, "
    "Ms Quill said on Nov 4, had read it in March or on October 12. Boats are few."
)


def sentences(text: str = TEXT) -> tuple[NumberedSentence, ...]:
    document = make_document("Title", "a.txt", text)
    return lay_out(split(document, 400), [document]).sentences


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Which countries are mentioned?", "countries"),
        ("which countries r mentioned", "countries"),
        ("What cities does the article mention?", "cities"),
        ("Who is named in the text?", "people"),
        ("Who are the people mentioned?", "people"),
        ("Can you list all the people named in this document?", "people"),
        ("Give me the names of all the people in the article.", "people"),
        ("Which towns and cities occur in the report?", "towns and cities"),
        ("Which months are referred to by name?", "months"),
        ("What days of the week are mentioned?", "days of the week"),
        ("Which organizations come up in the story?", "organizations"),
        ("Who are the key people?", "people"),
        ("Who are the main characters in the story?", "characters"),
        ("Who is involved?", "people"),
    ],
)
def test_all_that_is_named_of_a_kind_is_asked_for(question: str, kind: str) -> None:
    assert kind_asked(question) == kind


@pytest.mark.parametrize(
    "question",
    [
        "Which people were killed?",
        "Which countries were mentioned by the minister?",
        "Which countries are given aid?",
        "Which Afghan cities are named?",
        "Which cities outside the country are named?",
        "Who was named chairman?",
        "Who is involved in the quarrel?",
        "Who are the main suspects?",
        "How many countries are mentioned?",
        "List the countries",
        "Which months were the driest?",
    ],
)
def test_what_is_narrowed_or_about_something_else_is_for_the_reader(question: str) -> None:
    assert kind_asked(question) == ""


@pytest.mark.parametrize(
    ("find", "words"),
    [
        (
            names_in,
            ["Harbour Minister Ada Quill", "Joint Fishing Council", "Port Lorne", "Quill", "Treaty of Sarn"],
        ),
        (months_in, ["May", "November", "March", "October"]),
        (weekdays_in, ["Tuesday"]),
        (days_in, ["3 May 2019", "Nov 4", "October 12"]),
        (years_in, ["2019"]),
    ],
)
def test_what_is_named_is_found_by_its_form(
    find: Callable[[Sequence[NumberedSentence]], list[Named]], words: list[str]
) -> None:
    found = find(sentences())
    assert [named.words for named in found][: len(words)] == words
    assert all(named.words in named.sentence.text for named in found)


def test_a_lone_word_that_only_begins_sentences_is_no_name() -> None:
    assert not {"Boats", "Nobody", "When", "JFC"} & {named.words for named in names_in(sentences())}


def test_a_person_is_listed_under_the_full_name_alone() -> None:
    people = [named for named in names_in(sentences()) if "Quill" in named.words]
    assert {named.words for named in people} == {"Harbour Minister Ada Quill", "Quill", "Ms Quill"}
    assert [named.words for named in merged(people)] == ["Harbour Minister Ada Quill"]


def test_each_item_of_a_list_is_marked_with_the_sentence_that_holds_it() -> None:
    document = make_document("Title", "a.txt", TEXT)
    found = days_in(sentences())
    documents = {n.sentence.document_id: document for n in found}
    cited = listed("Dates:", [(n.words, [n.sentence]) for n in found], documents)
    assert cited.text == "Dates: 3 May 2019 [1], Nov 4 [2], October 12 [2]."
    assert [cited.text[c.answer_start : c.answer_end] for c in cited.citations] == ["3 May 2019", "Nov 4"]
    assert all(c.quote == TEXT[c.start : c.end] for c in cited.citations)


@pytest.mark.slow
def test_the_embedded_model_knows_of_which_kind_the_names_of_the_seed_article_are(
    seed_article: Path, tmp_path: Path
) -> None:
    with QA.open(Settings.load(corpus=seed_article, data_dir=tmp_path)) as qa:
        qa.sync()
        answers = {kind: qa.ask(f"Which {kind} are mentioned?") for kind in ("countries", "cities", "people")}
        people = qa.read_documents() and qa.ask("Who is named in the article?")
    items = {
        kind: re.sub(r" \[\d+\]", "", a.text).partition(": ")[2].strip(".").split(", ") for kind, a in answers.items()
    }
    assert {"Pakistan", "Afghanistan", "Turkey", "Iran", "Qatar", "India"} <= set(items["countries"])
    assert "Afghan" not in items["countries"]
    assert {"Istanbul", "Ankara", "Doha", "Kabul", "Islamabad"} == set(items["cities"])
    assert [name.split()[-1] for name in items["people"]] == ["Asif", "Mujahid", "Tarar"]
    assert people
    assert people.text == answers["people"].text
    for answer in answers.values():
        assert all(c.quote in seed_article.read_text(encoding="utf-8") for c in answer.citations)
