"""The losses and scores of the tasks of a model, and their tags as they are in the files."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import torch.distributed
from allennlp.common.util import is_distributed

from bilstm_tagger.plugin.metrics import SpanF1, TokenAccuracy
from bilstm_tagger.plugin.metrics.token_accuracy import TagMetric
from bilstm_tagger.plugin.modules.decoders import TaskDecoder
from bilstm_tagger.tagging.prediction import written
from bilstm_tagger.text.encodings import Encoding, get_encoding
from bilstm_tagger.text.possible_labels import is_complete

Metadata = Sequence[dict[str, Any]]
Tags = list[list[str]]


def file_encoding(task: str, decoder: TaskDecoder, about: dict[str, Any]) -> Optional[Encoding]:
    """The encoding of the files, in which tags are written; `None` for plain labels. `about` is the
    metadata of a sentence, as the dataset reader gives it.
    """
    if decoder.encoding is None:
        return None
    name = about.get("file_encodings", {}).get(task)
    return decoder.encoding if name is None else get_encoding(name)


def predicted_labels(decoder: TaskDecoder, ids: torch.Tensor, lengths: list[int]) -> Tags:
    """The tags of a batch, ids (batch, length), in the encoding of the model."""
    rows = zip(ids.tolist(), lengths, strict=True)
    return [[decoder.labels[label] for label in row[:length]] for row, length in rows]


def tags_in_file(tags: list[str], decoder: TaskDecoder, encoding: Optional[Encoding]) -> list[str]:
    """The predicted tags of a sentence, in the encoding of its file, or another one."""
    return written(tags, decoder.encoding, encoding, decoder.repair)


class TaskScores:
    """Mean losses and metrics of tasks, over the batches since the last reset.

    In a distributed training each process adds its own batches, of whatever tasks. The scores of
    all of them come with a reset, which all processes have to ask for; before that, there are the
    losses of this process.
    """

    def __init__(self, decoders: Mapping[str, TaskDecoder]) -> None:
        self._decoders = dict(decoders)
        # The sum of the losses of batches, and their number.
        self._losses = {name: (0.0, 0) for name in decoders}
        self._metrics: dict[str, list[TagMetric]] = {name: [TokenAccuracy()] for name in decoders}
        for name, decoder in decoders.items():
            if decoder.encoding is not None:
                self._metrics[name].append(SpanF1(decoder.encoding.name, decoder.per_type))
        self._scored: set[str] = set()

    def add_loss(self, task: str, loss: torch.Tensor) -> None:
        """Takes in the loss of a batch."""
        total, number = self._losses[task]
        self._losses[task] = (total + loss.item(), number + 1)

    def add_tags(
        self, tag_ids: dict[str, torch.Tensor], lengths: list[int], metadata: Metadata
    ) -> None:
        """Scores the tags of a batch, task to ids (batch, length), of the tasks whose `gold` labels
        are in its metadata.
        """
        for name, ids in tag_ids.items():
            decoder = self._decoders[name]
            if name not in metadata[0].get("gold", ()) or not decoder.evaluate:
                continue
            labels = predicted_labels(decoder, ids, lengths)
            predicted: Tags = []
            gold: Tags = []
            for tags, sentence in zip(labels, metadata, strict=True):
                of_sentence = sentence["gold"][name]
                encoding = file_encoding(name, decoder, sentence)
                if is_complete(of_sentence):
                    predicted.append(tags_in_file(tags, decoder, encoding))
                    gold.append(written(of_sentence, decoder.encoding, encoding))
                    continue
                in_model = tags_in_file(tags, decoder, decoder.encoding)
                ends_are_marked = encoding is not None and encoding.marks_ends
                for metric in self._metrics[name]:
                    metric.count_partial(in_model, of_sentence, ends_are_marked)
            self._scored.add(name)
            for metric in self._metrics[name]:
                metric(predicted, gold)

    def get(self, with_scores: bool, reset: bool) -> dict[str, float]:
        """`<task>_loss`, and with scores also `<task>_accuracy`, `<task>_f1` and so on."""
        found: dict[str, float] = {}
        losses, scored = self._losses, self._scored
        if is_distributed():
            if reset:
                losses, scored = self._of_all_processes()
            else:
                with_scores = False
        for name, (total, number) in losses.items():
            if number:
                found[f"{name}_loss"] = total / number
        for name in self._decoders:
            if with_scores and name in scored:
                for metric in self._metrics[name]:
                    scores = metric.get_metric(reset)
                    found |= {f"{name}_{key}": value for key, value in scores.items()}
        if reset:
            self._losses = dict.fromkeys(self._losses, (0.0, 0))
            if with_scores:
                self._scored.clear()
        return found

    def _of_all_processes(self) -> tuple[dict[str, tuple[float, int]], set[str]]:
        """The losses, and the tasks that have scores in some process."""
        shares: list[Any] = [None] * torch.distributed.get_world_size()
        torch.distributed.all_gather_object(shares, (self._losses, self._scored))
        losses = {}
        for name in self._losses:
            totals, numbers = zip(*(losses_of[name] for losses_of, _ in shares), strict=True)
            losses[name] = sum(totals), sum(numbers)
        return losses, set().union(*(scored for _, scored in shares))

    @property
    def names(self) -> set[str]:
        """The names of the scores that evaluation gives, if the data have gold labels of all
        evaluated tasks.
        """
        names = set()
        for task, decoder in self._decoders.items():
            if not decoder.evaluate:
                continue
            names |= {f"{task}_loss", f"{task}_accuracy"}
            if decoder.encoding is not None:
                kinds = {""}
                if decoder.per_type:
                    spans = (decoder.encoding.spans([label]) for label in decoder.labels)
                    kinds |= {f"_{span.label}" for of_label in spans for span in of_label}
                scores = ("precision", "recall", "f1")
                names |= {f"{task}_{score}{kind}" for score in scores for kind in kinds}
        return names
