"""An extension of griffe, which reads the docstrings for the site: their sections, in AllenNLP's
form, become lists that read well.

    # Parameters

    alpha : `float`, optional (default=`0.05`)
        The accepted rate of false claims.

becomes a definition list of Markdown, under a label.
"""

import inspect
import re
from typing import Any

from griffe import Extension, Object

_SECTION = re.compile(r"^# (\w+)\n+", re.MULTILINE)
# A line without indentation, and the indented or empty lines below it.
_ITEM = re.compile(r"^(\S.*)\n((?:(?: {4}.*)?\n)*)", re.MULTILINE)
_NAMES = re.compile(r"\w+(?:, +\w+)*")


def _item(match: re.Match[str]) -> str:
    term, body = match.groups()
    names, colon, rest = term.partition(" : ")
    if _NAMES.fullmatch(names) and (colon or names == term):
        term = re.sub(r"(\w+)", r"`\1`", names) + (f" : {rest}" if colon else "")
    if not body.strip():
        return f"{term}\n\n"
    return f"{term}\n:   " + inspect.cleandoc(body).replace("\n", "\n    ") + "\n\n"


def markdown_of(docstring: str) -> str:
    """The docstring with its sections as Markdown."""
    summary, *sections = _SECTION.split(docstring)
    # Indented code is Python.
    parts = [re.sub(r"((?:^ {4}.*\n+)+)", _code, summary + "\n", flags=re.MULTILINE)]
    for title, text in zip(sections[::2], sections[1::2], strict=True):
        is_list = title == "Parameters" or re.search(r"^ {4}", text, re.MULTILINE)
        body = _ITEM.sub(_item, text + "\n") if is_list else text
        parts.append(f"**{title}**{{ .docstring-section }}\n\n{body}")
    return "\n\n".join(part.strip() for part in parts if part.strip())


def _code(match: re.Match[str]) -> str:
    return f"```python\n{inspect.cleandoc(match[1])}\n```\n\n"


class Sections(Extension):
    """Rewrites every docstring of the package."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = markdown_of(obj.docstring.value)
