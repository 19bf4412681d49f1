"""Pages of HTML that need nothing else."""

import re
from pathlib import Path
from typing import Any

import msgspec


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


def breakable(name: str) -> Any:
    """A name, as HTML, that may go to the next line after each of its parts."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(map(escape, re.split(r"(?<=[_./-])", name)))
