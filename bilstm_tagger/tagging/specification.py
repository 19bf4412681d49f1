"""What a model is, apart from its numbers: its inputs, sizes, tasks and data sets.

The specification stands as JSON in the header of a model file. An archive of AllenNLP is read into
the same form.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, Optional, Union

import msgspec
import numpy

from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import UserError

# To be raised with every change that an older program would misread.
VERSION = 1

# They would break the lines of output, or steer a terminal.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Size = Annotated[int, msgspec.Meta(ge=1, le=2**20)]
Index = Annotated[int, msgspec.Meta(ge=0)]
FeatureKind = Literal["casing", "token", "lower", "form", "column"]
Tensors = Mapping[str, numpy.ndarray]
Shape = tuple[int, ...]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Unknown fields are an error: what they say would be lost."""


class Words(_Part, frozen=True, tag_field="type", tag="words"):
    """Word vectors, by the look-up chain: exact form, lower-cased, normalised, unknown.

    The words themselves are a tensor of bytes, `inputs.NAME.words`: UTF-8, one a line.

    # Parameters

    dimension : `int`
        Of a vector.
    unknown : `int`
        The row of the vector of all other words.
    trained : `bool`
        Whether the vectors were trained, so that they differ from those of the file.
    """

    dimension: Size
    unknown: Index
    trained: bool = False

    def shapes(self, tensors: Tensors, name: str) -> Iterator[tuple[str, Shape]]:
        text = tensors.get(f"{name}.words")
        length = 0 if text is None else text.size
        rows = 0 if text is None else int(numpy.count_nonzero(text == ord("\n"))) + 1
        yield f"{name}.words", (length,)
        yield f"{name}.vectors", (rows, self.dimension)
        _check_row(self.unknown, rows, f"{name}.unknown")

    @property
    def output_size(self) -> int:
        return self.dimension


class _Characters(_Part, frozen=True):
    """A vector of the characters of a token.

    # Parameters

    characters : `List[str]`
        The character of each row of the embedding.
    unknown : `int`
        The row of all other characters.
    embedding_size : `int`
        Dimension of the vector of a character.
    max_length : `int`
        Longer tokens are cut on the right; 0: none is.
    """

    characters: list[str]
    unknown: Index
    embedding_size: Size
    max_length: int

    def shapes(self, tensors: Tensors, name: str) -> Iterator[tuple[str, Shape]]:
        yield f"{name}.embedding", (len(self.characters), self.embedding_size)
        _check_row(self.unknown, len(self.characters), f"{name}.unknown")


class CharacterCNN(_Characters, frozen=True, tag_field="type", tag="character_cnn"):
    """A convolution over characters and the maximum over positions (Ma and Hovy 2016).

    # Parameters

    filters : `int`
        Their number, which is the size of the output.
    width : `int`
        Characters that a filter sees, an odd number.
    """

    filters: Size
    width: Annotated[int, msgspec.Meta(ge=1, le=2**10)]

    def __post_init__(self) -> None:
        if self.width % 2 == 0:
            raise ValueError(f"width is {self.width}, and must be odd")

    def shapes(self, tensors: Tensors, name: str) -> Iterator[tuple[str, Shape]]:
        yield from super().shapes(tensors, name)
        yield f"{name}.weight", (self.filters, self.embedding_size, self.width)
        yield f"{name}.bias", (self.filters,)

    @property
    def output_size(self) -> int:
        return self.filters


class CharacterLSTM(_Characters, frozen=True, tag_field="type", tag="character_lstm"):
    """The final states of a BiLSTM over characters (Lample et al. 2016).

    # Parameters

    hidden_size : `int`
        Units per direction.
    """

    hidden_size: Size

    def shapes(self, tensors: Tensors, name: str) -> Iterator[tuple[str, Shape]]:
        yield from super().shapes(tensors, name)
        yield from layer_shapes(name, self.embedding_size, self.hidden_size)

    @property
    def output_size(self) -> int:
        return 2 * self.hidden_size


class Feature(_Part, frozen=True, tag_field="type", tag="feature"):
    """A vector of a feature of a token.

    # Parameters

    of : `str`
        What is looked up: the "casing" class of the token, the "token" itself, the token in lower
        case ("lower"), the first of its forms that is known ("form", as of words), or its value in
        a "column".
    values : `List[str]`
        The value of each row.
    unknown : `int`
        The row of all other values.
    dimension : `int`
        Of a vector.
    column : `str`, optional
        The name of the column.
    """

    of: FeatureKind
    values: list[str]
    unknown: Index
    dimension: Size
    column: Optional[str] = None

    def __post_init__(self) -> None:
        if (self.column is None) == (self.of == "column"):
            raise ValueError("'column' belongs to a feature of a 'column', and to no other")

    def shapes(self, tensors: Tensors, name: str) -> Iterator[tuple[str, Shape]]:
        yield f"{name}.vectors", (len(self.values), self.dimension)
        _check_row(self.unknown, len(self.values), f"{name}.unknown")

    @property
    def output_size(self) -> int:
        return self.dimension


Input = Union[Words, CharacterCNN, CharacterLSTM, Feature]


