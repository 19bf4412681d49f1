"""Files with gold tags, as the command line names them, and how a model tags them."""

import argparse
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

import msgspec

from bilstm_tagger.text.errors import UserError

if TYPE_CHECKING:
    from bilstm_tagger.tagging import Tagger, TokenizedSentence
    from bilstm_tagger.tagging.specification import Specification
    from bilstm_tagger.text.dataset_layout import DatasetLayout

logger = logging.getLogger(__name__)


class GoldSentence(NamedTuple):
    """A sentence with gold tags."""

    sentence: "TokenizedSentence"
    # Of some tasks, as a prediction writes them.
    tags: dict[str, list[str]]
    # Where it starts: the file, and the line where there is one.
    place: str


def add_gold_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds MODEL, GOLD and the tasks, of a command that holds a model against gold tags."""
    add = parser.add_argument
    add("model", metavar="MODEL", help="the name of a model, a model file, or model.tar.gz")
    add(
        "gold",
        metavar="GOLD",
        help="a file with gold tags, laid out as those of the training; of several data sets, JSON "
        'of their names and files: \'{"ewt": "dev.conllu", "conll2000": "dev.txt"}\'',
    )
    add(
        "--task",
        metavar="T",
        action="append",
        help="a task to report, can be repeated (default = all that the file has tags for)",
    )


def add_tagger_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that `tagger_settings` reads."""
    add = parser.add_argument
    add(
        "--no-constraints",
        action="store_true",
        help="predict sequences of tags that the encoding forbids, too",
    )
    add(
        "--uncalibrated",
        action="store_true",
        help="report probabilities without the temperatures that the model may have",
    )
    add(
        "--trust",
        action="store_true",
        help="the archive may name any component, and run what it likes",
    )
    add("--cuda-device", type=int, default=-1, help="the GPU; -1, the default, is the CPU")


def tagger_settings(args: argparse.Namespace) -> dict[str, Any]:
    """What `Tagger.load` is told, but for the model."""
    return dict(
        tasks=args.task and list(dict.fromkeys(args.task)),
        trust=args.trust,
        cuda_device=args.cuda_device,
        constrained=False if args.no_constraints else None,
        calibrated=not args.uncalibrated,
    )


def gold_files(
    text: str, dataset: Optional[str], specification: "Specification", argument: str = "GOLD"
) -> dict[str, str]:
    """The data sets that are named on the command line, and the file of each. `argument`: what
    names them there."""
    if not text.startswith("{"):
        return {_dataset(specification, dataset): text}
    try:
        files = msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise UserError(f"{argument} is no JSON object of data sets and files ({error})") from None
    if dataset is not None or not files:
        raise UserError(f"{argument} must name at least one data set; leave --dataset out")
    return {_dataset(specification, name): path for name, path in files.items()}


def _dataset(specification: "Specification", wanted: Optional[str]) -> str:
    """The name of a data set that the model knows; by default its only one."""
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
        raise UserError(f"the model does not know the data set {wanted}; {known}")
    return wanted


def gold_tasks(
    tagger: "Tagger", datasets: Iterable[str], wanted: Optional[Sequence[str]]
) -> dict[str, list[str]]:
    """For each data set, the tasks of the tagger of which it has gold tags.

    # Errors

    `UserError` for a wanted task of which no data set has gold tags, and for a data set without
    gold tags of any task of the tagger.
    """
    declared = {name: tagger.specification.datasets[name].tasks for name in datasets}
    known = sorted(set().union(*declared.values()))
    place = f"data of {', '.join(declared)}" if any(declared) else "data of this model"
    for task in wanted or ():
        if task not in known:
            raise UserError(
                f"--task is {task}, of which {place} have no gold tags; they have those of "
                f"{', '.join(known)}"
            )
    tasks = {
        name: [task for task in tagger.tasks if task in of_dataset]
        for name, of_dataset in declared.items()
    }
    if unused := [name for name, of_dataset in tasks.items() if not of_dataset]:
        raise UserError(
            f"data of {unused[0] or 'this model'} have gold tags for none of the tasks "
            f"{', '.join(tagger.tasks)}; leave them out, or name other tasks, --task"
        )
    return tasks


def read_gold(
    path: str, specification: "Specification", dataset: str, tasks: Sequence[str]
) -> Iterator[GoldSentence]:
    """The sentences of a file, and the gold tags of some tasks of a data set of the model. Other
    columns need not be there. A sentence whose tags of a task are known in part has none of it,
    with a warning.

    # Errors

    `DataFormatError` for a file that cannot be read, has no gold tags, or others than declared, or
    has a task whose tags are known in part in every sentence.
    """
    from bilstm_tagger.tagging import TokenizedSentence
    from bilstm_tagger.tagging.gold_tags import NOT_KNOWN, gold_tags
    from bilstm_tagger.text.errors import DataFormatError
    from bilstm_tagger.text.read_dataset import read_dataset

    declared, features = specification.datasets[dataset], specification.feature_columns
    layout = msgspec.structs.replace(declared, tasks={task: declared.tasks[task] for task in tasks})
    of_tasks = {task: each.column or task for task, each in layout.tasks.items()}
    names = list(dict.fromkeys((*features, *of_tasks.values())))
    if layout.form == "columns" and not layout.column_format().has_header:
        _check_columns(path, layout, features, of_tasks)
    repaired = total = 0
    left_out: Counter[str] = Counter()
    for sentence in read_dataset(path, layout, names):
        tags, changed = gold_tags(sentence, layout, specification)
        repaired += changed
        total += 1
        gold = {task: of_task for task, of_task in tags.items() if NOT_KNOWN not in of_task}
        left_out.update(tags.keys() - gold.keys())
        line = sentence.line_numbers[0]
        place = f"{sentence.path}:{line}" if line else sentence.path
        yield GoldSentence(TokenizedSentence(sentence.tokens, sentence.columns), gold, place)
    if repaired:
        logger.warning("%s: repaired the gold tags of %d sentences.", path, repaired)
    for task, number in left_out.items():
        if number == total:
            raise DataFormatError(
                path,
                None,
                f"there is no sentence of which all labels of the task '{task}' are known; give a "
                "file with gold tags, or name other tasks, --task",
            )
        logger.warning(
            "%s: %d of %d sentences have labels of the task '%s' that are known in part; they are "
            "left out of it.",
            path,
            number,
            total,
            task,
        )


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
