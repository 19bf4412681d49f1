"""The first part of a prediction: what depends on each token alone, once for each token."""

from collections.abc import Callable, Hashable
from typing import Any, Optional

import numpy
import torch
from allennlp.data import TokenIndexer, Vocabulary
from allennlp.data.fields import TextField
from allennlp.modules import TextFieldEmbedder
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder
from allennlp.modules.token_embedders import Embedding
from allennlp.nn.util import move_to_device
from torch import Tensor

from bilstm_tagger.plugin.data.fields import SentenceField
from bilstm_tagger.plugin.data.token_indexers import (
    ColumnIndexer,
    FeatureIndexer,
    WordCharactersIndexer,
    WordFormsIndexer,
)
from bilstm_tagger.plugin.modules.bilstm_encoder import BiLSTMEncoder
from bilstm_tagger.plugin.modules.token_embedders import WordVectorEmbedder
from bilstm_tagger.plugin.modules.token_embedders.characters import CharacterEmbedder

# Of these we know that a token's vector is its own, whatever its neighbours.
_INDEXERS = (FeatureIndexer, WordCharactersIndexer, WordFormsIndexer)
_EMBEDDERS = (CharacterEmbedder, Embedding, WordVectorEmbedder)

# Rows that are kept: 64 MB with 100 units per direction.
MAX_ROWS = 20_000


class TokenProjector:
    """Embeds tokens and takes them through the input weights of the first layer.

    The rows of tokens are kept from one prediction to the next, until the weights change. Where
    the vector of a token depends on its neighbours (ELMo, transformers), nothing is kept.

    # Parameters

    vocab : `Vocabulary`, text_field_embedder : `TextFieldEmbedder`, encoder : `BiLSTMEncoder`
        Those of the model.
    identify : `Callable[[Tensor], Tensor]`, optional (default=`None`)
        What is done to embedded tokens, (..., features), before they are read.
    max_rows : `int`, optional (default=`20000`)
        With more, the table starts over.
    """

    def __init__(
        self,
        vocab: Vocabulary,
        text_field_embedder: TextFieldEmbedder,
        encoder: BiLSTMEncoder,
        identify: Optional[Callable[[Tensor], Tensor]] = None,
        max_rows: int = MAX_ROWS,
    ) -> None:
        self._vocab = vocab
        self._embedder = text_field_embedder
        self._encoder = encoder
        self._identify = identify
        self._max_rows = max_rows
        self._own_vectors = isinstance(text_field_embedder, BasicTextFieldEmbedder) and all(
            isinstance(each, _EMBEDDERS) for each in text_field_embedder.children()
        )
        self.clear()

    def clear(self) -> None:
        """Forgets all rows."""
        self._ids: dict[Hashable, int] = {}
        self._table: Optional[Tensor] = None
        self._indexers: Optional[dict[str, TokenIndexer]] = None
        self._valid_for: Any = None

    def __call__(self, fields: list[TextField]) -> tuple[Tensor, Optional[Tensor]]:
        """
        # Parameters

        fields : `List[TextField]`
            The sentences, with the same indexers.

        # Returns

        `Tuple[Tensor, Optional[Tensor]]`
            The table, (rows, features), and the row of each token, sentence by sentence, (tokens,);
            `None` if each token has its own.
        """
        indexers = fields[0].token_indexers
        if self._own_vectors and all(isinstance(each, _INDEXERS) for each in indexers.values()):
            return self._look_up(fields, indexers)
        embedded = self._embed(fields)
        return self._encoder.project(
            torch.cat([row[: len(field)] for row, field in zip(embedded, fields, strict=True)])
        ), None

    def _embed(self, fields: list[TextField]) -> Tensor:
        """(sentences, length, features)"""
        for field in fields:
            field.index(self._vocab)
        padding: dict[str, int] = {}
        for field in fields:
            for key, length in field.get_padding_lengths().items():
                padding[key] = max(length, padding.get(key, 0))
        tensors = fields[0].batch_tensors([field.as_tensor(padding) for field in fields])
        device = next(self._encoder.parameters()).device
        embedded: Tensor = self._embedder(move_to_device(tensors, device))
        return embedded if self._identify is None else self._identify(embedded)

    def _look_up(
        self, fields: list[TextField], indexers: dict[str, TokenIndexer]
    ) -> tuple[Tensor, Tensor]:
        state = self._state()
        if indexers is not self._indexers or state != self._valid_for:
            self.clear()
            self._indexers, self._valid_for = indexers, state
        keys = self._keys(fields, indexers)
        rows = list(map(self._ids.get, keys))
        if None in rows:
            tokens = [token for field in fields for token in field.tokens]
            new = {k: t for k, t, row in zip(keys, tokens, rows, strict=True) if row is None}
            if len(self._ids) + len(new) > self._max_rows:
                self._ids, self._table = {}, None
                new = dict(zip(keys, tokens, strict=True))
            sentence = SentenceField(list(new.values()), indexers)
            self._append(self._encoder.project(self._embed([sentence])[0]))
            first = len(self._ids)
            self._ids.update(zip(new, range(first, first + len(new)), strict=True))
            rows = list(map(self._ids.get, keys))
        assert self._table is not None
        return self._table, torch.from_numpy(numpy.array(rows)).to(self._table.device)

    @staticmethod
    def _keys(fields: list[TextField], indexers: dict[str, TokenIndexer]) -> list[Hashable]:
        """Of each token, what its row depends on."""
        columns = [each.column for each in indexers.values() if isinstance(each, ColumnIndexer)]
        if not columns:
            return [token.text for field in fields for token in field.tokens]
        return [
            (token.text, *map(token.columns.get, columns))
            for field in fields
            for token in field.tokens
        ]

    def _state(self) -> Any:
        """The weights that rows depend on. A step of an optimiser changes their versions."""
        parameters = [*self._embedder.parameters(), *self._encoder.parameters()]
        return [(id(each), each._version, each.device) for each in parameters]

    def _append(self, rows: Tensor) -> None:
        used = len(self._ids)
        needed = used + len(rows)
        if self._table is None:
            # Room for all there will ever be; what is not used is not taken from the machine.
            self._table = rows.new_empty(max(self._max_rows, needed), rows.size(1))
        self._table[used:needed] = rows
