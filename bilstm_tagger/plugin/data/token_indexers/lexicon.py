"""Tokens to whether they are in a list of names."""

from typing import Optional

from allennlp.common.checks import ConfigurationError
from allennlp.data import TokenIndexer, Vocabulary
from allennlp.data.token_indexers.token_indexer import IndexedTokenList
from allennlp.data.tokenizers import Token

from bilstm_tagger.plugin.data.paths import local_path
from bilstm_tagger.text.lexicon import MATCHES, Lexicon, read_lexicon

# More than any `min_count` of a vocabulary.
_ALWAYS = 10**9


def entries_namespace(namespace: str) -> str:
    """Where the vocabulary keeps the entries of a lexicon."""
    return f"{namespace}_entries"


@TokenIndexer.register("lexicon")
class LexiconIndexer(TokenIndexer):
    """A list of names, places or other words as a feature: each token gets the id of its place in
    an entry of the list, one of `bilstm_tagger.text.lexicon.MATCHES`, by the longest match.

    The vocabulary keeps the entries, so that a trained model needs no file.

    Registered as a `TokenIndexer` with name "lexicon".

    # Parameters

    lexicon_file : `str`, optional (default=`None`)
        An entry a line, its tokens separated by blanks as in the data. A path or an address. Not
        needed once the model is stored.
    ignore_case : `bool`, optional (default=`True`)
        Whether upper and lower case are alike.
    namespace : `str`, optional (default=`"lexicon"`)
        Where the vocabulary keeps the matches; the entries are in `<namespace>_entries`.
    """

    def __init__(
        self,
        lexicon_file: Optional[str] = None,
        ignore_case: bool = True,
        namespace: str = "lexicon",
    ) -> None:
        super().__init__()
        self.lexicon_file = lexicon_file
        self.ignore_case = ignore_case
        self.namespace = namespace
        # Of the last vocabulary, by its entries.
        self._lexicon: Optional[tuple[dict[str, int], Lexicon]] = None
        self._counter: Optional[dict[str, dict[str, int]]] = None

    def count_vocab_items(self, token: Token, counter: dict[str, dict[str, int]]) -> None:
        if counter is self._counter:
            return  # they do not depend on the tokens
        self._counter = counter
        if self.lexicon_file is None:
            raise ConfigurationError(
                f"the token indexer '{self.namespace}' needs a 'lexicon_file', a list of entries"
            )
        entries = read_lexicon(local_path(self.lexicon_file, "'lexicon_file' of the indexer"))
        for namespace, values in (
            (self.namespace, MATCHES),
            (entries_namespace(self.namespace), entries),
        ):
            for value in values:
                counter[namespace][value] = _ALWAYS

    def tokens_to_indices(self, tokens: list[Token], vocabulary: Vocabulary) -> IndexedTokenList:
        ids = vocabulary.get_token_to_index_vocabulary(self.namespace)
        matches = self._lexicon_of(vocabulary)([token.text for token in tokens])
        return {"tokens": [ids[match] for match in matches]}

    def _lexicon_of(self, vocabulary: Vocabulary) -> Lexicon:
        namespace = entries_namespace(self.namespace)
        ids = vocabulary.get_token_to_index_vocabulary(namespace)
        lexicon = self._lexicon  # another thread may replace it
        if lexicon is None or lexicon[0] is not ids:
            entries = ids.keys() - {vocabulary._padding_token, vocabulary._oov_token}
            if not entries:
                raise ConfigurationError(
                    f"the vocabulary has no entries of the lexicon '{self.namespace}', which it "
                    f"keeps in '{namespace}'; make the vocabulary anew, with this token indexer"
                )
            lexicon = self._lexicon = ids, Lexicon(entries, self.ignore_case)
        return lexicon[1]

    def get_empty_token_list(self) -> IndexedTokenList:
        return {"tokens": []}
