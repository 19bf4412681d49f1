"""What a model is, apart from its numbers: its inputs, sizes, tasks and data sets.

The specification stands as JSON in the header of a model file. An archive of AllenNLP is read into
the same form.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Optional

import msgspec

from bilstm_tagger.tagging.input_specification import (
    Feature,
    Input,
    Part,
    Shape,
    Size,
    Tensors,
    Words,
    layer_shapes,
)
from bilstm_tagger.text.character_spans import CONTROL
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.encodings import Encoding, get_encoding
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.tag_spelling import USUAL, TagSpelling
from bilstm_tagger.text.task_column import TaskColumn
from bilstm_tagger.text.tokenizer_rules import TokenizerRules

# To be raised with every change that an older program would misread.
VERSION = 2
# The labels of a token that starts a sentence, and of any other, in the task that says where
# sentences start.
START, INSIDE = "B", "I"


class Task(Part, frozen=True):
    """A task, and how its tags are predicted."""

    decoder: Literal["softmax", "crf"]  # tags one by one, or those of a sentence together
    # The label of each output.
    labels: Annotated[list[str], msgspec.Meta(min_length=1, max_length=10_000)]
    # The shared layer that is read, from 1; 0: the inputs, by layers of the task's own.
    level: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    encoding: Optional[str] = None  # of the labels; `None` for plain labels
    hidden_sizes: list[Size] = []  # units per direction of the BiLSTM layers of this task alone
    # Whether sequences that the encoding forbids are never given. `None`: never in prediction.
    constrained: Optional[bool] = None
    # What becomes of tags that continue a span where none is open.
    repair: Optional[Literal["O", "B"]] = None
    # What scores are divided by where they become probabilities; it changes no tag.
    temperature: Annotated[float, msgspec.Meta(ge=0.01, le=100)] = 1.0

    def __post_init__(self) -> None:
        if self.level == 0 and not self.hidden_sizes:
            raise ValueError("a task of level 0 needs layers of its own, 'hidden_sizes'")
        if self.encoding is not None:
            get_encoding(self.encoding).allowed(self.labels)
        elif self.repair is not None or self.constrained is not None:
            raise ValueError("'constrained' and 'repair' need the 'encoding' of the task")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("a label comes twice")
        if any(CONTROL.search(label) for label in self.labels):
            raise ValueError("a label has control characters")


class Specification(Part, frozen=True):
    """A model."""

    # What the vector of a token is made of, in this order.
    inputs: Annotated[dict[str, Input], msgspec.Meta(min_length=1)]
    # Units per direction of each shared BiLSTM layer.
    hidden_sizes: Annotated[list[Size], msgspec.Meta(min_length=1, max_length=1000)]
    tasks: Annotated[dict[str, Task], msgspec.Meta(min_length=1, max_length=1000)]
    # The layout of the files of each data set of the training; of a single one, its name is "".
    datasets: Annotated[dict[str, DatasetLayout], msgspec.Meta(min_length=1)]
    # Whether the encoder is told, by a one-hot vector behind the others, for which task it reads.
    task_identifier: bool = False
    version: int = VERSION  # of the format
    about: dict[str, str] = {}  # where the model comes from: see `bilstm_tagger.tagging.about`
    # How raw text is split. `None`: by spaCy. Since version 2.
    tokenizer: Optional[TokenizerRules] = None
    # The task that says of the tokens of these rules where sentences start. `None`: the rules do.
    # Since version 2.
    sentences: Optional[str] = None

    def __post_init__(self) -> None:
        for name, task in self.tasks.items():
            if task.level > len(self.hidden_sizes):
                raise ValueError(
                    f"task '{name}' reads layer {task.level}, but there are layers 1 to "
                    f"{len(self.hidden_sizes)}"
                )
        for layout in self.datasets.values():
            layout.check_columns(self.feature_columns, "the inputs of the model")
        if self.sentences is not None:
            starts = self.tasks.get(self.sentences)
            if starts is None or starts.decoder != "softmax" or {*starts.labels} != {START, INSIDE}:
                raise ValueError(
                    f"'sentences' is {self.sentences!a:.80}: expected a task with the decoder "
                    "'softmax' and the labels 'B' (starts a sentence) and 'I'"
                )
            if self.tokenizer is None:
                raise ValueError(
                    f"'sentences' is {self.sentences!a:.80}, but there is no 'tokenizer', the "
                    "rules of a language that split text into tokens"
                )
            if self.feature_columns:
                raise ValueError(
                    f"'sentences' is {self.sentences!a:.80}, but the model reads the columns "
                    f"{self.feature_columns}, which raw text does not have"
                )
        if any(CONTROL.search(text) for entry in self.about.items() for text in entry):
            raise ValueError("'about' has control characters")

    def with_about(self, about: dict[str, str]) -> "Specification":
        """The same model, with what is known of where it comes from."""
        return msgspec.structs.replace(self, about=about)

    @property
    def tagging_tasks(self) -> list[str]:
        """The tasks that tag, in alphabetical order: all but the one that splits raw text."""
        return sorted(name for name in self.tasks if name != self.sentences)

    def with_tasks(self, names: Sequence[str]) -> "Specification":
        """The model without other tasks than these, and without data sets that have none of them.

        # Errors

        `ValueError` for a task that the model does not have, and for a model whose encoder is told
        the task.
        """
        if self.task_identifier and {*names} != {*self.tasks}:
            raise ValueError("the model has 'task_identifier', and needs all of its tasks")
        if unknown := [name for name in names if name not in self.tasks]:
            raise ValueError(f"the model has no tasks {unknown}; it has {sorted(self.tasks)}")
        tasks = {name: task for name, task in self.tasks.items() if name in names}
        datasets = {
            name: layout
            for name, layout in self.datasets.items()
            if not layout.tasks.keys().isdisjoint(tasks)
        }
        return msgspec.structs.replace(self, tasks=tasks, datasets=datasets or self.datasets)

    def with_temperatures(self, temperatures: Mapping[str, float]) -> "Specification":
        """The same model, with these temperatures of some tasks."""
        changed = {
            name: msgspec.structs.replace(self.tasks[name], temperature=temperature)
            for name, temperature in temperatures.items()
        }
        return msgspec.structs.replace(self, tasks=self.tasks | changed)

    @property
    def feature_columns(self) -> list[str]:
        """The columns that the model was trained with as features."""
        columns = {
            part.column
            for part in self.inputs.values()
            if isinstance(part, Feature) and part.column is not None
        }
        return sorted(columns)

    @property
    def word_vectors(self) -> list[str]:
        """The names of the tensors of word vectors."""
        return [
            f"inputs.{name}.vectors"
            for name, part in self.inputs.items()
            if isinstance(part, Words)
        ]

    def file_encoding(self, task: str) -> Optional[str]:
        """The encoding in which the tags of a task are written: that of its first data set."""
        column = self._column(task)
        return self.tasks[task].encoding if column is None else column.encoding

    @property
    def file_encodings(self) -> dict[str, Encoding]:
        """`file_encoding` of the tasks of spans."""
        return {
            name: get_encoding(encoding)
            for name in self.tasks
            if (encoding := self.file_encoding(name)) is not None
        }

    def spelling(self, task: str) -> TagSpelling:
        """How the tags of a task are spelled: as in its first data set."""
        column = self._column(task)
        return USUAL if column is None else column.spelling

    def _column(self, task: str) -> Optional[TaskColumn]:
        columns = (layout.tasks.get(task) for layout in self.datasets.values())
        return next(filter(None, columns), None)

    def shapes(self, tensors: Tensors) -> dict[str, Shape]:
        """Name and shape of every tensor of the model, whose own say how many words it has."""
        shapes: dict[str, Shape] = {}
        for name, part in self.inputs.items():
            shapes.update(part.shapes(tensors, f"inputs.{name}"))
        size = sum(part.output_size for part in self.inputs.values())
        size += len(self.tasks) * self.task_identifier
        outputs = [size]
        for number, hidden_size in enumerate(self.hidden_sizes):
            shapes.update(layer_shapes(f"encoder.{number}", size, hidden_size))
            size = 2 * hidden_size
            outputs.append(size)
        for name, task in self.tasks.items():
            size, labels = outputs[task.level], len(task.labels)
            for number, hidden_size in enumerate(task.hidden_sizes):
                shapes.update(layer_shapes(f"tasks.{name}.encoder.{number}", size, hidden_size))
                size = 2 * hidden_size
            shapes[f"tasks.{name}.scorer.weight"] = labels, size
            shapes[f"tasks.{name}.scorer.bias"] = (labels,)
            if task.decoder == "crf":
                shapes[f"tasks.{name}.transitions"] = labels, labels
                shapes[f"tasks.{name}.start"] = shapes[f"tasks.{name}.end"] = (labels,)
        return shapes

    def check_tensors(self, tensors: Tensors) -> None:
        """
        # Errors

        `ValueError` unless these are the tensors of the model, by name and shape.
        """
        shapes = self.shapes(tensors)
        if missing := sorted(shapes.keys() - tensors.keys()):
            raise ValueError(f"tensors are missing: {missing[:5]}")
        if unknown := sorted(tensors.keys() - shapes.keys()):
            raise ValueError(f"the model has no tensors {ascii(unknown[:5])}")
        for name, shape in shapes.items():
            if tensors[name].shape != shape:
                raise ValueError(
                    f"{name} has the shape {tensors[name].shape}, the model's is {shape}"
                )


def parse_specification(text: str) -> Specification:
    """The specification in a header, which is JSON.

    # Errors

    `UserError` for what is no specification, `NewerFormat` for one of a later version.
    """
    try:
        version = msgspec.json.decode(text, type=_Version).version
        if version > VERSION:
            raise NewerFormat(
                f"it is of version {version} of the format, and this program reads versions up to "
                f"{VERSION}"
            )
        return msgspec.json.decode(text, type=Specification)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UserError(f"its header is no specification of a model ({error})") from None


class NewerFormat(UserError):
    """A specification of a later version of the format."""


class _Version(msgspec.Struct):
    version: Annotated[int, msgspec.Meta(ge=1, le=10**6)]
