"""Prefixes and suffixes of strings that regular expressions find.

To look for the next one in the whole of what is left would take time that grows with the square of
the length: minutes for a line of 10,000 dashes.
"""

import re
from typing import NamedTuple, Optional

Pattern = Optional[re.Pattern[str]]

# The number of characters at an end of a string that are searched. There are more of them for an
# affix that fills half of them.
_WINDOW = 64


class Stripped(NamedTuple):
    """What is split off a string, and what is left of it."""

    prefixes: list[str]
    rest: str
    suffixes: list[str]  # the last of the string first


def strip_affixes(
    string: str, prefix: Pattern, suffix: Pattern, token: Pattern, shortest: int
) -> Stripped:
    """Splits prefixes and suffixes off a string while it is long and is no token.

    # Parameters

    string : `str`
    prefix, suffix : `Pattern`
    token : `Pattern`
        What is a token, matched at the start of what is left.
    shortest : `int`
        The number of characters that are left at least.
    """
    prefixes: list[str] = []
    suffixes: list[str] = []
    start, end = 0, len(string)
    while end - start > _WINDOW + shortest:
        if token is not None and token.match(string[start:end]):
            break
        before = start + _prefix_length(prefix, string, start, end)
        behind = end - _suffix_length(suffix, string, before, end)
        if behind - before < shortest or (before, behind) == (start, end):
            break
        if start < before:
            prefixes.append(string[start:before])
        if behind < end:
            suffixes.append(string[behind:end])
        start, end = before, behind
    return Stripped(prefixes, string[start:end], suffixes)


def affix_length(pattern: Pattern, string: str) -> int:
    """The number of characters that the first match in a string has; 0 if there is none."""
    match = pattern and pattern.search(string)
    return match.end() - match.start() if match else 0


def _prefix_length(pattern: Pattern, string: str, start: int, end: int) -> int:
    window = _WINDOW
    while window < end - start:
        length = affix_length(pattern, string[start : start + window])
        if length <= window // 2:
            return length
        window *= 2
    return affix_length(pattern, string[start:end])


def _suffix_length(pattern: Pattern, string: str, start: int, end: int) -> int:
    window = _WINDOW
    while window < end - start:
        length = affix_length(pattern, string[end - window : end])
        if length <= window // 2:
            return length
        window *= 2
    return affix_length(pattern, string[start:end])