class Task(_Part, frozen=True):
    """A task, and how its tags are predicted.

    # Parameters

    decoder : `str`
        "softmax": tags one by one. "crf": tags of a sentence together.
    labels : `List[str]`
        The label of each output.
    level : `int`
        The shared layer that is read, from 1.
    encoding : `str`, optional
        The encoding of the labels; `None` for plain labels.
    hidden_sizes : `List[int]`
        Units per direction of the BiLSTM layers of this task alone.
    constrained : `bool`, optional
        Whether sequences that the encoding forbids are never given. `None`: never in prediction.
    repair : `str`, optional
        What becomes of tags that continue a span where none is open: "O" or "B".
    """

    decoder: Literal["softmax", "crf"]
    labels: Annotated[list[str], msgspec.Meta(min_length=1, max_length=10_000)]
    level: Size
    encoding: Optional[str] = None
    hidden_sizes: list[Size] = []
    constrained: Optional[bool] = None
    repair: Optional[Literal["O", "B"]] = None

    def __post_init__(self) -> None:
        if self.encoding is not None:
            get_encoding(self.encoding).allowed(self.labels)
        elif self.repair is not None or self.constrained is not None:
            raise ValueError("'constrained' and 'repair' need the 'encoding' of the task")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("a label comes twice")
        if any(CONTROL.search(label) for label in self.labels):
            raise ValueError("a label has control characters")


class Specification(_Part, frozen=True):
    """A model.

    # Parameters

    inputs : `Dict[str, Input]`
        What the vector of a token is made of, in this order.
    hidden_sizes : `List[int]`
        Units per direction of each shared BiLSTM layer.
    tasks : `Dict[str, Task]`
    datasets : `Dict[str, DatasetLayout]`
        The layout of the files of each data set that the model was trained on; of a single one,
        its name is "".
    task_identifier : `bool`
        Whether the encoder is told, by a one-hot vector behind the others, for which task it reads.
    version : `int`
        Of the format.
    about : `Dict[str, str]`
        Where the model comes from.
    """

    inputs: Annotated[dict[str, Input], msgspec.Meta(min_length=1)]
    hidden_sizes: Annotated[list[Size], msgspec.Meta(min_length=1, max_length=1000)]
    tasks: Annotated[dict[str, Task], msgspec.Meta(min_length=1, max_length=1000)]
    datasets: Annotated[dict[str, DatasetLayout], msgspec.Meta(min_length=1)]
    task_identifier: bool = False
    version: int = VERSION
    about: dict[str, str] = {}

    def __post_init__(self) -> None:
        for name, task in self.tasks.items():
            if task.level > len(self.hidden_sizes):
                raise ValueError(
                    f"task '{name}' reads layer {task.level}, but there are layers 1 to "
                    f"{len(self.hidden_sizes)}"
                )
        for layout in self.datasets.values():
            layout.check_columns(self.feature_columns, "the inputs of the model")

    def with_about(self, about: dict[str, str]) -> "Specification":
        """The same model, with what is known of where it comes from."""
        return msgspec.structs.replace(self, about=about)

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
        for layout in self.datasets.values():
            if task in layout.tasks:
                return layout.tasks[task].encoding
        return self.tasks[task].encoding

    def shapes(self, tensors: Tensors) -> dict[str, Shape]:
        """Name and shape of every tensor of the model.

        # Parameters

        tensors : `Mapping[str, numpy.ndarray]`
            Those of the model, for the number of its words.
        """
        shapes: dict[str, Shape] = {}
        for name, part in self.inputs.items():
            shapes.update(part.shapes(tensors, f"inputs.{name}"))
        size = sum(part.output_size for part in self.inputs.values())
        size += len(self.tasks) * self.task_identifier
        outputs = []
        for number, hidden_size in enumerate(self.hidden_sizes):
            shapes.update(layer_shapes(f"encoder.{number}", size, hidden_size))
            size = 2 * hidden_size
            outputs.append(size)
        for name, task in self.tasks.items():
            size, labels = outputs[task.level - 1], len(task.labels)
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


def layer_shapes(name: str, input_size: int, hidden_size: int) -> Iterator[tuple[str, Shape]]:
    """The tensors of a BiLSTM layer. The gates are in the order input, forget, cell, output."""
    for direction in ("forward", "backward"):
        yield f"{name}.{direction}.input_weight", (4 * hidden_size, input_size)
        yield f"{name}.{direction}.recurrent_weight", (4 * hidden_size, hidden_size)
        yield f"{name}.{direction}.bias", (4 * hidden_size,)


def _check_row(row: int, rows: int, name: str) -> None:
    if row >= rows:
        raise ValueError(f"{name} is {row}, but there are {rows} rows")


def encode_specification(specification: Specification) -> str:
    """As JSON."""
    return msgspec.json.encode(specification).decode()


def parse_specification(text: str) -> Specification:
    """
    # Errors

    `UserError` for what is no specification, or one of a later version.
    """
    try:
        version = msgspec.json.decode(text, type=_Version).version
        if version > VERSION:
            raise UserError(
                f"the file is of version {version} of the format, and this program reads versions "
                f"up to {VERSION}; install a newer version of bilstm-tagger"
            )
        return msgspec.json.decode(text, type=Specification)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UserError(f"its header is no specification of a model ({error})") from None


class _Version(msgspec.Struct):
    version: int


def selected_tasks(known: Sequence[str], wanted: Optional[Sequence[str]]) -> list[str]:
    """The tasks that are wanted; all, in alphabetical order, where none is named.

    # Errors

    `UserError` for one that is not known.
    """
    for name in wanted or ():
        if name not in known:
            raise UserError(f"the model has no task '{name}'; it has {sorted(known)}")
    return sorted(known) if wanted is None else list(wanted)
