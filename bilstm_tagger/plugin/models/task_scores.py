"""The losses and scores of the tasks of a model, and their tags as they are in the files."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import torch
from allennlp.training.metrics import Average, Metric

from bilstm_tagger.plugin.metrics import SpanF1, TokenAccuracy
from bilstm_tagger.plugin.modules.decoders import TaskDecoder
from bilstm_tagger.tagging.prediction import written
from bilstm_tagger.text.encodings import Encoding, get_encoding

Metadata = Sequence[dict[str, Any]]
Tags = list[list[str]]


def file_encoding(task: str, decoder: TaskDecoder, about: dict[str, Any]) -> Optional[Encoding]:
    """The encoding of the files, in which tags are written; `None` for plain labels.

    # Parameters

    task : `str`, decoder : `TaskDecoder`
        The task.
    about : `Dict[str, Any]`
        The metadata of a sentence, as the dataset reader gives it.
    """
    if decoder.encoding is None:
        return None
    name = about.get("file_encodings", {}).get(task)
    return decoder.encoding if name is None else get_encoding(name)


def predicted_tags(
    task: str, decoder: TaskDecoder, ids: torch.Tensor, lengths: list[int], metadata: Metadata
) -> Tags:
    """The tags of a batch, in the encoding of the files.

    # Parameters

    task : `str`, decoder : `TaskDecoder`
        The task.
    ids : `torch.Tensor`
        Shape (batch, length).
    lengths : `List[int]`
        Of the sentences.
    metadata : `Sequence[Dict[str, Any]]`
        Of the sentences, as the dataset reader gives it.
    """
    label = decoder.labels.__getitem__
    return [
        written(
            list(map(label, row[:length])),
            decoder.encoding,
            file_encoding(task, decoder, about),
            decoder.repair,
        )
        for row, length, about in zip(ids.tolist(), lengths, metadata, strict=True)
    ]


def _metrics_of(decoder: TaskDecoder) -> list[Metric]:
    if decoder.encoding is None:
        return [TokenAccuracy()]
    return [TokenAccuracy(), SpanF1(decoder.encoding.name, decoder.per_type)]


class TaskScores:
    """Mean losses and metrics of tasks, over the batches since the last reset.

    # Parameters

    decoders : `Mapping[str, TaskDecoder]`
        Name of each task to its decoder.
    """

    def __init__(self, decoders: Mapping[str, TaskDecoder]) -> None:
        self._decoders = dict(decoders)
        self._losses = {name: Average() for name in decoders}
        self._metrics = {name: _metrics_of(decoder) for name, decoder in decoders.items()}
        self._scored: set[str] = set()

    def add_loss(self, task: str, loss: torch.Tensor) -> None:
        """Takes in the loss of a batch."""
        self._losses[task](loss.detach())

    def add_tags(
        self, tag_ids: dict[str, torch.Tensor], lengths: list[int], metadata: Metadata
    ) -> None:
        """Scores the tags of a batch, for the tasks that it has gold labels of.

        # Parameters

        tag_ids : `Dict[str, torch.Tensor]`
            Task to ids, (batch, length).
        lengths : `List[int]`
            Of the sentences.
        metadata : `Sequence[Dict[str, Any]]`
            Of the sentences, with their `gold`.
        """
        for name, ids in tag_ids.items():
            decoder = self._decoders[name]
            if name not in metadata[0].get("gold", ()) or not decoder.evaluate:
                continue
            predicted = predicted_tags(name, decoder, ids, lengths, metadata)
            gold = [
                written(each["gold"][name], decoder.encoding, file_encoding(name, decoder, each))
                for each in metadata
            ]
            self._scored.add(name)
            for metric in self._metrics[name]:
                metric(predicted, gold)

    def get(self, with_scores: bool, reset: bool) -> dict[str, float]:
        """`<task>_loss`, and with scores also `<task>_accuracy`, `<task>_f1` and so on."""
        found: dict[str, float] = {}
        for name, loss in self._losses.items():
            if loss._count:
                found[f"{name}_loss"] = float(loss.get_metric(reset))
        if with_scores:
            for name in self._decoders:
                if name in self._scored:
                    for metric in self._metrics[name]:
                        for key, value in metric.get_metric(reset).items():
                            found[f"{name}_{key}"] = value
            if reset:
                self._scored.clear()
        return found
