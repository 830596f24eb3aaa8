"""The time between two dates that an answer gives, worked out where a question asks for it."""

import calendar
import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

_UNIT = re.compile(r"\bhow\s+(?:long|much\s+time|many\s+(days|weeks|months|years))\b", re.IGNORECASE)
_SEVERAL = re.compile(r"\beach\b", re.IGNORECASE)
_MONTHS = [name.lower() for name in calendar.month_name[1:]]
_MONTH = rf"(?P<month>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in _MONTHS)}|Sept)\b\.?"
_DAY = r"(?P<day>[12]?\d|3[01])(?:st|nd|rd|th)?\b"
_YEAR = r"(?P<year>1\d{3}|20\d{2})\b"
_BEFORE_YEAR = (
    r"(?<=\b(?:in|of|to|by)\s)|(?<=\band\s)|(?<=\b(?:year|from|till)\s)|(?<=\b(?:since|until|after)\s)|"
    r"(?<=\bbetween\s)|(?<=[–-])"
)
_FORMS = [
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR})?",
        rf"\b{_MONTH}\s+{_DAY}(?:,?\s+{_YEAR})?",
        rf"\b{_MONTH}(?:\s+of)?,?\s+{_YEAR}",
        rf"\b{_YEAR}(?=\s?[–-]\s?(?:1\d{{3}}|20\d{{2}})\b)",
        rf"(?:{_BEFORE_YEAR}){_YEAR}",
    )
]
_NO_YEAR = 2001
"""Stands for the year of dates that are told without. What lies more than half a year apart then is not compared, nor
what lies more than a month apart and is told in the other order: it may be of two years."""
_HALF_YEAR, _MONTH_DAYS, _END_OF_FEBRUARY = 183, 31, date(_NO_YEAR, 2, 28)


class Date(NamedTuple):
    """A date as far as it is told, 0 for what is not, and the words that tell it."""

    year: int
    month: int
    day: int
    words: str

    @property
    def first(self) -> date:
        """The first day that it may be."""
        return date(self.year or _NO_YEAR, self.month or 1, self.day or 1)


def asks_duration(question: str) -> bool:
    """Say whether a question asks how long one thing was."""
    return bool(_UNIT.search(question)) and not _SEVERAL.search(question)


def duration(question: str, claims: Sequence[Sequence[str]]) -> str | None:
    """Return in words how much time lies between the two dates of an answer.

    None unless all that is claimed is dated, by two dates in sum. Of the 340 written questions that ask so, answered as
    they should be, 111 have two; read one by one, the time was wrong for two of them (a claim dated by its proof alone,
    and a vote "the next day").

    Args:
        question: it may ask for a unit ("how many weeks"); otherwise days up to a hundred, years and months beyond.
        claims: for each thing claimed, texts that may date it, of which the first with a date does: what is said,
            then the sentences that prove it.
    """
    dated = [next(filter(None, map(dates_in, texts)), []) for texts in claims]
    found = {(d.year, d.month, d.day): d for dates in dated for d in dates}
    if len(found) != 2 or not all(dated):
        return None
    told = list(found.values())
    earlier, later = sorted(told, key=lambda d: d.first)
    if not earlier.year and told[0] is later and (later.first - earlier.first).days > _MONTH_DAYS:
        return None
    asked = _UNIT.search(question)
    between = _between(earlier, later, (asked[1] or "").lower() if asked else "")
    return f"From {earlier.words} to {later.words}: {between}." if between else None


def dates_in(text: str) -> list[Date]:
    """Return the dates of a text; what one form has found no other looks at."""
    found: list[Date] = []
    for form in _FORMS:
        for match in form.finditer(text):
            parts = match.groupdict(default="")
            one = Date(
                int(parts["year"] or 0),
                month_number(parts.get("month", "")),
                int(parts.get("day") or 0),
                match[0].strip(" ,."),
            )
            try:
                one.first  # noqa: B018 -- there is no 31 June
            except ValueError:
                continue
            found.append(one)
        text = form.sub(" ; ", text)
    return found


def month_number(name: str) -> int:
    """Return the number of a month by its name, whole or cut short; 0 of none."""
    begun = name.lower()[:3]
    return next((number for number, month in enumerate(_MONTHS, 1) if begun and month.startswith(begun)), 0)


def _between(earlier: Date, later: Date, unit: str) -> str:
    """Return the time between two dates in words; "" where they do not tell enough."""
    days = (later.first - earlier.first).days
    whole = bool(earlier.day and later.day)
    if bool(earlier.year) != bool(later.year):
        return ""
    if not earlier.year:
        over_february = earlier.first <= _END_OF_FEBRUARY < later.first
        return "" if not whole or days > _HALF_YEAR or over_february else _in_days(days, unit)
    if not (earlier.month and later.month):
        return _counted(later.year - earlier.year, "year")
    months = 12 * (later.year - earlier.year) + later.month - earlier.month
    if whole and (unit in ("days", "weeks") or (not unit and days <= 100)):
        return _in_days(days, unit)
    months -= whole and later.day < earlier.day
    years, rest = (0, months) if unit == "months" else divmod(months, 12)
    return " and ".join(filter(None, (_counted(years, "year"), _counted(rest, "month"))))


def _in_days(days: int, unit: str) -> str:
    weeks, rest = divmod(days, 7) if unit == "weeks" else (0, days)
    return " and ".join(filter(None, (_counted(weeks, "week"), _counted(rest, "day"))))


def _counted(count: int, unit: str) -> str:
    return f"{count:,} {unit}{'s' * (count != 1)}" if count else ""
