"""A training that starts from a trained model: what is carried over, and what is new."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import numpy
import torch
from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.common.util import is_distributed
from allennlp.data import Vocabulary
from allennlp.modules import TokenEmbedder
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder
from allennlp.modules.token_embedders import EmptyEmbedder

from bilstm_tagger.plugin.data.fields import label_namespace
from bilstm_tagger.plugin.data.vocabulary import WordVectorVocabulary
from bilstm_tagger.plugin.models.carried_rows import carry_rows
from bilstm_tagger.plugin.models.initial_model import KEY, read_initial_model
from bilstm_tagger.plugin.modules.bilstm_encoder import BiLSTMEncoder, sizes_of
from bilstm_tagger.plugin.modules.decoders import CRFDecoder, TaskDecoder
from bilstm_tagger.plugin.modules.token_embedders.settings import settings_of
from bilstm_tagger.tagging.input_specification import (
    CharacterCNN,
    CharacterLSTM,
    Input,
    Words,
)
from bilstm_tagger.tagging.specification import Task

_OTHER_TASK = ", or give the task another name, so that it starts anew"
_SHOWN = 6  # labels, at most
_INPUTS = "model.text_field_embedder.token_embedders"


class InitialWeights:
    """The parameters of a trained model, for another one to start from.

    # Parameters

    source : `str`
        An archive, the folder of a training that has ended, a model file, or the name of an
        installed model. It is read as data: nothing of it is run.

    # Errors

    `ConfigurationError` for what is no model, or a model that cannot be read as data.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._specification, self._tensors = read_initial_model(source)
        # Of each task that both models have, the labels that the training data has.
        self._labels_of_data: dict[str, set[str]] = {}

    def prepare(self, vocabulary: Vocabulary, tasks: Mapping[str, Lazy[TaskDecoder]]) -> None:
        """Adds the labels of the trained model to the vocabulary, for tasks of these names. This
        has to be done before any part of the new model is made.

        # Errors

        `ConfigurationError` where a task has another encoding.
        """
        if isinstance(vocabulary, WordVectorVocabulary):
            # Words and vectors come from the trained model: a file is not needed.
            vocabulary.expect_no_vectors()
        for name, decoder in tasks.items():
            if name not in self._specification.tasks:
                continue
            # Here already: labels of two encodings would be an error of the decoder.
            ours, theirs = _encoding_of(decoder), self._specification.tasks[name].encoding
            if ours != theirs:
                raise self._differs(f"model.tasks.{name}.encoding", ours, theirs, _OTHER_TASK)
            namespace = label_namespace(name)
            known = vocabulary.get_token_to_index_vocabulary(namespace)
            self._labels_of_data[name] = set(known)
            for label in self._specification.tasks[name].labels:
                vocabulary.add_token_to_namespace(label, namespace)

    @torch.no_grad()
    def carry_over(self, model: Any) -> list[str]:
        """Sets the parameters of a new `BiLSTMTagger`: rows of inputs by word, character or value,
        those of tasks by label, layers of the shared encoder by number. What the trained model does
        not have keeps its value. Words, characters and values of the trained model are added to the
        vocabulary of the new one.

        # Returns

        `List[str]`
            What is carried over and what is new, in lines for people.

        # Errors

        `ConfigurationError`, which names the key, where the two models have parts of one name that
        have other sizes or another type.
        """
        self._check_identifiers(model)
        report = [
            *self._carry_inputs(model),
            self._carry_encoder(model.encoder),
            *(self._carry_task(name, task) for name, task in model.decoders().items()),
            *self._left_behind(model),
        ]
        self._check_goes_on(model)
        return report

    def _check_identifiers(self, model: Any) -> None:
        told = self._specification.task_identifier
        if model.task_identifier != told:
            raise self._differs("model.task_identifier", model.task_identifier, told)
        names = list(model.tasks), list(self._specification.tasks)
        if told and names[0] != names[1]:
            raise self._differs("model.task_identifier is true, and model.tasks", *names)

    def _check_goes_on(self, model: Any) -> None:
        """Of a training that goes on after an interruption, the checkpoint has all parameters, but
        what their rows stand for is in the vocabulary."""
        folder = model.serialization_dir and Path(model.serialization_dir, "vocabulary")
        # In a distributed training that starts, the folder has the vocabulary of the data.
        if is_distributed() or not folder or not folder.is_dir():
            return
        before = Vocabulary.from_files(folder, model.vocab._padding_token, model.vocab._oov_token)
        for namespace in before.get_namespaces():
            ids = before.get_token_to_index_vocabulary(namespace)
            if ids != model.vocab.get_token_to_index_vocabulary(namespace):
                raise ConfigurationError(
                    f"{KEY}: the training in {model.serialization_dir} cannot go on: the entries "
                    f"of '{namespace}' in the vocabulary are others than at its start. The data, "
                    f"or {self.source}, have changed; -f (--force) deletes what is there and "
                    "trains anew"
                )

    def _carry_inputs(self, model: Any) -> list[str]:
        text_field_embedder = model.text_field_embedder
        embedders: dict[str, TokenEmbedder] = {}
        if isinstance(text_field_embedder, BasicTextFieldEmbedder):
            embedders = {
                name: embedder
                for name, embedder in text_field_embedder._token_embedders.items()
                if not isinstance(embedder, EmptyEmbedder)
            }
        inputs = self._specification.inputs
        if embedders.keys() != inputs.keys():
            raise self._differs(_INPUTS, sorted(embedders), sorted(inputs))
        report = []
        for name, embedder in embedders.items():
            part, key = inputs[name], f"{_INPUTS}.{name}"
            settings = settings_of(embedder) or {"type": type(embedder).__name__}
            for setting, theirs in _settings_of_input(part).items():
                if settings.get(setting) != theirs:
                    raise self._differs(f"{key}.{setting}", settings.get(setting), theirs)
            prefix = f"inputs.{name}"
            values = (
                self._tensors[f"{prefix}.words"].tobytes().decode("utf-8", "replace").split("\n")
                if isinstance(part, Words)
                else part.characters
                if isinstance(part, CharacterCNN | CharacterLSTM)
                else part.values
            )
            rows = "embedding" if isinstance(part, CharacterCNN | CharacterLSTM) else "vectors"
            counts = carry_rows(
                embedder, model.vocab, values, part.unknown, self._tensors[f"{prefix}.{rows}"]
            )
            report.append(f"{name}: {counts}")
            if isinstance(part, CharacterCNN | CharacterLSTM):
                for place, parameter in embedder.encoder.named_parameters():
                    if not place.startswith("embedding."):
                        self._copy(parameter, f"{prefix}.{_short(place)}", key)
        return report

    def _carry_encoder(self, encoder: BiLSTMEncoder) -> str:
        key = "model.encoder.hidden_sizes"
        ours, theirs = sizes_of(encoder), list(self._specification.hidden_sizes)
        shared = min(len(ours), len(theirs))
        if ours[:shared] != theirs[:shared]:
            raise self._differs(key, ours, theirs)
        for number in range(shared):
            self._copy_layer(encoder, number, "encoder", key)
        new = f", {len(ours) - shared} new" if len(ours) > shared else ""
        return f"layers of the encoder: {shared} carried over{new}"

    def _carry_task(self, name: str, decoder: TaskDecoder) -> str:
        key, prefix = f"model.tasks.{name}", f"tasks.{name}"
        task = self._specification.tasks.get(name)
        if task is None:
            return f"task {name}: new"
        settings = {
            "type": "crf" if isinstance(decoder, CRFDecoder) else "softmax",
            "encoder.hidden_sizes": [] if decoder.encoder is None else sizes_of(decoder.encoder),
        }
        for setting, theirs in _settings_of_task(task).items():
            if settings[setting] != theirs:
                raise self._differs(
                    f"{key}.{setting}",
                    settings[setting],
                    theirs,
                    _OTHER_TASK,
                )
        if decoder.encoder is not None:
            for number in range(len(task.hidden_sizes)):
                self._copy_layer(decoder.encoder, number, f"{prefix}.encoder", key)
        theirs = {label: row for row, label in enumerate(task.labels)}
        rows = [row for row, label in enumerate(decoder.labels) if label in theirs]
        sources = [theirs[decoder.labels[row]] for row in rows]
        weight = self._tensors[f"{prefix}.scorer.weight"]
        if weight.shape[1] != decoder.scorer.in_features:
            place = f"{key}.level: the size of the layer that the task reads"
            raise self._differs(place, decoder.scorer.in_features, weight.shape[1])
        by_label = {"scorer.weight": decoder.scorer.weight, "scorer.bias": decoder.scorer.bias}
        if isinstance(decoder, CRFDecoder):
            by_label |= {"start": decoder.crf.start_scores, "end": decoder.crf.end_scores}
            transitions = self._tensors[f"{prefix}.transitions"][numpy.ix_(sources, sources)]
            decoder.crf.transitions[numpy.ix_(rows, rows)] = _tensor(transitions)
        for place, parameter in by_label.items():
            parameter[rows] = _tensor(self._tensors[f"{prefix}.{place}"][sources])
        return f"task {name}: {self._labels_text(name, decoder.labels, task.labels)}"

    def _labels_text(self, name: str, labels: list[str], theirs: list[str]) -> str:
        text = f"{len(theirs)} of {len(labels)} labels carried over"
        of_data = self._labels_of_data[name]
        for title, others in (
            ("new", [label for label in labels if label not in theirs]),
            ("not in the training data", [label for label in labels if label not in of_data]),
        ):
            if others:
                more = len(others) - _SHOWN
                text += f"; {title}: {', '.join(others[:_SHOWN])}"
                text += f" and {more} more" if more > 0 else ""
        return text

    def _left_behind(self, model: Any) -> list[str]:
        others = [f"task {name}" for name in self._specification.tasks if name not in model.tasks]
        ours, theirs = len(model.encoder.layers), len(self._specification.hidden_sizes)
        others += [f"layer {number + 1} of the encoder" for number in range(ours, theirs)]
        return [f"not carried over: {', '.join(others)}"] if others else []

    def _copy_layer(self, encoder: BiLSTMEncoder, number: int, prefix: str, key: str) -> None:
        for place, parameter in encoder.layers[number].named_parameters():
            self._copy(parameter, f"{prefix}.{number}.{_short(place)}", key)

    def _copy(self, parameter: torch.Tensor, name: str, key: str) -> None:
        theirs = self._tensors[name]
        if parameter.shape != theirs.shape:
            raise self._differs(f"{key}: the shape of {name}", tuple(parameter.shape), theirs.shape)
        parameter.copy_(_tensor(theirs))

    def _differs(self, key: str, ours: Any, theirs: Any, other_fix: str = "") -> ConfigurationError:
        return ConfigurationError(
            f"{key} is {ours}, and that of {self.source} ({KEY}) is {theirs}; make them "
            f"agree{other_fix}"
        )


