"""Tokens to character ids."""

from array import array
from functools import partial

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data import TokenIndexer, Vocabulary
from allennlp.data.token_indexers.token_indexer import IndexedTokenList
from allennlp.data.tokenizers import Token

from bilstm_tagger.text.memo import Memo

# A vocabulary is stored one entry a line: these could not be read back.
_LINE_ENDS = frozenset("\r\n")


@TokenIndexer.register("word_characters")
class WordCharactersIndexer(TokenIndexer):
    """Gives each token the ids of its characters: any Unicode characters of the training data,
    all others unknown.

    Registered as a `TokenIndexer` with name "word_characters".

    # Parameters

    max_length : `int`, optional (default=`25`)
        Longer tokens are cut on the right. 0 or less: as long as the longest token of a batch.
    namespace : `str`, optional (default=`"token_characters"`)
        Where the vocabulary keeps characters.
    """

    def __init__(self, max_length: int = 25, namespace: str = "token_characters") -> None:
        super().__init__()
        if not isinstance(max_length, int):
            raise ConfigurationError(f"max_length must be a whole number, found {max_length!r}")
        self.max_length = max_length
        self.namespace = namespace
        self._memo: tuple[dict[str, array[int]], object] = {}, None

    def _cut(self, text: str) -> str:
        return text[: self.max_length] if self.max_length > 0 else text

    def count_vocab_items(self, token: Token, counter: dict[str, dict[str, int]]) -> None:
        counts = counter[self.namespace]
        for character in self._cut(token.text):
            if character not in _LINE_ENDS:
                counts[character] += 1

    def tokens_to_indices(self, tokens: list[Token], vocabulary: Vocabulary) -> IndexedTokenList:
        ids = vocabulary.get_token_to_index_vocabulary(self.namespace)
        memo, of = self._memo
        if of is not ids:
            unknown = ids[vocabulary._oov_token]
            # Both at once: another thread may have another vocabulary.
            self._memo = memo, _ = Memo(partial(self._row, ids, unknown)), ids
        return {"token_characters": [memo[token.text] for token in tokens]}

    def _row(self, ids: dict[str, int], unknown: int, text: str) -> "array[int]":
        return array("i", [ids.get(character, unknown) for character in self._cut(text)])

    def get_empty_token_list(self) -> IndexedTokenList:
        return {"token_characters": []}

    def get_padding_lengths(self, indexed_tokens: IndexedTokenList) -> dict[str, int]:
        rows = indexed_tokens["token_characters"]
        # With a limit every token gets the same width, whatever its batch: the tensor of a sentence
        # can then be made once. The character encoder cuts off what is padding in a whole batch.
        width = self.max_length if self.max_length > 0 else max(map(len, rows), default=1)
        return {"token_characters": len(rows), "num_token_characters": width}

    def as_padded_tensor_dict(
        self, tokens: IndexedTokenList, padding_lengths: dict[str, int]
    ) -> dict[str, torch.Tensor]:
        rows, width = tokens["token_characters"], padding_lengths["num_token_characters"]
        padded = torch.zeros(padding_lengths["token_characters"], width, dtype=torch.int32)
        if rows and width:
            # As bytes, which is several times as fast as number by number.
            size = width * padded.element_size()
            data = bytearray().join([row.tobytes().ljust(size, b"\0") for row in rows])
            padded[: len(rows)] = torch.frombuffer(data, dtype=torch.int32).view(-1, width)
        return {"token_characters": padded}
