"""Figures and scores of an evaluation as text for a terminal and as a Markdown report that a person can read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qa.scoring import Score, overlap

OUTCOMES = {
    (True, True): "declined, rightly",
    (False, True): "declined, wrongly",
    (True, False): "right",
    (False, False): "wrong",
}


def outcome(score: Score) -> str:
    """Return the score in words."""
    if score.prediction is None:
        return "no answer at all"
    if not score.question.answerable and not score.declined:
        return "answered, although the documents do not say"
    return OUTCOMES[score.right, score.declined]


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures as lines: each kind with its 95 % interval, each rate, the ids missing and wrong."""
    lines = []
    for kind, share in figures["accuracy_by_kind"].items():
        low, high = figures["interval_by_kind"][kind]
        lines.append(
            f"{kind:<15} n={figures['count_by_kind'][kind]:<3d} accuracy {share:.3f}  95 % {low:.3f}-{high:.3f}"
        )
    lines += [f"{key:<22} {value:.3f}" for key, value in figures.items() if isinstance(value, float)]
    lines += [f"{key:<22} {len(figures[key])} {' '.join(figures[key])}" for key in ("missing", "wrong")]
    if figures["reliability"]:
        lines.append("confidence       n   mean  right")
        lines += [_bin_line(one) for one in figures["reliability"]]
    return "\n".join(lines)


def _bin_line(one: Mapping[str, float]) -> str:
    return f"{one['low']:.1f} to {one['high']:.1f}  {one['count']:>5d}  {one['confidence']:.3f}  {one['right']:.3f}"


def report(title: str, figures: Mapping[str, Any], scores: Sequence[Score], conditions: Mapping[str, Any]) -> str:
    """Return a Markdown report: the figures, what they depend on, then every question with its answer and score.

    Args:
        title: what was evaluated.
        figures: as metrics.figures returns them.
        scores: the judged questions, in the order to print.
        conditions: settings, date and machine.
    """
    chosen = "\n".join(f"- {name}: `{value}`" for name, value in conditions["settings"].items() if value is not None)
    head = [
        f"# {title}",
        f"{conditions['date']}, {conditions['machine']}",
        "## Figures\n\n```text\n" + table(figures) + "\n```",
        "## Settings\n\n" + chosen,
        "## Questions",
    ]
    return "\n\n".join(head + ["\n\n".join(_section(score)) for score in scores]) + "\n"


def _section(score: Score) -> Iterator[str]:
    question, prediction = score.question, score.prediction
    yield f"### {question.id} ({question.kind}): {outcome(score)}"
    for turn in question.history:
        yield f"{turn['role']}: {_line(turn['content'])}"
    yield f"**{_line(question.question)}**"
    if prediction is None:
        return
    yield _quoted(prediction.answer or "")
    if prediction.search_question not in (None, question.question):
        yield f"Searched for: {_line(prediction.search_question or '')}"
    if prediction.citations:
        yield "\n".join(_citations(score))
    if question.answerable:
        yield f"Gold: {_line(' / '.join(question.answers))}"
    yield _measures(score)


def _citations(score: Score) -> Iterator[str]:
    for cited in (score.prediction and score.prediction.citations) or ():
        hit = any(overlap(cited, place) for places in score.question.evidence for place in places)
        mark = "on the evidence" if hit else "beside the evidence"
        where = f"{cited.source or 'document'} {cited.start}-{cited.end}"
        yield f"- [{cited.marker or '?'}] {_line(cited.quote or '')} ({where}, {mark})"


def _measures(score: Score) -> str:
    told = score.prediction
    parts = [
        f"{name} {value:.2f}"
        for name, value in (
            ("confidence", told and told.confidence),
            ("citation precision", score.precision),
            ("citation recall", score.recall),
            ("seconds", told and told.seconds),
        )
        if value is not None
    ]
    return ", ".join(parts)


def _line(text: str) -> str:
    """Return text on one line, its Markdown marks made harmless."""
    return "".join(f"\\{mark}" if mark in "\\`*_<>[]#|" else mark for mark in " ".join(text.split()))


def _quoted(text: str) -> str:
    return "\n".join(f"> {_line(line)}" for line in text.split("\n")) or ">"
