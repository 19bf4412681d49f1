"""What a file is, by its content."""

import csv
import os
import re
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any, NamedTuple, Optional

from bilstm_tagger.text.column_format import BLANKS, split_blanks
from bilstm_tagger.text.errors import PathLike
from bilstm_tagger.text.json_values import parse_json
from bilstm_tagger.text.rows import DIVIDER as _DIVIDER
from bilstm_tagger.text.rows import TOKEN_NAMES, is_header
from bilstm_tagger.text.tag_spelling import recognised_spelling

_PARQUET_MAGIC = b"PAR1"
# Of zlib, which no UTF-8 text begins with.
_DOCBIN_MAGIC = b"x\x9c"
# So many lines are looked at.
HEAD_LINES = 300
# Columns of a header that say to which sentence a line belongs, in lower case.
_SENTENCE_NAMES = ("sentence #", "sentence", "sentence_id", "sentence id", "sent_id", "sentenceid")
_CONLLU_WIDTH = 10
# Fewer lines with as many words each, and fewer with some in upper case, are there by chance.
_FEW, _MANY = 4, 10
# Lines of columns, and of tokens with parts, are shorter; of very many columns, this many at each
# end are looked at.
_LONG, _ENDS = 100_000, 50
_OF_SPREADSHEETS = ",", ";"
# A list over many lines, with its first object, or the start of it, on the first of them.
_OPENS_LIST = re.compile(r'\[\s*\{\s*("|$)')
_LINE_SEPARATORS = "|/_"


class RecognisedFile(NamedTuple):
    """What a file looks like."""

    form: str  # "text", or one of `Form`
    evidence: str  # in words
    sure: bool = True  # whether it can hardly be anything else
    # Keys of `DatasetLayout` but for `columns` and `tasks`.
    settings: dict[str, Any] = {}
    # The columns: names of the header, keys of the first object; of other files none.
    names: Sequence[str] = ()
    width: int = 0  # the number of columns of a line, or of the parts of a token
    first_line: str = ""  # that is filled, where a header would stand


def recognise_path(path: PathLike) -> Optional[RecognisedFile]:
    """What a folder, or a file that is no text, is; `None` for others."""
    root = Path(path)
    if root.is_dir():
        if any((root / name).exists() for name in ("state.json", "dataset_dict.json")):
            return RecognisedFile("parquet", "the folder of a Hugging Face data set")
        if next(root.rglob("*.txt"), None) is not None:
            return RecognisedFile("brat", "a folder of texts, as of BRAT")
        return None
    if not root.is_file():
        return None
    with root.open("rb") as file:
        start = file.read(4)
    if start == _PARQUET_MAGIC:
        return RecognisedFile("parquet", "a Parquet file")
    if start.startswith(_DOCBIN_MAGIC) or os.fspath(path).endswith(".spacy"):
        return RecognisedFile("spacy", "a DocBin of spaCy")
    if root.suffix in (".ann", ".txt") and root.with_suffix(".ann").exists():
        return RecognisedFile("brat", f"a text with annotations beside it, {root.stem}.ann")
    return None


def recognise_lines(lines: Sequence[str]) -> RecognisedFile:
    """What a file with these first lines, without their ends, is."""
    filled = [line for line in lines if line.strip(BLANKS)]
    if not filled:
        return RecognisedFile("text", "no text")
    recognised = _json(filled) or _conllu(filled) or _spreadsheet(filled)
    columns = None if recognised else _columns(lines)
    if columns is not None and not columns.sure:  # lines of as many words, by chance
        columns = _token_parts(filled) or columns
    recognised = recognised or columns or _token_parts(filled)
    recognised = recognised or RecognisedFile("text", "lines of text")
    return recognised._replace(first_line=filled[0])


