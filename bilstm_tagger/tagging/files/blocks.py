"""Work at size: a large input in blocks of whole records, each tagged on its own, anywhere."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Block:
    """A piece of the input, of whole records: lines, or sentences of a column file."""

    index: int  # from 0, in the order of the input
    first_line: int  # its number in the input, from 1
    lines: list[bytes]  # with their ends
    # The first lines of the input, where a header stands; empty in the first block.
    head: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Skipped:
    """A record that was passed through untagged."""

    line: int  # its number in the input, from 1
    problem: str  # what is wrong with it


@dataclass(slots=True)
class TaggedBlock:
    """What becomes of a block."""

    index: int  # that of the block
    output: bytes  # what is to be written
    sentences: int = 0  # how many were tagged
    tokens: int = 0
    skipped: list[Skipped] = field(default_factory=list)


# Tags a block. For a record that cannot be read or tagged it raises a `DataFormatError`, with path
# and line of the input.
BlockTagger = Callable[[Block], TaggedBlock]
