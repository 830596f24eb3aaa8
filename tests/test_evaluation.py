"""Question sets, scores, figures and reports: equal to an independent scorer, and right on cases done by hand."""

import json
import math
from pathlib import Path

import pytest

from qa.corpus import read_document
from qa.errors import CorpusError, QuestionError
from qa.evaluation import circumstances, evaluate, predict
from qa.metrics import figures, percentile, reliability, wilson
from qa.question_sets import (
    GoldQuestion,
    article_questions,
    read_question_set,
    wikipedia_questions,
)
from qa.reporting import outcome, report, table
from qa.scoring import (
    CitedSpan,
    Prediction,
    citation_shares,
    contains_gold,
    includes,
    normalise,
    normalise_squad,
    score,
)
from qa.settings import Settings

WRITTEN = Path(__file__).parent / "data"
SETS = sorted(path for folder in ("held_out", "everyday", "tables") for path in WRITTEN.glob(f"{folder}/*.jsonl"))


@pytest.mark.parametrize("questions", SETS, ids=lambda path: path.stem)
def test_all_evidence_of_the_written_sets_stands_in_its_article(questions: Path) -> None:
    article = next(path for path in map(questions.with_suffix, (".txt", ".md", ".csv")) if path.is_file())
    rows = read_question_set(questions).rows
    text = read_document(article, article.name, 1).text
    assert len(article_questions(rows, {article.name: text})) == len(rows) > 0
    assert all(span in text for row in rows for span in row.evidence)


def gold(kind: str = "fact", **changes: object) -> GoldQuestion:
    fields = {
        "id": "q1",
        "kind": kind,
        "question": "Who came?",
        "history": (),
        "answers": ("Ann",),
        "must_include": (("ann", "anna"),),
        "must_not_include": ("bob",),
        "evidence": ((("a.txt", 10, 20),), (("a.txt", 40, 50), ("a.txt", 90, 100))),
    }
    return GoldQuestion(**{**fields, **changes})  # type: ignore[arg-type]


def said(
    answer: str | None = "Ann came.", answered: bool | None = True, *spans: tuple[int, int], **more: object
) -> Prediction:
    citations = tuple(CitedSpan(start=start, end=end, source="a.txt") for start, end in spans)
    return Prediction(id="q1", answer=answer, answered=answered, citations=citations, **more)  # type: ignore[arg-type]


# Reading


def test_article_set_is_recognised_and_located(data: Path, seed_article: Path) -> None:
    questions = read_question_set(data / "article_questions.jsonl")
    text = seed_article.read_text(encoding="utf-8")
    located = article_questions(questions.rows, {"seed.txt": text})
    assert (questions.format, len(questions), len(located)) == ("article", 42, 42)
    spans = [(row.evidence, item.evidence) for row, item in zip(questions.rows, located, strict=True)]
    for wanted, places in spans:
        assert [text[start:end] for found in places for _, start, end in found[:1]] == list(wanted)


def test_history_pairs_become_turns(data: Path, seed_article: Path) -> None:
    rows = read_question_set(data / "article_questions.jsonl").rows
    located = article_questions(rows, {"seed.txt": seed_article.read_text(encoding="utf-8")})
    followed = next(question for question in located if len(question.history) == 4)
    assert [turn["role"] for turn in followed.history] == ["user", "assistant"] * 2


def test_wikipedia_set_is_recognised_and_its_evidence_is_the_paragraph(data: Path) -> None:
    questions = read_question_set(data / "wikipedia_articles.json")
    assert (questions.format, len(questions), len(questions.articles)) == ("wikipedia", 360, 6)
    article = questions.articles[0]
    for row, question in zip(article.questions, wikipedia_questions(article, "y.txt"), strict=True):
        [[(source, start, end)]] = question.evidence
        assert (source, article.text[start:end]) == ("y.txt", article.paragraphs[row.paragraph])


