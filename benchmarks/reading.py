"""Reading a file of word vectors, by our embedder and by AllenNLP's. Runs in a worker."""

from typing import Any

from allennlp.data import Vocabulary

from benchmarks.samples import Sample, timed
from benchmarks.settings import OURS

_NAMESPACE = "words"


def read_vectors(side: str, path: str, dimension: int, words: list[str]) -> Sample:
    """From the file to the module that holds the vectors of the words.

    # Parameters

    side : `str`
        "ours" or "theirs".
    path : `str`
        The file.
    dimension : `int`
        Of its vectors.
    words : `List[str]`
        Those that are needed.
    """
    vocabulary = Vocabulary()
    vocabulary.add_tokens_to_namespace(words, _NAMESPACE)
    settings: dict[str, Any] = {
        "vocab": vocabulary,
        "embedding_dim": dimension,
        "pretrained_file": path,
        "trainable": False,
    }
    if side == OURS:
        from bilstm_tagger.plugin.modules.token_embedders import WordVectorEmbedder

        return timed(lambda: WordVectorEmbedder(**settings, namespace=_NAMESPACE))
    from allennlp.modules.token_embedders import Embedding

    return timed(lambda: Embedding(**settings, vocab_namespace=_NAMESPACE))
