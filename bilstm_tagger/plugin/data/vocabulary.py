"""The vocabulary: words of the vector file by the look-up chain, everything else from training."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, Optional

from allennlp.common.checks import ConfigurationError
from allennlp.common.tqdm import Tqdm
from allennlp.data import Instance, Vocabulary

from bilstm_tagger.plugin.data.paths import local_word_vectors
from bilstm_tagger.text.word_forms import CHAIN_STEPS, chain_step, word_forms
from bilstm_tagger.text.word_vectors import WordVectors

logger = logging.getLogger(__name__)

Counts = dict[str, dict[str, int]]

# Where fewer tokens have a vector, the file is likely to be the wrong one.
_FEW = 1 / 3
# Where more tokens are unknown, a model learns little from words.
_MANY_UNKNOWN = 1 / 2


def _count(instances: Iterable[Instance]) -> tuple[Counts, list[str]]:
    """Counts everything in the training data, and nothing but words in the rest.

    AllenNLP's `train` hands over the instances of all data sets in one stream, training data first.
    What comes from the first path is training data.
    """
    counts: Counts = defaultdict(Counter)
    other_words: set[str] = set()
    training: Any = None
    for instance in Tqdm.tqdm(instances, desc="building vocabulary"):
        source = instance["metadata"]["source"] if "metadata" in instance.fields else None
        if training is None:
            training = (source,)
        if training == (source,):
            instance.count_vocab_items(counts)
        else:
            other_words.update(token.text for token in instance["tokens"])
    return counts, sorted(other_words)


@Vocabulary.register("word_vectors", constructor="from_instances")
class WordVectorVocabulary(Vocabulary):
    """A vocabulary whose words are those of a file of word vectors.

    Labels, feature values and characters are those of the training data alone, whatever other data
    sets are read. Words are

    - the words of the vector file that a token of any data set reaches by the look-up chain (exact,
      lower-cased, normalised form), or all of the file;
    - the normalised forms of tokens that reach no vector and are frequent in the training data.

    Registered as a `Vocabulary` with name "word_vectors".
    """

    # The vectors read for this vocabulary, for the embedder to take instead of reading them again.
    word_vectors: Optional[WordVectors] = None
    # Whether the embedder should say so where its vectors are neither read nor trained. `False` for
    # the vocabulary of a stored model, and of one that gets words and vectors of a trained model.
    expects_vectors = False
    # What the embedder warns of instead, if it expects vectors: most words are unknown.
    unknown_words_warning: Optional[str] = None

    @classmethod
    def from_instances(
        cls,
        instances: Iterable[Instance],
        pretrained_file: Optional[str] = None,
        keep: str = "reachable",
        frequent_min_count: int = 50,
        frequent_max_words: Optional[int] = 10_000,
        namespace: str = "words",
    ) -> "WordVectorVocabulary":
        """
        # Parameters

        pretrained_file : `str`, optional (default=`None`)
            The file of word vectors, the same as that of the embedder. There is a warning where
            under a third of the tokens of the training data have a vector. `None`: no file, all
            words are taken by their frequency, with a warning where most tokens are unknown.
        keep : `str`, optional (default=`"reachable"`)
            Which words of the file to keep: those that the data reach ("reachable"), or "all", so
            that words of any later text find their vectors.
        frequent_min_count : `int`, optional (default=`50`)
            A word without a vector gets an entry of its own if its normalised form is at least that
            frequent in the training data.
        frequent_max_words : `int`, optional (default=`10000`)
            The maximum number of them; the most frequent are taken. `None`: all.
        namespace : `str`, optional (default=`"words"`)
            Where words are kept.
        """
        if keep not in ("reachable", "all"):
            raise ConfigurationError(
                f"vocabulary.keep must be 'reachable' or 'all', found {keep!r}"
            )
        counts, other_words = _count(instances)
        training_words = counts.pop(namespace, {})
        # Only labels. AllenNLP's default takes the unknown value from all that ends in "tags" too,
        # and a feature column may be called so.
        vocabulary = cls(counter=counts, non_padded_namespaces=["*_labels"])

        forms = {word: word_forms(word) for word in (*training_words, *other_words)}
        vectors = None
        known: set[str] = set()
        if pretrained_file is not None:
            wanted = None if keep == "all" else {form for three in forms.values() for form in three}
            vectors = local_word_vectors(
                pretrained_file, wanted, "'pretrained_file' of the vocabulary"
            )
            vocabulary.word_vectors = WordVectors(pretrained_file, vectors.words, vectors.matrix)
            known.update(vectors.words)
            for word in vectors.words:
                vocabulary.add_token_to_namespace(word, namespace)

        frequent: Counter[str] = Counter()
        steps: Counter[int] = Counter()
        for word, count in training_words.items():
            step = chain_step(forms[word], known)
            steps[step] += count
            if step == len(forms[word]):
                frequent[forms[word].normalised] += count
        added = 0
        for word, count in frequent.most_common(frequent_max_words):
            if count >= frequent_min_count:
                vocabulary.add_token_to_namespace(word, namespace)
                added += count

        total = sum(training_words.values()) or 1
        steps[len(CHAIN_STEPS) - 1] -= added
        shares = [f"{name} {steps[i] / total:.2%}" for i, name in enumerate(CHAIN_STEPS)]
        shares.insert(-1, f"frequent without a vector {added / total:.2%}")
        logger.info("Words of the training data in the vector file: %s", ", ".join(shares))
        if training_words:
            unknown = steps[len(CHAIN_STEPS) - 1]
            with_vector = total - unknown - added
            vocabulary.expects_vectors = True
            if pretrained_file is not None:
                _warn_of_few_vectors(with_vector / total, pretrained_file)
            elif unknown / total > _MANY_UNKNOWN:
                share = unknown / total
                vocabulary.unknown_words_warning = _unknown_words_warning(share, frequent_min_count)
        return vocabulary


def _warn_of_few_vectors(share: float, path: str) -> None:
    if share < _FEW:
        logger.warning(
            "Only %.1f %% of the tokens of the training data have a vector in %s, exact, "
            "lower-cased or normalised. The file may be of another language, its words may be "
            "cased where the data are lower-cased, or it is the wrong file; check "
            "'pretrained_file'.",
            100 * share,
            path,
        )


def _unknown_words_warning(share: float, min_count: int) -> str:
    return (
        f"{100 * share:.1f} % of the tokens of the training data are unknown words: there is no "
        f"file of word vectors, and only words that occur at least {min_count} times are known. "
        "Name a file as 'pretrained_file' of the vocabulary and of the token embedder "
        "(inputs.words of the configs), or learn vectors from the training data: a smaller "
        "'frequent_min_count' of the vocabulary and 'trainable: true' of the token embedder "
        "(inputs.trained_words)."
    )
