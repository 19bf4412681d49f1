"""BRAT standoff: a text, `NAME.txt`, and its annotations, `NAME.ann`."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bilstm_tagger.text.character_spans import CharacterSpan
from bilstm_tagger.text.errors import DataFormatError, PathLike, UserError
from bilstm_tagger.text.objects import Item

# `T1`, the label, the pieces `0 4;10 14`, and the text that they cover.
_ENTITY = re.compile(r"T\S+\t(\S+) (\d+ \d+(?:;\d+ \d+)*)\t(.*)")


def brat_texts(path: PathLike) -> list[Path]:
    """The text files of a folder and the folders in it, in alphabetical order; or one text file,
    also by the name of its annotations.

    # Errors

    `DataFormatError` where there is none.
    """
    if not os.path.exists(path):
        raise DataFormatError(path, None, "there is no such folder or file; check the path")
    root = Path(path)
    texts = sorted(root.rglob("*.txt")) if root.is_dir() else [root.with_suffix(".txt")]
    if not texts or not texts[0].exists():
        raise DataFormatError(
            path, None, "expected BRAT, texts NAME.txt beside NAME.ann, found no .txt file"
        )
    return texts


def read_text_file(path: Path) -> str:
    """A text as it is: offsets count every character, also those of line ends. A byte order mark
    counts, too, and is white space."""
    try:
        text = path.read_bytes().decode("utf-8")
        return f" {text[1:]}" if text.startswith("\ufeff") else text
    except UnicodeDecodeError as error:
        raise DataFormatError(
            path, None, f"expected UTF-8 ({error}); convert the file to UTF-8"
        ) from None


def read_brat(path: PathLike) -> Iterator[Item]:
    """Yields an object for each text: `text`, and `entities` where there is a file of annotations.
    Relations, events, attributes and notes are not read."""
    for file in brat_texts(path):
        text = read_text_file(file)
        value: dict[str, object] = {"text": text}
        annotations = file.with_suffix(".ann")
        if annotations.exists():
            value["entities"] = list(_entities(annotations, text))
        yield Item(value, file)


def _entities(path: Path, text: str) -> Iterator[CharacterSpan]:
    # Unicode knows more line ends, which an entity may hold.
    for number, line in enumerate(read_text_file(path).lstrip(" ").split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line.startswith("T"):
            continue
        entity = _ENTITY.fullmatch(line)
        if entity is None:
            raise DataFormatError(
                path,
                number,
                "expected an entity, 'T1<tab>LABEL 0 4<tab>text', found "
                f"{line[:80]!r}; fix the line",
            )
        label, places, covered = entity.groups()
        pieces = tuple(tuple(map(int, piece.split())) for piece in places.split(";"))
        own = " ".join(text[start:end] for start, end in pieces)
        if own.split() != covered.split():
            raise DataFormatError(
                path,
                number,
                f"the offsets {places} cover {own[:80]!r}, not {covered[:80]!r}: the text and its "
                "annotations do not belong together, or the offsets count something else than "
                "characters; fix the offsets",
            )
        yield CharacterSpan(label, tuple(sorted(pieces)))  # type: ignore[arg-type]  # pairs


def write_annotations(path: Path, text: str, spans: Sequence[tuple[int, int, str]]) -> None:
    """Writes a file of annotations: first character, the one behind the last, label of spans. A
    span over several lines has a piece on each, as BRAT wants it."""
    lines = []
    for number, (start, end, label) in enumerate(spans, start=1):
        if label.split() != [label]:
            raise UserError(
                f"the label {label!r:.80} holds a blank, which BRAT cannot; choose JSON as output"
            )
        pieces = [
            (start + match.start(), start + match.end())
            for match in re.finditer(r"[^\r\n]+", text[start:end])
        ]
        places = ";".join(f"{first} {behind}" for first, behind in pieces)
        covered = " ".join(text[first:behind] for first, behind in pieces)
        lines.append(f"T{number}\t{label} {places}\t{covered}\n")
    path.write_bytes("".join(lines).encode("utf-8"))
