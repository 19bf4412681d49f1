"""A text field whose tensors are made once."""

from typing import Any, Optional

import torch
from allennlp.data.fields import TextField
from allennlp.data.fields.text_field import TextFieldTensors
from allennlp.data.token_indexers import TokenIndexer
from allennlp.data.tokenizers import Token
from allennlp.data.vocabulary import Vocabulary


class SentenceField(TextField):
    """A `TextField` that keeps its tensors, and its padding lengths, from one epoch to the next:
    sentences of a batch have equal length, so that padding seldom changes.
    """

    __slots__ = ["_lengths", "_tensors", "_tensors_key"]

    def __init__(
        self, tokens: list[Token], token_indexers: Optional[dict[str, TokenIndexer]] = None
    ) -> None:
        super().__init__(tokens, token_indexers)
        self._forget()

    def _forget(self) -> None:
        self._lengths: Optional[dict[str, int]] = None
        self._tensors: Optional[TextFieldTensors] = None
        self._tensors_key: Any = None

    def ids(self, indexer: str) -> list[int]:
        """The ids of the tokens, once this is indexed, of an indexer that gives one to each."""
        ids: list[int] = self._indexed_tokens[indexer]["tokens"]
        return ids

    def index(self, vocab: Vocabulary) -> None:
        super().index(vocab)
        self._forget()

    def get_padding_lengths(self) -> dict[str, int]:
        if self._lengths is None:
            self._lengths = super().get_padding_lengths()
        return self._lengths

    def as_tensor(self, padding_lengths: dict[str, int]) -> TextFieldTensors:
        if self._tensors is None or self._tensors_key != padding_lengths:
            self._tensors = super().as_tensor(padding_lengths)
            self._tensors_key = dict(padding_lengths)
        return self._tensors

    def __str__(self) -> str:
        # `allennlp predict` asks for it for every sentence, even when it prints nothing.
        return " ".join(token.text for token in self.tokens)

    def duplicate(self) -> "SentenceField":
        new = SentenceField(list(self.tokens), self._token_indexers)
        new._indexed_tokens = self._indexed_tokens
        return new

    def batch_tensors(self, tensor_list: list[TextFieldTensors]) -> TextFieldTensors:
        return {
            indexer: {
                key: torch.stack([tensors[indexer][key] for tensors in tensor_list])
                for key in output
            }
            for indexer, output in tensor_list[0].items()
        }
