"""Files of annotated objects: JSON lines, a list in JSON, BRAT, spaCy's DocBin, Parquet."""

from collections.abc import Iterator
from typing import Any

from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.json_values import parse_json
from bilstm_tagger.text.lines import read_lines
from bilstm_tagger.text.objects import Item


def read_items(path: PathLike, form: str) -> Iterator[Item]:
    """Yields the objects of a file, or of a folder of BRAT.

    # Errors

    `DataFormatError` for a file that cannot be read, and one without objects.
    """
    if form == "brat":
        from bilstm_tagger.text.brat import read_brat as read
    elif form == "spacy":
        from bilstm_tagger.text.docbin import read_docbin as read
    elif form == "parquet":
        from bilstm_tagger.text.arrow_tables import read_table as read
    else:
        read = _read_json
    item = None
    for item in read(path):
        yield item
    if item is None:
        raise DataFormatError(path, None, "expected annotated text, found none; check the path")


def _read_json(path: PathLike) -> Iterator[Item]:
    lines = read_lines(path)
    first = True
    for number, line in lines:
        if not line.strip():
            continue
        if first and line.lstrip().startswith("["):
            rest = [line, *(text for _, text in lines)]
            for index, value in enumerate(_parsed(path, None, "\n".join(rest))):
                yield Item(value, path, None, f"object {index + 1} of the list")
            return
        yield Item(_parsed(path, number, line), path, number)
        first = False


def _parsed(path: PathLike, number: int | None, text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        fix = "fix it; an object is one line, or the file is one list of objects"
        raise DataFormatError(path, number, f"{error}; {fix}") from None
