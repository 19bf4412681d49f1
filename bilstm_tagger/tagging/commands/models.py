"""The command `models`: the models that can be loaded by name, and what one of them is."""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from bilstm_tagger.tagging.commands.errors import one_line_errors
from bilstm_tagger.text.character_spans import CONTROL
from bilstm_tagger.text.errors import UserError

if TYPE_CHECKING:
    from bilstm_tagger.tagging.models import InstalledModel
    from bilstm_tagger.tagging.specification import Specification

DESCRIPTION = (
    "List the models that can be loaded by name, or show what one is: its tasks and labels, where "
    "it comes from, and its card."
)

# What a card may have for programs, as those of Hugging Face.
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_NONE = (
    "No model is installed. Install a package that brings one, which `bilstm-tagger package MODEL` "
    "makes of a trained model."
)


def add_models_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `models`, and what it does, to a parser."""
    add = parser.add_argument
    add(
        "model",
        nargs="?",
        metavar="MODEL",
        help="show this model: a name, a model file, or model.tar.gz (default: list the names)",
    )
    add("--json", action="store_true", help="print JSON: a list, or of one model an object")
    parser.set_defaults(func=run_models)


def run_models(args: argparse.Namespace) -> None:
    """Lists models or shows one; ends the process with status 1 where there is no such model or it
    cannot be read."""
    from bilstm_tagger.tagging.models import installed_models

    with one_line_errors():
        if args.model is not None:
            _show(args.model, args.json)
            return
        records = list(map(_listed, installed_models()))
        if args.json:
            _print_json(records)
        elif records:
            _print_list(records)
        else:
            print(_NONE)


def _listed(model: "InstalledModel") -> dict[str, Any]:
    """What is listed of a model. One that is damaged does not hide the others."""
    from bilstm_tagger.tagging.loading import read_data

    try:
        specification, _ = read_data(model.path)
    except (UserError, OSError) as error:
        return {"name": model.name, "package": model.package, "problem": str(error)}
    return _record(model.name, model.path, model.package, specification)


def _record(
    name: str, path: Path, package: Optional[str], specification: "Specification"
) -> dict[str, Any]:
    tasks = {
        task: {"decoder": part.decoder, "encoding": part.encoding, "labels": part.labels}
        for task, part in specification.tasks.items()
    }
    return {
        "name": name,
        "package": package,
        "path": str(path),
        "bytes": path.stat().st_size,
        "about": specification.about,
        "tasks": tasks,
        "datasets": list(specification.datasets),
        # What splits raw text: rules of a language, and a task for sentences, which does not tag.
        "language": specification.tokenizer and specification.tokenizer.language,
        "sentences": specification.sentences,
    }


def _print_list(records: list[dict[str, Any]]) -> None:
    from bilstm_tagger.tagging.commands.tables import print_table

    rows = []
    for record in records:
        about = record.get("about", {})
        rows.append(
            (
                record["name"],
                about.get("version", ""),
                ", ".join(t for t in record.get("tasks", ()) if t != record["sentences"]),
                f"{record['bytes'] / 1e6:,.1f}" if "bytes" in record else "",
                about.get("licence", ""),
                record["package"],
                record.get("problem") or about.get("description", ""),
            )
        )
    header = ("name", "version", "tasks", "MB", "licence", "from", "what it is")
    print_table("", header, rows, len(header), prose=True)


def _show(model: str, as_json: bool) -> None:
    from bilstm_tagger.tagging.loading import find_model, read_data
    from bilstm_tagger.tagging.models import CARD_SUFFIX, installed_model

    installed = installed_model(model)
    path = Path(find_model(model)) if installed is None else installed.path
    specification, _ = read_data(path)
    name = specification.about.get("name", model) if installed is None else installed.name
    card = None
    if installed is not None and (card_path := path.with_suffix(CARD_SUFFIX)).is_file():
        card = card_path.read_text(encoding="utf-8", errors="replace")
    record = _record(name, path, installed and installed.package, specification)
    if as_json:
        _print_json(record | {"card": card})
        return
    _print_details(record)
    if card is not None:
        _print_card(card)


def _print_details(record: dict[str, Any]) -> None:
    from bilstm_tagger.tagging.commands.tables import print_table

    splits = record["language"] and f"rules of the language {record['language']}"
    if record["sentences"] is not None:
        splits += f"; sentences by the task {record['sentences']}"
    facts = {
        **{key: value for key, value in record["about"].items() if key != "name"},
        "data sets": ", ".join(filter(None, record["datasets"])),
        "raw text": splits,
        "from": record["package"],
        "file": f"{record['path']}, {record['bytes'] / 1e6:,.1f} MB",
    }
    rows = [(key, value) for key, value in facts.items() if value]
    print_table("", ("name", record["name"]), rows, 2, prose=True)
    print_table(
        "",
        ("task", "decoder", "encoding", "labels"),
        [
            (name, task["decoder"], task["encoding"] or "", ", ".join(task["labels"]))
            for name, task in record["tasks"].items()
        ],
        4,
        prose=True,
    )


def _print_card(text: str) -> None:
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        # A card from anywhere must not steer the terminal.
        lines = _FRONT_MATTER.sub("", text).splitlines()
        Console().print(Markdown("\n".join(CONTROL.sub("?", line.expandtabs()) for line in lines)))
    else:
        print(text)


def _print_json(content: object) -> None:
    print(json.dumps(content, indent=2))
