"""Does a sentence hold what a statement claims? Compared by words, names and numbers; no model is asked."""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import product

from qa.blocks import CELLS
from qa.numerals import counted, numbers
from qa.reading import NumberedSentence, Statement
from qa.tables import columns

MOST_SENTENCES = 3
"""Sentences cited for one statement at most."""
LEAST_SHARED = 0.5
"""Share of a statement's words that its sentences must hold when the model named none."""
MUCH_BETTER = 0.25
"""By how much more of a statement's words another sentence must hold to take the place of those the model named.

Small models write a fact in the words of its sentence and then get the sentence's number wrong by one or two."""

NAME_ROOT = 4
"""Letters by which two forms of a name are taken for the same."""

_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")
_CAPITAL = re.compile(r"\b[A-ZÀ-ÞА-Я][\w’'-]*\w")
_NAME = re.compile(rf"(?<=[a-z,;’'\"”)\]]\s){_CAPITAL.pattern}")
_RATE = re.compile(
    r"\b(?:per|each|every|(?:once|twice|times|hours?|nights?|days?|weeks?|months?)\s+an?)\s+"
    r"(second|minute|hour|day|night|week|month|quarter|year|decade)\b",
    re.IGNORECASE,
)
_RATES = {"day": "daily", "year": "annual|per annum"}
"""How else a sentence says how often, where that does not begin as the unit does, as "monthly" does."""
_COMPARED = re.compile(r"\b(\w+er|more|less)\b[^;]*?\bthan\b(?P<than>[^,;.]*)", re.IGNORECASE)
_DIFFERENCE = re.compile(
    r"\d\S*(?:\s+\w+){0,2}?\s+(?:more|less|(?:few|high|low|long|short|fast|slow|larg|small|bigg|great|bett|cheap|dear|"
    r"old|young|heavi|light|earli|lat|soon|quick|furth|deep|wid|strong|warm|cold)er|worse)\b|"
    r"\b(?:fell|rose|dropped|grew|increased|decreased|declined|shrank|climbed)\s+(?:by\s+)?(?!to\b|from\b)\D{0,6}\d\S*",
    re.IGNORECASE,
)
PLAIN = frozenset(
    _WORD.findall(
        """a an and are as at be been but by did do does for from had has have he her his in into is it its no not of
        on or she so that the their them they this to was were which who whom will with would yes said says say"""
    )
)


def content_words(text: str) -> set[str]:
    """Return the words that carry meaning, lower case, cut to a stem of six letters."""
    return {stem(word) for word in _WORD.findall(text) if word.lower() not in PLAIN}


def particulars(text: str, names: Collection[str] = ()) -> set[str]:
    """Return what must not be wrong: numbers, and names as stems.

    A name is a capitalised word that does not begin the text, or one that is among `names` wherever it stands. Words
    that carry no meaning, as in "Peace Be Upon Him" or "The Hague", are none.
    """
    inside = {stem(name) for name in _NAME.findall(text)}
    known = {stem(name) for name in _CAPITAL.findall(text)} & set(names)
    return numbers(text) | ((inside | known) - PLAIN)


def stem(word: str) -> str:
    """Return a word in lower case without 's, cut to six letters."""
    return word.lower().replace("’", "'").removesuffix("'s")[:6]


def _holds(text: str) -> set[str]:
    return content_words(text) | numbers(text)


def _found(missing: set[str], text: str) -> set[str]:
    """Return the names and numbers that a text holds; a name also in another form, such as Turkey for Turkish."""
    held = _holds(text)
    roots = {word[:NAME_ROOT] for word in held if len(word) >= NAME_ROOT}
    return {word for word in missing if word in held or (word.isalpha() and word[:NAME_ROOT] in roots)}


def _with_names(sentence: NumberedSentence) -> str:
    """Return a sentence's text; of a row of a table that of its columns' names as well."""
    return f"{sentence.text} {sentence.heading}" if CELLS in sentence.text else sentence.text


def _share(wanted: set[str], sentences: Iterable[NumberedSentence]) -> float:
    held = set().union(*(_holds(_with_names(sentence)) for sentence in sentences))
    return len(wanted & held) / len(wanted) if wanted else 0.0


def held_beginning(text: str, sentences: Iterable[NumberedSentence], known: str) -> str:
    """Return a text up to the last word held by the sentences before the first that neither they nor `known` hold.

    Words without meaning count nowhere.
    """
    held, passed = set().union(*(_holds(sentence.text) for sentence in sentences)), content_words(known)
    end = 0
    for found in _WORD.finditer(text):
        word = stem(found[0])
        if word in held:
            end = found.end()
        elif word not in passed and found[0].lower() not in PLAIN:
            break
    return text[:end]


def _invents_a_unit(
    text: str, chosen: Sequence[NumberedSentence], sentences: Iterable[NumberedSentence], known: str
) -> bool:
    """Say whether a text counts something, such as tonnes, that neither the rows it is taken from nor others name.

    Sentences say what they count, and models keep to it; to a table's bare numbers they add units of their own.
    """
    if not any(CELLS in sentence.text for sentence in chosen):
        return False
    named = content_words(known).union(*(content_words(s.text) for s in (*chosen, *sentences) if CELLS in s.text))
    return bool({stem(word) for word in counted(text) - PLAIN} - named)


