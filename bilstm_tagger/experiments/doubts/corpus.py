"""The corpus with columns of doubts."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bilstm_tagger.experiments.doubts.report import Doubt, DoubtReport
from bilstm_tagger.experiments.out_of_fold import (
    OutOfFoldSentence,
    OutOfFoldTask,
    gold_spans,
    read_out_of_fold,
)
from bilstm_tagger.tagging.json_input import check_cell
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.spans import Span

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
    of_sentence: defaultdict[tuple[str, str, int, str], list[Doubt]] = defaultdict(list)
    for doubt in report.doubts:
        of_sentence[doubt.dataset, doubt.file, doubt.sentence, doubt.task].append(doubt)
    for sentence in read_out_of_fold(report.predictions):
        cells = [sentence.tokens]
        for task in report.tasks:
            predicted = sentence.tasks.get(task.name)
            if predicted is None:
                cells += [[_NOTHING] * len(sentence.tokens)] * 4
                continue
            doubts = of_sentence[sentence.dataset, sentence.file, sentence.number, task.name]
            cells.append([tag or _NOTHING for tag in predicted.gold])
            cells += map(list, zip(*_doubt_columns(doubts, predicted), strict=True))
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


def _doubt_columns(doubts: Sequence[Doubt], task: OutOfFoldTask) -> list[tuple[str, str, str]]:
    """Of each token the suggested tag, the kind of the doubt, and its score."""
    columns = [_NONE] * len(task.gold)
    for doubt in doubts:
        tags = _suggested_tags(doubt, task)[doubt.first : doubt.last + 1]
        for token, tag in enumerate(tags, start=doubt.first):
            columns[token] = tag, doubt.kind, f"{doubt.score:.4f}"
    return columns


def _suggested_tags(doubt: Doubt, task: OutOfFoldTask) -> list[str]:
    """The tags of the whole sentence with the suggestion of a doubt: in IOB1, a tag depends on the
    span before it."""
    if task.encoding is None:
        tags = task.gold.copy()
        for token, _, label in doubt.suggestion:
            tags[token] = label
        return tags
    spans = [span for span in gold_spans(task.gold) if span not in doubt.gold]
    return get_encoding(task.encoding).spans_to_tags(
        [Span(label, first, last + 1) for first, last, label in spans + doubt.suggestion],
        len(task.gold),
    )
