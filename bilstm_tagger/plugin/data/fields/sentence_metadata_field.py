"""What is known of a sentence and is no tensor."""

from collections import UserList
from collections.abc import Sequence
from typing import Any

from allennlp.data.fields import MetadataField


class MetadataBatch(UserList[Any]):
    """The metadata of the sentences of a batch: a sequence that is no `list`."""

    def to_json(self) -> list[Any]:
        """What `allennlp evaluate --predictions-output-file` writes."""
        return self.data


class SentenceMetadataField(MetadataField):
    """A `MetadataField` whose batch is a `MetadataBatch`.

    For each batch, AllenNLP walks through lists and dictionaries, token by token, in search of
    tensors to move to a device. There are none here.
    """

    def batch_tensors(self, tensor_list: list[Any]) -> Sequence[Any]:
        return MetadataBatch(tensor_list)
