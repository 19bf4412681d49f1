"""Tokens to word ids by the look-up chain."""

from functools import partial

import numpy
import torch
from allennlp.data import TokenIndexer, Vocabulary
from allennlp.data.token_indexers.token_indexer import IndexedTokenList
from allennlp.data.tokenizers import Token

from bilstm_tagger.text.memo import Memo
from bilstm_tagger.text.word_forms import known_form


@TokenIndexer.register("word_forms")
class WordFormsIndexer(TokenIndexer):
    """Gives each token the id of the first of its forms that the vocabulary knows: exact,
    lower-cased, normalised; else the id of the unknown word (Reimers and Gurevych 2017).

    Registered as a `TokenIndexer` with name "word_forms". Counts exact forms; the vocabulary
    "word_vectors" decides which forms get an id.

    # Parameters

    namespace : `str`, optional (default=`"words"`)
        Where the vocabulary keeps words.
    """

    def __init__(self, namespace: str = "words") -> None:
        super().__init__()
        self.namespace = namespace
        # Text to id, for the vocabulary that was last used.
        self._memo: tuple[dict[str, int], object] = {}, None

    def count_vocab_items(self, token: Token, counter: dict[str, dict[str, int]]) -> None:
        counter[self.namespace][token.text] += 1

    def tokens_to_indices(self, tokens: list[Token], vocabulary: Vocabulary) -> IndexedTokenList:
        ids = vocabulary.get_token_to_index_vocabulary(self.namespace)
        memo, of = self._memo
        if of is not ids:
            unknown = ids[vocabulary._oov_token]
            # Both at once: another thread may have another vocabulary.
            self._memo = memo, _ = Memo(partial(_id_of, ids, unknown)), ids
        return {"tokens": [memo[token.text] for token in tokens]}

    def as_padded_tensor_dict(
        self, tokens: IndexedTokenList, padding_lengths: dict[str, int]
    ) -> dict[str, torch.Tensor]:
        ids = tokens["tokens"]
        padded = numpy.zeros(padding_lengths["tokens"], numpy.int64)  # faster than torch's
        padded[: len(ids)] = ids
        return {"tokens": torch.from_numpy(padded)}

    def get_empty_token_list(self) -> IndexedTokenList:
        return {"tokens": []}


def _id_of(ids: dict[str, int], unknown: int, text: str) -> int:
    # Never 0, not even for a token that spells the name of padding.
    return ids.get(known_form(text, ids) or "", 0) or unknown
