"""How the lines of a text file of word vectors are laid out, told by the first of them, and what a
file is that has none."""

import re
from typing import NamedTuple, Optional

from bilstm_tagger.text.content import binary_kind

# As many lines are looked at: some files have words with blanks, whose lines make no sense.
_LINES = 20
_HEADER = re.compile(rb"(\d{1,15})[ \t]+(\d{1,15})\s*")
_NUMBER = re.compile(rb"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|inf|infinity)", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(rb"[-+]?\d+,\d+")
_WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|head)", re.IGNORECASE)
_JSON = re.compile(rb'\s*[\[{]\s*["{\[\d]')
# What helps with a file that is known, beyond what holds for every file.
_ADVICE = {
    "a pickle of Python": (
        "where gensim wrote it, load it there and write it with save_word2vec_format(NEW)"
    ),
    "a fastText model (.bin)": (
        "name the .vec file that comes with it, or write the words that you need as text: "
        "fasttext print-word-vectors FILE < WORDS > NEW"
    ),
}
_TEXT = "write a word and its numbers on each line, separated by blanks"


class VectorLines(NamedTuple):
    """The layout of the lines."""

    words: Optional[int]  # how many, as the header says; `None` without one
    # After the word: `b" "` or `b"\t"`. Lines of `is_loose` have blanks in other places, too.
    separator: bytes
    is_loose: bool
    dimension: int

    def tidy(self, line: bytes) -> bytes:
        """A loose line, with one separator after the word and one blank between numbers."""
        if self.separator == b" ":
            return b" ".join(line.split())
        word, _, numbers = line.partition(self.separator)
        return word + self.separator + b" ".join(numbers.split())


def vector_lines(start: bytes) -> Optional[VectorLines]:
    """The layout of the lines of a file that begins so; `None` where no line is a word and numbers.
    One number is no vector, unless a header says so."""
    lines = _first_lines(start)
    says = _HEADER.fullmatch(lines[0])
    count, dimension = (int(says[1]), int(says[2])) if says else (None, 0)
    layouts = (
        layout
        for line in lines[0 if says is None else 1 :]
        if (layout := _layout(line, count, 1 if dimension == 1 else 2))
    )
    first = next(layouts, None)
    if first is None or says is None or first.dimension == dimension:
        return first
    # The header decides: the first line may be damaged, or have a word with a number in it.
    return next((layout for layout in layouts if layout.dimension == dimension), first)


def _layout(line: bytes, count: Optional[int], least: int) -> Optional[VectorLines]:
    """The first layout by which a line is a word and so many numbers, at least."""
    for separator, is_loose in ((b" ", False), (b"\t", True), (b" ", True)):
        layout = VectorLines(count, separator, is_loose, 0)
        _, _, rest = (layout.tidy(line) if is_loose else line.rstrip()).partition(separator)
        numbers = rest.split(b" ")
        if len(numbers) >= least and all(map(_NUMBER.fullmatch, numbers)):
            return layout._replace(dimension=len(numbers))
    return None


def what_is_no_vectors(start: bytes) -> str:
    """What a file is that begins so and has no vectors, and what helps."""
    if (kind := binary_kind(start)) is not None:
        name, advice = kind
        return f"{name}; {_ADVICE.get(name, advice)}"
    if _WEB_PAGE.match(start):
        return "a web page, so the download failed; fetch the file again"
    if _JSON.match(start):
        return f"JSON; {_TEXT}"
    lines = [line.split() for line in _first_lines(start) if line.strip()]
    if not lines or (len(lines) == 1 and _HEADER.fullmatch(start.partition(b"\n")[0])):
        return "none; the file is empty or cut short: fetch it again, or name another"
    first = b" ".join(lines[0]).decode("utf-8", "replace")
    found = f"{first[:60]!r} in the first line"
    widths = {len(line) for line in lines}
    if all(line[0].count(b",") > 1 and len(line) == 1 for line in lines):
        return f"{found}: commas between numbers; write blanks: tr ',' ' ' < FILE > NEW"
    if all(len(line) > 2 and all(map(_DECIMAL_COMMA.fullmatch, line[1:])) for line in lines):
        return f"{found}: numbers with decimal commas; write points: tr ',' '.' < FILE > NEW"
    if widths == {1}:
        return f"{found}: a list of words without numbers; name the file that has their vectors"
    if widths == {2} and all(_NUMBER.fullmatch(line[1]) for line in lines):
        return (
            f"{found}: a list of words with one number, such as how often they occur, it seems; "
            "name the file that has their vectors"
        )
    if len(widths) == 1:
        return (
            f"{found}: a column file, it seems, with tokens and tags; name the file of word vectors"
        )
    return f"{found}; name the file of word vectors, or {_TEXT}"


def _first_lines(start: bytes) -> list[bytes]:
    """The first lines. Of a file with few, very long lines the last may be cut."""
    return start.split(b"\n", _LINES)[:_LINES]
