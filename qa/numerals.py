"""The numbers of a text, in digits or in words: "second", "2nd" and "two" are one, as are "1,200" and "1200"."""

import re

_BELOW_TWENTY = (
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen""",
    """zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth""",
)
_TENS = (
    "twenty thirty forty fifty sixty seventy eighty ninety",
    "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth",
)
_VALUES = {
    word: value
    for lists, start, step in ((_BELOW_TWENTY, 0, 1), (_TENS, 2, 10))
    for words in lists
    for value, word in zip(range(start * step, 100, step), words.split(), strict=False)
    if word != "one"
}
"""Value of each word; "one" is none, since it seldom counts anything."""
_WORDS = "|".join(_VALUES)
_NUMBER = re.compile(rf"\d+(?:[.,:]\d+)*|\b(?:{_WORDS})\b(?:-(?:{_WORDS}|one)\b)?", re.IGNORECASE)
_MAGNITUDES = "hundred|thousand|million|billion|trillion"
_COUNTED = re.compile(rf"(?:{_NUMBER.pattern})(?:\s+(?:{_MAGNITUDES}))?\s+([a-z][\w’'-]+)", re.IGNORECASE)
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def numbers(text: str) -> set[str]:
    """Return the numbers as digits, without marks between thousands."""
    return {_digits(found) for found in _NUMBER.findall(text)}


def counted(text: str) -> set[str]:
    """Return what is counted or measured: the word in small letters after a number, or after "million" and such."""
    return {word for word in _COUNTED.findall(text) if word.islower() and word not in _MAGNITUDES.split("|")}


def without_numbers(text: str) -> str:
    """Return the text with its numbers taken out."""
    return _NUMBER.sub(" ", text)


def _digits(number: str) -> str:
    if number[0].isdigit():
        return _GROUPING.sub("", number)
    return str(sum(_VALUES.get(word, 1) for word in number.lower().split("-")))
