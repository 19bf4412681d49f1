"""Tokens to the ids of their features: the casing class, or any column of the file."""

import logging

from allennlp.common.checks import ConfigurationError
from allennlp.data import TokenIndexer, Vocabulary
from allennlp.data.token_indexers.token_indexer import IndexedTokenList
from allennlp.data.tokenizers import Token

from bilstm_tagger.plugin.data.column_token import ColumnToken
from bilstm_tagger.text.memo import Memo
from bilstm_tagger.text.word_forms import casing

logger = logging.getLogger(__name__)


class FeatureIndexer(TokenIndexer):
    """Gives each token the id of one feature. The values are those of the training data; a value
    that training has not seen gets the id of the unknown value, with one warning.
    """

    def __init__(self, namespace: str) -> None:
        super().__init__()
        self.namespace = namespace
        self._warned: set[str] = set()

    def value(self, token: Token) -> str:
        raise NotImplementedError

    def count_vocab_items(self, token: Token, counter: dict[str, dict[str, int]]) -> None:
        counter[self.namespace][self.value(token)] += 1

    def tokens_to_indices(self, tokens: list[Token], vocabulary: Vocabulary) -> IndexedTokenList:
        ids = vocabulary.get_token_to_index_vocabulary(self.namespace)
        unknown = ids.get(vocabulary._oov_token)
        if unknown is None:
            raise ConfigurationError(
                f"The vocabulary has no unknown value for the feature '{self.namespace}': AllenNLP "
                "keeps none for names that end in 'tags' or 'labels'. Set another 'namespace' of "
                "the token indexer and 'vocab_namespace' of its embedder."
            )
        indices = []
        for token in tokens:
            value = self.value(token)
            index = ids.get(value, 0)
            if not index:  # 0 is padding, which is no value
                index = unknown
                if value not in self._warned:
                    self._warned.add(value)
                    logger.warning(
                        "The feature '%s' has the value %r, which the training data has not; "
                        "it is treated as unknown.",
                        self.namespace,
                        value,
                    )
            indices.append(index)
        return {"tokens": indices}

    def get_empty_token_list(self) -> IndexedTokenList:
        return {"tokens": []}


@TokenIndexer.register("casing")
class CasingIndexer(FeatureIndexer):
    """The casing class of a token, one of seven (`bilstm_tagger.text.word_forms.casing`).

    Registered as a `TokenIndexer` with name "casing".

    # Parameters

    namespace : `str`, optional (default=`"casing"`)
        Where the vocabulary keeps the classes.
    """

    def __init__(self, namespace: str = "casing") -> None:
        super().__init__(namespace)
        self._memo = Memo(casing)

    def value(self, token: Token) -> str:
        return self._memo[token.text]


@TokenIndexer.register("column")
class ColumnIndexer(FeatureIndexer):
    """A column of the file as feature: columns of the same name in several data sets share it.

    Registered as a `TokenIndexer` with name "column".

    # Parameters

    column : `str`
        Its name in `columns` of the dataset reader.
    namespace : `str`, optional (default = `column`)
        Where the vocabulary keeps the values.
    """

    def __init__(self, column: str, namespace: str = "") -> None:
        super().__init__(namespace or column)
        self.column = column

    def value(self, token: Token) -> str:
        value = token.columns.get(self.column) if isinstance(token, ColumnToken) else None
        if value is None:
            raise ConfigurationError(
                f"The feature '{self.column}' is missing: the model was trained with it, and the "
                f"token {token.text!r} has none. Give the input a column (CoNLL) or key (JSON) "
                f"'{self.column}'."
            )
        return value
