"""The config of an archive of AllenNLP, `config.json`, as data: nothing of it is constructed.

AllenNLP evaluates the config as jsonnet, takes any class path as a component, and components may
read files and addresses. Here it is plain JSON of the components that are known, with the settings
that they have; anything else is refused.
"""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, Optional, Union

import msgspec

from bilstm_tagger.tagging.archives.limits import MEND_DAMAGED, MEND_TRUST, UnsafeArchive
from bilstm_tagger.tagging.archives.members import CONFIG
from bilstm_tagger.text.dataset_layout import DatasetLayout, TaskColumn

_MAX_DEPTH = 50
_MAX_VALUES = 10_000
# All tokens are padded to that length by the network of training.
_MaxLength = Annotated[int, msgspec.Meta(le=10_000)]


class _Component(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """Settings that are not declared are refused: what they do is not known."""


class WordForms(_Component, frozen=True, tag="word_forms"):
    namespace: str = "words"


class WordCharacters(_Component, frozen=True, tag="word_characters"):
    max_length: _MaxLength = 25
    namespace: str = "token_characters"


class Casing(_Component, frozen=True, tag="casing"):
    namespace: str = "casing"


class Column(_Component, frozen=True, tag="column"):
    column: str
    namespace: str = ""


class SingleId(_Component, frozen=True, tag="single_id"):
    namespace: str = "tokens"
    lowercase_tokens: bool = False


Indexer = Union[WordForms, WordCharacters, Casing, Column, SingleId]


class WordVectors(_Component, frozen=True, tag="word_vectors"):
    embedding_dim: int
    trainable: bool = False
    trainable_unknown: bool = False
    namespace: str = "words"


class CharacterCNN(_Component, frozen=True, tag="character_cnn"):
    embedding_dim: int = 30
    num_filters: int = 30
    width: int = 3
    namespace: str = "token_characters"


class CharacterLSTM(_Component, frozen=True, tag="character_lstm"):
    embedding_dim: int = 30
    hidden_size: int = 25
    namespace: str = "token_characters"


class Embedding(_Component, frozen=True, tag="embedding"):
    embedding_dim: int
    num_embeddings: Optional[int] = None
    projection_dim: Optional[int] = None
    trainable: bool = True
    padding_index: Optional[int] = None
    scale_grad_by_freq: bool = False
    sparse: bool = False
    vocab_namespace: str = "tokens"


class Empty(_Component, frozen=True, tag="empty"):
    pass


Embedder = Union[WordVectors, CharacterCNN, CharacterLSTM, Embedding, Empty]


class Embedders(_Component, frozen=True, tag="basic"):
    token_embedders: dict[str, Embedder]


class Encoder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hidden_sizes: list[int]
    dropout: Union[None, float, list[float]] = None
    recurrent_masks: str = "batch"


class _Decoder(_Component, frozen=True):
    encoding: Optional[str] = None
    level: Optional[int] = None
    encoder: Optional[Encoder] = None
    loss_weight: float = 1.0
    evaluate: bool = True
    per_type: bool = False
    constrained: Optional[bool] = None
    repair: Optional[str] = None


class Softmax(_Decoder, frozen=True, tag="softmax"):
    pass


class CRF(_Decoder, frozen=True, tag="crf"):
    pass


class Model(_Component, frozen=True, tag="bilstm_tagger"):
    text_field_embedder: Embedders
    encoder: Encoder
    tasks: dict[str, Union[Softmax, CRF]]
    regularizer: Any = None
    embedding_dropout: float = 0.0
    task_identifier: bool = False


class Reader(_Component, frozen=True, tag="conll_columns"):
    token_indexers: dict[str, Indexer]
    columns: Optional[dict[str, int]] = None
    tasks: Optional[dict[str, TaskColumn]] = None
    delimiter: Optional[str] = None
    comment_prefix: Optional[str] = None
    document_dividers: bool = False
    conllu: bool = False
    invalid_tags: str = "error"
    datasets: Optional[dict[str, DatasetLayout]] = None
    max_instances: Optional[int] = None

    @property
    def layouts(self) -> dict[str, DatasetLayout]:
        """The layout of each data set; of a single one, its name is ""."""
        if (self.columns is None) == (self.datasets is None):
            raise ValueError("'dataset_reader' needs either 'columns' or 'datasets'")
        if self.datasets is not None:
            return self.datasets
        return {
            "": DatasetLayout(
                self.columns or {},
                self.tasks or {},
                self.delimiter,
                self.comment_prefix,
                self.document_dividers,
                self.conllu,
                self.invalid_tags,
            )
        }


class Vocabulary(msgspec.Struct, frozen=True):
    """Its words are those in the archive; what else the config says is about making it."""

    padding_token: str = "@@PADDING@@"
    oov_token: str = "@@UNKNOWN@@"


class Config(msgspec.Struct, frozen=True):
    """What tagging needs of a config. The rest is about training."""

    dataset_reader: Reader
    model: Model
    vocabulary: Vocabulary = Vocabulary()


# What AllenNLP itself leaves out of a stored model: its weights have all that they gave.
_ONLY_FOR_TRAINING = ("pretrained_file", "initializer")


def parse_json(data: bytes, where: str) -> dict[str, Any]:
    """A JSON object. jsonnet is not evaluated, and what JSON does not have (NaN) is refused.

    # Errors

    `UnsafeArchive` for anything else, keys that come twice, and deep nesting.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key comes twice")
        return dict(pairs)

    def no_number(text: str) -> NoReturn:
        raise ValueError(f"{text} is no JSON")

    def number(text: str) -> float:
        if math.isinf(value := float(text)):
            raise ValueError(f"{text} is too large")
        return value

    try:
        loaded = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=once,
            parse_float=number,
            parse_constant=no_number,
        )
    except ValueError as error:
        what = f"this is no JSON ({error}), as AllenNLP writes it; jsonnet is not evaluated"
        raise UnsafeArchive(where, what, MEND_DAMAGED) from None
    except RecursionError:
        raise UnsafeArchive(where, "its JSON is nested too deep", MEND_DAMAGED) from None
    if not isinstance(loaded, dict):
        raise UnsafeArchive(where, "expected a JSON object", MEND_DAMAGED)
    _check_extent(loaded, where)
    return loaded


def _check_extent(value: dict[str, Any], where: str) -> None:
    """Each layer and column costs time: some thousand are no config."""
    level: list[Any] = [value]
    values = 0
    for _ in range(_MAX_DEPTH):
        below: list[Any] = []
        for container in level:
            below += container.values() if isinstance(container, dict) else container
        values += len(below)
        level = [inner for inner in below if isinstance(inner, (dict, list))]
    if level or values > _MAX_VALUES:
        what = f"more than {_MAX_VALUES} values, or nested deeper than {_MAX_DEPTH}"
        raise UnsafeArchive(where, what, MEND_DAMAGED)


def read_config(config: Mapping[str, Any]) -> Config:
    """What tagging needs of a config.

    # Parameters

    config : `Mapping[str, Any]`
        `config.json`, or what overrides made of it.

    # Errors

    `UnsafeArchive`, with the key, for components and settings that are not known to be harmless.
    """
    sections = {name: config[name] for name in ("dataset_reader", "model") if name in config}
    sections["vocabulary"] = config.get("vocabulary") or {}
    try:
        parsed = msgspec.convert(_normalised(sections), Config)
        parsed.dataset_reader.layouts  # noqa: B018  (refuses what does not go together)
        return parsed
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        where = f"{CONFIG}, {place.strip('`').removeprefix('$.')}" if place else CONFIG
        raise UnsafeArchive(where, problem, MEND_TRUST) from None
    except ValueError as error:
        raise UnsafeArchive(CONFIG, str(error), MEND_DAMAGED) from None


def _normalised(value: Any, key: str = "") -> Any:
    """A config in which every component is an object with a `type`: AllenNLP also takes the bare
    name of a type, and the type of what embeds tokens has a default."""
    if not isinstance(value, dict):
        return value
    typed = {
        name: _normalised(inner, name)
        for name, inner in value.items()
        if name not in _ONLY_FOR_TRAINING
    }
    if key in ("token_indexers", "token_embedders"):
        typed = {
            name: {"type": inner} if isinstance(inner, str) else inner
            for name, inner in typed.items()
        }
    if key == "text_field_embedder":
        typed.setdefault("type", "basic")
    return typed
