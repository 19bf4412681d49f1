"""Files that are read as a whole (BRAT, DocBin, Parquet), as lines of JSON."""

import json
import os
from collections.abc import Iterator
from itertools import islice
from typing import Any, Optional

from bilstm_tagger.tagging.files.block_reader import Starts
from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.text.object_files import read_items

# Objects of a block.
_OBJECTS = 50
# What is read of the objects of a form, beside tokens and features.
_TEXT = "text"


class ItemInput:
    """What is to be tagged, as `Input`: each object of a file or folder becomes a line of JSON.

    # Errors

    `DataFormatError` in `blocks`, for what cannot be read.
    """

    status: Optional[os.stat_result] = None
    size: Optional[int] = None
    position = 0

    def __init__(self, path: str, form: str) -> None:
        self.name = path
        self._form = form
        if os.path.isfile(path):
            self.status = os.stat(path)

    def __enter__(self) -> "ItemInput":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open between two blocks."""

    def blocks(self, of_columns: bool = False, starts: Optional[Starts] = None) -> Iterator[Block]:
        """Yields the objects."""
        items = read_items(self.name, self._form)
        first = 1
        while lines := [_line(item.value) for item in islice(items, _OBJECTS)]:
            yield Block(first // _OBJECTS, first, lines)
            first += len(lines)

    def check_unchanged(self) -> None:
        """Nothing is read twice at different times."""


def _line(value: Any) -> bytes:
    # Annotations are not JSON, and are not read.
    text = json.dumps(value, default=str, ensure_ascii=False)
    # An unpaired surrogate is an escape in JSON.
    return text.encode("utf-8", "backslashreplace") + b"\n"
