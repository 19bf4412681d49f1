"""What is made of a token's text: its casing class, and the forms under which it is looked up."""

import re
from collections.abc import Container
from typing import NamedTuple, Optional

DATE_TOKEN = "DATE_TOKEN"
TIME_TOKEN = "TIME_TOKEN"
NUMBER_TOKEN = "NUMBER_TOKEN"

# ASCII digits only, and in this order: a date must not be taken for a number.
_REPLACEMENTS = (
    (re.compile(r'"+'), '"'),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), DATE_TOKEN),
    (re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}"), TIME_TOKEN),
    (re.compile(r"[0-9]{2}:[0-9]{2}"), TIME_TOKEN),
    (re.compile(r"[0-9.,]+"), NUMBER_TOKEN),
)

CHAIN_STEPS = ("exact", "lower-cased", "normalised", "unknown")


def normalise(text: str) -> str:
    """The normalised form of a token: lower case, `--` to `-`, runs of `"` to one, dates, times and
    numbers to one token each (Reimers and Gurevych 2017, as their program does it).
    """
    text = text.lower().replace("--", "-")
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return text


class WordForms(NamedTuple):
    """The forms of a token in the order in which they are looked up."""

    exact: str
    lower: str
    normalised: str


def word_forms(text: str) -> WordForms:
    return WordForms(text, text.lower(), normalise(text))


def chain_step(forms: WordForms, known: Container[str]) -> int:
    """The first form that is known: 0 exact, 1 lower-cased, 2 normalised; 3 if none is
    (`CHAIN_STEPS` names them)."""
    for step, form in enumerate(forms):
        if form in known:
            return step
    return len(forms)


def known_form(text: str, known: Container[str]) -> Optional[str]:
    """The first form of a token that is known, or `None`."""
    if text in known:
        return text
    lower = text.lower()
    if lower in known:
        return lower
    normalised = normalise(text)
    return normalised if normalised in known else None


def casing(text: str) -> str:
    """The casing class of a token, the first of seven that fits (Reimers and Gurevych 2017):
    `numeric`, `mainly_numeric` (more than half digits), `allLower`, `allUpper`, `initialUpper`,
    `contains_digit`, `other`.
    """
    digits = 0 if text.isalpha() else sum(map(str.isdigit, text))
    if text.isdigit():
        return "numeric"
    if digits > len(text) / 2:
        return "mainly_numeric"
    if text.islower():
        return "allLower"
    if text.isupper():
        return "allUpper"
    if text[:1].isupper():
        return "initialUpper"
    return "contains_digit" if digits else "other"
