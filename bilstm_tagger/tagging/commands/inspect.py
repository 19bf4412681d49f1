"""The command `inspect`: what is in annotated files, before anyone trains."""

import argparse
import os
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Optional

import msgspec

from bilstm_tagger.tagging.commands.errors import check_writable, one_line_errors, write_file
from bilstm_tagger.tagging.commands.layout_option import declared_layout, proposed_layout
from bilstm_tagger.tagging.commands.tables import print_table
from bilstm_tagger.tagging.files.input_layout import OPTION
from bilstm_tagger.tagging.proposed_config import VectorFile, proposed_config, reader_settings
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.inspection import (
    FileComparison,
    FileInspection,
    TaskInspection,
    compare_files,
    inspect_file,
    look_up_shares,
    wanted_words,
)
from bilstm_tagger.text.jsonnet_values import jsonnet_value
from bilstm_tagger.text.tag_spelling import USUAL, spelling_settings
from bilstm_tagger.text.word_vectors import read_word_vectors

DESCRIPTION = (
    "Show what is in annotated files before a training: their form, columns and labels, what is "
    "invalid, what they have in common, and the dataset reader that reads them."
)

# Rows of a table of labels; the others are summed up.
_ROWS = 20


def add_inspect_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `inspect` to a parser."""
    add = parser.add_argument
    add("train", metavar="TRAIN", help="the training file, in any form; or a folder, as of BRAT")
    add("dev", metavar="DEV", nargs="*", help="files that are compared with it")
    add("--vectors", metavar="FILE", help="word vectors, to count the tokens that have one")
    add(
        OPTION,
        metavar="JSON",
        help="keys of the dataset reader, as JSON, where the files are not recognised: "
        '\'{"columns": {"tokens": 0, "pos": 1}, "tasks": {"pos": {}}}\'',
    )
    add(
        "--write-config",
        metavar="FILE",
        help="write a config that trains on TRAIN and validates on the first DEV",
    )
    parser.set_defaults(func=run_inspect)


def run_inspect(args: argparse.Namespace) -> None:
    """Prints what is in the files, and writes the config that is asked for; ends the process with
    status 1 where a file cannot be read or written."""
    with one_line_errors():
        if args.write_config is not None:
            _check_config(args.write_config, args)
        by_offsets: Collection[str] = ()
        if args.layout is not None:
            layout = declared_layout(args.layout)
        else:
            _, layout, by_offsets, _ = proposed_layout(args.train)
        inspections = [inspect_file(path, layout) for path in (args.train, *args.dev)]
        names = _short_names(args.train, *args.dev)
        comparisons = [compare_files(inspections[0], other) for other in inspections[1:]]
        _print_files(inspections, comparisons, names)
        vectors = None
        if args.vectors is not None:
            vectors = _print_vectors(args.vectors, inspections, names)
        for task in layout.tasks:
            _print_task(task, layout, task in by_offsets, inspections, names)
            _print_new_labels([c.new_labels[task] for c in comparisons], names)
            _print_remarkable_tags(task, layout, inspections, names)
        _print_misfits(inspections)
        layout = _that_trains(layout, inspections)
        _print_reader(layout)
        if args.write_config is not None:
            if (unreadable := _first_unreadable(inspections)) is not None:
                unreadable.problem += (
                    "; no config is written, as a training would stop here: fix it"
                )
                raise unreadable
            text = proposed_config(layout, args.train, args.dev[0], vectors)
            write_file(args.write_config, text)
            print(f"\nTrain with: allennlp train {args.write_config} -s RUN")


def _check_config(path: str, args: argparse.Namespace) -> None:
    if not args.dev:
        raise UserError("--write-config needs a file to validate on: name one after TRAIN")
    inputs = filter(os.path.exists, filter(None, (args.train, *args.dev, args.vectors)))
    if os.path.exists(path) and any(os.path.samefile(file, path) for file in inputs):
        raise UserError(f"--write-config is {path}, which is an input, too; name another file")
    check_writable(path)


def _short_names(*paths: str) -> list[str]:
    """The names of files, without what they share and without folders, if they differ then."""
    names = [Path(path).name for path in paths]
    stems = [Path(path).stem for path in paths]
    shorter = stems if len(paths) == len(set(stems)) > 1 else names
    return shorter if len(set(shorter)) == len(paths) else list(paths)


# What is printed


def _print_files(
    inspections: Sequence[FileInspection],
    comparisons: Sequence[FileComparison],
    names: Sequence[str],
) -> None:
    rows = [
        ("sentences", *(f"{len(i.lengths):,}" for i in inspections)),
        ("tokens", *(f"{i.token_count:,}" for i in inspections)),
        ("median sentence length", *(f"{i.median_length:g}" for i in inspections)),
        ("longest sentence", *(f"{max(i.lengths):,}" for i in inspections)),
    ]
    if comparisons:
        seen = (_share(c.seen_sentences) for c in comparisons)
        unknown = (_share(c.unknown_tokens) for c in comparisons)
        rows.append(("sentences in TRAIN, too", "", *seen))
        rows.append(("tokens not in TRAIN", "", *unknown))
    print_table("", ("", *names), rows, 1)


def _print_titled(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A title that may be longer than the lines of its table."""
    print(f"\n{title}")
    print_table("", header, rows, 1)


def _share(value: float) -> str:
    return f"{value:.1%}".replace("%", " %")


