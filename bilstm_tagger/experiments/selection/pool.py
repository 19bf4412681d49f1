"""The sentences of a pool, and where they are."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bilstm_tagger.tagging.files.block_tagger import FormTagger
from bilstm_tagger.tagging.files.blocks import Block, Skipped
from bilstm_tagger.tagging.files.records import Record
from bilstm_tagger.tagging.files.sentences import sentences_of
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.rows import BLANK, DOCUMENT, HEADER

# Bytes. Of a million sentences, two have the same digest by chance once in 30 million pools.
_DIGEST = 8


def digest_of(sentence: TokenizedSentence) -> int:
    """A number that sentences with the same tokens have in common."""
    text = "\0".join(sentence.tokens).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=_DIGEST).digest(), "big")


@dataclass(slots=True)
class PoolSentence:
    """A sentence of a pool, and where it is."""

    sentence: TokenizedSentence
    record: Record
    place: str  # the file, and the line where it starts
    # Others are never chosen, but have a score: the scores of a pool are those of any output.
    is_writable: bool = True


@dataclass
class Pool:
    """The sentences of a pool, each once.

    # Parameters

    form_tagger : `FormTagger`
        What reads it.
    of_items : `bool`
        Whether records are counted in objects, and not in lines.
    say : `Callable[[str], None]`
        Is told of each record that cannot be read, and of each sentence that cannot be written.
    is_written : `bool`
        Whether the form of output has to hold the sentences.
    """

    form_tagger: FormTagger
    of_items: bool = False
    say: Callable[[str], None] = print
    is_written: bool = False
    sentences: int = 0  # the number that were read
    duplicates: int = 0  # those of them that were left out
    skipped: int = 0  # records that cannot be read
    unwritable: int = 0  # sentences that the form of output cannot hold
    header: list[Record] = field(default_factory=list)  # of a column file, if it has one
    _seen: set[int] = field(default_factory=set)

    def distinct(self, block: Block) -> list[PoolSentence]:
        """The sentences of a block that have not been read before, in this or another block."""
        distinct = []
        for record in self.form_tagger.records(block):
            if (problem := record.problem) is not None:
                self._skip(problem)
                self.skipped += 1
            self._take_header(record)
            for sentence in record.sentences:
                self.sentences += 1
                digest = digest_of(sentence)
                if digest in self._seen:
                    self.duplicates += 1
                    continue
                self._seen.add(digest)
                place, is_writable = self._place(record.line), self._is_writable(record, sentence)
                distinct.append(PoolSentence(sentence, record, place, is_writable))
        return distinct

    def _skip(self, problem: Skipped) -> None:
        self.form_tagger.check_skipped(problem)
        self.say(f"skipped {self._place(problem.line)}: {problem.problem}")

    def _is_writable(self, record: Record, sentence: TokenizedSentence) -> bool:
        if self.is_written:
            try:
                self.form_tagger.writes.check_tokens(record, sentence.tokens)
            except ValueError as error:
                self._skip(Skipped(record.line, str(error)))
                self.unwritable += 1
                return False
        return True

    def _place(self, line: int) -> str:
        return self.form_tagger.source + (f", object {line}" if self.of_items else f":{line}")

    def _take_header(self, record: Record) -> None:
        """Takes lines of a column file out of a record that are not of its sentence: the header of
        the file, and dividers of documents before it."""
        lines = list(zip(record.rows, record.source, strict=False))
        for row, raw in lines:
            if row.kind == HEADER:
                self.header.append(Record(0, [raw], rows=[row], of_columns=True))
        kept = [(row, raw) for row, raw in lines if row.kind != HEADER]
        while record.sentences and kept and kept[0][0].kind in (BLANK, DOCUMENT):
            del kept[0]
        if record.rows and record.problem is None:
            record.rows, record.source = [row for row, _ in kept], [raw for _, raw in kept]


def digests_of_files(paths: Iterable[str], tagger: Tagger) -> set[int]:
    """The digests of all sentences of files, of any forms.

    # Errors

    As of the command `tag`, for a file that it cannot read.
    """
    return {digest_of(sentence) for path in paths for sentence in sentences_of(path, tagger)}