def _json(filled: Sequence[str]) -> Optional[RecognisedFile]:
    first = filled[0].lstrip()
    if first[0] not in "{[":
        return None
    try:
        value = parse_json(first)
    except ValueError:
        alone = first.rstrip() == "[" and len(filled) > 1 and filled[1].lstrip()[0] in "{["
        opens_list = alone or _OPENS_LIST.match(first)
        return RecognisedFile("json", "a list in JSON") if opens_list else None
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        return RecognisedFile("json", f"JSON with the keys {list(value)}", names=list(value))
    return None


def _conllu(filled: Sequence[str]) -> Optional[RecognisedFile]:
    rows = [line.split("\t") for line in filled if not line.startswith("#")]
    if rows and all(len(row) == _CONLLU_WIDTH and row[0][:1].isdigit() for row in rows):
        return RecognisedFile("columns", "CoNLL-U", True, {"conllu": True}, width=_CONLLU_WIDTH)
    return None


def _spreadsheet(filled: Sequence[str]) -> Optional[RecognisedFile]:
    """Columns with a header."""
    for delimiter in "\t,;":
        names = [name.strip().strip('"') for name in filled[0].split(delimiter)]
        lower = [name.lower() for name in names]
        if len(names) < 2 or len(set(names)) < len(names):
            continue
        sure = _is_above_tags(filled, delimiter)  # in whatever language
        if not sure and token_name(names) is None:
            continue
        sure = sure or is_header(names) or any(name in lower for name in _SENTENCE_NAMES)
        # Files that are to be tagged have no tags yet.
        if not sure and not _same_width(filled, delimiter):
            continue
        settings: dict[str, Any] = {"delimiter": delimiter}
        # Quotes that are tokens stand alone; those of spreadsheets are in pairs.
        if delimiter != "\t" or any(line.count('"') and '""' in line for line in filled):
            settings["quoted"] = True
        sentence = next((names[lower.index(n)] for n in _SENTENCE_NAMES if n in lower), None)
        if sentence is not None:
            settings["sentence_column"] = sentence
        evidence = f"columns with a header, {', '.join(names)}"
        return RecognisedFile("columns", evidence, sure, settings, names, len(names))
    return None


def _is_above_tags(filled: Sequence[str], delimiter: str) -> bool:
    """Whether the first line has something else where all others have tags of spans."""
    rows = [line.split(delimiter) for line in filled]
    if len(rows) < 2 or len({len(row) for row in rows}) > 1:
        return False
    for name, *cells in zip(*rows, strict=True):
        tags, of_all = recognised_spelling(set(cells)), recognised_spelling({name, *cells})
        is_prefixed = tags is not None and tags.prefix != "none" and set(cells) != {tags.outside}
        if is_prefixed and (of_all is None or of_all.prefix == "none"):
            return True
    return False


def _same_width(filled: Sequence[str], delimiter: str) -> bool:
    """Whether all lines have as many cells as the first, which may stand in quotes."""
    rows = csv.reader(filled, delimiter=delimiter)
    try:
        return len(filled) > 1 and len({len(row) for row in rows}) == 1
    except csv.Error:
        return False


def _columns(lines: Sequence[str]) -> Optional[RecognisedFile]:
    divided = any(not line.strip(BLANKS) for line in lines[:-1])
    rows = [line for line in lines if line.strip(BLANKS)]
    if max(map(len, rows)) > _LONG:
        return None
    unsure = None
    # A token may be "#", too.
    for comments in (False, True):
        if comments:
            kept = [row for row in rows if not row.startswith("#")]
            if len(kept) == len(rows):
                break
            rows = kept
        kinds = (None, False), ("\t", False), ("\t", True), *((d, False) for d in _OF_SPREADSHEETS)
        for delimiter, ragged in kinds:
            cells = [
                split_blanks(row) if delimiter is None else row.split(delimiter) for row in rows
            ]
            recognised = _table(cells, delimiter, ragged, divided)
            if recognised is not None:
                if comments:
                    recognised.settings["comment_prefix"] = "#"
                if recognised.sure:
                    return recognised
                unsure = unsure or recognised
    return unsure