@pytest.mark.parametrize("count", [1, 7, 100, 360, 999])
def test_limit_spreads_over_articles(data: Path, count: int) -> None:
    questions = read_question_set(data / "wikipedia_articles.json")
    limited = questions.limited(count)
    assert len(limited) == min(count, 360)
    assert len(limited.articles) == min(count, 6)
    assert questions.limited(count) == limited


def test_line_separators_inside_a_question_do_not_end_its_line(tmp_path: Path) -> None:
    row = {"id": "x", "kind": "fact", "question": "a\u2028b", "must_include": [], "evidence": []}
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n\n", encoding="utf-8")
    assert read_question_set(path).rows[0].question == "a\u2028b"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(None, "No such file", id="missing"),
        pytest.param("", "no question", id="empty"),
        pytest.param("{not json", "Expecting", id="no-json"),
        pytest.param('{"id": "x"}', "article format", id="other-object"),
        pytest.param('[{"title": "x"}]', "Wikipedia format", id="other-list"),
        pytest.param(b"\xff\xfe\x00", "utf-8", id="not-text"),
    ],
)
def test_unusable_sets_are_named_with_the_reason(tmp_path: Path, content: str | bytes | None, told: str) -> None:
    path = tmp_path / "set.jsonl"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(QuestionError, match=r"set\.jsonl") as caught:
        read_question_set(path)
    assert told in str(caught.value)


def test_evidence_outside_the_corpus_is_refused(data: Path) -> None:
    rows = read_question_set(data / "article_questions.jsonl").rows
    with pytest.raises(CorpusError, match="--corpus"):
        article_questions(rows, {"other.txt": "Nothing of the kind."})


# Scoring


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Ann came.", True),
        ("It was ANNA", True),
        ("Ann came with Bob", False),
        ("Nobody", False),
        ("Ann " * 80, True),
        ("Ann " * 81, False),
        (None, False),
    ],
)
def test_article_answers(answer: str | None, right: bool) -> None:
    assert score(gold(), said(answer)).right is right


def test_padding_lets_an_alternative_ask_for_a_whole_word() -> None:
    assert includes([[" x "]], [], "x")
    assert not includes([[" x "]], [], "xx")


def test_normalisation() -> None:
    assert normalise("“It’s\u00a0A\u2011B”\n") == '"it\'s a-b" '
    assert normalise_squad("The “Old” Bridge, an arch.") == "old bridge arch"
    assert contains_gold(["the Old Bridge"], "It is called “old bridge”.")
    assert not contains_gold(["bridge"], "Many bridges.")


@pytest.mark.parametrize(
    ("answered", "right", "words"),
    [(False, True, "declined, rightly"), (True, False, "answered, although the documents do not say")],
)
def test_unanswerable(answered: bool, right: bool, words: str) -> None:
    found = score(gold("unanswerable", evidence=()), said("Ann", answered))
    assert (found.right, outcome(found)) == (right, words)


def test_declining_an_answerable_question_is_wrong_whatever_the_text_says() -> None:
    found = score(gold(), said("Ann", False, (10, 20)))
    assert (found.right, found.precision, found.recall, found.citation_lengths) == (False, None, 0.0, [])
    assert outcome(found) == "declined, wrongly"


def test_missing_prediction_is_neither_right_nor_declined() -> None:
    for kind in ("fact", "unanswerable"):
        found = score(gold(kind), None)
        assert (found.right, found.declined, outcome(found)) == (False, False, "no answer at all")


@pytest.mark.parametrize(
    ("spans", "any_evidence", "shares"),
    [
        pytest.param([], False, (None, 0.0), id="nothing-cited"),
        pytest.param([(10, 20), (95, 96)], False, (1.0, 1.0), id="all"),
        pytest.param([(0, 10), (20, 30)], False, (0.0, 0.0), id="touching-ends-do-not-overlap"),
        pytest.param([(0, 11), (60, 70)], False, (0.5, 0.5), id="half"),
        pytest.param([(0, 11), (60, 70)], True, (0.5, 1.0), id="one-is-enough"),
        pytest.param([(0, 1000)], False, (1.0, 1.0), id="the-whole-article"),
    ],
)
def test_citation_shares(spans: list[tuple[int, int]], any_evidence: bool, shares: tuple[float | None, float]) -> None:
    cited = [CitedSpan(start=start, end=end) for start, end in spans]
    assert citation_shares(gold(any_evidence=any_evidence), cited) == shares


