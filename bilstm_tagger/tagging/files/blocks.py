"""Work at size: a large input in blocks of whole sentences, each tagged on its own, anywhere."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class Block:
    """A piece of the input, of whole records: lines, or sentences of a column file.

    # Parameters

    index : `int`
        From 0, in the order of the input.
    first_line : `int`
        The number of its first line in the input, from 1.
    lines : `List[bytes]`
        With their ends.
    """

    index: int
    first_line: int
    lines: list[bytes]


@dataclass(slots=True)
class Skipped:
    """A record that was passed through untagged.

    # Parameters

    line : `int`
        Its number in the input, from 1.
    problem : `str`
        What is wrong with it.
    """

    line: int
    problem: str


@dataclass(slots=True)
class TaggedBlock:
    """What becomes of a block.

    # Parameters

    index : `int`
        That of the block.
    output : `bytes`
        What is to be written.
    sentences, tokens : `int`
        How many were tagged.
    skipped : `List[Skipped]`
        What was not.
    """

    index: int
    output: bytes
    sentences: int = 0
    tokens: int = 0
    skipped: list[Skipped] = field(default_factory=list)


class BlockTagger(Protocol):
    """Tags blocks, one after the other.

    # Errors

    `DataFormatError` for a record that cannot be read or tagged, with path and line of the input.
    """

    def __call__(self, block: Block) -> TaggedBlock: ...
