"""The command `package`: makes an installable package of a model."""

import argparse
import os
from pathlib import Path

from bilstm_tagger.tagging.about import KEYS, parse_about
from bilstm_tagger.tagging.commands.errors import one_line_errors
from bilstm_tagger.text.errors import UserError

DESCRIPTION = (
    "Make an installable package of a model: a wheel with the model file and its card. Where it is "
    "installed, the model is loaded by its name."
)

# Keys of `about` that have an option of their own.
_OPTIONS = ("name", "version", "licence")


def add_package_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `package`, and what it does, to a parser."""
    add = parser.add_argument
    add("model", metavar="MODEL", help="the name of a model, a model file, or model.tar.gz")
    add("-o", "--output", metavar="DIR", required=True, help="the folder to write the wheel to")
    for key in _OPTIONS:
        add(f"--{key}", metavar=key.upper(), help=f"{KEYS[key]} (default: as the file says)")
    add(
        "--about",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what else there is to say of the model; can be repeated. Keys: "
        f"{', '.join(key for key in KEYS if key not in _OPTIONS)} (default: as the file says)",
    )
    add(
        "--card",
        metavar="FILE.md",
        help="what the model is, for people (default: one of what the file says)",
    )
    add(
        "--half-words",
        action="store_true",
        help="write word vectors in half precision: the package gets smaller",
    )
    parser.set_defaults(func=run_package)


def run_package(args: argparse.Namespace) -> None:
    """Makes the package; ends the process with status 1 where that cannot be."""
    from bilstm_tagger.tagging.loading import read_data
    from bilstm_tagger.tagging.model_package import build_package

    with one_line_errors():
        options = [(key, getattr(args, key)) for key in _OPTIONS]
        settings = [f"{key}={value}" for key, value in options if value is not None]
        wanted = parse_about([*args.about, *settings])
        card = None if args.card is None else _read_card(args.card)
        specification, tensors = read_data(args.model)
        about = {**specification.about, **wanted}
        for key in ("name", "version"):
            if key not in about:
                raise UserError(f"the file does not say the {key} of the model: add --{key}")
        specification = specification.with_about(about)
        wheel = build_package(specification, tensors, Path(args.output), card, args.half_words)
        print(f"{wheel}: {os.path.getsize(wheel) / 1e6:,.1f} MB")
        print(f"To install it: pip install {wheel}")
        print(f'To load it: Tagger.load("{about["name"]}")')


def _read_card(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"the card is not in UTF-8 ({error.reason})", path) from None
