"""JSON that people write: no key may come twice."""

import json
from collections import Counter
from typing import Any


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A hook of `json.loads`. A `ValueError` for a key that comes twice: one value would be lost,
    and other readers may take the first."""
    if len(content := dict(pairs)) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        repeated = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"a key comes twice: an object has the key {repeated!r:.80} twice")
    return content


def parse_json(text: str) -> Any:
    """What a text holds; a `ValueError` for what is no JSON, and for a key that comes twice, of
    which one value would be lost."""
    try:
        return json.loads(text, object_pairs_hook=unique_keys)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"expected a JSON object, found {text[:80]!r} ({error})") from None
