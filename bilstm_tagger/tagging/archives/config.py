"""The config of an archive of AllenNLP, `config.json`, as data: nothing of it is constructed.

AllenNLP evaluates the config as jsonnet, takes any class path as a component, and components may
read files and addresses. Here it is plain JSON of the components that are known, with the settings
that they have; anything else is refused.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Optional, Union

import msgspec

from bilstm_tagger.tagging.archives.limits import FIX_TRUST, UnsafeModel
from bilstm_tagger.tagging.archives.members import CONFIG
from bilstm_tagger.text.character_spans import Policy
from bilstm_tagger.text.column_format import EmptyTokens, Place
from bilstm_tagger.text.dataset_layout import DatasetLayout, Form, TokenCasing
from bilstm_tagger.text.task_column import TaskColumn

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


class Lexicon(_Component, frozen=True, tag="lexicon"):
    ignore_case: bool = True
    namespace: str = "lexicon"


class SingleId(_Component, frozen=True, tag="single_id"):
    namespace: str = "tokens"
    lowercase_tokens: bool = False


Indexer = Union[WordForms, WordCharacters, Casing, Column, Lexicon, SingleId]


class WordVectors(_Component, frozen=True, tag="word_vectors"):
    embedding_dim: int
    trainable: bool = False
    trainable_unknown: bool = False
    word_dropout: float = 0.0
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
    max_norm: Optional[float] = None
    norm_type: float = 2.0
    scale_grad_by_freq: bool = False
    sparse: bool = False
    vocab_namespace: str = "tokens"


class Empty(_Component, frozen=True, tag="empty"):
    pass


Embedder = Union[WordVectors, CharacterCNN, CharacterLSTM, Embedding, Empty]


class Embedders(_Component, frozen=True, tag="basic"):
    token_embedders: dict[str, Embedder]


class Encoder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hidden_sizes: Annotated[list[int], msgspec.Meta(min_length=1)]
    dropout: Union[None, float, list[float]] = None
    recurrent_masks: str = "batch"


class _Decoder(_Component, frozen=True):
    encoding: Optional[str] = None
    level: Optional[Annotated[int, msgspec.Meta(ge=0)]] = None
    encoder: Optional[Encoder] = None
    loss_weight: float = 1.0
    evaluate: bool = True
    per_type: bool = False
    constrained: Optional[bool] = None
    repair: Optional[str] = None
    label_weights: Union[None, str, dict[str, float]] = None


class Softmax(_Decoder, frozen=True, tag="softmax"):
    pass


class CRF(_Decoder, frozen=True, tag="crf"):
    weight_strategy: Optional[str] = None


class L1(_Component, frozen=True, tag="l1"):
    alpha: float = 0.01


class L2(_Component, frozen=True, tag="l2"):
    alpha: float = 0.01


class Regularizers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    regexes: list[tuple[str, Union[L1, L2]]] = []


class Model(_Component, frozen=True, tag="bilstm_tagger"):
    text_field_embedder: Embedders
    encoder: Encoder
    tasks: dict[str, Union[Softmax, CRF]]
    regularizer: Optional[Regularizers] = None
    embedding_dropout: float = 0.0
    task_identifier: bool = False


class Reader(_Component, frozen=True, tag="conll_columns"):
    token_indexers: dict[str, Indexer]
    columns: Optional[dict[str, Place]] = None
    tasks: Optional[dict[str, TaskColumn]] = None
    form: Form = "columns"
    delimiter: Optional[str] = None
    comment_prefix: Optional[str] = None
    document_dividers: bool = False
    conllu: bool = False
    quoted: bool = False
    ragged: bool = False
    empty_tokens: EmptyTokens = "error"
    sentence_column: Optional[Place] = None
    invalid_tags: str = "error"
    invalid_spans: Policy = "error"
    language: str = "en"
    casing: Optional[TokenCasing] = None
    datasets: Optional[dict[str, DatasetLayout]] = None
    max_instances: Optional[int] = None

    @property
    def layouts(self) -> dict[str, DatasetLayout]:
        """The layout of each data set; of a single one, its name is ""."""
        if (self.columns is None) == (self.datasets is None):
            raise ValueError("'dataset_reader' needs either 'columns' or 'datasets'")
        if self.datasets is not None:
            return self.datasets
        names = DatasetLayout.__struct_fields__
        return {"": DatasetLayout(**{name: getattr(self, name) for name in names})}


class Vocabulary(msgspec.Struct, frozen=True):
    """Its words are those in the archive; what else the config says is about making it."""

    type: Literal["from_instances", "from_files", "extend", "empty", "word_vectors"] = (
        "from_instances"
    )
    padding_token: str = "@@PADDING@@"
    oov_token: str = "@@UNKNOWN@@"


class Config(msgspec.Struct, frozen=True):
    """What tagging needs of a config. The rest is about training."""

    dataset_reader: Reader
    model: Model
    validation_dataset_reader: Optional[Reader] = None
    vocabulary: Vocabulary = Vocabulary()


_SECTIONS = ("dataset_reader", "validation_dataset_reader", "model", "vocabulary")
# Left out of a stored model, which has all that these gave; most of it by AllenNLP itself.
ONLY_FOR_TRAINING = ("pretrained_file", "lexicon_file", "initializer", "initial_weights")

# AllenNLP's way to train a model further. What the model is stands in the other archive alone.
_FROM_ARCHIVE = "from_archive"
_NOT_ALONE = (
    "'from_archive' needs the archive that the training started from; a training with the type "
    "'bilstm_tagger' and 'initial_weights', the path of that archive, makes one that stands alone"
)


def read_config(config: Mapping[str, Any]) -> Config:
    """What tagging needs of `config.json`, or of what overrides made of it.

    # Errors

    `UnsafeModel`, with the key, for components and settings that are not known to be harmless.
    """
    sections = {name: config[name] for name in _SECTIONS if config.get(name) is not None}
    if isinstance(sections.get("model"), dict) and sections["model"].get("type") == _FROM_ARCHIVE:
        raise UnsafeModel(f"{CONFIG}, model.type", _NOT_ALONE, FIX_TRUST)
    for name in ("dataset_reader", "model"):
        if not isinstance(sections.get(name), dict):
            raise UnsafeModel(f"{CONFIG}, {name}", "expected an object")
    settings = _normalised(sections)
    try:
        parsed = msgspec.convert(settings, Config)
        parsed.dataset_reader.layouts  # noqa: B018  (refuses what does not go together)
        return parsed
    except msgspec.ValidationError as error:
        raise _refusal(error, settings) from None
    except ValueError as error:
        raise UnsafeModel(CONFIG, str(error)) from None


def _refusal(error: msgspec.ValidationError, settings: Any) -> UnsafeModel:
    """The error with the whole key: msgspec leaves the keys of dictionaries out."""
    problem, _, place = str(error).partition(" - at ")
    path = place.strip("`").removeprefix("$.")
    while "[...]" in path:
        before, after = path.split("[...]", 1)
        parent = settings
        *outer, last = before.split(".")
        for step in outer:
            parent = parent[step]
        for key, value in parent[last].items():
            alone = _replaced(settings, before, {key: value})
            try:
                msgspec.convert(alone, Config)
            except msgspec.ValidationError as other:
                if str(other) == str(error):
                    settings = alone
                    break
        path = f"{before}.{key}{after}"
    if path.startswith("key"):  # "key in `$...`"
        path = path.partition("$.")[2]
    path = re.sub(r"\[(\d+)\]", r".\1", path)
    unknown = re.match("Object contains unknown field `(.*)`", problem)
    if unknown:
        path, problem = f"{path}.{unknown[1]}".strip("."), "there is no such setting"
    elif problem.startswith("Invalid value"):
        problem += ", which is none of the components that are known to be harmless"
    return UnsafeModel(f"{CONFIG}, {path:.300}" if path else CONFIG, problem, FIX_TRUST)


def _replaced(settings: Any, path: str, value: Any) -> Any:
    """A copy with another value at a place."""
    if not path:
        return value
    step, _, rest = path.partition(".")
    return {**settings, step: _replaced(settings[step], rest, value)}


def _normalised(value: Any, key: str = "") -> Any:
    """A config in which every component is an object with a `type`: AllenNLP also takes the bare
    name of a type, and the type of what embeds tokens has a default."""
    if not isinstance(value, dict):
        return value
    typed = {
        name: _normalised(inner, name)
        for name, inner in value.items()
        if name not in ONLY_FOR_TRAINING
    }
    if key in ("token_indexers", "token_embedders", "tasks"):
        typed = {name: _typed(inner) for name, inner in typed.items()}
    if isinstance(regexes := typed.get("regexes"), list):
        typed["regexes"] = [
            [pair[0], _typed(pair[1])] if isinstance(pair, list) and len(pair) == 2 else pair
            for pair in regexes
        ]
    if key == "text_field_embedder":
        typed.setdefault("type", "basic")
    return typed


def _typed(component: Any) -> Any:
    return {"type": component} if isinstance(component, str) else component
