"""From what AllenNLP stores of a model to its specification and tensors."""

from collections.abc import Mapping
from typing import Optional, Union

import numpy

from bilstm_tagger.tagging.archives import config as settings
from bilstm_tagger.tagging.archives.config import Config, read_config
from bilstm_tagger.tagging.archives.json_object import parse_json
from bilstm_tagger.tagging.archives.limits import FIX_MODEL, Limits, UnsafeModel
from bilstm_tagger.tagging.archives.members import CONFIG, WEIGHTS, AnyPath, read_members
from bilstm_tagger.tagging.archives.vocabulary import VocabularyData, read_vocabulary
from bilstm_tagger.tagging.archives.weights import read_weights
from bilstm_tagger.tagging.input_specification import (
    CharacterCNN,
    CharacterLSTM,
    Feature,
    FeatureKind,
    Input,
    Lexicon,
    Words,
)
from bilstm_tagger.tagging.specification import Specification, Task
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.recognised_tasks import NAMESPACE, decode_recognised, with_recognised

State = Mapping[str, numpy.ndarray]
Characters = Union[settings.CharacterCNN, settings.CharacterLSTM]

_EMBEDDER = "text_field_embedder.token_embedder_"


def label_namespace(task: str) -> str:
    """Where the vocabulary keeps the labels of a task; the ending keeps padding out of it."""
    return f"{task}_labels"


def read_archive(
    path: AnyPath,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
) -> tuple[Specification, dict[str, numpy.ndarray]]:
    """The model in a `model.tar.gz`, a local file, read as data: nothing of it is run, nothing is
    written.

    # Errors

    `UnsafeModel` for everything that is refused, `FileNotFoundError`.
    """
    try:
        files = read_members(path, limits)
        config = read_config(parse_json(files[CONFIG], CONFIG))
        vocabulary = read_vocabulary(files, config.vocabulary.oov_token, limits)
        return model_of(config, vocabulary, read_weights(files[WEIGHTS], limits))
    except UnsafeModel as error:
        raise error.at(path) from None


def model_of(
    config: Config, vocabulary: VocabularyData, state: State
) -> tuple[Specification, dict[str, numpy.ndarray]]:
    """The model of a config, a vocabulary, and the state of a network by AllenNLP's names.

    # Errors

    `UnsafeModel` where these do not go together.
    """
    converter = _Converter(config, vocabulary, state)
    try:
        specification = converter.specification()
        specification.check_tensors(converter.tensors)
        if converter.unread:
            raise ValueError(f"the model has no tensors {ascii(sorted(converter.unread)[:5])}")
    except UnsafeModel:
        raise
    except ValueError as error:
        raise UnsafeModel(WEIGHTS, str(error), FIX_MODEL) from None
    return specification, converter.tensors


