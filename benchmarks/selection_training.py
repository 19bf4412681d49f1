"""The trainings of the simulation of active learning: small taggers on few sentences."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from allennlp.common import Params
from allennlp.data import Batch, DatasetReader, Instance, Vocabulary
from allennlp.models import Model

from bilstm_tagger.plugin.data.vocabulary import WordVectorVocabulary
from bilstm_tagger.plugin.tagging import tagger_of
from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.spans import precision_recall_f1

BATCH_SIZE = 16
LEARNING_RATE = 0.003
# Each training has this number of steps at least, and of epochs.
STEPS, EPOCHS = 300, 12
_ENCODING = "IOBES"
# Of each corpus its folder, its task, the layout of its files, and their ending.
CORPORA: dict[str, tuple[str, dict[str, Any], str]] = {
    "conll2000": ("chunk", {"columns": {"tokens": 0, "chunk": 2}}, "txt"),
    "wnut17": ("ner", {"columns": {"tokens": 0, "ner": 1}, "delimiter": "\t"}, "conll"),
}


class Labelled(NamedTuple):
    """The sentences of a file, as a network reads them and as a tagger does."""

    instances: list[Instance]
    sentences: list[TokenizedSentence]

    @property
    def lengths(self) -> list[int]:
        """The number of tokens of each."""
        return [len(sentence.tokens) for sentence in self.sentences]


class Corpus:
    """A corpus, and what is the same for all trainings on it: the vocabulary, and the word vectors,
    which are read once.

    # Parameters

    name : `str`
        One of `CORPORA`.
    data : `Path`
        The folder that holds it, and `glove/`.
    """

    def __init__(self, name: str, data: Path) -> None:
        self.name = name
        self.task, layout, ending = CORPORA[name]
        self._vectors = str(data / "glove" / "glove.6B.100d.trimmed.txt.gz")
        indexers = {name: {"type": kind} for name, kind in _INDEXERS.items()}
        tasks = {self.task: {"encoding": "BIO", "model_encoding": _ENCODING}}
        reader = {"type": "conll_columns", **layout, "tasks": tasks, "token_indexers": indexers}
        self._reader: Any = DatasetReader.from_params(Params(reader))
        parts = {
            part: [*self._reader.read(str(data / name / f"{part}.{ending}"))]
            for part in ("train", "dev", "test")
        }
        everything = [instance for instances in parts.values() for instance in instances]
        self._vocabulary = WordVectorVocabulary.from_instances(everything, self._vectors)
        self._word_vectors = self._vocabulary.known_words("words").vectors
        self.parts: dict[str, Labelled] = {}
        for part, instances in parts.items():
            for instance in instances:
                self._reader.apply_token_indexers(instance)
                instance.index_fields(self._vocabulary)
            sentences = [TokenizedSentence(i["metadata"].metadata["tokens"]) for i in instances]
            self.parts[part] = Labelled(instances, sentences)

        # The first one of a repetition, which all strategies start with, and the last one.
        self._taggers: dict[tuple[int, tuple[int, ...]], Tagger] = {}

    def train(self, chosen: Sequence[int], seed: int) -> Tagger:
        """A tagger that is trained on some sentences of the training file, for a fixed number of
        epochs: where labels are few, none are spared for choosing the best one."""
        key = seed, tuple(chosen)
        if key not in self._taggers:
            first = next(iter(self._taggers), key)
            kept = {first: self._taggers[first]} if first != key and first[0] == seed else {}
            self._taggers = {**kept, key: self._train(chosen, seed)}
        return self._taggers[key]

    def _train(self, chosen: Sequence[int], seed: int) -> Tagger:
        random.seed(seed)
        torch.manual_seed(seed)
        model = Model.from_params(Params(self._model()), vocab=self._restored_vocabulary())
        parameters = [weight for weight in model.parameters() if weight.requires_grad]
        optimizer = torch.optim.Adam(parameters, LEARNING_RATE, fused=True)
        instances = [self.parts["train"].instances[number] for number in chosen]
        model.train()
        epochs = max(EPOCHS, -(-STEPS * BATCH_SIZE // len(instances)))
        for _ in range(epochs):
            for batch in _batches(instances):
                optimizer.zero_grad()
                model(**batch)["loss"].backward()
                torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
        return tagger_of(model, self._reader)

    def f1(self, tagger: Tagger, part: str) -> float:
        """F1 of spans, in percent, on the test or the development file."""
        instances, sentences = self.parts[part]
        encoding = get_encoding("BIO")
        right = predicted = gold = 0
        for instance, sentence in zip(instances, tagger.tag(sentences), strict=True):
            is_gold = {*encoding.spans(instance["metadata"].metadata["gold"][self.task])}
            is_predicted = {*encoding.spans(sentence.tags[self.task])}
            right += len(is_gold & is_predicted)
            predicted += len(is_predicted)
            gold += len(is_gold)
        return 100 * precision_recall_f1(right, predicted, gold)[2]

    def _restored_vocabulary(self) -> Vocabulary:
        # The embedder takes the vectors out of it.
        self._vocabulary.known_words("words").vectors = self._word_vectors
        return self._vocabulary

    def _model(self) -> dict[str, Any]:
        words = {"type": "word_vectors", "pretrained_file": self._vectors, "embedding_dim": 100}
        casing = {"type": "embedding", "vocab_namespace": "casing", "embedding_dim": 10}
        return {
            "type": "bilstm_tagger",
            "text_field_embedder": {
                "token_embedders": {
                    "words": words,
                    "characters": {"type": "character_cnn"},
                    "casing": {**casing, "padding_index": 0},
                }
            },
            "encoder": {"hidden_sizes": [100], "dropout": [0.25, 0.25]},
            "tasks": {self.task: {"type": "crf", "encoding": _ENCODING}},
        }


_INDEXERS = {"words": "word_forms", "characters": "word_characters", "casing": "casing"}


def _batches(instances: Sequence[Instance]) -> list[dict[str, Any]]:
    """The sentences of an epoch in batches of similar length, in a random order."""
    order = random.sample(instances, len(instances))
    order.sort(key=lambda instance: len(instance["tokens"].tokens) + random.uniform(0, 4))
    batches = [order[i : i + BATCH_SIZE] for i in range(0, len(order), BATCH_SIZE)]
    random.shuffle(batches)
    return [Batch(batch).as_tensor_dict() for batch in batches]
