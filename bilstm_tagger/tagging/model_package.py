"""An installable package of a model: a wheel that has the model file and its card.

The wheel is built by flit_core, from a project folder that has nothing else in it.
"""

import contextlib
import json
import keyword
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Optional

from bilstm_tagger import __version__
from bilstm_tagger.tagging.input_specification import Tensors
from bilstm_tagger.tagging.model_file import write_model
from bilstm_tagger.tagging.models import (
    CARD_SUFFIX,
    GROUP,
    NAME,
    OWN_PACKAGE,
    SUFFIX,
    installed_model,
)
from bilstm_tagger.tagging.specification import Specification
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import missing

_DESCRIPTION = "A model for bilstm-tagger"


def build_package(
    specification: Specification,
    tensors: Tensors,
    folder: Path,
    card: Optional[str] = None,
    half_words: bool = False,
) -> Path:
    """Builds the wheel of a model; returns its path.

    # Parameters

    specification : `Specification`
        The model. Its `about` has at least `name` and `version`.
    tensors : `Tensors`
    folder : `Path`
        Where the wheel is written. It is made if it is not there; a wheel of the same name and
        version is replaced.
    card : `str`, optional (default = one that has what the specification says)
        What the model is, for people, in Markdown.
    half_words : `bool`, optional (default=`False`)
        As of `write_model`.

    # Errors

    `UserError` for a name, version or licence that no package can have, and where flit_core is
    not installed.
    """
    try:
        from flit_core.buildapi import build_wheel
        from packaging.licenses import canonicalize_license_expression
        from packaging.version import Version
    except ImportError as error:
        raise missing("flit_core", "package", "Making a package") from error
    about = dict(specification.about)
    about.setdefault("made by", f"bilstm_tagger {__version__}")
    name = about["name"]
    _check_name(name)
    try:
        about["version"] = str(Version(about["version"]))
        if "licence" in about:
            about["licence"] = canonicalize_license_expression(about["licence"])
    except ValueError as error:
        raise UserError(
            f"{error}; a version is written as 1.0 or 2026.11, a licence as the SPDX list has it, "
            "such as CC-BY-SA-4.0, or as LicenseRef-NAME if it is not there"
        ) from None
    specification = specification.with_about(about)
    card = default_card(specification) if card is None else card
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bilstm_tagger-") as project_name:
        project = Path(project_name)
        package = project / name
        package.mkdir()
        (package / "__init__.py").write_text(f'"""The model {name}, for bilstm-tagger."""\n')
        (package / f"{name}{CARD_SUFFIX}").write_text(card, encoding="utf-8")
        write_model(package / f"{name}{SUFFIX}", specification, tensors, half_words)
        (project / "README.md").write_text(card, encoding="utf-8")
        (project / "pyproject.toml").write_text(_toml(_project(about)), encoding="utf-8")
        target = folder.absolute()
        with contextlib.chdir(project):  # where the builder looks for the project
            return folder / build_wheel(str(target))


def default_card(specification: Specification) -> str:
    """What a specification says of its model, as Markdown."""
    about = specification.about
    name = about["name"]
    facts = [
        f"- {key}: {text}"
        for key, text in about.items()
        if key not in ("name", "description") and text
    ]
    tasks = [
        f"| {task} | {part.decoder} | {part.encoding or ''} | {_cell(', '.join(part.labels))} |"
        for task, part in specification.tasks.items()
    ]
    return "\n".join(
        [
            f"# {name}",
            "",
            about.get("description", f"{_DESCRIPTION}."),
            "",
            *facts,
            "",
            "| task | decoder | encoding | labels |",
            "|---|---|---|---|",
            *tasks,
            "",
            "```python",
            "from bilstm_tagger import Tagger",
            "",
            f'tagger = Tagger.load("{name}")',
            "```",
            "",
        ]
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or name in sys.stdlib_module_names:
        raise UserError(
            f"the name {name!a} cannot be that of a package: use words of lower-case letters and "
            "digits, joined by '_', such as english_news; names of Python itself are taken"
        )
    model = installed_model(name)
    taken_by = None if model is None or model.package != OWN_PACKAGE else "a model of bilstm-tagger"
    if model is None and _is_installed(name):
        taken_by = "another package that is installed"
    if taken_by is not None:
        raise UserError(f"the name {name!a} is that of {taken_by}; choose another name")


def _is_installed(name: str) -> bool:
    with contextlib.suppress(PackageNotFoundError):
        distribution(name)
        return True
    spec = find_spec(name)
    return spec is not None and spec.origin is not None  # a folder without code has none


def _project(about: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The tables of `pyproject.toml`."""
    name = about["name"]
    project: dict[str, Any] = {
        "name": name,
        "version": about["version"],
        "description": about.get("description", _DESCRIPTION),
        "readme": "README.md",
        "requires-python": ">=3.11",
        "dependencies": [f"bilstm-tagger>={__version__}"],
    }
    if "licence" in about:
        project["license"] = about["licence"]
    tables = {"project": project, f'project.entry-points."{GROUP}"': {name: name}}
    if "author" in about:
        tables["project.authors"] = {"name": about["author"]}
    if "url" in about:
        tables["project.urls"] = {"Homepage": about["url"]}
    return tables


def _toml(tables: dict[str, dict[str, Any]]) -> str:
    """Strings and lists of JSON are those of TOML, too. Texts have no control characters."""
    lines = []
    for table, values in tables.items():
        lines.append(f"[[{table}]]" if table == "project.authors" else f"[{table}]")
        for key, value in values.items():
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
