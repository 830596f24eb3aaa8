"""Sentences that tell of something else than a question, or of the opposite, in nearly its words."""

from typing import Any

import pytest

from qa.citations import LEAD
from qa.conflicts import Conflict, conflict
from qa.pipeline import QA
from qa.settings import Settings


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("When did the second round of talks end?", "The second round of talks began on Monday."),
        ("What stopped the third march on the capital?", "The second march on the capital was stopped by snow."),
        ("What stopped the 3rd march on the capital?", "Snow stopped the second march on the capital."),
        ("Who proposed the two theories of light?", "Huygens proposed one theory of light."),
        ("Which fever takes three weeks to break?", "The swamp fever takes three days to break."),
        ("What carries the strong force?", "The weak force is carried by heavy particles."),
        ("Which is the smallest harbour of the coast?", "Brill is the largest harbour of the coast."),
        ("When was the Office of Eastern Medicine founded?", "The Office of Western Medicine was founded in 1263."),
        ("At what time does the opening start?", "3. The opening moves to Saturday 24 May."),
        ("What timber did they export to Denmark?", "They imported timber to the value of a million from Denmark."),
    ],
)
def test_a_sentence_may_tell_of_another_thing(question: str, sentence: str) -> None:
    assert conflict(question, sentence) == Conflict.ANOTHER


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Why did the Duke accept the general's resignation?", "The Duke declined the general's resignation."),
        ("Which drugs help the cells to respond?", "Some drugs prevent the cells from responding to anything."),
        ("Why was the name of the firm correct?", "The name of the firm was incorrect."),
        ("How long were the bridges closed in the first round?", "In the first round the bridges stayed open all day."),
        ("What forces use frictional strings?", "Ideal strings, of all forces, use frictionless material."),
    ],
)
def test_a_sentence_may_tell_the_opposite(question: str, sentence: str) -> None:
    assert conflict(question.replace("frictional", "friction"), sentence) == Conflict.OPPOSITE


TIMES = ("at 7pm", "on 4 May at 19:30", "at nine", "at 8 o’clock", "half an hour before noon", "when the bell rings")


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("When did the second round of talks end?", "The second round of talks ended on Monday."),
        ("When did the talks end?", "The talks began on Monday and ended on Friday."),
        ("What must be done before trade with Lorne starts?", "Lorne's trade resumes on the ending of the raids."),
        ("When did the talks begin, and when did they end?", "The talks began on Monday."),
        ("Did the second round of talks end well?", "The second round of talks began on Monday."),  # yes or no
        ("When does the shop end its sale of boots?", "The harvest began in May."),  # about something else
        ("What prohibits atoms from passing through each other?", "The rule does not permit atoms to pass each other."),
        ("How long is the bridge of Arden?", "The bridge of Arden is short: 40 metres."),
        ("Who gave the third speech of the evening?", "After two speeches Ana gave the third of the evening."),
        ("What became of the fourteen loads of fruit?", "Eleven loads of fruit out of fourteen were thrown away."),
        ("How many copies of the song were sold in 2011?", "It sold 3,131 copies of the song in 2011."),
        ("Who won the match at Brill?", "The match at Brill was won by Ana, and Ben lost it."),
        ("Which river is long and wide?", "The Tarn."),
        *((f"{asks} time do doors open?", f"Doors open {at}.") for asks in ("At what", "What") for at in TIMES),
        ("What time of the year is best?", "May is best."),
        ("At what time limits does it break?", "It breaks at ten bars."),
        ("Which costs more, Ardo or Brill?", "Ardo costs less than Brill."),
        ("Which is the longer of the two rivers of Arden?", "Of the two rivers of Arden the Tarn is shorter."),
    ],
)
def test_most_sentences_tell_of_what_is_asked(question: str, sentence: str) -> None:
    assert conflict(question, sentence) is None


NEWS = (
    "The second round of talks began in Lorne on 4 May. Marseille admitted the ships of the League in June. "
    "General Ruhl offered his resignation, which the Duke declined on the same evening. It rained."
)


@pytest.mark.slow
def test_the_embedded_model_is_not_misled(corpus_of: Any, tmp_path: Any) -> None:
    with QA.open(Settings(corpus=corpus_of({"news.txt": NEWS}), data_dir=tmp_path / "index")) as engine:
        engine.sync()
        began, ended = (engine.ask(f"When did the second round of talks {verb}?") for verb in ("begin", "end"))
        there, elsewhere = (engine.ask(f"When did {port} admit the League's ships?") for port in ("Marseille", "Brill"))
        accepted = engine.ask("Why did the Duke accept the resignation of General Ruhl?")
    assert "4 May" in began.text
    assert "June" in there.text
    assert not ended.answered
    assert not elsewhere.answered
    assert accepted.text.startswith(f"{LEAD} “")
    assert "the Duke declined" in accepted.text
