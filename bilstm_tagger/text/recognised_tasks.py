"""`encoding: 'auto'`: the encoding and spelling of tags, recognised in the training file.

They are kept in the vocabulary of the training, a line of JSON for each task, so that a trained
model writes tags as they were there.
"""

from collections.abc import Iterable, Mapping

import msgspec

from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.tag_recognition import recognise_tags
from bilstm_tagger.text.tag_spelling import USUAL, TagSpelling, spelling_settings
from bilstm_tagger.text.task_column import AUTO

# Of the vocabulary. The ending keeps padding out of it.
NAMESPACE = "recognised_tasks_labels"


class RecognisedTask(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was recognised in the files of a data set."""

    dataset: str
    task: str
    encoding: str
    spelling: TagSpelling = USUAL

    def __str__(self) -> str:
        spelled = "" if self.spelling == USUAL else f", spelled {spelling_settings(self.spelling)}"
        return f"the tags of task '{self.task}' are {self.encoding}{spelled}"


def open_tasks(layout: DatasetLayout) -> list[str]:
    """The tasks whose encoding is to be recognised."""
    return [name for name, task in layout.tasks.items() if task.encoding == AUTO]


def recognise_tasks(path: PathLike, dataset: str, layout: DatasetLayout) -> list[RecognisedTask]:
    """What the tags of these tasks are in a file.

    # Errors

    `DataFormatError` for tags that mark no spans.
    """
    columns = {task: layout.tasks[task].column or task for task in open_tasks(layout)}
    sentences = list(read_dataset(path, layout, list(dict.fromkeys(columns.values()))))
    recognised = []
    for task, column in columns.items():
        tags = recognise_tags([sentence.columns[column] for sentence in sentences])
        if tags is None:
            raise DataFormatError(
                path,
                None,
                f"the encoding of task '{task}' is '{AUTO}', but the tags in column '{column}' "
                f"mark no spans, as in {sentences[0].columns[column][:5]}; set 'encoding' and "
                "'spelling' of the task, or leave them out for plain labels",
            )
        recognised.append(RecognisedTask(dataset, task, tags.encoding, tags.spelling))
    return recognised


def with_recognised(
    layouts: Mapping[str, DatasetLayout], recognised: Iterable[RecognisedTask]
) -> dict[str, DatasetLayout]:
    """The layouts of data sets, with what was recognised. A task of which nothing was gets the
    encoding of the model."""
    known = {(entry.dataset, entry.task): entry for entry in recognised}
    resolved = {}
    for dataset, layout in layouts.items():
        tasks = dict(layout.tasks)
        for name in open_tasks(layout):
            entry = known.get((dataset, name))
            tasks[name] = msgspec.structs.replace(
                tasks[name],
                encoding=tasks[name].model_encoding if entry is None else entry.encoding,
                spelling=USUAL if entry is None else entry.spelling,
            )
        resolved[dataset] = msgspec.structs.replace(layout, tasks=tasks)
    return resolved


def encode_recognised(task: RecognisedTask) -> str:
    """A line of the vocabulary."""
    return msgspec.json.encode(task).decode()


def decode_recognised(lines: Iterable[str]) -> list[RecognisedTask]:
    """The lines of the vocabulary. A `ValueError` for others."""
    return [msgspec.json.decode(line, type=RecognisedTask) for line in lines]
