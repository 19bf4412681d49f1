"""Tags blocks of an input of any form."""

import itertools

from bilstm_tagger.tagging.files.blocks import Block, Skipped, TaggedBlock
from bilstm_tagger.tagging.files.records import InputForm, OutputForm, Record, problem_of
from bilstm_tagger.tagging.results import TaggedSentence, TokenizedSentence
from bilstm_tagger.tagging.tagger import Probabilities, Tagger
from bilstm_tagger.text.errors import DataFormatError

# Of one record: `ValueError` of its form, the others of its features, or of JSON within JSON.
_PROBLEMS = (ValueError, RecursionError)


class FormTagger:
    """A `BlockTagger`: makes records of a block, tags all of their sentences, and writes them.

    # Parameters

    tagger : `Tagger`
    reads : `InputForm`, writes : `OutputForm`
    source : `str`
        The name of the input, for errors.
    skip : `bool`
        Whether records that cannot be tagged are passed through; else they are an error.
    probabilities, top_k
        As of `Tagger.tag`.
    """

    def __init__(
        self,
        tagger: Tagger,
        reads: InputForm,
        writes: OutputForm,
        source: str,
        skip: bool,
        probabilities: Probabilities,
        top_k: int,
    ) -> None:
        self._tagger = tagger
        self._reads = reads
        self._writes = writes
        self._source = source
        self._skip = skip
        self._probabilities = probabilities
        self._top_k = top_k

    def __call__(self, block: Block) -> TaggedBlock:
        records = self._reads.records(block)
        tagged = iter(self._tag(records))
        result = TaggedBlock(block.index, b"")
        pieces = []
        for record in records:
            if record.problem is None:
                sentences = list(itertools.islice(tagged, len(record.sentences)))
                try:
                    pieces.append(self._writes.tagged(record, sentences))
                except _PROBLEMS as error:
                    record.problem = Skipped(record.line, problem_of(error))
                else:
                    result.sentences += len(sentences)
                    result.tokens += sum(len(each.tokens) for each in sentences)
            if record.problem is not None:
                problem = record.problem
                if not self._skip:
                    raise DataFormatError(self._source, problem.line, problem.problem)
                result.skipped.append(problem)
                pieces.append(self._writes.untagged(record))
        result.output = b"".join(pieces)
        return result

    def _tag(self, records: list[Record]) -> list[TaggedSentence]:
        """The sentences of all records without a problem; some may get one here."""
        sentences: list[TokenizedSentence] = []
        for record in records:
            if record.problem is None:
                try:
                    for sentence in record.sentences:
                        sentence.check(self._tagger.specification.feature_columns)
                except _PROBLEMS as error:
                    record.problem = Skipped(record.line, problem_of(error))
                else:
                    sentences += record.sentences
        return self._tagger.tag(
            sentences,
            probabilities=self._probabilities,
            top_k=self._top_k,
            with_spans=self._writes.with_spans,
        )
