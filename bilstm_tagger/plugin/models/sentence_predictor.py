"""Prediction of sentences of any lengths, by the same network as in training, but another way."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional, cast

import torch
from allennlp.data import Instance
from allennlp.data.fields import TextField

from bilstm_tagger.network.packed_lstm import Packing
from bilstm_tagger.plugin.models.prediction import PredictionOptions, TaskPrediction, TaskPredictor
from bilstm_tagger.plugin.models.task_scores import file_encoding
from bilstm_tagger.plugin.models.token_projector import TokenProjector
from bilstm_tagger.plugin.modules.bilstm_encoder import BiLSTMEncoder
from bilstm_tagger.plugin.modules.decoders import TaskDecoder
from bilstm_tagger.text.encodings import Encoding

# Sentences that are predicted together. With more, the states outgrow the cache of a processor.
GROUP_SIZE = 128


def metadata_of(instance: Instance) -> dict[str, Any]:
    """The metadata that the dataset reader gave."""
    return instance["metadata"].metadata if "metadata" in instance.fields else {}


class SentencePredictor:
    """Predicts sentences without padding.

    # Parameters

    projectors : `Mapping[str, TokenProjector]`
        What the first layer makes of tokens before its recurrence: for each task, or for all under
        the name "".
    encoder : `BiLSTMEncoder`, decoders : `Mapping[str, TaskDecoder]`
        Those of the model.
    """

    def __init__(
        self,
        projectors: Mapping[str, TokenProjector],
        encoder: BiLSTMEncoder,
        decoders: Mapping[str, TaskDecoder],
    ) -> None:
        self._projectors = projectors
        self._encoder = encoder
        self._decoders = decoders
        self._predictors: dict[tuple[str, Optional[Encoding]], TaskPredictor] = {}

    def clear(self) -> None:
        """Forgets what was computed with the weights."""
        for each in self._projectors.values():
            each.clear()

    def predict(
        self, instances: Sequence[Instance], options: PredictionOptions
    ) -> list[dict[str, TaskPrediction]]:
        """For each sentence, in their order, task to what it says."""
        found: list[dict[str, TaskPrediction]] = [{} for _ in instances]
        # Sentences of similar length together make the fewest steps.
        order = sorted(range(len(instances)), key=lambda i: -len(instances[i]["tokens"]))
        for start in range(0, len(order), GROUP_SIZE):
            group = order[start : start + GROUP_SIZE]
            for name, predictions in self._predict([instances[i] for i in group], options):
                for index, prediction in zip(group, predictions, strict=True):
                    found[index][name] = prediction
        return found

    @torch.no_grad()
    def _predict(
        self, instances: list[Instance], options: PredictionOptions
    ) -> Iterator[tuple[str, list[TaskPrediction]]]:
        """What each task says of sentences, the longest first."""
        fields = [cast(TextField, instance["tokens"]) for instance in instances]
        lengths = [len(field) for field in fields]
        packing = Packing(torch.tensor(lengths, device=next(self._encoder.parameters()).device))
        about = metadata_of(instances[0])
        layers: dict[str, list[torch.Tensor]] = {}
        for name, decoder in self._decoders.items():
            if options.tasks is not None and name not in options.tasks:
                continue
            source = name if name in self._projectors else ""
            if source not in layers:
                projected, rows = self._projectors[source](fields)
                layers[source] = self._encoder.read(projected, packing, rows)
            emissions = decoder.read(layers[source], packing)
            predictor = self._predictor(name, file_encoding(name, decoder, about))
            yield name, predictor.predict(emissions, packing.mask, lengths, options)

    def _predictor(self, task: str, encoding: Optional[Encoding]) -> TaskPredictor:
        found = self._predictors.get((task, encoding))
        if found is None:
            found = TaskPredictor(self._decoders[task], encoding)
            self._predictors[task, encoding] = found
        return found
