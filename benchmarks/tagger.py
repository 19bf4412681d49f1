"""One side, ours or theirs, built from its config and ready to be measured. Runs in a worker."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from allennlp.commands.train import TrainModel
from allennlp.common import Params
from allennlp.common import logging as common_logging
from allennlp.common.util import prepare_environment
from allennlp.data import Batch, DatasetReader, Instance
from allennlp.models.archival import archive_model

from benchmarks.samples import Sample, timed
from benchmarks.settings import OURS, PACKAGES, THEIRS, Settings

TASK = "chunk"


@contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """No dropout and no gradients; training mode again afterwards."""
    model.eval()
    with torch.no_grad():
        yield
    model.train()


class Tagger:
    """What `allennlp train` builds from a config, and what is measured of it.

    # Parameters

    side : `str`
        "ours" or "theirs".
    settings : `Settings`
        Data and sizes.
    directory : `str`
        Where `allennlp train` would write.
    """

    def __init__(self, side: str, settings: Settings, directory: str) -> None:
        import_module(PACKAGES[side])
        if side == OURS:
            # As the command does it: this registers everything, too.
            import_module("bilstm_tagger.plugin.compat").apply()
        self.side = side
        self.directory = Path(directory)
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self.config = settings.config(side)
        (self.directory / "config.json").write_text(json.dumps(self.config), encoding="utf-8")
        params = Params(json.loads(json.dumps(self.config)))
        # As the command does it.
        common_logging.prepare_global_logging(str(self.directory))
        prepare_environment(params)
        self.loop = TrainModel.from_params(
            params=params, serialization_dir=str(self.directory), local_rank=0
        )
        self.trainer: Any = self.loop.trainer
        self.model: Any = self.loop.model
        self.loader: Any = self.trainer.data_loader
        for callback in self.trainer._callbacks:
            callback.on_start(self.trainer, is_primary=True)

    @property
    def sentences(self) -> int:
        """In the training data."""
        return sum(1 for _ in self.loader.iter_instances())

    def train_epoch(self) -> Sample:
        """One epoch by AllenNLP's trainer and data loader, validation left out."""
        trainer = self.trainer
        sample = timed(lambda: trainer._train_epoch(trainer._epochs_completed))
        # As the trainer does between epochs.
        trainer._epochs_completed += 1
        trainer._batches_in_epoch_completed = 0
        return sample

    def read(self, path: str, labelled: bool = False) -> list[Instance]:
        """The sentences of a file by a reader that has read nothing before."""
        reader = DatasetReader.from_params(
            Params(json.loads(json.dumps(self.config)))["dataset_reader"]
        )
        self.reader = reader
        if self.side == OURS and not labelled:
            reader = reader.for_prediction()
        instances = list(reader.read(path))
        for instance in instances:
            reader.apply_token_indexers(instance)
            if not labelled:
                instance.fields.pop("tags", None)
        return instances

    def batches(self, instances: list[Instance]) -> list[list[int]]:
        """The batches that the sampler of the config makes."""
        return [list(indices) for indices in self.loader.batch_sampler.get_batch_indices(instances)]

    def score(self, instances: list[Instance]) -> None:
        """Indexing, batching by the sampler of the config, the network, loss and scores."""
        for instance in instances:
            instance.index_fields(self.model.vocab)
        for indices in self.batches(instances):
            tensors = Batch([instances[index] for index in indices]).as_tensor_dict()
            self.model(**tensors)

    def tag(self, instances: list[Instance], in_file_order: bool) -> list[list[str]]:
        """Tags in words, in the order of the instances, by what AllenNLP's predictors call. Ours
        orders sentences by itself; theirs is given the batches of the sampler of its config. In
        the order of the file both are given as many at a time as a batch has."""
        batches = [list(range(len(instances)))]
        if in_file_order:
            size = self.loader.batch_sampler.batch_size
            batches = [batches[0][start : start + size] for start in range(0, len(instances), size)]
        elif self.side == THEIRS:
            for instance in instances:
                instance.index_fields(self.model.vocab)
            batches = self.batches(instances)
        found: list[list[str]] = [[] for _ in instances]
        for indices in batches:
            if self.side == OURS:
                from bilstm_tagger.tagging import TokenizedSentence

                sentences = [
                    TokenizedSentence(instances[index]["metadata"].metadata["tokens"])
                    for index in indices
                ]
                tagged = self.numpy_tagger.tag(sentences, with_spans=False)
                for index, sentence in zip(indices, tagged, strict=True):
                    found[index] = sentence.tags[TASK]
                continue
            outputs = self.model.forward_on_instances([instances[index] for index in indices])
            for index, output in zip(indices, outputs, strict=True):
                found[index] = output["tags"]
        return found

    def decode(self, path: str, labelled: bool = False, in_file_order: bool = False) -> Sample:
        """Tags a file with the loaded model; reading it does not count. With labels: computes loss
        and scores, as `allennlp evaluate` does."""
        instances = self.read(path, labelled)
        if self.side == OURS:
            from bilstm_tagger.plugin.tagging import tagger_of

            # As a model that was just loaded: it has seen no word.
            self.numpy_tagger = tagger_of(self.model, self.reader)
        with evaluating(self.model):
            if labelled:
                return timed(lambda: self.score(instances))
            return timed(lambda: self.tag(instances, in_file_order))

    def archive(self) -> str:
        """Stores the model as `allennlp train` does at its end; returns the path."""
        torch.save(self.model.state_dict(), self.directory / "best.th")
        archive_model(str(self.directory), weights="best.th")
        return str(self.directory / "model.tar.gz")