def test_a_citation_of_another_document_misses() -> None:
    assert citation_shares(gold(), [CitedSpan(start=10, end=20, source="b.txt")]) == (0.0, 0.0)


# Figures


@pytest.mark.parametrize("name", ["article", "wikipedia"])
def test_figures_equal_the_independent_scorer_to_the_last_digit(data: Path, seed_article: Path, name: str) -> None:
    if name == "article":
        rows = read_question_set(data / "article_questions.jsonl").rows
        questions = article_questions(rows, {"seed.txt": seed_article.read_text(encoding="utf-8")})
    else:
        articles = read_question_set(data / "wikipedia_articles.json").articles
        questions = [question for article in articles for question in wikipedia_questions(article, "it.txt")]
    lines = (data / "golden" / f"{name}_predictions.jsonl").read_text(encoding="utf-8").split("\n")
    predictions = {one.id: one for one in (Prediction.model_validate_json(line) for line in lines if line)}
    found = figures([score(question, predictions.get(question.id)) for question in questions])
    expected = json.loads((data / "golden" / f"{name}_figures.json").read_text(encoding="utf-8"))
    assert {key: found[key] for key in expected} == expected
    assert list(found)[: len(expected)] == list(expected)
    json.dumps(found)


def test_figures_of_nothing_are_zero() -> None:
    found = figures([])
    assert found["accuracy_answerable"] == found["citation_f1"] == found["seconds_p95"] == 0.0
    assert (found["brier"], found["reliability"]) == (None, [])


@pytest.mark.parametrize(("share", "value"), [(0, 1), (50, 2), (75, 3), (76, 4), (95, 4), (100, 4)])
def test_percentile_is_by_nearest_rank(share: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], share) == value


def test_wilson_interval() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(5, 10)
    assert math.isclose(low + high, 1.0)
    assert math.isclose(low, 0.23659309, abs_tol=1e-8)
    assert math.isclose(wilson(10, 10)[1], 1.0)


def test_reliability_bins_and_brier_score() -> None:
    scores = [
        score(gold(), said(confidence=0.95)),
        score(gold(), said(confidence=1.0)),
        score(gold(), said("Nobody", confidence=0.91)),
        score(gold(), said("Nobody", confidence=0.0)),
        score(gold(), said()),
        score(gold(), None),
    ]
    brier, bins = reliability(scores)
    assert brier is not None
    assert math.isclose(brier, (0.05**2 + 0 + 0.91**2 + 0) / 4)
    assert [(one.low, one.count, one.right) for one in bins] == [(0.0, 1, 0.0), (0.9, 3, 2 / 3)]
    assert math.isclose(bins[1].confidence, (0.95 + 1.0 + 0.91) / 3)


# Asking

ARTICLE = "Ann came by boat.\nThe boat was blue.\n"


def write_set(folder: Path) -> Path:
    rows = [
        {
            "id": "a1",
            "kind": "fact",
            "question": "Who came?",
            "must_include": [["Ann"]],
            "evidence": ["Ann came"],
            "answers": ["Ann"],
        },
        {
            "id": "a2",
            "kind": "followup",
            "question": "How?",
            "must_include": [["boat"]],
            "evidence": ["by boat"],
            "history": [["Who came?", "Ann"]],
        },
        {"id": "a3", "kind": "unanswerable", "question": "When?", "must_include": [], "evidence": []},
        {"id": "a4", "kind": "fact", "question": " ", "must_include": [["x"]], "evidence": ["boat"]},
    ]
    path = folder / "set.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


SCRIPT = {
    "Who came?": ("Ann did [1].", ("Ann came by boat.",)),
    "How?": ("In a blue <b>car</b> [1].", ("The boat was blue.",)),
    " ": QuestionError("the question is empty"),
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "boat.txt").write_text(ARTICLE, encoding="utf-8")
    return folder


