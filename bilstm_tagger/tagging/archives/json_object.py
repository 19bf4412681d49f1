"""JSON from anywhere."""

import json
import math
from typing import Any, NoReturn

from bilstm_tagger.tagging.archives.limits import MEND_DAMAGED, UnsafeArchive

_MAX_DEPTH = 50
_MAX_VALUES = 10_000


def parse_json(data: bytes, where: str) -> dict[str, Any]:
    """A JSON object. jsonnet is not evaluated, and what JSON does not have (NaN) is refused.

    # Errors

    `UnsafeArchive` for anything else, keys that come twice, and deep nesting.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key comes twice")
        return dict(pairs)

    def no_number(text: str) -> NoReturn:
        raise ValueError(f"{text} is no JSON")

    def number(text: str) -> float:
        if math.isinf(value := float(text)):
            raise ValueError(f"{text} is too large")
        return value

    try:
        loaded = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=once,
            parse_float=number,
            parse_constant=no_number,
        )
    except ValueError as error:
        what = f"this is no JSON ({error}), as AllenNLP writes it; jsonnet is not evaluated"
        raise UnsafeArchive(where, what, MEND_DAMAGED) from None
    except RecursionError:
        raise UnsafeArchive(where, "its JSON is nested too deep", MEND_DAMAGED) from None
    if not isinstance(loaded, dict):
        raise UnsafeArchive(where, "expected a JSON object", MEND_DAMAGED)
    _check_extent(loaded, where)
    return loaded


def _check_extent(value: dict[str, Any], where: str) -> None:
    """Each layer and column costs time: some thousand are no config."""
    level: list[Any] = [value]
    values = 0
    for _ in range(_MAX_DEPTH):
        below: list[Any] = []
        for container in level:
            below += container.values() if isinstance(container, dict) else container
        values += len(below)
        level = [inner for inner in below if isinstance(inner, (dict, list))]
    if level or values > _MAX_VALUES:
        what = f"more than {_MAX_VALUES} values, or nested deeper than {_MAX_DEPTH}"
        raise UnsafeArchive(where, what, MEND_DAMAGED)
