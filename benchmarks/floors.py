"""What training and decoding are held against: a plain loop, and the bare matrix products."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy
import torch
from allennlp.data import Instance
from torch import Tensor

from benchmarks.samples import Sample, timed
from benchmarks.tagger import TASK, Tagger
from bilstm_tagger.plugin.tagging import tagger_of
from bilstm_tagger.tagging.lstm import Packing
from bilstm_tagger.tagging.network import GROUP_SIZE, Network
from bilstm_tagger.tagging.prediction import PredictionOptions
from bilstm_tagger.tagging.threads import limited_threads

# A product forward has two backward: with respect to its input, and to its weights.
PRODUCTS_OF_TRAINING = 3

_MAX_CHARACTERS = 25


class PlainLoop:
    """The modules of our model on tensors that are ready, without AllenNLP's trainer and loader.

    # Parameters

    tagger : `Tagger`
        Ours.
    path : `str`
        The file that is decoded.
    """

    def __init__(self, tagger: Tagger, path: str) -> None:
        self.model = tagger.model
        self.grad_norm = tagger.config["trainer"]["grad_norm"]
        self.learning_rate = tagger.config["trainer"]["optimizer"]["lr"]
        self.decoder = self.model.tasks[TASK]
        embedder = self.model.text_field_embedder
        self.embedders = [
            (key, embedder._token_embedders[key]) for key in embedder._ordered_embedder_keys
        ]
        self.training_batches = list(tagger.loader)
        sentences = [instance["metadata"].metadata["tokens"] for instance in tagger.read(path)]
        numpy_tagger = tagger_of(tagger.model, tagger.reader)
        self.network = cast(Network, numpy_tagger.source)
        self.predictor = numpy_tagger.predictors[TASK]
        self._prepare(sorted(sentences, key=len, reverse=True))

    def _prepare(self, sentences: list[list[str]]) -> None:
        """For decoding: the different tokens, and the rows of those in each group."""
        self.distinct = list(dict.fromkeys(token for tokens in sentences for token in tokens))
        row = {text: number for number, text in enumerate(self.distinct)}
        self.groups = []
        for start in range(0, len(sentences), GROUP_SIZE):
            group = sentences[start : start + GROUP_SIZE]
            rows = numpy.array([row[token] for tokens in group for token in tokens])
            self.groups.append((rows, Packing(list(map(len, group)))))

    def _embed(self, tokens: dict[str, dict[str, Tensor]]) -> Tensor:
        return torch.cat([module(*tokens[key].values()) for key, module in self.embedders], dim=-1)

    def _train(self, parameters: list[Tensor], optimizer: torch.optim.Optimizer) -> None:
        for batch in self.training_batches:
            optimizer.zero_grad()
            embedded = self._embed(batch["tokens"])
            emissions = self.decoder([embedded, *self.model.encoder(embedded)])
            loss = self.decoder.loss(emissions, batch["labels"][TASK])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, self.grad_norm)
            optimizer.step()

    def train(self) -> Sample:
        """One epoch: loss, gradient, clipping and a step for each batch."""
        parameters = [each for each in self.model.parameters() if each.requires_grad]
        optimizer = torch.optim.Adam(parameters, lr=self.learning_rate, fused=True)
        self.model.train()
        return timed(lambda: self._train(parameters, optimizer))

    def _decode(self) -> list[Any]:
        table = self.network._project(self.network._encoder, self.distinct)
        options = PredictionOptions()
        found = []
        for rows, packing in self.groups:
            layers = self.network._encoder.read(table, rows, packing)
            emissions = self.network._tasks[TASK](layers, packing)
            found.append(self.predictor.decode(emissions, packing.lengths, options).tolist())
        return found

    def decode(self) -> Sample:
        """The best tags, as numbers, of every batch."""
        with limited_threads(1):
            return timed(self._decode)


@dataclass(frozen=True)
class BatchShape:
    """What decides the sizes of a batch's matrix products.

    # Parameters

    sentences, length : `int`
        Of the batch.
    words : `int`
        Different words in it.
    characters : `int`
        Of the longest of them.
    """

    sentences: int
    length: int
    words: int
    characters: int


@dataclass(frozen=True)
class NetworkShape:
    """The sizes of the network."""

    inputs: int
    hidden: int
    tags: int
    character_dim: int
    filters: int
    width: int


Product = tuple[int, int, int, int]  # times, rows, inner, columns


def products(batch: BatchShape, network: NetworkShape) -> list[Product]:
    """The matrix products of one forward pass: convolution over the characters of the different
    words, BiLSTM (input at once, recurrence step by step, two directions), tag scores, CRF."""
    rows, gates = batch.sentences * batch.length, 4 * network.hidden
    window = network.width * network.character_dim
    return [
        (1, batch.words * batch.characters, window, network.filters),
        (2, rows, network.inputs, gates),
        (2 * batch.length, batch.sentences, network.hidden, gates),
        (1, rows, 2 * network.hidden, network.tags),
        (batch.length - 1, batch.sentences, network.tags, network.tags),
    ]


def network_shape(tagger: Tagger) -> NetworkShape:
    """The sizes of our model, by its config."""
    model, config = tagger.model, tagger.config["model"]
    characters = config["text_field_embedder"]["token_embedders"]["characters"]
    return NetworkShape(
        inputs=model.text_field_embedder.get_output_dim(),
        hidden=config["encoder"]["hidden_sizes"][0],
        tags=len(model.tasks[TASK].labels),
        character_dim=characters["embedding_dim"],
        filters=characters["num_filters"],
        width=characters["width"],
    )


def batch_shapes(instances: list[Instance], batches: list[list[int]]) -> Iterator[BatchShape]:
    """The sizes of batches of equal length."""
    for indices in batches:
        sentences = [[token.text for token in instances[index]["tokens"]] for index in indices]
        words = {word for sentence in sentences for word in sentence}
        longest = min(max(map(len, words)), _MAX_CHARACTERS)
        yield BatchShape(len(sentences), len(sentences[0]), len(words), longest)


class MatrixProducts:
    """The matrix products of the network and nothing else, by `torch.mm` on numbers of no meaning.

    # Parameters

    tagger : `Tagger`
        Ours.
    path : `str`
        The file that is decoded.
    """

    def __init__(self, tagger: Tagger, path: str) -> None:
        network = network_shape(tagger)
        training = list(tagger.loader.iter_instances())
        self._training = self._all(training, tagger.batches(training), network)
        with torch.no_grad():
            decoding = tagger.read(path)
            self._decoding = self._all(decoding, tagger.batches(decoding), network)
        everything = self._training + self._decoding
        self._first = torch.randn(max(rows * inner for _, rows, inner, _ in everything))
        self._second = torch.randn(max(inner * columns for _, _, inner, columns in everything))
        self._out = torch.empty(max(rows * columns for _, rows, _, columns in everything))

    @staticmethod
    def _all(
        instances: list[Instance], batches: list[list[int]], network: NetworkShape
    ) -> list[Product]:
        shapes = batch_shapes(instances, batches)
        return [product for shape in shapes for product in products(shape, network)]

    def _run(self, todo: list[Product], passes: int) -> None:
        with torch.no_grad():
            for times, rows, inner, columns in todo:
                first = self._first[: rows * inner].view(rows, inner)
                second = self._second[: inner * columns].view(inner, columns)
                out = self._out[: rows * columns].view(rows, columns)
                for _ in range(times * passes):
                    torch.mm(first, second, out=out)

    def train(self) -> Sample:
        """Those of an epoch."""
        return timed(lambda: self._run(self._training, PRODUCTS_OF_TRAINING))

    def decode(self) -> Sample:
        """Those of decoding the file."""
        return timed(lambda: self._run(self._decoding, 1))
