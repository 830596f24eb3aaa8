"""The conversation as HTML: questions, answers, the passages found, what to do with an answer, what to ask next."""

from collections.abc import Sequence

from qa.courtesy import courtesy
from qa.datatypes import Answer, Citation, Passage, RetrievedPassage
from qa.ui.answers import answer_html, quotes_html
from qa.ui.icons import icon
from qa.ui.markup import button, element, escaped, isolated, shortened
from qa.ui.messages import Words
from qa.ui.session import ChatTurn

SNIPPET_CHARACTERS = 220
QUESTION_CHARACTERS = 600
SEARCHED_CHARACTERS = 100
SURE = ((0.85, "sure_high"), (0.65, "sure_good"), (0.5, "sure_low"), (0.0, "sure_poor"))
"""Lowest confidence for each of the words that tell it. The confidence is a calibrated chance of being right, so the
words say on which side of a half it lies, and the number beside them how many of ten such results are right."""


def welcome_html(starters: Sequence[str], words: Words, coming: bool = False) -> str:
    """Draw the empty conversation: what this is for, and questions to start from, or that they are being made."""
    made = element("p", words("starters_coming"), class_="note coming") if coming else ""
    content = element("h2", words("welcome_title")) + element("p", words("welcome")) + made
    return element("div", content + _suggestions(starters, "starters", words), class_="welcome")


def turns_html(turns: Sequence[ChatTurn], words: Words, first: int = 0) -> str:
    """Draw turns one under the other, counted from `first`."""
    return "".join(_turn(turn, first + number, words) for number, turn in enumerate(turns))


def _turn(turn: ChatTurn, number: int, words: Words) -> str:
    asked = turn.question
    if len(asked) > QUESTION_CHARACTERS:
        asked = shortened(asked, QUESTION_CHARACTERS)
    title = element("h2", escaped(asked), class_="question", id=f"question-{number}", dir="auto")
    content = title + (_unfinished(turn, words) if turn.answer is None else _finished(turn.answer, number, words))
    if not turn.running:
        content += _actions(turn, number, words) + _remark(turn, number, words)
    return element(
        "section",
        content + _suggestions(turn.follow_ups, "follow_ups", words),
        class_=f"turn {turn.stage}",
        data_turn=number,
        aria_labelledby=f"question-{number}",
        aria_busy="true" if turn.running else None,
    )


def _unfinished(turn: ChatTurn, words: Words) -> str:
    if turn.stage == "failed":
        return element("p", escaped(turn.error), class_="error", role="alert", dir="auto")
    text = element("div", escaped(turn.text), class_="answer", dir="auto") if turn.text else ""
    return text + element("p", words(turn.stage), class_="note") + passages_html(turn.passages, words, opened=True)


def _finished(answer: Answer, number: int, words: Words) -> str:
    if courtesy(answer.question):
        return element("div", escaped(answer.text), class_="answer", dir="auto")
    searched, declined = answer.search_question.strip(), not answer.answered
    rewritten = searched and searched != answer.question.strip()
    return "".join(
        (
            _searched(searched, words) if rewritten else "",
            element("p", words("declined"), class_="declined-label") if declined else "",
            answer_html(answer, number, words),
            _certainty(answer, words),
            quotes_html(answer, number, words),
            passages_html(answer.passages, words, opened=declined, nearest=declined),
        )
    )


def _searched(question: str, words: Words) -> str:
    """Draw the question that was searched for; a long one, such as the exchange before it, unfolds."""
    short = shortened(question, SEARCHED_CHARACTERS)
    note = f"{words('searched_for')} {isolated(short)}"
    if len(short) >= len(question.strip()):
        return element("p", note, class_="searched")
    return element("details", element("summary", note) + element("p", escaped(question), dir="auto"), class_="searched")


def confidence_words(answer: Answer, words: Words) -> str:
    """Return the calibrated confidence as words, with the number of ten such results that are right."""
    return words("sure", told=words(_level(answer)), count=min(9, max(1, round(10 * answer.confidence))))


def _level(answer: Answer) -> str:
    return next((key for lowest, key in SURE if answer.confidence >= lowest), SURE[-1][1])


def _certainty(answer: Answer, words: Words) -> str:
    detail = words("sure_detail", percent=round(100 * answer.confidence))
    told = element("span", confidence_words(answer, words), class_=f"sure {_level(answer)}", title=detail)
    told += element("span", words("seconds", seconds=f"{answer.timings.total:.1f}"))
    if answer.unsupported:
        told += element("span", words("unsupported", count=answer.unsupported))
    return element("p", told, class_="meta")


def passages_html(passages: Sequence[RetrievedPassage], words: Words, *, opened: bool, nearest: bool = False) -> str:
    """Draw the passages found, each a button that opens its place in the article."""
    if not passages:
        return ""
    title = words("nearest") if nearest else words("found", count=len(passages))
    items = "".join(_passage(found.passage) for found in passages)
    return element("details", element("summary", title) + element("ul", items), class_="passages", open=opened)


def _passage(passage: Passage) -> str:
    opener = button(
        escaped(shortened(passage.text, SNIPPET_CHARACTERS)),
        class_="passage",
        dir="auto",
        data_act="show",
        data_document=passage.document_id,
        data_start=passage.start,
        data_end=passage.end,
    )
    return element("li", opener)


def _suggestions(questions: Sequence[str], key: str, words: Words) -> str:
    if not questions:
        return ""
    items = "".join(
        element("li", button(escaped(question), class_="suggestion", data_ask=question, dir="auto"))
        for question in questions
    )
    title = element("p", words(key))
    return element("nav", title + element("ul", items), class_="suggestions", aria_label=words(key))


def _actions(turn: ChatTurn, number: int, words: Words) -> str:
    def small(key: str, **attributes: object) -> str:
        return button(icon(key), data_turn=number, aria_label=words(key), title=words(key), **attributes)

    buttons = [
        small("retry", data_ask=turn.question, data_replace=1),
        small("edit", data_act="edit"),
        small("share", data_copy_query=turn.question),
    ]
    if turn.answer is not None:
        buttons.insert(0, small("copy", data_copy=plain(turn.answer)))
        for key, verdict in (("good", "up"), ("bad", "down")):
            pressed = str(turn.verdict == verdict).lower()
            buttons.append(small(key, data_act="vote", data_verdict=verdict, aria_pressed=pressed))
    return element("div", "".join(buttons), class_="actions", role="group", aria_label=words("actions"))


def _remark(turn: ChatTurn, number: int, words: Words) -> str:
    if turn.remark_sent:
        return element("p", words("thanks"), class_="note", role="status")
    if not turn.verdict:
        return ""
    label = element("label", words("remark"), for_=f"remark-{number}")
    field = f'<input id="remark-{number}" name="remark" maxlength="2000" autocomplete="off">'
    send = element("button", words("send"), type="submit")
    return element("form", label + element("span", field + send), class_="remark", data_act="remark", data_turn=number)


def plain(answer: Answer) -> str:
    """Return an answer with its numbered quotes as plain text, for the clipboard."""
    return "\n".join([answer.text, *map(_quote_line, answer.citations)])


def _quote_line(citation: Citation) -> str:
    return f"[{citation.marker}] {citation.quote} ({citation.where})"