def _table(
    cells: Sequence[Sequence[str]], delimiter: Optional[str], ragged: bool, divided: bool
) -> Optional[RecognisedFile]:
    widths = {len(row) for row in cells if row[0] != _DIVIDER}
    if not widths or (len(widths) > 1 and not ragged):
        return None
    width = min(widths)
    if width == 1 and delimiter is not None:
        return None
    # Tags are among the first columns, or the last.
    places = [*range(min(width, _ENDS)), *range(max(width - _ENDS, _ENDS), width)]
    columns = [{row[i] for row in cells if i < len(row)} for i in places]
    of_spans = any(map(_are_span_tags, columns[1:]))
    # A text may be in upper case, and a sentence has words such as "I".
    some_lower = any(cell.islower() for column in columns for cell in column)
    in_upper = len(cells) > 1 and some_lower and any(map(_are_in_upper_case, columns[1:]))
    # A text may have lines of as many words, by chance.
    chance = len(cells) < _FEW and delimiter is None
    chance = chance or ragged or (width == 1 and not divided) or delimiter in _OF_SPREADSHEETS
    if not (of_spans or in_upper) and chance:
        return None
    settings: dict[str, Any] = {"quoted": True} if delimiter in _OF_SPREADSHEETS else {}
    if delimiter is not None:
        settings["delimiter"] = delimiter
    if ragged:
        settings["ragged"] = True
    if any(row[0] == _DIVIDER for row in cells):
        settings["document_dividers"] = True
    evidence = f"{'at least ' * ragged}{width} column{'s' * (width > 1)}"
    evidence += ", blank lines between sentences" * divided
    sure = of_spans or (in_upper and len(cells) >= _MANY)
    return RecognisedFile("columns", evidence, sure, settings, width=width)


def _are_span_tags(labels: Set[str]) -> bool:
    """Whether these can hardly be words of a text."""
    if labels & {"O", "0", "o"} and (spelling := recognised_spelling(labels)) is not None:
        # `o` is a word, too.
        return spelling.prefix != "none" or all(map(str.isupper, labels - {spelling.outside}))
    spans = sum(cell[1:2] in ("-", "_") and cell[0] in "BIESLUM" for cell in labels)
    return spans > len(labels) / 2


def _are_in_upper_case(labels: Set[str]) -> bool:
    """Whether these look like parts of speech, where words beside them are in lower case."""
    of_letters = [label for label in labels if label.isalpha()]
    return bool(of_letters) and all(map(str.isupper, of_letters))


def _token_parts(filled: Sequence[str]) -> Optional[RecognisedFile]:
    if max(map(len, filled)) > _LONG:
        return None
    tokens = [token for line in filled for token in split_blanks(line)]
    for separator in _LINE_SEPARATORS:
        width = min(parts_of(token, separator) for token in tokens)
        if width == 1:
            continue
        parts = [token.rsplit(separator, width - 1) for token in tokens]
        whole = all(len(part) == width and all(part) for part in parts)
        labels = {part[-1] for part in parts}
        in_upper = any(part[0].islower() for part in parts) and _are_in_upper_case(labels)
        if whole and len(tokens) > 2 and (in_upper or _are_span_tags(labels)):
            evidence = f"a sentence a line, tokens of {width} parts separated by {separator!r}"
            return RecognisedFile("lines", evidence, True, {"delimiter": separator}, width=width)
    return None


def parts_of(token: str, separator: str) -> int:
    """How many parts a token has; `||PUNCT|O` has three, the first of which is `|`."""
    return token.lstrip(separator).count(separator) + 1 + token.startswith(separator)


def token_name(names: Sequence[str]) -> Optional[str]:
    """The column of the tokens among the names of a header, or the keys of an object."""
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in TOKEN_NAMES if name in lower), None)
