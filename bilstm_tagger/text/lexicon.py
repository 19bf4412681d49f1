"""Lists of names as features: which tokens of a sentence are in a list."""

import re
from collections.abc import Iterable, Sequence

from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.lines import read_lines

# As in files of columns; other white space is part of a token.
_BLANKS = re.compile("[ \t\r\n]+")
# What a vocabulary writes in place of a line end, and its values for padding and unknown words.
_RESERVED = re.compile("@@(NEWLINE|PADDING|UNKNOWN)@@")
# Outside of all entries; the first, an inner, and the last token of one; the only one.
OUTSIDE, FIRST, INNER, LAST, ONLY = MATCHES = ("O", "B", "I", "E", "S")


def read_lexicon(path: PathLike) -> list[str]:
    """The entries of a file, plain or packed, one a line, their tokens separated by blanks or tabs;
    blank lines and entries that come again are left out.

    # Errors

    `DataFormatError` as of `read_lines`, for a file without entries, and for an entry with a word
    that a vocabulary reserves.
    """
    entries: dict[str, None] = {}
    for number, line in read_lines(path):
        tokens = [token for token in _BLANKS.split(line) if token]
        entry = " ".join(tokens)
        if reserved := _RESERVED.search(entry):
            raise DataFormatError(
                path,
                number,
                f"the entry {entry!r:.80} has {reserved[0]!r}, which the vocabulary keeps for "
                "itself; leave it out",
            )
        if entry:
            entries[entry] = None
    if not entries:
        raise DataFormatError(path, None, "there is no entry; a lexicon has one on each line")
    return list(entries)


class Lexicon:
    """Finds the entries of a list in sentences (Chiu and Nichols 2016, "Named Entity Recognition
    with Bidirectional LSTM-CNNs", section 2.5).

    # Parameters

    entries : `Iterable[str]`
        Tokens with blanks between them.
    ignore_case : `bool`
        Whether upper and lower case are alike.
    """

    def __init__(self, entries: Iterable[str], ignore_case: bool) -> None:
        self._ignore_case = ignore_case
        self._entries = {entry.lower() if ignore_case else entry for entry in entries}
        # First token of entries to their numbers of tokens, the largest first.
        lengths: dict[str, set[int]] = {}
        for entry in self._entries:
            first, *others = entry.split(" ")
            lengths.setdefault(first, set()).add(1 + len(others))
        self._lengths = {first: sorted(of, reverse=True) for first, of in lengths.items()}

    def __call__(self, tokens: Sequence[str]) -> list[str]:
        """For each token of a sentence one of `MATCHES`. From left to right, the longest entry is
        taken, and entries do not overlap."""
        keys = [token.lower() for token in tokens] if self._ignore_case else list(tokens)
        matches = [OUTSIDE] * len(keys)
        start = 0
        while start < len(keys):
            length = self._longest(keys, start)
            if length == 1:
                matches[start] = ONLY
            elif length:
                matches[start : start + length] = [FIRST, *[INNER] * (length - 2), LAST]
            start += length or 1
        return matches

    def _longest(self, keys: Sequence[str], start: int) -> int:
        for length in self._lengths.get(keys[start], ()):
            end = start + length
            if end <= len(keys) and " ".join(keys[start:end]) in self._entries:
                return length
        return 0