def _settings_of_input(part: Input) -> dict[str, Any]:
    """Type and sizes, by the keys of a config."""
    match part:
        case Words():
            return {"type": "word_vectors", "embedding_dim": part.dimension}
        case CharacterCNN():
            sizes = {"num_filters": part.filters, "width": part.width}
            return {"type": "character_cnn", "embedding_dim": part.embedding_size, **sizes}
        case CharacterLSTM():
            sizes = {"embedding_dim": part.embedding_size, "hidden_size": part.hidden_size}
            return {"type": "character_lstm", **sizes}
    # Of an embedding with a projection, a trained model has the projected vectors alone.
    return {"type": "embedding", "embedding_dim": part.dimension, "projection_dim": None}


def _encoding_of(decoder: Lazy[TaskDecoder]) -> Optional[str]:
    """The encoding of a decoder that is not made yet; AllenNLP has no public way to ask."""
    settings = {**decoder._params.as_dict(quiet=True), **decoder._constructor_extras}
    encoding: Optional[str] = settings.get("encoding")
    return encoding


def _settings_of_task(task: Task) -> dict[str, Any]:
    return {
        "type": task.decoder,
        "encoder.hidden_sizes": list(task.hidden_sizes),
    }


def _short(name: str) -> str:
    """The name of a parameter of a layer in a specification."""
    return name.replace("_direction.", ".")


def _tensor(values: numpy.ndarray) -> torch.Tensor:
    """A copy in single precision; those of a model file are mapped and may have half of it."""
    return torch.from_numpy(numpy.array(values, dtype=numpy.float32))
