"""The command `calibration`: how far the probabilities of a model can be trusted."""

import argparse
import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from bilstm_tagger.tagging.commands.errors import check_writable, one_line_errors, write_file
from bilstm_tagger.tagging.commands.gold_files import (
    add_gold_arguments,
    add_tagger_options,
    gold_files,
    gold_tasks,
    read_gold,
    tagger_settings,
)
from bilstm_tagger.tagging.commands.tables import print_table
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.requirements import missing

if TYPE_CHECKING:
    from bilstm_tagger.tagging import Tagger
    from bilstm_tagger.tagging.calibration import Bin, Calibration

# Sentences that are in memory at a time.
WINDOW = 2048

Calibrations = Mapping[str, Mapping[str, Optional["Calibration"]]]


DESCRIPTION = (
    "Report how well the probabilities of a model are calibrated: those of tags, of spans and of "
    "whole sentences, on a file with gold tags."
)
HELP = "Report how well the probabilities of a model are calibrated."


def add_calibration_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `calibration`, and what it does, to a parser."""
    add_gold_arguments(parser)
    add = parser.add_argument
    add(
        "--fit",
        metavar="FILE.safetensors",
        help="find the temperature of each task at which its probabilities agree best with the "
        "gold tags, which should be development data, and write the model with them to this file",
    )
    add("--report", metavar="PLOT.svg|png", help="write a reliability diagram")
    add("--output-file", metavar="FILE.json", help="write everything as JSON")
    add("--bins", type=_positive, default=10, help="of probabilities (default = 10)")
    add(
        "--dataset",
        metavar="NAME",
        help="the data set whose layout the file has, where the model knows several",
    )
    add_tagger_options(parser)
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
    from bilstm_tagger.tagging.calibration_plot import plot_calibrations
    from bilstm_tagger.tagging.files.output_file import check_outputs
    from bilstm_tagger.tagging.loading import find_model

    with one_line_errors():
        file_format = _format_of(args.report) if args.report else None
        if file_format is not None and find_spec("matplotlib") is None:  # before the work
            raise missing("matplotlib", "report", "--report")
        others = (args.uncalibrated, args.no_constraints, args.trust, args.cuda_device >= 0)
        if args.fit and any(others):
            raise UserError(
                "--fit cannot be combined with --uncalibrated, --no-constraints, --trust or "
                "--cuda-device: it writes a model file, of a model that can be read as data"
            )
        if args.fit is not None:
            if not args.fit or os.path.isdir(args.fit):
                raise UserError(f"--fit is {args.fit!a}: expected the name of a file")
            Path(args.fit).parent.mkdir(parents=True, exist_ok=True)
        settings = tagger_settings(args)
        tagger = Tagger.load(args.model, **settings)
        files = gold_files(args.gold, args.dataset, tagger.specification)
        tasks = gold_tasks(tagger, files, args.task)
        outputs = [path for path in (args.output_file, args.report, args.fit) if path]
        for path in filter(os.path.exists, (os.fspath(find_model(args.model)), *files.values())):
            check_outputs(path, os.stat(path), *outputs)
        check_writable(args.output_file, args.report)
        if args.fit:
            temperatures = _fit(args.model, args.fit, tagger, files, tasks)
            print_temperatures(args.fit, temperatures)
            tagger = Tagger.load(args.fit, **settings)
        sentences, calibrations = _calibrations(tagger, files, tasks, args.bins)
        title = f"{args.fit or args.model} on {', '.join(files.values())}, {sentences:,} sentences"
        print_calibrations(title, calibrations)
        if args.output_file:
            content = {
                "model": args.fit or args.model,
                "gold": files,
                "constrained": tagger.constrained,
                "calibrated": tagger.calibrated,
                "sentences": sentences,
                "bins": args.bins,
                "tasks": calibrations,
            }
            text = json.dumps(content, indent=2, default=dataclasses.asdict)
            write_file(args.output_file, text + "\n")
        if file_format is not None:
            write_file(args.report, plot_calibrations(calibrations, file_format))


def _calibrations(
    tagger: "Tagger", files: Mapping[str, str], tasks: Mapping[str, Sequence[str]], bins: int
) -> tuple[int, Calibrations]:
    """The number of sentences in the files of data sets, and the calibrations of the tasks of each
    data set."""
    from bilstm_tagger.tagging.calibration import CalibrationCounter

    specification = tagger.specification
    encodings = {
        task: specification.file_encoding(task)
        for task in tagger.tasks
        if any(task in of_dataset for of_dataset in tasks.values())
    }
    counter = CalibrationCounter(encodings)
    sentences = 0
    for dataset, path in files.items():
        tagger.tasks = list(tasks[dataset])
        gold = read_gold(path, specification, dataset, tagger.tasks)
        while window := list(islice(gold, WINDOW)):
            tokenized = [sentence for sentence, _, _ in window]
            tagged = tagger.tag(tokenized, probabilities=True)
            for predicted, (_, tags, _) in zip(tagged, window, strict=True):
                for task in tagger.tasks:
                    if encodings[task] is not None:
                        read = specification.spelling(task).read
                        predicted.tags[task] = list(map(read, predicted.tags[task]))
                counter.add(predicted, tags)
            sentences += len(window)
    return sentences, counter.calibrations(bins)


def _fit(
    model: str,
    output: str,
    tagger: "Tagger",
    files: Mapping[str, str],
    tasks: Mapping[str, Sequence[str]],
) -> dict[str, float]:
    """Writes a model with the temperatures that fit the tasks of the files; returns them."""
    from bilstm_tagger.tagging.loading import read_data
    from bilstm_tagger.tagging.model_file import write_model
    from bilstm_tagger.tagging.temperature import TemperatureFit

    fit = TemperatureFit(tagger)
    for dataset, path in files.items():
        gold = read_gold(path, tagger.specification, dataset, tasks[dataset])
        while window := list(islice(gold, WINDOW)):
            sentences, tags, _ = zip(*window, strict=True)
            fit.add(sentences, tags, tasks[dataset])
    temperatures = fit.temperatures()
    specification, tensors = read_data(model)
    write_model(output, specification.with_temperatures(temperatures), tensors)
    return temperatures


def print_temperatures(path: str, temperatures: Mapping[str, float]) -> None:
    """A table of the temperature of each task."""
    rows = [(task, f"{value:.3f}") for task, value in temperatures.items()]
    print_table(f"Temperatures, in {path}", ("task", "temperature"), rows, 1)


def _format_of(path: str) -> str:
    from bilstm_tagger.tagging.calibration_plot import FORMATS

    file_format = Path(path).suffix.removeprefix(".").lower()
    if file_format not in FORMATS:
        raise UserError(f"--report is {path}; its name must end in .svg or .png")
    return file_format


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
