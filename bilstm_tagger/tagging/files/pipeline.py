"""From the input to the output, block by block."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bilstm_tagger.tagging.files.block_reader import Input
from bilstm_tagger.tagging.files.blocks import Skipped
from bilstm_tagger.tagging.files.output_file import OutputFile
from bilstm_tagger.tagging.files.processes import TagBlocks


@dataclass(slots=True)
class Totals:
    """What was tagged, what was not, and how long it took."""

    sentences: int = 0
    tokens: int = 0
    skipped: int = 0
    seconds: float = 0.0


def tag_input(
    given: Input,
    of_columns: bool,
    tag: TagBlocks,
    output: OutputFile,
    report: Callable[[Totals, list[Skipped]], None],
) -> Totals:
    """Tags an input. No more than a few blocks of it are in memory at a time.

    # Parameters

    given : `Input`
    of_columns : `bool`
        Whether this is a column file.
    tag : `TagBlocks`
        `in_place`, `in_processes`, or another way to tag blocks.
    output : `OutputFile`
    report : `Callable[[Totals, List[Skipped]], None]`
        Is told of each block when it is written: the totals so far, and what was skipped in it.

    # Errors

    Those of `tag`, and `DataFormatError` for an input that is damaged, or was changed while it was
    read.
    """
    totals = Totals()
    started = time.monotonic()
    for block in tag(given.blocks(of_columns)):
        output.write(block.output)
        totals.sentences += block.sentences
        totals.tokens += block.tokens
        totals.skipped += len(block.skipped)
        totals.seconds = time.monotonic() - started
        report(totals, block.skipped)
    given.check_unchanged()
    return totals
