"""Checks of out-of-fold predictions, which may be damaged, or written by something else."""

from collections.abc import Iterator
from typing import Optional

from bilstm_tagger.experiments.out_of_fold import (
    OutOfFoldSentence,
    OutOfFoldTask,
    gold_spans,
    read_out_of_fold,
)
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import DataFormatError

_ANEW = "write the predictions anew, with 'allennlp crossval'"


def checked_sentences(path: str) -> Iterator[OutOfFoldSentence]:
    """The sentences of a file of predictions, as of `read_out_of_fold`.

    # Errors

    `DataFormatError` for a file that is none of out-of-fold predictions, and for predictions that
    contradict themselves or others; in the end for a file without predictions.
    """
    of_spans: dict[str, bool] = {}
    lines: dict[tuple[str, str, int], int] = {}
    for line, sentence in enumerate(read_out_of_fold(path), start=1):
        key = sentence.dataset, sentence.file, sentence.number
        if (before := lines.setdefault(key, line)) != line:
            raise DataFormatError(
                path,
                line,
                f"sentence {sentence.number} of {sentence.file} is in line {before}, too; {_ANEW}",
            )
        if sentence.lines and len(sentence.lines) != len(sentence.tokens):
            raise DataFormatError(
                path,
                line,
                f"sentence {sentence.number} of {sentence.file} has {len(sentence.lines)} numbers "
                f"of lines for {len(sentence.tokens)} tokens; {_ANEW}",
            )
        for name, task in sentence.tasks.items():
            has_spans = task.encoding is not None
            fault = _fault(task, len(sentence.tokens))
            if of_spans.setdefault(name, has_spans) != has_spans:
                fault = "has an encoding of its tags in some sentences, and none in others"
            if fault is not None:
                raise DataFormatError(
                    path, line, f"the task '{name}' of {sentence.place} {fault}; {_ANEW}"
                )
        yield sentence
    if not of_spans:
        raise DataFormatError(path, None, f"the file has no predictions; {_ANEW}")


def _fault(task: OutOfFoldTask, length: int) -> Optional[str]:
    """What is wrong with the predictions of a sentence of this length, in tokens."""
    sides = (
        ("gold labels", task.gold),
        ("lists of labels", task.labels),
        ("predicted labels", task.predicted),
    )
    for what, items in sides:
        if len(items) != length:
            return f"has {len(items)} {what} for {length} tokens"
    if not all(task.labels):
        return "has a token without predicted labels"
    chances = [pair for labels in task.labels for pair in labels]
    chances += [(label, probability) for _, _, label, probability in task.spans]
    for label, probability in chances:
        if not label:
            return "has an empty label, or an empty type of a span"
        if not 0 <= probability <= 1:
            return f"has a probability of '{label}' that is not between 0 and 1: {probability:g}"
    return _fault_of_spans(task, length)


def _fault_of_spans(task: OutOfFoldTask, length: int) -> Optional[str]:
    if task.encoding is None:
        return "has spans, but no encoding of its tags" if task.spans else None
    try:
        get_encoding(task.encoding)
        gold = gold_spans(task.gold)
    except ValueError as error:
        return f"has gold tags that are none of spans ({error})"
    if any(not 0 <= first <= last < length for first, last, _, _ in task.spans):
        return "has a span outside of the sentence"
    if not {*gold} <= {span[:3] for span in task.spans}:
        return "has a gold span without a probability"
    return None
