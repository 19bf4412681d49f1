"""Values as they are written in a config in Jsonnet."""

import json
import re
from typing import Any

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_KEYWORDS = frozenset(
    "assert else error false for function if import importbin importstr in local null self super "
    "tailstrict then true".split()
)
_WIDTH = 80


def jsonnet_value(value: Any, indent: int = 0, before: int = 0) -> str:
    """A value of JSON as Jsonnet: names without quotes, single quotes, one line where it fits.

    # Parameters

    value : `Any`
    indent : `int`, optional (default=`0`)
        The number of blanks before a line of the value, but for its first.
    before : `int`, optional (default=`0`)
        The number of characters that stand before its first line, such as a key.
    """
    if isinstance(value, str):
        return _string(value)
    if not isinstance(value, (dict, list)) or not value:
        return json.dumps(value)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    line = _on_one_line(value)
    if before + indent + len(line) < _WIDTH:
        return line
    inner = " " * (indent + 2)
    items = value.items() if isinstance(value, dict) else (("", item) for item in value)
    text = opening + "\n"
    for key, item in items:
        start = f"{_key(key)}: " if isinstance(value, dict) else ""
        text += f"{inner}{start}{jsonnet_value(item, indent + 2, len(start) + 1)},\n"
    return text + " " * indent + closing


def _on_one_line(value: Any) -> str:
    if isinstance(value, dict) and value:
        return f"{{ {', '.join(f'{_key(k)}: {_on_one_line(v)}' for k, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_on_one_line, value))}]"
    return jsonnet_value(value)


def _key(key: str) -> str:
    return key if _NAME.fullmatch(key) and key not in _KEYWORDS else _string(key)


def _string(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if "'" in text or '"' in text else f"'{quoted[1:-1]}'"
