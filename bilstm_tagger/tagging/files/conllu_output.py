"""Tagged sentences as CoNLL-U."""

import re
from collections.abc import Iterator, Mapping, Sequence

from bilstm_tagger.tagging.files.records import OutputForm, Record, Row
from bilstm_tagger.tagging.json_input import check_cell
from bilstm_tagger.tagging.results import TaggedSentence
from bilstm_tagger.text.column_format import MISC
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import UserError

_WIDTH = 10
_INDEX = {"UPOS": 3, "XPOS": 4, "MISC": 9}
# Where a task goes by its name.
_BY_NAME = {"pos": "UPOS", "upos": "UPOS", "xpos": "XPOS"}
_LINE_END = re.compile("[\r\n]")


def places_of(tasks: Sequence[str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Task to its column, for all tasks: where it is wanted; else, by its name, pos or upos to UPOS
    and xpos to XPOS, unless another task is there; the rest to MISC, which alone holds several.

    # Errors

    `UserError` for a task or column that is not there, and two tasks in a column.
    """
    places: dict[str, str] = {}
    for task, column in wanted.items():
        if task not in tasks:
            raise UserError(
                f"--columns names the task '{task}'; those that are tagged are {sorted(tasks)}"
            )
        if column not in _INDEX:
            raise UserError(
                f"--columns puts '{task}' into '{column}'; a column is one of {', '.join(_INDEX)}"
            )
        if column != "MISC" and column in places.values():
            raise UserError(f"--columns puts two tasks into {column}; MISC holds several")
        places[task] = column
    for task in tasks:
        if task not in places:
            column = _BY_NAME.get(task.lower(), "MISC")
            places[task] = "MISC" if column in places.values() else column
    return places


def places_in(layout: DatasetLayout, tasks: Sequence[str]) -> dict[str, str]:
    """Task to its column in files of CoNLL-U that have it in one of these."""
    if not layout.conllu:
        return {}
    columns = {str(index): column for column, index in _INDEX.items() if column != "MISC"}
    places = {task: str(layout.place_of(task)) for task in tasks}
    return {
        task: "MISC" if place.startswith(MISC) else columns[place]
        for task, place in places.items()
        if place.startswith(MISC) or place in columns
    }


def _entry(task: str, layout: DatasetLayout) -> bytes:
    place = str(layout.place_of(task))
    name = task[:1].upper() + task[1:]
    if layout.conllu and place.startswith(MISC):
        name = place.removeprefix(MISC)
    return name.encode() + b"="


class ConlluOutput(OutputForm):
    """Ten columns. Of CoNLL-U input all lines and cells stay as they are, but for those that hold
    the tags; of other input there are ids, words, a comment `# text`, and `SpaceAfter=No`.

    The places are those of `places_of`; MISC gets `Task=Tag`, or the entry that the training had,
    beside what is there. `edits` says that the input is CoNLL-U.
    """

    def __init__(self, places: Mapping[str, str], edits: bool, training: DatasetLayout) -> None:
        self._places = [
            (task, _INDEX[column], _entry(task, training)) for task, column in places.items()
        ]
        self._edits = edits

    def check_tokens(self, record: Record, tokens: Sequence[str]) -> None:
        if not self._edits:
            for token in tokens:
                check_cell(token)

    def tagged(self, record: Record, sentences: list[TaggedSentence]) -> bytes:
        if not self._edits:
            for sentence in sentences:
                self.check_tokens(record, sentence.tokens)
            return b"".join(map(self._made, sentences))
        if not sentences:
            return b"".join(record.source)
        tags = self._tags(sentences[0])
        return b"".join(
            self._edited(row, next(tags)) if row.kind == "token" else raw
            for row, raw in zip(record.rows, record.source, strict=True)
        )

    def _tags(self, sentence: TaggedSentence) -> Iterator[tuple[str, ...]]:
        return zip(*(sentence.tags[task] for task, _, _ in self._places), strict=True)

    def _edited(self, row: Row, tags: tuple[str, ...]) -> bytes:
        cells = row.body.split(b"\t")
        if len(cells) != _WIDTH:
            raise ValueError(
                f"expected the {_WIDTH} columns of CoNLL-U, found {len(cells)}: "
                f"{row.body[:80].decode(errors='replace')!r}; choose another form of output"
            )
        self._put(cells, tags)
        return b"\t".join(cells) + row.end

    def _put(self, cells: list[bytes], tags: tuple[str, ...]) -> None:
        for (_, index, key), tag in zip(self._places, tags, strict=True):
            value = tag.encode()
            if index == _INDEX["MISC"]:
                entries = [] if cells[index] == b"_" else cells[index].split(b"|")
                kept = [entry for entry in entries if not entry.startswith(key)]
                value = b"|".join((*kept, key + value))
            cells[index] = value

    def _made(self, sentence: TaggedSentence) -> bytes:
        lines = [b"# text = " + _LINE_END.sub(" ", _text_of(sentence)).encode()]
        for number, (token, tags, touches) in enumerate(
            zip(sentence.tokens, self._tags(sentence), _touching(sentence), strict=True), start=1
        ):
            cells = [b"_"] * _WIDTH
            cells[0], cells[1] = str(number).encode(), token.encode()
            if touches:
                cells[_INDEX["MISC"]] = b"SpaceAfter=No"
            self._put(cells, tags)
            lines.append(b"\t".join(cells))
        return b"\n".join(lines) + b"\n\n"


def _text_of(sentence: TaggedSentence) -> str:
    if sentence.text is None or sentence.offsets is None:
        return " ".join(sentence.tokens)
    return sentence.text[sentence.offsets[0][0] : sentence.offsets[-1][1]]


def _touching(sentence: TaggedSentence) -> list[bool]:
    """Of each token, whether the next one, be it of the next sentence, follows without white
    space."""
    text = sentence.text
    if text is None or sentence.offsets is None:
        return [False] * len(sentence.tokens)
    return [end < len(text) and not text[end].isspace() for _, end in sentence.offsets]