def test_an_article_set_is_asked_with_its_history(scripted_qa, corpus: Path, tmp_path: Path) -> None:
    engine = scripted_qa(Settings(corpus=corpus), SCRIPT)
    scores = list(evaluate(read_question_set(write_set(tmp_path)), engine))
    assert [outcome(one) for one in scores] == ["right", "wrong", "declined, rightly", "no answer at all"]
    assert [(one.precision, one.recall) for one in scores] == [(1.0, 1.0), (0.0, 0.0), (None, None), (None, 0.0)]
    assert engine.synced
    assert engine.asked[1] == (
        "How?",
        ({"role": "user", "content": "Who came?"}, {"role": "assistant", "content": "Ann"}),
    )


def test_a_prediction_keeps_what_scoring_and_reading_need(scripted_qa, corpus: Path) -> None:
    kept = predict(scripted_qa(Settings(corpus=corpus), SCRIPT), gold()).model_dump(exclude_none=True)
    seconds = kept.pop("seconds")
    assert seconds >= 0
    assert kept == {
        "id": "q1",
        "answer": "Ann did [1].",
        "answered": True,
        "confidence": 0.75,
        "search_question": "Who came?",
        "citations": ({"start": 0, "end": 17, "source": "boat.txt", "marker": 1, "quote": "Ann came by boat."},),
    }


def test_each_wikipedia_article_is_a_corpus_of_its_own(scripted_qa, data: Path, tmp_path: Path) -> None:
    questions = read_question_set(data / "wikipedia_articles.json").limited(12)
    engine = scripted_qa(Settings(corpus=tmp_path, data_dir=tmp_path / "index"), {})
    opened, told = [], []
    beside = engine.beside
    engine.beside = lambda settings: opened.append(settings) or beside(settings)
    scores = list(evaluate(questions, engine, told.append))
    assert told == [article.title for article in questions.articles]
    assert len(scores) == len(engine.asked) == 12
    assert len({settings.corpus for settings in opened}) == 6
    assert all(settings.data_dir != tmp_path / "index" for settings in opened)
    assert not any(settings.corpus.exists() for settings in opened)
    assert figures(scores)["abstain_recall"] == 1.0


def test_the_table_holds_every_figure(scripted_qa, corpus: Path, tmp_path: Path) -> None:
    scores = list(evaluate(read_question_set(write_set(tmp_path)), scripted_qa(Settings(corpus=corpus), SCRIPT)))
    lines = table(figures(scores)).split("\n")
    assert lines[0] == "fact            n=2   accuracy 0.500  95 % 0.095-0.905"
    assert "accuracy_answerable    0.333" in lines
    assert "missing                1 a4" in lines
    assert "wrong                  2 a2 a4" in lines
    assert lines[-1].split() == ["0.7", "to", "0.8", "3", "0.750", "0.667"]


def test_the_report_can_be_read_and_carries_no_markup_of_the_model(scripted_qa, corpus: Path, tmp_path: Path) -> None:
    settings = Settings(corpus=corpus, api_key="secret-key")
    scores = list(evaluate(read_question_set(write_set(tmp_path)), scripted_qa(settings, SCRIPT)))
    text = report("Evaluation: set", figures(scores), scores, circumstances(settings))
    assert "### a1 (fact): right" in text
    assert "- [1] Ann came by boat. (boat.txt 0-17, on the evidence)" in text
    assert "(boat.txt 18-36, beside the evidence)" in text
    assert "> In a blue \\<b\\>car\\</b\\> \\[1\\]." in text
    assert "user: Who came?" in text
    assert "secret-key" not in text


def test_circumstances_name_settings_date_and_machine() -> None:
    told = circumstances(Settings(api_key="secret-key"))
    assert told["settings"]["chat_model"] == "embedded"
    assert "cores" in told["machine"]
    assert "secret-key" not in json.dumps(told)
