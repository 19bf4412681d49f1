"""The command `configs`: the training configs that the package brings, and their libraries."""

import argparse
import re
import shutil
import textwrap
from importlib.resources import as_file, files
from pathlib import Path

from bilstm_tagger.text.errors import UserError

DESCRIPTION = (
    "List the training configs that the package brings, print one of them, or copy all of them. "
    "They import files of lib/, so a config is changed and trained in a copy of the whole folder."
)

_CONFIG = ".jsonnet"


def add_configs_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `configs`, and what it does, to a parser."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "name",
        nargs="?",
        metavar="CONFIG",
        help="print this config, such as quickstart or papers/lample2016 (default: list all)",
    )
    choice.add_argument("--copy", metavar="DIR", help="copy all configs to a new folder")
    parser.set_defaults(func=run_configs)


def run_configs(args: argparse.Namespace) -> None:
    """Lists, prints or copies configs. A `UserError` for a config that does not exist, and for a
    folder that exists or cannot be written."""
    with as_file(files("bilstm_tagger") / "training_config") as folder:
        if args.copy is not None:
            copy_configs(folder, Path(args.copy))
        elif args.name is not None:
            print(_read(folder, args.name), end="")
        else:
            _list(folder)


def copy_configs(folder: Path, target: Path) -> None:
    """Copies a folder of configs to a new folder. A `UserError` where that exists or cannot be
    written."""
    try:
        shutil.copytree(folder, target)
    except FileExistsError as error:
        raise UserError("exists already; name a new folder", target) from error
    except (OSError, shutil.Error) as error:
        raise UserError(f"cannot be written: {error}", target) from error
    print(f"Copied the configs to {target}")


def _names(folder: Path) -> list[str]:
    """The configs, those of papers last, without the ending of their files."""
    paths = [path.relative_to(folder) for path in folder.rglob(f"*{_CONFIG}")]
    paths.sort(key=lambda path: (len(path.parts), path))
    return [path.with_suffix("").as_posix() for path in paths]


def _read(folder: Path, name: str) -> str:
    name = name.removesuffix(_CONFIG)
    names = _names(folder)
    if name not in names:
        raise UserError(f"There is no config {name}. The configs are {', '.join(names)}")
    return (folder / f"{name}{_CONFIG}").read_text(encoding="utf-8")


def _list(folder: Path) -> None:
    """Prints a line for each config: its name, and the start of its comment."""
    names = _names(folder)
    width = max(map(len, names)) + 2
    for name in names:
        lines = _read(folder, name).splitlines()
        end = next(index for index, line in enumerate(lines) if not line.startswith("//"))
        comment = " ".join(line.removeprefix("//").strip() for line in lines[:end])
        first_sentence = re.split(r"(?<! al)\. ", comment)[0]
        room = shutil.get_terminal_size().columns - width
        print(f"{name:<{width}}{textwrap.shorten(first_sentence, room, placeholder=' ...')}")
