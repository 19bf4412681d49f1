"""Out-of-fold predictions: what models say of sentences that they were not trained on."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Optional

import msgspec

from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.files import write_whole
from bilstm_tagger.text.lines import read_lines
from bilstm_tagger.text.spans import read_spans

PREDICTIONS = "predictions.jsonl"
# Labels that are less probable are left out, but for the gold one.
LEAST_PROBABILITY = 0.0005

# First token, last token (within), and the type.
TokenSpan = tuple[int, int, str]


def gold_spans(tags: Sequence[str]) -> list[TokenSpan]:
    """The spans in tags, as of `gold_tags`, of which some may not be known."""
    spans = read_spans([tag or "O" for tag in tags])
    return [(span.start, span.end - 1, span.label) for span in spans]


class OutOfFoldTask(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is gold and what is predicted of a sentence in one task, in the encoding of the files
    and the usual spelling of tags.

    Probabilities are means over the models that were not trained on the sentence (one for each
    seed).
    """

    gold: list[str]  # empty where it is not known for certain
    predicted: list[str]  # by the first of the models
    # Of each token, its labels with their probabilities, the most probable first; those below
    # `LEAST_PROBABILITY` are left out, but for the gold one.
    labels: list[list[tuple[str, float]]]
    # Of every span that is gold or that some model predicts: that exactly this span is there. From
    # left to right. Empty for plain labels.
    spans: list[tuple[int, int, str, float]] = []
    # Of the tags, as `bilstm_tagger.text.encodings` calls it. `None`: they are plain labels.
    encoding: Optional[str] = None


class OutOfFoldSentence(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sentence of the training data, and what the models say that were not trained on it."""

    file: str
    number: int  # in the file, from 1
    fold: int  # from 1
    tokens: list[str]
    tasks: dict[str, OutOfFoldTask]
    lines: list[int] = []  # of each token in the file, from 1; empty: the file has no lines
    dataset: str = ""

    @property
    def place(self) -> str:
        """Where it starts: the file, and the line where there is one."""
        return self.place_of(0)

    def place_of(self, token: int) -> str:
        """The place of a token, which is counted from 0."""
        if self.lines:
            return f"{self.file}:{self.lines[token]}"
        return f"{self.file}, sentence {self.number}"


def write_out_of_fold(path: PathLike, sentences: Iterable[OutOfFoldSentence]) -> None:
    """Writes the sentences, one JSON object a line, as they come."""
    encode = msgspec.json.Encoder().encode
    write_whole(path, (encode(sentence) + b"\n" for sentence in sentences))


def read_out_of_fold(path: PathLike) -> Iterator[OutOfFoldSentence]:
    """The sentences of a file that `write_out_of_fold` wrote, in its order.

    # Errors

    `DataFormatError` for a file that cannot be read, and for a line that is no such sentence.
    """
    decode = msgspec.json.Decoder(OutOfFoldSentence).decode
    for number, line in read_lines(path):
        try:
            yield decode(line)
        except msgspec.DecodeError as error:
            raise DataFormatError(
                path,
                number,
                f"expected a sentence with out-of-fold predictions ({error}); give a folder of "
                "'allennlp crossval', or its predictions.jsonl",
            ) from None
