"""Tagging with models that AllenNLP has loaded: on a GPU, or with transformers or ELMo."""

import os
from collections.abc import Iterator, Sequence
from typing import Any, Optional

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.common.plugins import import_plugins
from allennlp.data import Batch, DatasetReader
from allennlp.models import Model
from allennlp.nn.util import move_to_device
from torch.nn.utils.rnn import pad_sequence

from bilstm_tagger.plugin.dataset_readers import ConllColumnsReader
from bilstm_tagger.plugin.export import checked, export_model
from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.modules.bilstm_encoder import sizes_of
from bilstm_tagger.plugin.modules.decoders import CRFDecoder
from bilstm_tagger.tagging import network as numpy_network
from bilstm_tagger.tagging.input_specification import Feature, Input
from bilstm_tagger.tagging.inputs import InputVectors
from bilstm_tagger.tagging.network import Chain, Emissions, EmissionSource
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.specification import Specification, Task
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.errors import PathLike


def load(path: PathLike, trust: bool, cuda_device: int) -> tuple[Specification, EmissionSource]:
    """Loads an archive by AllenNLP; the parameters are those of `load_safely`."""
    from bilstm_tagger.plugin.loading import load_safely

    if trust:
        import_plugins()  # this may be another process than that of a command
    archive = load_safely(path, trust, cuda_device=cuda_device)
    return source_of(archive.model, archive.dataset_reader)


def tagger_of(model: Model, reader: DatasetReader, **settings: Any) -> Tagger:
    """A tagger with a model that AllenNLP has loaded; the settings are those of `Tagger`."""
    return Tagger(*source_of(model, reader), **settings)


def source_of(model: Model, reader: DatasetReader) -> tuple[Specification, EmissionSource]:
    """What reads sentences: the network in numpy, if it can, or that of torch.

    # Errors

    `ConfigurationError` for another kind of model or reader.
    """
    tagger, columns = checked(model, reader)
    on_cpu = all(parameter.device.type == "cpu" for parameter in tagger.parameters())
    try:
        specification, tensors = export_model(tagger, columns)
    except ConfigurationError:
        return _specification_without_inputs(tagger, columns), TorchSource(tagger, columns)
    if on_cpu:
        return specification, numpy_network.Network(specification, tensors)
    return specification, TorchSource(tagger, columns, InputVectors(specification, tensors))


class TorchSource:
    """Emissions from the network of training.

    # Parameters

    inputs : `InputVectors`, optional
        The vectors of tokens, where they are their own. `None`: the model embeds them.
    """

    def __init__(
        self,
        model: BiLSTMTagger,
        reader: ConllColumnsReader,
        inputs: Optional[InputVectors] = None,
    ) -> None:
        self.inputs = inputs
        self._model = model.eval()
        self._reader = reader
        self._process = os.getpid()
        self.chains = {}
        for name, decoder in model.decoders().items():
            if isinstance(decoder, CRFDecoder):
                crf = decoder.crf
                scores = (crf.transitions, crf.start_scores, crf.end_scores)
                self.chains[name] = Chain(*(part.detach().cpu().numpy() for part in scores))

    def clear(self) -> None:
        """Nothing is kept."""

    @torch.no_grad()
    def emissions(
        self, sentences: Sequence[TokenizedSentence], tasks: Sequence[str]
    ) -> Iterator[Emissions]:
        """As `Network.emissions`."""
        if os.getpid() != self._process:
            # The threads of torch do not live on in a process that was forked.
            torch.set_num_threads(1)
            self._process = os.getpid()
        for group in numpy_network.groups_of(sentences):
            chosen = [sentences[i] for i in group]
            lengths = torch.tensor([len(sentence.tokens) for sentence in chosen])
            scores = self._model.emissions(self._embed(chosen), lengths, tasks)
            yield Emissions(
                group,
                lengths.numpy(),
                {name: of_task.float().cpu().numpy() for name, of_task in scores.items()},
            )

    def _embed(self, sentences: Sequence[TokenizedSentence]) -> torch.Tensor:
        """(sentences, length, features)"""
        device = next(self._model.encoder.parameters()).device
        if self.inputs is not None:
            tokens = self.inputs.tokens_of(sentences)
            distinct = {token: row for row, token in enumerate(dict.fromkeys(tokens))}
            vectors = torch.from_numpy(self.inputs(list(distinct))).to(device)
            rows = torch.tensor([distinct[token] for token in tokens], device=device)
            lengths = [len(sentence.tokens) for sentence in sentences]
            return pad_sequence(list(vectors[rows].split(lengths)), batch_first=True)
        batch = Batch(
            self._reader.text_to_instance(
                list(sentence.tokens), {k: list(v) for k, v in sentence.columns.items()}
            )
            for sentence in sentences
        )
        batch.index_instances(self._model.vocab)
        tensors = move_to_device(batch.as_tensor_dict()["tokens"], device)
        embedded: torch.Tensor = self._model.text_field_embedder(tensors)
        return embedded


def _specification_without_inputs(model: BiLSTMTagger, reader: ConllColumnsReader) -> Specification:
    """For a model whose vectors of tokens only AllenNLP can make."""
    tasks = {
        name: Task(
            "crf" if isinstance(decoder, CRFDecoder) else "softmax",
            decoder.labels,
            decoder.level,
            None if decoder.encoding is None else decoder.encoding.name,
            [] if decoder.encoder is None else sizes_of(decoder.encoder),
            constrained=decoder.constrained,
            repair=decoder.repair,  # type: ignore[arg-type]
        )
        for name, decoder in model.decoders().items()
    }
    # Of the inputs only what the user has to give.
    inputs: dict[str, Input] = {
        column: Feature("column", [""], 0, 1, column) for column in reader.feature_columns
    }
    return Specification(
        inputs, sizes_of(model.encoder), tasks, reader.datasets, model.task_identifier
    )
