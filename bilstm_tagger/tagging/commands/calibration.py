"""The command `calibration`: how far the probabilities of a model can be trusted."""

import argparse
import dataclasses
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import msgspec

from bilstm_tagger.tagging.commands.errors import one_line_errors, write_file
from bilstm_tagger.tagging.commands.tables import print_table
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import missing

if TYPE_CHECKING:
    from bilstm_tagger.tagging import Tagger, TokenizedSentence
    from bilstm_tagger.tagging.calibration import Bin, Calibration
    from bilstm_tagger.tagging.specification import Specification
    from bilstm_tagger.text.dataset_layout import DatasetLayout

logger = logging.getLogger(__name__)

# Sentences that are in memory at a time.
WINDOW = 2048

GoldTags = dict[str, list[str]]
Calibrations = Mapping[str, Mapping[str, Optional["Calibration"]]]


DESCRIPTION = (
    "Report how well the probabilities of a model are calibrated: those of tags, of spans and of "
    "whole sentences, on a file with gold tags."
)
HELP = "Report how well the probabilities of a model are calibrated."


def add_calibration_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `calibration`, and what it does, to a parser."""
    add = parser.add_argument
    add("model", metavar="MODEL", help="the name of a model, a model file, or model.tar.gz")
    add("gold", metavar="GOLD", help="a column file with gold tags, as those of the training")
    add(
        "--task",
        metavar="T",
        action="append",
        help="a task to report, can be repeated (default = all that the file has tags for)",
    )
    add("--report", metavar="PLOT.svg|png", help="write a reliability diagram")
    add("--output-file", metavar="FILE.json", help="write everything as JSON")
    add("--bins", type=_positive, default=10, help="of probabilities (default = 10)")
    add(
        "--dataset",
        metavar="NAME",
        help="the data set whose layout the file has, where the model knows several",
    )
    add(
        "--no-constraints",
        action="store_true",
        help="predict sequences of tags that the encoding forbids, too",
    )
    add(
        "--trust",
        action="store_true",
        help="the archive may name any component, and run what it likes",
    )
    add("--cuda-device", type=int, default=-1, help="the GPU; -1, the default, is the CPU")
    parser.set_defaults(func=run_calibration)


def _positive(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to 1000")
    return value


def run_calibration(args: argparse.Namespace) -> None:
    """Prints the tables and writes what is asked for; ends the process with status 1 where the
    model or the file cannot be read, or a file cannot be written."""
    from bilstm_tagger.tagging import Tagger
    from bilstm_tagger.tagging.calibration import CalibrationCounter
    from bilstm_tagger.tagging.calibration_plot import plot_calibrations
    from bilstm_tagger.tagging.files.output_file import check_outputs
    from bilstm_tagger.tagging.loading import find_model

    with one_line_errors():
        file_format = _format_of(args.report) if args.report else None
        if file_format is not None and find_spec("matplotlib") is None:  # before the work
            raise missing("matplotlib", "report", "--report")
        outputs = [path for path in (args.output_file, args.report) if path]
        for path in filter(os.path.exists, (find_model(args.model), args.gold)):
            check_outputs(path, os.stat(path), *outputs)
        tagger = Tagger.load(
            args.model,
            trust=args.trust,
            cuda_device=args.cuda_device,
            constrained=False if args.no_constraints else None,
            tasks=args.task and list(dict.fromkeys(args.task)),
        )
        specification = tagger.specification
        dataset = _dataset(specification, args.dataset)
        tagger.tasks = _tasks(tagger, dataset, args.task)
        counter = CalibrationCounter({t: specification.file_encoding(t) for t in tagger.tasks})
        spellings = {
            task: specification.spelling(task)
            for task in tagger.tasks
            if specification.file_encoding(task) is not None
        }
        sentences = 0
        gold = read_gold(args.gold, specification, dataset, tagger.tasks)
        while window := list(islice(gold, WINDOW)):
            tagged = tagger.tag([sentence for sentence, _ in window], probabilities=True)
            for predicted, (_, tags) in zip(tagged, window, strict=True):
                for task, spelling in spellings.items():
                    predicted.tags[task] = list(map(spelling.read, predicted.tags[task]))
                counter.add(predicted, tags)
            sentences += len(window)
        found = counter.calibrations(args.bins)
        print_calibrations(f"{args.model} on {args.gold}, {sentences:,} sentences", found)
        if args.output_file:
            content = {
                "model": args.model,
                "gold": args.gold,
                "dataset": dataset or None,
                "constrained": tagger.constrained,
                "sentences": sentences,
                "bins": args.bins,
                "tasks": found,
            }
            text = json.dumps(content, indent=2, default=dataclasses.asdict)
            write_file(args.output_file, text + "\n")
        if file_format is not None:
            Path(args.report).parent.mkdir(parents=True, exist_ok=True)
            Path(args.report).write_bytes(plot_calibrations(found, file_format))


def _format_of(path: str) -> str:
    from bilstm_tagger.tagging.calibration_plot import FORMATS

    file_format = Path(path).suffix.removeprefix(".").lower()
    if file_format not in FORMATS:
        raise UserError(f"--report is {path}; its name must end in .svg or .png")
    return file_format


def _dataset(specification: "Specification", wanted: Optional[str]) -> str:
    """The name of a data set that the model knows."""
    names = sorted(specification.datasets)
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None:
        raise UserError(
            f"the model was trained on several data sets, {', '.join(names)}: say which layout the "
            "file has, --dataset"
        )
    if wanted not in names:
        known = f"it knows {', '.join(names)}" if any(names) else "leave --dataset out"
        raise UserError(f"--dataset is {wanted}, which the model does not know; {known}")
    return wanted


def _tasks(tagger: "Tagger", dataset: str, wanted: Optional[Sequence[str]]) -> list[str]:
    """Those that are wanted, or all, of which the data set has gold tags."""
    known = tagger.specification.datasets[dataset].tasks
    for task in wanted or ():
        if task not in known:
            raise UserError(
                f"--task is {task}, of which the data set {dataset} has no tags; it has those of "
                f"{', '.join(sorted(known))}"
            )
    found = [task for task in tagger.tasks if task in known]
    if not found:
        raise UserError(f"the data set {dataset} has gold tags for no task of the model")
    return found


def read_gold(
    path: str, specification: "Specification", dataset: str, tasks: Sequence[str]
) -> Iterator[tuple["TokenizedSentence", GoldTags]]:
    """The sentences of a file, and the gold tags of some tasks of a data set of the model, as a
    prediction writes them. Other columns need not be there.

    # Errors

    `DataFormatError` for a file that cannot be read, has no gold tags, or others than declared.
    """
    from bilstm_tagger.tagging import TokenizedSentence
    from bilstm_tagger.text.encodings import get_encoding
    from bilstm_tagger.text.read_dataset import read_dataset

    declared, features = specification.datasets[dataset], specification.feature_columns
    layout = msgspec.structs.replace(declared, tasks={task: declared.tasks[task] for task in tasks})
    of_tasks = {task: each.column or task for task, each in layout.tasks.items()}
    names = list(dict.fromkeys((*features, *of_tasks.values())))
    if layout.form == "columns" and not layout.column_format().has_header:
        _check_columns(path, layout, features, of_tasks)
    repaired = 0
    for sentence in read_dataset(path, layout, names):
        gold, changed = layout.labels(sentence)
        repaired += changed
        for task in tasks:
            written = specification.file_encoding(task)
            if written is not None and specification.tasks[task].encoding is not None:
                gold[task] = get_encoding(written).repair(gold[task])
        yield TokenizedSentence(sentence.tokens, sentence.columns), gold
    if repaired:
        logger.warning("%s: repaired the gold tags of %d sentences.", path, repaired)


def _check_columns(
    path: str, layout: "DatasetLayout", features: Sequence[str], of_tasks: Mapping[str, str]
) -> None:
    """Raises `DataFormatError` where the first token of a file has no gold tags."""
    from bilstm_tagger.text.columns import read_sentences
    from bilstm_tagger.text.errors import DataFormatError

    unlabelled = layout.column_format(features)
    first = next(read_sentences(path, unlabelled, keep_lines=True))
    line = next(text for text, kind in first.source_lines if kind == "token")
    width = len(unlabelled.split(line))
    for task, name in of_tasks.items():
        index = layout.columns[name]
        if isinstance(index, int) and index >= width:
            raise DataFormatError(
                path,
                first.line_numbers[0],
                f"expected the gold tags of the task '{task}' in column '{name}' (index {index}), "
                f"found {width} column{'s' * (width > 1)}; give a file with gold tags, or name "
                "other tasks, --task",
            )


def print_calibrations(title: str, found: Calibrations) -> None:
    """A table of all tasks and levels, and one of the bins of each."""
    rows: list[tuple[str, ...]] = []
    for task, levels in found.items():
        for level, each in levels.items():
            if each is None:
                rows.append((task, level, "0"))
                continue
            shares = (each.accuracy, each.mean_probability, each.ece, each.adaptive_ece)
            numbers = [f"{value:.4f}" for value in (*shares, each.mce, each.brier)]
            errors = (f"{each.expected_errors:,.1f}", f"{each.errors:,}")
            rows.append((task, level, f"{each.n:,}", *numbers, *errors))
    measures = ("right", "mean probability", "ECE", "adaptive ECE", "MCE", "Brier")
    print_table(title, ("task", "level", "n", *measures, "expected errors", "errors"), rows, 2)
    header = ("probability", "n", "mean", "right", "gap", "95 % interval of right")
    for task, levels in found.items():
        for level, each in levels.items():
            if each is not None:
                print_table(f"{task}, {level}", header, list(map(_bin_row, each.bins)), 1)


def _bin_row(each: "Bin") -> tuple[str, ...]:
    name = f"{each.low:.4g} - {each.high:.4g}"
    if each.interval is None:
        return name, "0"
    low, high = each.interval
    shares = f"{each.mean_probability:.4f}", f"{each.accuracy:.4f}", f"{each.gap:+.4f}"
    return name, f"{each.n:,}", *shares, f"{low:.4f} - {high:.4f}"
