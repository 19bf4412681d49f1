"""The vocabulary: words of the vector file by the look-up chain, everything else from training."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Optional

from allennlp.common.checks import ConfigurationError
from allennlp.common.tqdm import Tqdm
from allennlp.data import Instance, Vocabulary

from bilstm_tagger.plugin.data.paths import local_word_vectors
from bilstm_tagger.plugin.data.token_indexers import WordFormsIndexer
from bilstm_tagger.text.memo import Memo
from bilstm_tagger.text.word_forms import CHAIN_STEPS, WordForms, chain_step, word_forms
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


@dataclass
class KnownWords:
    """What a new vocabulary knows of the words of a namespace."""

    # The vectors read for them, for the embedder to take instead of reading them again.
    vectors: Optional[WordVectors] = None
    # Whether the embedder should say so where its vectors are neither read nor trained. `False` for
    # the vocabulary of a stored model, and of one that gets words and vectors of a trained model.
    expects_vectors: bool = False
    # What the embedder warns of instead, if it expects vectors: most words are unknown.
    warning: Optional[str] = None


class WordSource(NamedTuple):
    """Where the words of a namespace come from; see `WordVectorVocabulary.from_instances`."""

    pretrained_file: Optional[str] = None
    keep: str = "reachable"
    frequent_min_count: int = 50
    frequent_max_words: Optional[int] = 10_000

    def check(self, key: str) -> "WordSource":
        """Raises `ConfigurationError`, with the key in the config."""
        if self.keep not in ("reachable", "all"):
            raise ConfigurationError(
                f"{key}.keep must be 'reachable' or 'all', found {self.keep!r}"
            )
        return self


@Vocabulary.register("word_vectors", constructor="from_instances")
class WordVectorVocabulary(Vocabulary):
    """A vocabulary whose words are those of a file of word vectors.

    Labels, feature values and characters are those of the training data alone, whatever other data
    sets are read. Words are

    - the words of the vector file that a token of any data set reaches by the look-up chain (exact,
      lower-cased, normalised form), or all of the file;
    - the normalised forms of tokens that reach no vector and are frequent in the training data.

    With several files of vectors, each has a namespace of its own, and words of its own.

    Registered as a `Vocabulary` with name "word_vectors".
    """

    @cached_property
    def _known_words(self) -> dict[str, KnownWords]:
        return {}

    def known_words(self, namespace: str) -> KnownWords:
        """What is known of the words of a namespace, to be read and changed.

        # Errors

        `ConfigurationError` for a namespace of which a new vocabulary has no words.
        """
        if self._known_words and namespace not in self._known_words:
            raise ConfigurationError(_no_source("embedder", namespace, self._known_words))
        return self._known_words.get(namespace, KnownWords())

    def expect_no_vectors(self) -> None:
        """For words and vectors of a trained model, which need no file."""
        for known in self._known_words.values():
            known.expects_vectors = False

    @classmethod
    def from_instances(
        cls,
        instances: Iterable[Instance],
        pretrained_file: Optional[str] = None,
        keep: str = "reachable",
        frequent_min_count: int = 50,
        frequent_max_words: Optional[int] = 10_000,
        namespace: str = "words",
        more: Optional[dict[str, dict[str, Any]]] = None,
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
        more : `Dict[str, Dict[str, Any]]`, optional (default=`None`)
            Further files of vectors: the namespace of each, as its token indexer and embedder have
            it, to the settings above, `pretrained_file`, `keep`, `frequent_min_count` and
            `frequent_max_words`.
        """
        source = WordSource(pretrained_file, keep, frequent_min_count, frequent_max_words)
        sources = {namespace: source.check("vocabulary")}
        if not isinstance(more, (Mapping, type(None))):
            raise ConfigurationError(
                f"vocabulary.more must be an object, namespaces to their settings, found {more!r}"
            )
        for name, settings in (more or {}).items():
            key = f"vocabulary.more.{name}"
            if not isinstance(settings, Mapping):
                raise ConfigurationError(f"{key} must be an object of settings, found {settings!r}")
            if unknown := sorted(settings.keys() - {*WordSource._fields}):
                raise ConfigurationError(
                    f"{key} has {', '.join(unknown)}: it can have {', '.join(WordSource._fields)}"
                )
            if name in sources:
                raise ConfigurationError(
                    f"{key} is the namespace of the first file, too; give each file one of its own"
                )
            sources[name] = WordSource(**settings).check(key)
        counts, other_words = _count(_checked(instances, sources))
        training_words = {name: counts.pop(name, {}) for name in sources}
        # Only labels. AllenNLP's default takes the unknown value from all that ends in "tags" too,
        # and a feature column may be called so.
        vocabulary = cls(counter=counts, non_padded_namespaces=["*_labels"])

        forms = Memo(word_forms)
        for name, of_name in sources.items():
            if name != namespace and training_words[namespace] and not training_words[name]:
                raise ConfigurationError(
                    f"vocabulary.more.{name}: no token indexer 'word_forms' has the namespace "
                    f"'{name}'; add one, and an embedder 'word_vectors' with it, or leave it out"
                )
            vocabulary._add_words(name, of_name, training_words[name], other_words, forms)
        return vocabulary

    def _add_words(
        self,
        namespace: str,
        source: WordSource,
        training_words: Mapping[str, int],
        other_words: Sequence[str],
        forms_of: Mapping[str, WordForms],
    ) -> None:
        """Fills a namespace with words of its file, and frequent ones of the training data."""
        state = self._known_words[namespace] = KnownWords()
        forms = {word: forms_of[word] for word in (*training_words, *other_words)}
        known: set[str] = set()
        if source.pretrained_file is not None:
            every = source.keep == "all"
            wanted = None if every else {form for three in forms.values() for form in three}
            vectors = local_word_vectors(
                source.pretrained_file, wanted, "'pretrained_file' of the vocabulary"
            )
            state.vectors = WordVectors(source.pretrained_file, vectors.words, vectors.matrix)
            known.update(vectors.words)
            for word in vectors.words:
                self.add_token_to_namespace(word, namespace)

        frequent: Counter[str] = Counter()
        steps: Counter[int] = Counter()
        for word, count in training_words.items():
            step = chain_step(forms[word], known)
            steps[step] += count
            if step == len(forms[word]):
                frequent[forms[word].normalised] += count
        added = 0
        for word, count in frequent.most_common(source.frequent_max_words):
            if count >= source.frequent_min_count:
                self.add_token_to_namespace(word, namespace)
                added += count

        total = sum(training_words.values()) or 1
        steps[len(CHAIN_STEPS) - 1] -= added
        shares = [f"{name} {steps[i] / total:.2%}" for i, name in enumerate(CHAIN_STEPS)]
        shares.insert(-1, f"frequent without a vector {added / total:.2%}")
        where = source.pretrained_file or "no vector file"
        logger.info("Words of the training data in %s: %s", where, ", ".join(shares))
        if training_words:
            unknown = steps[len(CHAIN_STEPS) - 1]
            with_vector = total - unknown - added
            state.expects_vectors = True
            if source.pretrained_file is not None:
                _warn_of_few_vectors(with_vector / total, source.pretrained_file)
            elif unknown / total > _MANY_UNKNOWN:
                share = unknown / total
                state.warning = _unknown_words_warning(share, source.frequent_min_count)


def _checked(instances: Iterable[Instance], sources: Mapping[str, object]) -> Iterator[Instance]:
    """The instances, whose words all have a source."""
    checked: Any = None
    for instance in instances:
        indexers = getattr(instance.fields.get("tokens"), "token_indexers", {})
        if indexers is not checked:
            checked = indexers
            for indexer in indexers.values():
                if isinstance(indexer, WordFormsIndexer) and indexer.namespace not in sources:
                    raise ConfigurationError(_no_source("indexer", indexer.namespace, sources))
        yield instance


def _no_source(what: str, namespace: str, sources: Mapping[str, object]) -> str:
    names = ", ".join(map(repr, sources))
    return (
        f"a token {what} of words has the namespace '{namespace}', and the vocabulary has words of "
        f"{names} alone; set the same 'namespace' in both, or add the file to vocabulary.more "
        "(inputs.words of the configs does so)"
    )


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
