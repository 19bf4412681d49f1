"""Labels with probabilities: what each token may be, and how likely that is.

In a file they are an object in place of the label, `{"B-PER": 0.9, "O": 0.1}`; in a column the
same, as JSON without blanks.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Optional

from bilstm_tagger.text.character_spans import UNPRINTABLE
from bilstm_tagger.text.encodings import Encoding
from bilstm_tagger.text.possible_labels import InvalidTag, Possible
from bilstm_tagger.text.spans import split_tag

# How far the sum of the probabilities of a token may be from 1.
_TOLERANCE = 0.01
_OBJECT = re.compile(r'\{\s*["}]')


def has_probabilities(cell: str) -> bool:
    """Whether it is an object, and no label."""
    return _OBJECT.match(cell) is not None


def are_probabilities(value: Any) -> bool:
    """Whether a value of an object looks like labels and their probabilities, and not like a
    span."""
    if not isinstance(value, dict) or not all(type(x) in (int, float) for x in value.values()):
        return False
    # The ends of a span are whole numbers.
    return not {"start", "end"} <= value.keys() or float in map(type, value.values())


def cell_of(chances: Mapping[str, float]) -> str:
    """The probabilities of the labels of a token, as a cell of a column."""
    return json.dumps(chances, ensure_ascii=False, separators=(",", ":"))


def soft_labels(cells: Sequence[str], encoding: Optional[Encoding]) -> list[Possible]:
    """The labels of a sentence; those of spans are tags in an encoding.

    # Errors

    `InvalidTag` for a cell that is no such object, probabilities that do not sum to 1, and a tag
    that the encoding does not have.
    """
    tokens = []
    for index, cell in enumerate(cells):
        try:
            tokens.append(_soft_label(cell, encoding))
        except ValueError as error:
            raise InvalidTag(index, str(error)) from None
    return tokens


@lru_cache(maxsize=4096)
def _soft_label(cell: str, encoding: Optional[Encoding]) -> Possible:
    chances = {cell: 1.0}
    if has_probabilities(cell):
        chances = _parsed(cell)
    total = sum(chances.values())
    if not (all(chance >= 0 for chance in chances.values()) and abs(total - 1) <= _TOLERANCE):
        raise ValueError(
            f"the probabilities in {cell!a:.80} must be 0 or more, and 1 together; they are "
            f"{total:.6g} together"
        )
    for label in chances:
        if not label or UNPRINTABLE.search(label):
            raise ValueError(
                f"{cell!a:.80} has a label that is empty, or has control characters or an unpaired "
                "surrogate"
            )
        if encoding is not None and not _has_tag(encoding, label):
            raise ValueError(f"{label!r:.80} is no tag of {encoding.name}")
    present = [(label, chance / total) for label, chance in chances.items() if chance > 0]
    return Possible(frozenset(label for label, _ in present), chances=tuple(present))


def _parsed(cell: str) -> dict[str, float]:
    try:
        pairs = json.loads(cell, object_pairs_hook=list, parse_int=float)
    except ValueError as error:
        raise ValueError(f"{cell!a:.80} is no object of labels and numbers: {error}") from None
    chances = dict(pairs)
    if not are_probabilities(chances):
        raise ValueError(f"{cell!a:.80} is no object of labels and numbers")
    if len(chances) < len(pairs):
        raise ValueError(f"{cell!a:.80} has a label twice")
    return chances


def _has_tag(encoding: Encoding, tag: str) -> bool:
    _, label = split_tag(tag)
    return tag == "O" or (bool(label) and tag in encoding.tags_of(str(label)))