class _Converter:
    """Takes AllenNLP's names for tensors to ours."""

    def __init__(self, config: Config, vocabulary: VocabularyData, state: State) -> None:
        self._model = config.model
        self._reader = config.dataset_reader
        self._vocabulary = vocabulary
        self._state = state
        self.unread = set(state)
        self.tensors: dict[str, numpy.ndarray] = {}

    def specification(self) -> Specification:
        model = self._model
        # The order in which AllenNLP's "basic" embedder puts them one behind the other.
        inputs = {
            name: self._input(name, self._reader.token_indexers.get(name), embedder)
            for name, embedder in sorted(model.text_field_embedder.token_embedders.items())
            if not isinstance(embedder, settings.Empty)
        }
        self._layers("encoder", "encoder", model.encoder.hidden_sizes)
        tasks = {name: self._task(name, decoder) for name, decoder in model.tasks.items()}
        return Specification(
            inputs,
            model.encoder.hidden_sizes,
            tasks,
            self._layouts(),
            model.task_identifier,
        )

    def _layouts(self) -> dict[str, DatasetLayout]:
        entries = self._vocabulary.namespaces.get(NAMESPACE)
        recognised = decode_recognised(() if entries is None else entries.values)
        return with_recognised(self._reader.layouts, recognised)

    def _input(
        self, name: str, indexer: Optional[settings.Indexer], embedder: settings.Embedder
    ) -> Input:
        match embedder, indexer:
            case settings.WordVectors(), settings.WordForms():
                return self._words(name, indexer, embedder)
            case ((settings.CharacterCNN() | settings.CharacterLSTM()), settings.WordCharacters()):
                return self._characters(name, indexer, embedder)
            case settings.Embedding(), settings.Casing():
                return self._feature(name, "casing", indexer.namespace, embedder)
            case settings.Embedding(), settings.WordForms():
                return self._feature(name, "form", indexer.namespace, embedder)
            case settings.Embedding(), settings.SingleId():
                kind: FeatureKind = "lower" if indexer.lowercase_tokens else "token"
                return self._feature(name, kind, indexer.namespace, embedder)
            case settings.Embedding(), settings.Column():
                namespace = indexer.namespace or indexer.column
                return self._feature(name, "column", namespace, embedder, indexer.column)
            case settings.Embedding(), settings.Lexicon():
                return self._lexicon(name, indexer, embedder)
        kinds = [type(part).__name__ for part in (embedder, indexer)]
        what = f"'{name}' has the token embedder {kinds[0]} and the token indexer {kinds[1]}, "
        raise UnsafeModel(CONFIG, what + "which do not go together")

    def _feature(
        self,
        name: str,
        kind: FeatureKind,
        namespace: str,
        embedder: settings.Embedding,
        column: Optional[str] = None,
    ) -> Feature:
        if embedder.vocab_namespace != namespace:
            raise ValueError(
                f"the token embedder '{name}' takes the values of '{embedder.vocab_namespace}',"
                f" and the token indexer those of '{namespace}'"
            )
        values, unknown = self._vocabulary.padded_values(namespace)
        source = f"{_EMBEDDER}{name}"
        rows = self._take(f"{source}.weight", len(values) + 1, embedder.num_embeddings)
        if embedder.max_norm is not None:
            rows = _clipped(rows, embedder.max_norm, embedder.norm_type)
        if embedder.projection_dim is not None:
            rows = rows @ self._take(f"{source}._projection.weight").T
            rows += self._take(f"{source}._projection.bias")
        self.tensors[f"inputs.{name}.vectors"] = rows[1:]
        return Feature(kind, values, unknown, rows.shape[1], column)

    def _lexicon(
        self, name: str, indexer: settings.Lexicon, embedder: settings.Embedding
    ) -> Lexicon:
        values, unknown = self._vocabulary.padded_values(f"{indexer.namespace}_entries")
        entries = [entry for place, entry in enumerate(values) if place != unknown]
        self._keep_lines(f"inputs.{name}.entries", entries, f"{indexer.namespace}_entries")
        feature = self._feature(name, "token", indexer.namespace, embedder)
        sizes = feature.values, feature.unknown, feature.dimension
        return Lexicon(*sizes, indexer.ignore_case)

    def _keep_lines(self, tensor: str, lines: list[str], namespace: str) -> None:
        """Puts text into a tensor."""
        if any("\n" in line for line in lines):
            raise ValueError(f"an entry of '{namespace}' holds a line end")
        text = "\n".join(lines).encode("utf-8", "surrogatepass")
        self.tensors[tensor] = numpy.frombuffer(text, numpy.uint8)

    def _take(
        self, name: str, rows: Optional[int] = None, declared: Optional[int] = None
    ) -> numpy.ndarray:
        """A tensor; of one with a row for each value, the rows that there are values for."""
        if name not in self._state:
            raise ValueError(f"tensors are missing: {name!a:.200}")
        self.unread.discard(name)
        tensor = self._state[name]
        if rows is not None:
            wanted = rows if declared is None else declared
            if tensor.ndim != 2 or len(tensor) != wanted or wanted < rows:
                raise ValueError(
                    f"{name} has the shape {tensor.shape}, and the vocabulary {rows} entries"
                )
            tensor = tensor[:rows]
        return tensor

    def _words(
        self, name: str, indexer: settings.WordForms, embedder: settings.WordVectors
    ) -> Words:
        words, unknown = self._vocabulary.padded_values(indexer.namespace)
        vectors = self._take(f"{_EMBEDDER}{name}.weight", len(words) + 1)[1:]
        if embedder.trainable_unknown:
            vectors = vectors.copy()
            vectors[unknown] = self._take(f"{_EMBEDDER}{name}.unknown")
        self._keep_lines(f"inputs.{name}.words", words, indexer.namespace)
        self.tensors[f"inputs.{name}.vectors"] = vectors
        return Words(embedder.embedding_dim, unknown, embedder.trainable)

    def _characters(
        self, name: str, indexer: settings.WordCharacters, embedder: Characters
    ) -> Input:
        values, unknown = self._vocabulary.padded_values(indexer.namespace)
        source, target = f"{_EMBEDDER}{name}.encoder", f"inputs.{name}"
        embedding = self._take(f"{source}.embedding.weight", len(values) + 1)
        self.tensors[f"{target}.embedding"] = embedding[1:]
        common = values, unknown, embedder.embedding_dim, indexer.max_length
        if isinstance(embedder, settings.CharacterLSTM):
            self._layer(source, target)
            return CharacterLSTM(*common, embedder.hidden_size)
        for kind in ("weight", "bias"):
            self._copy(f"{target}.{kind}", f"{source}.{kind}")
        return CharacterCNN(*common, embedder.num_filters, embedder.width)

    def _copy(self, target: str, source: str) -> None:
        self.tensors[target] = self._take(source)

    def _layers(self, source: str, target: str, hidden_sizes: list[int]) -> None:
        for number in range(len(hidden_sizes)):
            self._layer(f"{source}.layers.{number}", f"{target}.{number}")

    def _layer(self, source: str, target: str) -> None:
        for direction in ("forward", "backward"):
            for kind in ("input_weight", "recurrent_weight", "bias"):
                name = f"{source}.{direction}_direction.{kind}"
                self._copy(f"{target}.{direction}.{kind}", name)

    def _task(self, name: str, decoder: Union[settings.Softmax, settings.CRF]) -> Task:
        key = f"tasks.{name}"
        hidden_sizes = [] if decoder.encoder is None else decoder.encoder.hidden_sizes
        self._layers(f"{key}.encoder", f"{key}.encoder", hidden_sizes)
        for kind in ("weight", "bias"):
            self._copy(f"{key}.scorer.{kind}", f"{key}.scorer.{kind}")
        self.unread.discard(f"{key}.label_weights")  # of the loss
        is_crf = isinstance(decoder, settings.CRF)
        if is_crf:
            self._copy(f"{key}.transitions", f"{key}.crf.transitions")
            self._copy(f"{key}.start", f"{key}.crf.start_scores")
            self._copy(f"{key}.end", f"{key}.crf.end_scores")
        entries = self._vocabulary.namespaces.get(label_namespace(name))
        if entries is None:
            raise ValueError(f"the vocabulary has no labels of the task {name!r}")
        return Task(
            "crf" if is_crf else "softmax",
            entries.values,
            len(self._model.encoder.hidden_sizes) if decoder.level is None else decoder.level,
            decoder.encoding,
            hidden_sizes,
            decoder.constrained,
            decoder.repair,  # type: ignore[arg-type]
        )


def _clipped(rows: numpy.ndarray, limit: float, order: float) -> numpy.ndarray:
    """Rows of at most that norm, as torch's embedding takes them."""
    norms = numpy.linalg.norm(rows, order, axis=1, keepdims=True)
    clipped: numpy.ndarray = numpy.where(norms > limit, rows * (limit / (norms + 1e-7)), rows)
    return clipped.astype(rows.dtype)
