"""The conversation as HTML: questions, answers with their numbered marks, quotes, passages and the small buttons."""

from collections.abc import Sequence

from qa.datatypes import Answer, Citation, RetrievedPassage
from qa.ui.answers import answer_html, quotes_html
from qa.ui.markup import escaped, isolated, shortened
from qa.ui.messages import Words
from qa.ui.session import ChatTurn

SNIPPET_CHARACTERS = 220
SURE = ((0.85, "sure_high"), (0.65, "sure_good"), (0.4, "sure_low"), (0.0, "sure_poor"))
"""Lowest confidence for each of the words that tell it."""


def welcome_html(starters: Sequence[str], words: Words) -> str:
    """Draw the empty conversation: what this is for, and questions to start from."""
    return f'<div class="welcome"><p>{words("welcome")}</p>{_suggestions(starters, "starters", words)}</div>'


def turns_html(turns: Sequence[ChatTurn], words: Words, first: int = 0) -> str:
    """Draw turns one under the other, counted from `first`."""
    return "".join(_turn(turn, first + number, words) for number, turn in enumerate(turns))


def _turn(turn: ChatTurn, number: int, words: Words) -> str:
    body = _failed(turn, words) if turn.stage == "failed" else _body(turn, number, words)
    busy = ' aria-busy="true"' if turn.running else ""
    actions = "" if turn.running else _actions(turn, number, words)
    return (
        f'<section class="turn {turn.stage}" data-turn="{number}" aria-labelledby="question-{number}"{busy}>'
        f'<h3 class="question" id="question-{number}" dir="auto">{escaped(turn.question)}</h3>'
        f"{body}{actions}{_suggestions(turn.follow_ups, 'follow_ups', words)}</section>"
    )


def _failed(turn: ChatTurn, words: Words) -> str:
    return f'<p class="error" role="alert" dir="auto">{escaped(turn.error)}</p>'


def _body(turn: ChatTurn, number: int, words: Words) -> str:
    answer = turn.answer
    if answer is None:
        text = f'<div class="answer" dir="auto">{escaped(turn.text)}</div>' if turn.text else ""
        notes = {"searching": "searching", "writing": "writing", "stopped": "stopped"}
        note = f'<p class="note">{words(notes[turn.stage])}</p>' if turn.stage in notes else ""
        return text + note + passages_html(turn.passages, words, opened=True)
    searched = answer.search_question.strip()
    rewritten = searched and searched != answer.question.strip()
    return "".join(
        (
            f'<p class="searched">{words("searched_for")} {isolated(searched)}</p>' if rewritten else "",
            "" if answer.answered else f'<p class="declined-label">{words("declined")}</p>',
            answer_html(answer, number, words),
            _certainty(answer, words),
            quotes_html(answer, number, words),
            passages_html(answer.passages, words, opened=not answer.answered, nearest=not answer.answered),
        )
    )


def confidence_words(answer: Answer, words: Words) -> str:
    """Return the calibrated confidence as words."""
    return words(next(key for lowest, key in SURE if answer.confidence >= lowest))


def _certainty(answer: Answer, words: Words) -> str:
    detail = words("sure_detail", percent=round(100 * answer.confidence))
    sure = f'<span class="sure" title="{escaped(detail)}">{confidence_words(answer, words)}</span>'
    seconds = f"<span>{words('seconds', seconds=f'{answer.timings.total:.1f}')}</span>"
    removed = f"<span>{words('unsupported', count=answer.unsupported)}</span>" if answer.unsupported else ""
    return f'<p class="meta">{sure}{seconds}{removed}</p>'


def passages_html(
    passages: Sequence[RetrievedPassage], words: Words, *, opened: bool, nearest: bool = False
) -> str:
    """Draw the passages found, each a link to its place in the article."""
    if not passages:
        return ""
    title = words("nearest") if nearest else words("found", count=len(passages))
    items = "".join(
        f'<li><button type="button" class="passage" data-act="show" data-document="{escaped(found.passage.document_id)}"'
        f' data-start="{found.passage.start}" data-end="{found.passage.end}" dir="auto">'
        f"{escaped(shortened(found.passage.text, SNIPPET_CHARACTERS))}</button></li>"
        for found in passages
    )
    return f'<details class="passages"{" open" if opened else ""}><summary>{title}</summary><ul>{items}</ul></details>'


def _suggestions(questions: Sequence[str], key: str, words: Words) -> str:
    if not questions:
        return ""
    buttons = "".join(
        f'<li><button type="button" class="suggestion" data-ask="{escaped(question)}" dir="auto">'
        f"{escaped(question)}</button></li>"
        for question in questions
    )
    return f'<nav class="suggestions" aria-label="{words(key)}"><p>{words(key)}</p><ul>{buttons}</ul></nav>'


def _actions(turn: ChatTurn, number: int, words: Words) -> str:
    def button(kind: str, key: str, symbol: str, extra: str = "") -> str:
        label = words(key)
        return (
            f'<button type="button" data-{kind} data-turn="{number}" aria-label="{label}" title="{label}"{extra}>'
            f'<span aria-hidden="true">{symbol}</span></button>'
        )

    retry = button(f'ask="{escaped(turn.question)}"', "retry", "↻", ' data-replace="1"')
    edit = button('act="edit"', "edit", "✎")
    share = button(f'copy-query="{escaped(turn.question)}"', "share", "🔗\ufe0e")
    if turn.answer is None:
        return f'<div class="actions" role="group" aria-label="{words("actions")}">{retry}{edit}{share}</div>'
    copy = button(f'copy="{escaped(plain(turn.answer))}"', "copy", "⧉")
    votes = "".join(
        button(f'act="vote" data-verdict="{verdict}"', key, symbol, f' aria-pressed="{str(turn.verdict == verdict).lower()}"')
        for verdict, key, symbol in (("up", "good", "👍\ufe0e"), ("down", "bad", "👎\ufe0e"))
    )
    return (
        f'<div class="actions" role="group" aria-label="{words("actions")}">{copy}{retry}{edit}{share}{votes}</div>'
        f"{_remark(turn, number, words)}"
    )


def _remark(turn: ChatTurn, number: int, words: Words) -> str:
    if turn.remark_sent:
        return f'<p class="note" role="status">{words("thanks")}</p>'
    if not turn.verdict:
        return ""
    return (
        f'<form class="remark" data-act="remark" data-turn="{number}"><label for="remark-{number}">{words("remark")}</label>'
        f'<span><input id="remark-{number}" name="remark" maxlength="2000" autocomplete="off">'
        f'<button type="submit">{words("send")}</button></span></form>'
    )


def plain(answer: Answer) -> str:
    """Return an answer with its numbered quotes as plain text, for the clipboard."""
    return "\n".join([answer.text, *(quote_line(citation) for citation in answer.citations)])


def quote_line(citation: Citation) -> str:
    """Return one numbered quote with its source, as plain text."""
    return f"[{citation.marker}] {citation.quote} ({citation.source})"
