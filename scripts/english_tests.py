"""The test files of the English model, and how what a tagger says of them is scored."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Optional

import msgspec

from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.dataset_layout import DatasetLayout, TokenCasing
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.possible_labels import is_complete
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.spans import Span, precision_recall_f1
from bilstm_tagger.text.task_column import TaskColumn

_BIO = get_encoding("BIO")
# Of all types together.
ALL = "all"

Tags = Sequence[str]


class Test(NamedTuple):
    """A task of a test file."""

    title: str
    task: str
    path: str  # below the folder of the data
    layout: DatasetLayout

    @property
    def of_spans(self) -> bool:
        """Whether it is scored by the F1 of spans, else by the accuracy of tags."""
        return self.layout.tasks[self.task].encoding is not None

    def read(
        self, data: Path, casing: Optional[TokenCasing] = None
    ) -> list[tuple[Sentence, list[str]]]:
        """The sentences, each with its gold tags; as they are, or all in lower or upper case."""
        layout = msgspec.structs.replace(self.layout, casing=casing)
        sentences = read_dataset(data / self.path, layout)
        labels = ((sentence, self.layout.labels(sentence)[0][self.task]) for sentence in sentences)
        return [(sentence, tags) for sentence, tags in labels if is_complete(tags)]


def _of_spans(columns: dict[str, int | str], task: str, **settings: str) -> DatasetLayout:
    return DatasetLayout(columns, {task: TaskColumn("BIO")}, **settings)  # type: ignore[arg-type]


_EWT = "ud_english_ewt/en_ewt-ud-test.conllu"
TESTS = {
    "ewt_upos": Test(
        "UD English EWT, UPOS",
        "upos",
        _EWT,
        DatasetLayout({"tokens": 1, "upos": 3}, {"upos": TaskColumn()}, conllu=True),
    ),
    "ewt_xpos": Test(
        "UD English EWT, XPOS",
        "xpos",
        _EWT,
        DatasetLayout({"tokens": 1, "xpos": 4}, {"xpos": TaskColumn()}, conllu=True),
    ),
    "conll2000": Test(
        "CoNLL-2000, chunks",
        "chunk",
        "conll2000/test.txt",
        _of_spans({"tokens": 0, "chunk": 2}, "chunk"),
    ),
    "uner": Test(
        "UNER English EWT, names",
        "ner",
        "uner_ewt/en_ewt-ud-test.iob2",
        _of_spans({"tokens": 1, "ner": 2}, "ner", delimiter="\t", comment_prefix="# "),
    ),
    "btc_h": Test(
        "Broad Twitter Corpus, section h, names",
        "ner",
        "btc/h.conll",
        _of_spans({"tokens": 0, "ner": 1}, "ner", delimiter="\t", empty_tokens="leave_out"),
    ),
}


class SpanScores(NamedTuple):
    """Shares of spans, between 0 and 1, and the number of gold spans."""

    precision: float
    recall: float
    f1: float
    support: int


def accuracy(gold: Iterable[Tags], predicted: Iterable[Tags]) -> float:
    """The share of tags that are right."""
    pairs = [pair for tags in zip(gold, predicted, strict=True) for pair in zip(*tags, strict=True)]
    return sum(one == other for one, other in pairs) / len(pairs)


def span_scores(
    gold: Iterable[Iterable[Span]], predicted: Iterable[Iterable[Span]]
) -> dict[str, SpanScores]:
    """The scores of each type, and of all, over sentences."""
    right: Counter[str] = Counter()
    counts: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for of_gold, of_predicted in zip(gold, predicted, strict=True):
        both = set(of_gold), set(of_predicted)
        for counter, spans in zip((*counts, right), (*both, both[0] & both[1]), strict=True):
            counter.update(span.label for span in spans)
            counter[ALL] += len(spans)
    golden, found = counts
    return {
        label: SpanScores(
            *precision_recall_f1(right[label], found[label], golden[label]), golden[label]
        )
        for label in sorted(golden.keys() | found.keys(), key=lambda label: (label == ALL, label))
    }


def spans_of(tags: Tags) -> list[Span]:
    """The spans of tags in BIO."""
    return list(_BIO.spans(tags))


def main_score(test: Test, gold: Sequence[Tags], predicted: Sequence[Tags]) -> float:
    """F1 or accuracy."""
    if not test.of_spans:
        return accuracy(gold, predicted)
    return span_scores(map(spans_of, gold), map(spans_of, predicted))[ALL].f1
