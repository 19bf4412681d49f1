"""Tags blocks of an input of any form."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from bilstm_tagger.tagging.files.blocks import Block, Skipped, TaggedBlock
from bilstm_tagger.tagging.files.records import PROBLEMS, OutputForm, Record
from bilstm_tagger.tagging.prediction import Probabilities
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.errors import DataFormatError


@dataclass(frozen=True)
class FormTagger:
    """A `BlockTagger`: makes records of a block, tags all of their sentences, and writes them."""

    tagger: Tagger
    reads: Callable[[Block], list[Record]]
    writes: OutputForm
    source: str  # the name of the input, for errors
    skip: bool  # whether records that cannot be tagged are passed through; else they are an error
    probabilities: Probabilities
    top_k: int

    def records(self, block: Block) -> list[Record]:
        """The records of a block, and what is wrong with those that cannot be tagged."""
        records = self.reads(block)
        features = self.tagger.specification.feature_columns
        for record in records:
            try:
                for sentence in record.sentences:
                    sentence.check(features)
            except PROBLEMS as error:
                record.fail(error)
        return records

    def check_skipped(self, problem: Skipped) -> None:
        """Raises `DataFormatError` for a record that cannot be tagged, unless those are skipped."""
        if not self.skip:
            raise DataFormatError(self.source, problem.line, _for_tagging(problem.problem))

    def __call__(self, block: Block) -> TaggedBlock:
        records = self.records(block)
        tagged = iter(
            self.tagger.tag(
                itertools.chain.from_iterable(record.sentences for record in records),
                probabilities=self.probabilities,
                top_k=self.top_k,
                with_spans=self.writes.with_spans,
            )
        )
        result = TaggedBlock(block.index, b"")
        pieces = []
        for record in records:
            sentences = list(itertools.islice(tagged, len(record.sentences)))
            if record.problem is None:
                try:
                    pieces.append(self.writes.tagged(record, sentences))
                except PROBLEMS as error:
                    record.fail(error)
                else:
                    result.sentences += len(sentences)
                    result.tokens += sum(len(sentence.tokens) for sentence in sentences)
            if (problem := record.problem) is not None:
                self.check_skipped(problem)
                result.skipped.append(problem)
                pieces.append(self.writes.untagged(record))
        result.output = b"".join(pieces)
        return result


def _for_tagging(problem: str) -> str:
    """A problem of an input, with the option that stands for the dataset reader of a training."""
    if "dataset reader" not in problem:
        return problem
    return f"{problem} (for tagging: --layout)"
