"""Pages of HTML that need nothing else."""

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

_SENTENCE_LIST = Path(__file__).with_name("sentence_list.js")
# Between the hues of two labels, in degrees: the golden angle keeps any number of them apart.
_HUE_STEP = 137.5


def render(template: str, **values: Any) -> str:
    """A page made of a template of this folder, such as "report.html.jinja". What is inserted is
    escaped, unless it is `Markup`."""
    # As `allennlp` imports this package at every start, and few commands need it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    environment.filters["json"] = lambda value: msgspec.json.encode(value).decode()
    environment.filters["per_cent"] = lambda share: f"{100 * share:.2f}"
    environment.filters["thousands"] = lambda number: f"{number:,}"
    return environment.get_template(template).render(values)


def render_sentences(template: str, **values: Any) -> str:
    """A page with lists of sentences, as `render` makes it, with the script that fills the lists
    and the hash by which a browser knows it."""
    from markupsafe import Markup

    script = _SENTENCE_LIST.read_text(encoding="utf-8")
    # Of the script as it stands between its tags.
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return render(template, script=Markup(script), script_hash=script_hash, **values)


def embedded(content: Any) -> Any:
    """Content as JSON that a script element may have: no tag can end or open in it."""
    from markupsafe import Markup

    return Markup(msgspec.json.encode(content).decode().replace("<", "\\u003c"))


def hues_of(labels: Iterable[str]) -> dict[str, float]:
    """Of each label the hue of its colour, in degrees."""
    return {label: number * _HUE_STEP % 360 for number, label in enumerate(labels)}


def breakable(name: str) -> Any:
    """A name, as HTML, that may go to the next line after each of its parts."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(map(escape, re.split(r"(?<=[_./-])", name)))