def _print_vectors(
    path: str, inspections: Sequence[FileInspection], names: Sequence[str]
) -> VectorFile:
    """Prints the shares of tokens that have a vector."""
    vectors = read_word_vectors(path, wanted_words(inspections))
    known = set(vectors.words)
    shares = [look_up_shares(inspection, known) for inspection in inspections]
    rows = [(step, *(_share(own[step]) for own in shares)) for step in shares[0]]
    title = f"Look-up of tokens in {path} ({vectors.dimension} dimensions)"
    _print_titled(title, ("", *names), rows)
    return VectorFile(path, vectors.dimension)


def _print_task(
    name: str,
    layout: DatasetLayout,
    by_offsets: bool,
    inspections: Sequence[FileInspection],
    names: Sequence[str],
) -> None:
    tasks = [inspection.tasks[name] for inspection in inspections]
    task = layout.tasks[name]
    kind, header = "plain labels", "label"
    if task.encoding is not None:
        kind = "spans by character offsets" if by_offsets else f"spans in {task.encoding}"
        header = "type"
        if task.spelling != USUAL:
            kind += f", spelled {spelling_settings(task.spelling)}"
    place = layout.columns[task.column or name]
    where = "column" if layout.form in ("columns", "lines") else "key"
    _print_titled(f"{name}, {where} {place!r}: {kind}", (header, *names), _label_rows(tasks))


def _print_new_labels(new_labels: Sequence[Counter[str]], names: Sequence[str]) -> None:
    for new, file in zip(new_labels, names[1:], strict=True):
        if new:
            labels = ", ".join(f"{label} ({count:,})" for label, count in new.most_common(_ROWS))
            more = f" and {len(new) - _ROWS} others" if len(new) > _ROWS else ""
            print(f"{file} has labels that {names[0]} has not: {labels}{more}")


def _print_remarkable_tags(
    name: str,
    layout: DatasetLayout,
    inspections: Sequence[FileInspection],
    names: Sequence[str],
) -> None:
    for inspection, file in zip(inspections, names, strict=True):
        task = inspection.tasks[name]
        if task.partial_tokens:
            tokens = f"{task.partial_tokens:,} of {_count(inspection.token_count, 'token')}"
            print(f"{file}: the label of {tokens} is not known, or is one of several")
        if task.doubtful:
            labels = ", ".join(f"{label!r}" for label, _ in task.doubtful.most_common(5))
            tokens = _count(task.doubtful.total(), "token")
            print(
                f"{file}: {tokens} with {labels}: if these stand for labels that are not known, or "
                f"for several possible ones, set tasks.{name}.partial: true"
            )
        if task.invalid_sentences:
            sentences = _count(task.invalid_sentences, "sentence")
            encoding = layout.tasks[name].encoding
            print(f"{file}: the tags of {sentences} are not as in {encoding}")
            _print_faults(task.faults)


def _label_rows(tasks: Sequence[TaskInspection]) -> list[tuple[str, ...]]:
    total: Counter[str] = Counter()
    for task in tasks:
        total.update(task.counts)
    # The most frequent of the training file come first.
    labels = sorted(total, key=lambda label: (-tasks[0].counts[label], -total[label], label))
    rows = [(label, *(f"{task.counts[label]:,}" for task in tasks)) for label in labels[:_ROWS]]
    rest = labels[_ROWS:]
    if rest:
        sums = (sum(task.counts[label] for label in rest) for task in tasks)
        rows.append((f"{len(rest)} others", *(f"{count:,}" for count in sums)))
    rows.append(("all", *(f"{task.counts.total():,}" for task in tasks)))
    return rows


def _print_misfits(inspections: Sequence[FileInspection]) -> None:
    for inspection in inspections:
        if inspection.misfits:
            print(
                f"{inspection.path}: {_count(inspection.misfits, 'text')} with spans that do not "
                "fit the tokens"
            )
            _print_faults(inspection.misfit_faults)


def _print_faults(faults: Sequence[DataFormatError]) -> None:
    for fault in faults:
        print(f"  {fault}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


# What is proposed


def _that_trains(layout: DatasetLayout, inspections: Sequence[FileInspection]) -> DatasetLayout:
    """The layout with what is invalid allowed for, which is said."""
    changes = {}
    tasks = [task for inspection in inspections for task in inspection.tasks.values()]
    repairable = any(task.invalid_sentences > task.unreadable_sentences for task in tasks)
    if repairable and layout.invalid_tags == "error":
        changes["invalid_tags"] = "repair"
        print("\nProposed for invalid tags: read them as conlleval does, invalid_tags: 'repair'")
    unreadable = _first_unreadable(inspections)
    if unreadable is not None:
        print(f"\nNo setting reads this; fix it before a training:\n  {unreadable}")
    if any(inspection.misfits for inspection in inspections):
        changes["invalid_spans"] = "widen"
        print(
            "\nProposed for spans that do not fit: widen them to whole tokens, invalid_spans: "
            "'widen' (or 'leave_out')"
        )
    return msgspec.structs.replace(layout, **changes)


def _first_unreadable(inspections: Sequence[FileInspection]) -> Optional[DataFormatError]:
    """The first tag that no setting reads."""
    tasks = (task for inspection in inspections for task in inspection.tasks.values())
    return next((task.unreadable for task in tasks if task.unreadable), None)


def _print_reader(layout: DatasetLayout) -> None:
    # What a token is to the network is a variable in the configs of the package.
    indexers = "input.token_indexers"
    settings = {**reader_settings(layout), "token_indexers": indexers}
    text = jsonnet_value({"dataset_reader": settings}).replace(f"'{indexers}'", indexers)
    lines = text.splitlines()[1:-1]  # without the braces of the config
    print("\nThe dataset reader of a config:\n", *lines, sep="\n")
