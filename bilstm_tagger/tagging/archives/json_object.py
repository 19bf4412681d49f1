"""JSON from anywhere."""

import json
import math
from typing import Any

from bilstm_tagger.tagging.archives.limits import UnsafeModel
from bilstm_tagger.text.json_values import unique_keys

_MAX_DEPTH = 50
_MAX_VALUES = 10_000


def parse_json(data: bytes, where: str) -> dict[str, Any]:
    """A JSON object. jsonnet is not evaluated, and what JSON does not have (NaN) is refused.

    # Errors

    `UnsafeModel` for anything else, keys that come twice, and deep nesting.
    """

    def number(text: str) -> float:
        if not math.isfinite(value := float(text)):
            raise ValueError(f"{text} is no finite number")
        return value

    try:
        loaded = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=unique_keys,
            parse_float=number,
            parse_constant=number,
        )
    except ValueError as error:
        what = f"this is no JSON ({error}), as AllenNLP writes it; jsonnet is not evaluated"
        raise UnsafeModel(where, what) from None
    except RecursionError:
        raise UnsafeModel(where, "its JSON is nested too deep") from None
    if not isinstance(loaded, dict):
        raise UnsafeModel(where, "expected a JSON object")
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
        raise UnsafeModel(where, what)
