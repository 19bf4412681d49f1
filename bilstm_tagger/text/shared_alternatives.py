"""Long regular expressions of many alternatives, in a form that is compiled in less time.

spaCy's expression of French words with hyphens repeats classes of tens of thousands of characters
hundreds of times, and ignores case: it takes seconds to compile.
"""

import re
import sys
from collections import defaultdict
from typing import Optional

_CLASS = r"\[(?:\\.|[^\]\\])+\]"
# A class whose source is so long that it is worth the work, and how often it comes.
_LONG_CLASS = re.compile(rf"(?=\[[^\]]{{500}})({_CLASS}[*+?]?)", re.DOTALL)
_SHORT_CLASS = re.compile(_CLASS, re.DOTALL)
_GROUP = re.compile(r"\((?:\?:)?[^()]*\)")
_NOT_MOVABLE = re.compile(r"[\\|()\[\]]|^[*+?{]")
_FLAGS, _START, _BETWEEN, _END = "(?iu)", "(?:", ")|(?:", ")"


def share_alternatives(source: str) -> Optional[str]:
    """The source of a regular expression that matches the same strings, which is compiled sooner.
    Which alternative matches is lost.

    `None` for other expressions than those that ignore case and have alternatives, each in a group,
    that differ before, between or behind long classes of characters.
    """
    if not source.startswith(_FLAGS + _START) or _LONG_CLASS.search(source) is None:
        return None
    # Classes, with what is between them, and the place of what differs, to what stands there.
    kinds: dict[tuple[tuple[str, ...], int], list[str]] = defaultdict(list)
    for alternative in source.removeprefix(_FLAGS + _START).removesuffix(_END).split(_BETWEEN):
        pieces = _LONG_CLASS.split(alternative)  # texts and classes in turn
        if any(_NOT_MOVABLE.search(_plain(text)) for text in pieces[::2]):
            return None
        place = max(range(0, len(pieces), 2), key=lambda index: len(pieces[index]))
        rest = (*pieces[:place], "", *pieces[place + 1 :])
        kinds[rest, place].append(pieces[place])
    classes = {piece: _both_cases(piece) for rest, _ in kinds for piece in rest[1::2]}
    alternatives = []
    for (rest, place), differing in kinds.items():
        parts = [f"(?i:{text})" for text in rest]
        parts[1::2] = [classes[piece] for piece in rest[1::2]]
        parts[place] = "(?i:" + "|".join(f"(?:{text})" for text in differing) + ")"
        alternatives.append("".join(parts))
    return "|".join(alternatives)


def _plain(text: str) -> str:
    """A part of an expression without classes and without complete groups."""
    text = _SHORT_CLASS.sub("", text)
    while (shorter := _GROUP.sub("", text)) != text:
        text = shorter
    return text


def _both_cases(piece: str) -> str:
    """A class of characters that needs not ignore case to match what it matches if it does."""
    repetition = piece[-1] if piece[-1] in "*+?" else ""
    matches = re.compile(f"(?i){piece.removesuffix(repetition)}").match
    codes = [code for code in range(sys.maxunicode + 1) if matches(chr(code))]
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(f"{_escape(a)}-{_escape(b)}" for a, b in ranges) + "]" + repetition


def _escape(code: int) -> str:
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"
