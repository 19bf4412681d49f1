"""Each fix of AllenNLP, and that what it fixes is broken without it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from allennlp.common import Params
from allennlp.data import DataLoader, DatasetReader, Vocabulary
from allennlp.data.data_loaders import MultiProcessDataLoader
from allennlp.data.samplers import BatchSampler
from allennlp.training.learning_rate_schedulers import LearningRateScheduler
from allennlp.training.optimizers import Optimizer

from bilstm_tagger.plugin.compat import BatchSizeDataLoader, ReduceOnPlateauLearningRateScheduler

CORPUS = "fixtures/corpus/dev.conll"


class TestReduceOnPlateau:
    def make(self, **settings) -> tuple[LearningRateScheduler, Optimizer]:
        weight = torch.nn.Parameter(torch.zeros(1))
        optimizer = Optimizer.from_params(
            Params({"type": "sgd", "lr": 1.0}), model_parameters=[("weight", weight)]
        )
        scheduler = LearningRateScheduler.from_params(
            Params({"type": "reduce_on_plateau", **settings}), optimizer=optimizer
        )
        return scheduler, optimizer

    def test_is_ours(self):
        scheduler, _ = self.make()
        assert isinstance(scheduler, ReduceOnPlateauLearningRateScheduler)

    def test_reduces(self):
        scheduler, optimizer = self.make(factor=0.5, patience=1, mode="max")
        rates = []
        for metric in (0.5, 0.6, 0.6, 0.6, 0.7):
            scheduler.step(metric)
            rates.append(optimizer.param_groups[0]["lr"])
        assert rates == [1.0, 1.0, 1.0, 0.5, 0.5]

    def test_all_settings_arrive(self):
        settings = {
            "factor": 0.3,
            "patience": 4,
            "threshold_mode": "abs",
            "threshold": 0.01,
            "cooldown": 2,
            "eps": 1e-6,
        }
        inner = self.make(**settings, min_lr=0.125)[0].lr_scheduler
        assert {name: getattr(inner, name) for name in settings} == settings
        assert list(inner.min_lrs) == [0.125]


class TestBatchSize:
    def make(self, **settings) -> DataLoader:
        reader = DatasetReader.from_params(
            Params(
                {
                    "type": "conll_columns",
                    "columns": {"tokens": 0, "pos": 1},
                    "tasks": {"pos": {}},
                    "token_indexers": {"words": {"type": "word_forms"}},
                }
            )
        )
        loader = DataLoader.from_params(Params(settings), reader=reader, data_path=CORPUS)
        loader.index_with(Vocabulary.from_instances(loader.iter_instances()))
        return loader

    def sizes(self, loader: DataLoader) -> list[int]:
        sizes = [len(batch["metadata"]) for batch in loader]
        assert len(sizes) == len(loader)
        return sizes

    def test_the_sampler_takes_the_batch_size(self):
        sampler = {"type": "same_length", "batch_size": 4, "evaluation_batch_size": 4}
        assert max(self.sizes(self.make(batch_sampler=dict(sampler)))) == 4
        loader = self.make(batch_sampler=dict(sampler), batch_size=2)
        assert isinstance(loader, BatchSizeDataLoader)
        sizes = self.sizes(loader)
        assert max(sizes) == 2
        assert sum(sizes) == len(list(loader.iter_instances()))

    def test_samplers_of_allennlp_take_it_too(self):
        sampler = {"type": "bucket", "batch_size": 8, "sorting_keys": ["tokens"]}
        assert max(self.sizes(self.make(batch_sampler=sampler, batch_size=3))) == 3

    def test_without_a_sampler_nothing_changes(self):
        sizes = self.sizes(self.make(batch_size=5))
        assert set(sizes[:-1]) == {5}

    def test_a_sampler_without_a_batch_size_is_refused_as_ever(self):
        reader = self.make(batch_size=5).reader
        with pytest.raises(ValueError, match="mutually exclusive"):
            BatchSizeDataLoader(reader, CORPUS, batch_size=3, batch_sampler=BatchSampler())

    def test_the_loader_of_allennlp_refuses_the_pair(self):
        """Else there is nothing to fix."""
        reader = self.make(batch_size=5).reader
        sampler = self.make(batch_sampler={"type": "same_length"}).batch_sampler
        with pytest.raises(ValueError, match="mutually exclusive"):
            MultiProcessDataLoader(reader, CORPUS, batch_size=2, batch_sampler=sampler)


def test_a_training_prints_no_warnings(tmp_path):
    """In a process of its own, as pytest has its own filters; with those of Python otherwise."""
    overrides = {"train_data_path": CORPUS, "trainer.num_epochs": 1}
    done = subprocess.run(
        [Path(sys.executable).parent / "allennlp", "train", "training_config/quickstart.jsonnet"]
        + ["-s", tmp_path / "model", "-o", json.dumps(overrides)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model" / "model.tar.gz").is_file()
    printed = done.stdout + done.stderr
    assert [line for line in printed.splitlines() if "Warning" in line] == []
