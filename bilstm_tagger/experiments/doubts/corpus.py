"""The corpus with columns of doubts."""

from collections.abc import Iterator, Sequence

from bilstm_tagger.experiments.doubts.report import Doubt, DoubtReport
from bilstm_tagger.experiments.out_of_fold import OutOfFoldSentence, read_out_of_fold
from bilstm_tagger.tagging.json_input import check_cell
from bilstm_tagger.text.encodings import Encoding, get_encoding
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.spans import Span
from bilstm_tagger.text.tag_recognition import recognise_tags

# Sentences whose tags show the encoding.
_SHOWN = 1000
_NOTHING = "_"
_NONE = (_NOTHING,) * 3


def corpus_columns(report: DoubtReport) -> list[str]:
    """The names of the columns of `corpus_lines`."""
    columns = ["token"]
    for task in report.tasks:
        columns += [task.name, *(f"{task.name}_{name}" for name in ("suggested", "doubt", "score"))]
    return columns


def corpus_lines(report: DoubtReport) -> Iterator[str]:
    """All sentences of the predictions, in their order: a token a line, its cells divided by tabs,
    and a blank line after each sentence.

    Of each task a token has its gold tag, if it is known; and where it is in doubt the suggested
    tag, the kind of the doubt and the score. "_" stands where there is nothing.

    # Errors

    `DataFormatError` for a token or tag that a column cannot hold.
    """
    of_sentence: dict[tuple[str, int, str], list[Doubt]] = {}
    for doubt in report.doubts:
        of_sentence.setdefault((doubt.file, doubt.sentence, doubt.task), []).append(doubt)
    encodings = _encodings(report)
    for sentence in read_out_of_fold(report.predictions):
        cells = [sentence.tokens]
        for task in report.tasks:
            doubts = of_sentence.get((sentence.file, sentence.number, task.name), [])
            gold = sentence.tasks.get(task.name)
            size = len(sentence.tokens)
            cells.append(
                [_NOTHING] * size if gold is None else [tag or _NOTHING for tag in gold.gold]
            )
            columns = _doubt_columns(doubts, size, encodings.get(task.name))
            cells += map(list, zip(*columns, strict=True))
        yield _rows(sentence, cells)


def _rows(sentence: OutOfFoldSentence, cells: Sequence[Sequence[str]]) -> str:
    try:
        for number, column in enumerate(cells):
            for cell in column:
                check_cell(cell, "tag" if number else "token")
    except ValueError as error:
        problem = str(error).replace("choose JSON as output", "leave --corpus out")
        raise DataFormatError(sentence.place, None, problem) from None
    return "".join("\t".join(row) + "\n" for row in zip(*cells, strict=True)) + "\n"


def _doubt_columns(
    doubts: Sequence[Doubt], size: int, encoding: Encoding | None
) -> list[tuple[str, str, str]]:
    """Of each token the suggested tag, the kind of the doubt, and its score."""
    columns = [_NONE] * size
    for doubt in doubts:
        if encoding is None:
            tags = [label for _, _, label in doubt.suggestion]
        else:
            tags = encoding.spans_to_tags(
                [Span(label, first, last + 1) for first, last, label in doubt.suggestion], size
            )[doubt.first : doubt.last + 1]
        for token, tag in enumerate(tags, start=doubt.first):
            columns[token] = tag, doubt.kind, f"{doubt.score:.4f}"
    return columns


def _encodings(report: DoubtReport) -> dict[str, Encoding]:
    """The encoding of each task with spans, as the predicted tags show it."""
    tags: dict[str, list[list[str]]] = {task.name: [] for task in report.tasks if task.of_spans}
    for sentence in read_out_of_fold(report.predictions):
        for name in tags.keys() & sentence.tasks.keys():
            if len(tags[name]) < _SHOWN and any(tag != "O" for tag in sentence.tasks[name].gold):
                tags[name].append(sentence.tasks[name].predicted)
    encodings = {}
    for name, sentences in tags.items():
        recognised = recognise_tags(sentences)
        encodings[name] = get_encoding("BIO" if recognised is None else recognised.encoding)
    return encodings