def _invents_a_rate(text: str, chosen: Sequence[NumberedSentence], known: str) -> bool:
    """Say whether a text says how often, as in "once a year", by a unit that neither its sentences nor `known` name."""
    held = " ".join([known, *(sentence.text for sentence in chosen)]).lower()
    units = (unit.lower() for unit in _RATE.findall(text))
    return any(not re.search(rf"\b(?:{unit[:NAME_ROOT]}|{_RATES.get(unit, unit)})", held) for unit in units)


def _mistakes_a_column(text: str, chosen: Iterable[NumberedSentence]) -> bool:
    """Say whether a text says of one column of a row what stands in another: by the words in which their names differ.

    A text that tells the values of both columns, or names the right one too, is not judged.
    """
    said = _holds(text)
    for sentence in chosen:
        told, untold = set[frozenset[str]](), set[frozenset[str]]()
        for name, value in columns(sentence.text, sentence.heading):
            held = _holds(value)
            (told if held and held <= said else untold).add(frozenset(_holds(name)))
        for own, other in product(told, untold):
            apart = set(filter(str.isalpha, other - own)) or other - own
            if apart and apart <= said and not (own - other) & said:
                return True
    return False


def _invents_a_difference(text: str, chosen: Sequence[NumberedSentence]) -> bool:
    """Say whether a text tells by how much one thing differs from another, which no row does that it is taken from."""
    if not any(CELLS in sentence.text for sentence in chosen):
        return False
    return any(not any(told in sentence.text for sentence in chosen) for told in _DIFFERENCE.findall(text))


def _tears_a_comparison(text: str, chosen: Iterable[NumberedSentence]) -> bool:
    """Say whether a text says of what stands behind "than" in a sentence what that says of the other side."""
    said = set(_WORD.findall(text.lower()))
    for found in () if "than" in said else filter(None, (_COMPARED.search(s.text) for s in chosen)):
        other = content_words(found["than"]) - content_words(found.string[: found.start("than")])
        if found[1].lower() in said and other & content_words(text):
            return True
    return False


def prove(
    statement: Statement, sentences: Sequence[NumberedSentence], known: str, foreign: Collection[str] = ()
) -> tuple[NumberedSentence, ...]:
    """Return the sentences that support a statement, in the order of the text; none if it is not supported.

    With the row of a table goes its first row.

    Args:
        statement: what is claimed, with the numbers the model named.
        sentences: all sentences that were read.
        known: text that a statement may take names and numbers from without proof.
        foreign: names that are to be taken for such also where they begin the statement, as stems.
    """
    wanted = content_words(statement.text)
    best = max(sentences, key=lambda s: _share(wanted, [s]), default=None)
    if best is None:
        return ()
    by_number = {sentence.number: sentence for sentence in sentences}
    chosen = [by_number[number] for number in statement.numbers if number in by_number][:MOST_SENTENCES]
    least = _share(wanted, chosen) + MUCH_BETTER if chosen else LEAST_SHARED
    if _share(wanted, [best]) >= least:
        chosen = [best]
    if (
        not chosen
        or _invents_a_unit(statement.text, chosen, sentences, known)
        or _invents_a_rate(statement.text, chosen, known)
        or _mistakes_a_column(statement.text, chosen)
        or _invents_a_difference(statement.text, chosen)
        or _tears_a_comparison(statement.text, chosen)
    ):
        return ()
    names = {stem(name) for sentence in sentences for name in _NAME.findall(sentence.text)} | set(foreign)
    missing = particulars(statement.text, names)
    for text in (known, *(sentence.text for sentence in chosen)):
        missing -= _found(missing, text)
    while missing and len(chosen) < MOST_SENTENCES:
        helper = max(sentences, key=lambda s: (len(_found(missing, s.text)), -abs(s.number - chosen[0].number)))
        if not _found(missing, helper.text):
            break
        chosen.append(helper)
        missing -= _found(missing, helper.text)
    if missing:
        return ()
    return with_first_rows(chosen, sentences)


def with_first_rows(
    chosen: Collection[NumberedSentence], sentences: Iterable[NumberedSentence]
) -> tuple[NumberedSentence, ...]:
    """Return sentences in the order of the text, with each row the first one of its table if that is in `sentences`."""
    tables = {(s.document_id, s.heading) for s in chosen if CELLS in s.text}
    heads = (s for s in sentences if (s.document_id, s.heading) in tables and _is_first_row(s))
    return tuple(sorted({*chosen, *heads}, key=lambda s: s.number))


def _is_first_row(sentence: NumberedSentence) -> bool:
    """Say whether a sentence is the first row of its table, which its heading ends with (passages.py)."""
    return CELLS in sentence.text and sentence.heading.endswith(sentence.text)
