"""The labels of a sentence, for each task that it is labelled for."""

import logging
from collections.abc import Sequence
from typing import Optional

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data.fields import Field
from allennlp.data.vocabulary import Vocabulary

from bilstm_tagger.tagging.archives.model import label_namespace
from bilstm_tagger.text.recognised_tasks import NAMESPACE

logger = logging.getLogger(__name__)

# The id of a gold label that the training data has not, and of padding.
UNKNOWN_LABEL = -1

_warned: set[tuple[str, str]] = set()


class TaskLabelsField(Field[dict[str, torch.Tensor]]):
    """The labels of one sentence for one or several tasks, for each task one for each token.

    As a tensor: a dictionary, task to long ids of shape (length,). A label that the training data
    has not gets `UNKNOWN_LABEL` and one warning: it is an error of the tagger, not of the program.
    """

    __slots__ = ["labels", "recognised", "_ids", "_length"]

    def __init__(self, labels: dict[str, list[str]], recognised: Sequence[str] = ()) -> None:
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
                counts[label] += 1
        for line in self.recognised:
            counter[NAMESPACE][line] += 1

    def index(self, vocab: Vocabulary) -> None:
        self._ids = {}
        for task, labels in self.labels.items():
            known = vocab.get_token_to_index_vocabulary(label_namespace(task))
            ids = [known.get(label, UNKNOWN_LABEL) for label in labels]
            if UNKNOWN_LABEL in ids:
                for label in labels:
                    if label not in known and (task, label) not in _warned:
                        _warned.add((task, label))
                        logger.warning(
                            "The gold labels of task '%s' hold %r, which the training data has "
                            "not; it counts as an error of the tagger.",
                            task,
                            label,
                        )
            self._ids[task] = torch.tensor(ids)

    def get_padding_lengths(self) -> dict[str, int]:
        return {"num_tokens": self._length}

    def as_tensor(self, padding_lengths: dict[str, int]) -> dict[str, torch.Tensor]:
        if self._ids is None:
            raise ValueError("index the field with a vocabulary before making a tensor of it")
        missing = padding_lengths["num_tokens"] - self._length
        if not missing:
            return self._ids
        return {
            task: torch.nn.functional.pad(ids, (0, missing), value=UNKNOWN_LABEL)
            for task, ids in self._ids.items()
        }

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
        return {task: torch.stack([ids[task] for ids in tensor_list]) for task in tasks}

    def human_readable_repr(self) -> dict[str, list[str]]:
        return self.labels

    def __len__(self) -> int:
        return self._length

    def __str__(self) -> str:
        return f"TaskLabelsField of {self.labels}"
