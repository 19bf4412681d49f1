"""The command `distill`: labels with probabilities, from which a smaller model learns."""

import argparse
import itertools
import json
import logging
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, TypeVar, Union

from bilstm_tagger.tagging.commands.errors import (
    interruptible,
    one_line_errors,
    quiet_logging,
)
from bilstm_tagger.tagging.commands.tag import model_settings
from bilstm_tagger.tagging.commands.tag_options import add_input_options
from bilstm_tagger.text.errors import UserError

if TYPE_CHECKING:
    from bilstm_tagger.tagging.results import TokenizedSentence
    from bilstm_tagger.tagging.tagger import Tagger
    from bilstm_tagger.tagging.teachers import SentenceChances, Teachers

DESCRIPTION = (
    "Tag text with one or several trained models, the teachers, and write how probable they find "
    "each tag of each token. Another model, the student, learns from such a file as from an "
    "annotated one. In this way, a small model learns from a large one, or from several."
)
HELP = "Write the probabilities of tags, from which another model learns."
_Tagged = TypeVar("_Tagged")
_LEAST = 0.001
# Sentences that are read before they are tagged together.
_TOGETHER = 2048


def add_distill_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `distill`, and what it does, to a parser."""
    add = parser.add_argument
    add(
        "archives",
        nargs="+",
        metavar="MODEL",
        help="the teachers: names of models, model files, or model.tar.gz. The probabilities of "
        "several are averaged",
    )
    add(
        "--text",
        nargs="+",
        action="extend",
        required=True,
        metavar="FILE",
        help="the files (of some forms: folders) that are tagged, of any form that the command tag "
        "reads; labels in them are not looked at; can be repeated",
    )
    add(
        "-o",
        "--output",
        required=True,
        metavar="FILE.jsonl",
        help="the file to write, packed if it ends in .gz; it is FILE.incomplete until it is "
        "complete",
    )
    add(
        "--least",
        type=_share,
        default=_LEAST,
        metavar="P",
        help=f"leave out probabilities below this, which makes files smaller (default: {_LEAST})",
    )
    add_input_options(parser, "leave it out")
    parser.set_defaults(func=run_distill)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < 0.5:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to below 0.5, found '{text}'")
    return value


def run_distill(args: argparse.Namespace) -> None:
    """Writes the file; ends the process with status 1 for an error of the user's, and 130 if
    interrupted."""
    from bilstm_tagger.tagging.files.output_file import STDOUT, OutputFile
    from bilstm_tagger.tagging.files.output_forms import dump_json
    from bilstm_tagger.tagging.loading import find_model
    from bilstm_tagger.tagging.tagger import Tagger
    from bilstm_tagger.tagging.teachers import Teachers

    def say(what: str) -> None:
        print(what, file=sys.stderr)

    with one_line_errors(), interruptible(say), quiet_logging(logging.INFO):
        if args.output == STDOUT:
            raise UserError("-o needs the name of a file")
        output = OutputFile(args.output)
        models = [os.fspath(find_model(name)) for name in args.archives]
        for path in filter(None, (*models, *args.text, args.vectors)):
            if not os.path.exists(path):
                raise UserError(f"{path}: there is no such file; check the name")
            output.check_differs(path, os.stat(path))
        taggers = [Tagger.load(name, **model_settings(args)) for name in args.archives]
        teachers = Teachers(taggers)
        features = taggers[0].specification.feature_columns
        if taken := sorted({"tokens", *features}.intersection(teachers.tasks)):
            raise UserError(
                f"the task '{taken[0]}' has the name of an input, which is written, too; name "
                "other tasks by --tasks"
            )
        totals = dict.fromkeys(("sentences", "tokens", "certain", "skipped"), 0)

        def skip(what: str) -> None:
            totals["skipped"] += 1
            say(what)

        skipped = skip if args.on_error == "skip" else None
        with output as file:
            for sentence, chances in _shown(_tagged(args, taggers[0], teachers, skipped)):
                line = _line(sentence, chances, teachers, args.least)
                file.write(dump_json(line))
                totals["sentences"] += 1
                totals["tokens"] += len(sentence.tokens) * len(teachers.tasks)
                totals["certain"] += sum(
                    isinstance(label, str) for task in teachers.tasks for label in line[task]
                )
            if not totals["sentences"]:
                raise UserError(f"there is no sentence in {', '.join(args.text)}")
        print(_summary(totals, taggers[0], teachers), file=sys.stderr)


def _tagged(
    args: argparse.Namespace,
    tagger: "Tagger",
    teachers: "Teachers",
    skipped: Optional[Callable[[str], None]],
) -> "Iterator[tuple[TokenizedSentence, SentenceChances]]":
    from bilstm_tagger.tagging.files.sentences import sentences_of

    options = {"form": args.input_format, "layout": args.layout, "skipped": skipped}
    sentences = itertools.chain.from_iterable(
        sentences_of(path, tagger, **options) for path in args.text
    )
    while some := list(itertools.islice(sentences, _TOGETHER)):
        yield from zip(some, teachers(some), strict=True)


def _shown(tagged: Iterable[_Tagged]) -> Iterable[_Tagged]:
    """With a count on a terminal."""
    from rich.console import Console
    from rich.progress import track

    terminal = Console(stderr=True)
    hidden = not terminal.is_terminal
    return track(tagged, "sentences", console=terminal, transient=True, disable=hidden)


def _line(
    sentence: "TokenizedSentence", chances: "SentenceChances", teachers: "Teachers", least: float
) -> dict[str, Any]:
    labels = {
        task: [_label(names, row, least) for row in chances[task].tolist()]
        for task, names in teachers.labels.items()
    }
    columns = {name: list(values) for name, values in sentence.columns.items()}
    return {"tokens": list(sentence.tokens), **columns, **labels}


def _label(
    names: Sequence[str], chances: Sequence[float], least: float
) -> Union[str, dict[str, float]]:
    """The probabilities of a token, the largest first; a label alone that has no others."""
    ordered = sorted(zip(chances, names, strict=True), reverse=True)
    kept = [(chance, name) for chance, name in ordered if chance >= least] or ordered[:1]
    if len(kept) == 1:
        return kept[0][1]
    total = sum(chance for chance, _ in kept)
    return {name: share for chance, name in kept if (share := round(chance / total, 5))}


def _summary(totals: Mapping[str, int], tagger: "Tagger", teachers: "Teachers") -> str:
    features = tagger.specification.feature_columns
    columns = {name: name for name in ("tokens", *features, *teachers.tasks)}
    tasks = {
        task: {"encoding": encoding, "probabilities": True}
        if (encoding := teachers.encodings[task])
        else {"probabilities": True}
        for task in teachers.tasks
    }
    layout = {"form": "json", "columns": columns, "tasks": tasks}
    return (
        f"Wrote {totals['sentences']:,} sentences, {totals['skipped']:,} skipped; "
        f"{totals['certain'] / totals['tokens']:.1%} of the labels are certain. "
        f"As a data set of the dataset reader: {json.dumps(layout)}"
    )
