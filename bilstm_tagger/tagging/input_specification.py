"""What the vector of a token is made of: the inputs of a model, with their sizes and tensors."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Optional, Union

import msgspec
import numpy

Size = Annotated[int, msgspec.Meta(ge=1, le=2**20)]
Index = Annotated[int, msgspec.Meta(ge=0)]
FeatureKind = Literal["casing", "token", "lower", "form", "column"]
# The names of tensors of bytes, of text, of an input.
TEXTS = ("words", "entries")
Tensors = Mapping[str, numpy.ndarray]
Shape = tuple[int, ...]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Unknown fields are an error: what they say would be lost."""


class Words(Part, frozen=True, tag_field="type", tag="words"):
    """Word vectors, by the look-up chain: exact form, lower-cased, normalised, unknown.

    The words themselves are a tensor of bytes, `inputs.NAME.words`: UTF-8, one a line.
    """

    dimension: Size  # of a vector
    unknown: Index  # the row of the vector of all other words
    trained: bool = False  # whether the vectors were trained, and so differ from those of the file

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


class _Characters(Part, frozen=True):
    """A vector of the characters of a token."""

    characters: list[str]  # of each row of the embedding
    unknown: Index  # the row of all other characters
    embedding_size: Size  # dimension of the vector of a character
    max_length: int  # longer tokens are cut on the right; 0: none is

    def shapes(self, tensors: Tensors, name: str) -> Iterator[tuple[str, Shape]]:
        yield f"{name}.embedding", (len(self.characters), self.embedding_size)
        _check_row(self.unknown, len(self.characters), f"{name}.unknown")


class CharacterCNN(_Characters, frozen=True, tag_field="type", tag="character_cnn"):
    """A convolution over characters and the maximum over positions (Ma and Hovy 2016)."""

    filters: Size  # their number, which is the size of the output
    width: Annotated[int, msgspec.Meta(ge=1, le=2**10)]  # characters that a filter sees, odd

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
    """The final states of a BiLSTM over characters (Lample et al. 2016)."""

    hidden_size: Size  # units per direction

    def shapes(self, tensors: Tensors, name: str) -> Iterator[tuple[str, Shape]]:
        yield from super().shapes(tensors, name)
        yield from layer_shapes(name, self.embedding_size, self.hidden_size)

    @property
    def output_size(self) -> int:
        return 2 * self.hidden_size


class Feature(Part, frozen=True, tag_field="type", tag="feature"):
    """A vector of a feature of a token."""

    # What is looked up: the "casing" class of the token, the "token" itself, the token in lower
    # case ("lower"), the first of its forms that is known ("form", as of words), or its value in a
    # "column".
    of: FeatureKind
    values: list[str]  # of each row
    unknown: Index  # the row of all other values
    dimension: Size  # of a vector
    column: Optional[str] = None  # its name

    def __post_init__(self) -> None:
        if (self.column is None) == (self.of == "column"):
            raise ValueError("'column' belongs to a feature of a 'column', and to no other")

    def shapes(self, tensors: Tensors, name: str) -> Iterator[tuple[str, Shape]]:
        yield f"{name}.vectors", (len(self.values), self.dimension)
        _check_row(self.unknown, len(self.values), f"{name}.unknown")

    @property
    def output_size(self) -> int:
        return self.dimension


class Lexicon(Part, frozen=True, tag_field="type", tag="lexicon"):
    """A vector of the place that a token has in an entry of a list (`bilstm_tagger.text.lexicon`).

    The entries are a tensor of bytes, `inputs.NAME.entries`: UTF-8, one a line.
    """

    values: list[str]  # of each row
    unknown: Index  # the row of all other values
    dimension: Size  # of a vector
    ignore_case: bool  # whether upper and lower case are alike

    def shapes(self, tensors: Tensors, name: str) -> Iterator[tuple[str, Shape]]:
        entries = tensors.get(f"{name}.entries")
        yield f"{name}.entries", (0 if entries is None else entries.size,)
        yield f"{name}.vectors", (len(self.values), self.dimension)
        _check_row(self.unknown, len(self.values), f"{name}.unknown")

    @property
    def output_size(self) -> int:
        return self.dimension


Input = Union[Words, CharacterCNN, CharacterLSTM, Feature, Lexicon]


def layer_shapes(name: str, input_size: int, hidden_size: int) -> Iterator[tuple[str, Shape]]:
    """The tensors of a BiLSTM layer. The gates are in the order input, forget, cell, output."""
    for direction in ("forward", "backward"):
        yield f"{name}.{direction}.input_weight", (4 * hidden_size, input_size)
        yield f"{name}.{direction}.recurrent_weight", (4 * hidden_size, hidden_size)
        yield f"{name}.{direction}.bias", (4 * hidden_size,)


def _check_row(row: int, rows: int, name: str) -> None:
    if row >= rows:
        raise ValueError(f"{name} is {row}, but there are {rows} rows")
