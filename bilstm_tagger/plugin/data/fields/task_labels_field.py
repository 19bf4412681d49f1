"""The labels of a sentence, for each task that it is labelled for."""

import logging
from collections.abc import Mapping, Sequence
from typing import Optional, cast

import numpy
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data.fields import Field
from allennlp.data.vocabulary import Vocabulary

from bilstm_tagger.tagging.archives.model import label_namespace
from bilstm_tagger.text.possible_labels import Labels, Possible, is_complete
from bilstm_tagger.text.recognised_tasks import NAMESPACE

logger = logging.getLogger(__name__)

# The id of a gold label that the training data has not, and of padding.
UNKNOWN_LABEL = -1

_warned: set[tuple[str, str]] = set()


class TaskLabelsField(Field[dict[str, torch.Tensor]]):
    """The labels of one sentence for one or several tasks, for each task one for each token.

    As a tensor: a dictionary, task to long ids of shape (length,). A label that the training data
    has not gets `UNKNOWN_LABEL` and one warning: it is an error of the tagger, not of the program.
    Where labels are known in part: the labels that each token may have, (length, labels) bool; none
    of a token all of whose labels are not in the training data. Where they have probabilities:
    these, (length, labels) float, whose sum is 1, or 0 for such a token.
    """

    __slots__ = ["labels", "recognised", "_ids", "_length"]

    def __init__(self, labels: Mapping[str, Labels], recognised: Sequence[str] = ()) -> None:
        if not labels:
            raise ValueError("a field of labels needs at least one task")
        self.labels = labels
        # Lines for the vocabulary; see `bilstm_tagger.text.recognised_tasks`.
        self.recognised = recognised
        self._length = len(next(iter(labels.values())))
        self._ids: Optional[dict[str, torch.Tensor]] = None

    def count_vocab_items(self, counter: dict[str, dict[str, int]]) -> None:
        for task, labels in self.labels.items():
            counts = counter[label_namespace(task)]
            for label in labels:
                if isinstance(label, str):
                    counts[label] += 1
                    continue
                if label.certain is not None:
                    counts[label.certain] += 1
                for name in sorted(label.named):  # which have to be there
                    counts[name] = max(counts[name], 1)
        for line in self.recognised:
            counter[NAMESPACE][line] += 1

    def index(self, vocab: Vocabulary) -> None:
        self._ids = {}
        for task, labels in self.labels.items():
            known = vocab.get_token_to_index_vocabulary(label_namespace(task))
            if not is_complete(labels):
                partial = cast(list[Possible], labels)
                make = _probabilities if partial[0].chances else _possible_ids
                self._ids[task] = make(task, partial, known)
                continue
            ids = [known.get(label, UNKNOWN_LABEL) for label in labels]
            if UNKNOWN_LABEL in ids:
                for label in labels:
                    if label not in known:
                        _warn(task, label)
            self._ids[task] = torch.from_numpy(numpy.array(ids, numpy.int64))  # torch's is slow

    def get_padding_lengths(self) -> dict[str, int]:
        return {"num_tokens": self._length}

    def as_tensor(self, padding_lengths: dict[str, int]) -> dict[str, torch.Tensor]:
        if self._ids is None:
            raise ValueError("index the field with a vocabulary before making a tensor of it")
        missing = padding_lengths["num_tokens"] - self._length
        if not missing:
            return self._ids
        return {task: _padded(ids, missing) for task, ids in self._ids.items()}

    def empty_field(self) -> "TaskLabelsField":
        return TaskLabelsField({task: [] for task in self.labels})

    def batch_tensors(self, tensor_list: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
        tasks = tensor_list[0].keys()
        for other in tensor_list:
            if other.keys() != tasks:
                raise ConfigurationError(
                    f"A batch holds sentences labelled for {sorted(tasks)} and for "
                    f"{sorted(other)}; set the batch_sampler of the data_loader to 'same_length', "
                    "which keeps data sets apart"
                )
        return {task: _stacked([ids[task] for ids in tensor_list]) for task in tasks}

    def human_readable_repr(self) -> Mapping[str, Labels]:
        return self.labels

    def __len__(self) -> int:
        return self._length

    def __str__(self) -> str:
        return f"TaskLabelsField of {self.labels}"


def _warn(task: str, label: str) -> None:
    """Warns once of a label that the training data has not."""
    if (task, label) not in _warned:
        _warned.add((task, label))
        logger.warning(
            "The gold labels of task '%s' hold %r, which the training data has not; it counts as "
            "an error of the tagger.",
            task,
            label,
        )


def _possible_ids(task: str, labels: Sequence[Possible], known: Mapping[str, int]) -> torch.Tensor:
    """(length, labels of the model) bool."""
    rows: dict[Possible, list[bool]] = {}
    for possible in labels:
        if possible not in rows:
            rows[possible] = [possible.permits(label) for label in known]
            if not any(rows[possible]):
                _warn(task, min(possible.named, default="O"))
    return torch.tensor([rows[possible] for possible in labels])


def _probabilities(task: str, labels: Sequence[Possible], known: Mapping[str, int]) -> torch.Tensor:
    """(length, labels of the model) float. Labels that the model does not have are left out."""
    filled = numpy.zeros((len(labels), len(known)), numpy.float32)
    for row, label in enumerate(labels):
        for name, chance in label.chances:
            if name in known:
                filled[row, known[name]] = chance
            else:
                _warn(task, name)
    values = torch.from_numpy(filled)
    return values / values.sum(1, keepdim=True).clamp(min=torch.finfo(values.dtype).tiny)


def _padded(ids: torch.Tensor, missing: int) -> torch.Tensor:
    if ids.dim() == 2:
        return torch.nn.functional.pad(ids, (0, 0, 0, missing))
    return torch.nn.functional.pad(ids, (0, missing), value=UNKNOWN_LABEL)


def _stacked(tensors: list[torch.Tensor]) -> torch.Tensor:
    """Of ids, and of possible labels or probabilities, if a sentence of the batch has them, those
    of all."""
    partial = next((tensor for tensor in tensors if tensor.dim() == 2), None)
    if partial is not None:
        if any(tensor.dim() == 2 and tensor.dtype != partial.dtype for tensor in tensors):
            raise ConfigurationError(
                "A batch holds labels with probabilities and labels that are known in part; set "
                "the batch_sampler of the data_loader to 'same_length', which keeps data sets apart"
            )
        numbers = torch.arange(partial.shape[1])
        tensors = [
            tensor if tensor.dim() == 2 else (tensor.unsqueeze(1) == numbers).to(partial.dtype)
            for tensor in tensors
        ]
    return torch.stack(tensors)
