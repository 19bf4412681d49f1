"""Training and tagging on a device: batch sizes, number formats, and graphs of launches."""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import torch
from allennlp.commands.train import TrainModel
from allennlp.common import Params
from allennlp.nn.util import move_to_device
from torch import Tensor

from benchmarks.gpu.checks import Waits, waits_of
from benchmarks.gpu.plain import PlainTagger
from bilstm_tagger.plugin import compat

CONFIG = "training_config/conll2000_chunking.jsonnet"
TASK = "chunk"
# Of the batches whose launches are recorded.
GRAPH_LENGTHS = (5, 10, 20, 40)

Batches = list[dict[str, Any]]


class Speed(NamedTuple):
    """How fast something was done."""

    what: str
    who: str
    batch_size: int
    sentences_per_second: float
    seconds: float  # of one pass


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds_of(run: Callable[[], Any], device: torch.device, times: int) -> float:
    """The median of several runs, after one that is not counted."""
    run()
    taken = []
    for _ in range(times):
        _wait(device)
        started = time.perf_counter()
        run()
        _wait(device)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


class Training:
    """Model, trainer and batches of a config, on a device.

    # Parameters

    changes : `dict[str, Any]`
        Overrides of the config.
    """

    def __init__(self, device: torch.device, batch_size: int, changes: dict[str, Any]) -> None:
        compat.apply()
        overrides = {
            "data_loader.batch_sampler.batch_size": batch_size,
            "trainer.cuda_device": device.index or 0 if device.type == "cuda" else -1,
            "trainer.callbacks": [],
            "evaluate_on_test": False,
            **changes,
        }
        params = Params.from_file(CONFIG, json.dumps(overrides))
        self._folder = tempfile.TemporaryDirectory(prefix="gpu-")
        loop: Any = TrainModel.from_params(
            params=params, serialization_dir=self._folder.name, local_rank=0
        )
        self.device, self.batch_size = device, batch_size
        self.trainer, self.model = loop.trainer, loop.model.to(device)
        self.plain = PlainTagger(self.model, TASK).to(device)
        for callback in self.trainer._callbacks:
            callback.on_start(self.trainer, is_primary=True)
        # As they come, without copies to the device in what is measured.
        self.batches: Batches = [
            move_to_device({key: batch[key] for key in ("tokens", "labels")}, device)
            for batch in self.trainer.data_loader
        ]
        self.sentences = sum(len(batch["labels"][TASK]) for batch in self.batches)

    def speed(self, what: str, who: str, run: Callable[[], Any], times: int) -> Speed:
        """What a pass over all sentences takes."""
        seconds = seconds_of(run, self.device, times)
        return Speed(what, who, self.batch_size, self.sentences / seconds, seconds)

    def train_pass(self, who: str, mixed: bool) -> Callable[[], None]:
        """One epoch: loss, gradient, clipping and a step for each batch."""
        model: torch.nn.Module = self.model if who == "ours" else self.plain
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        optimizer = torch.optim.Adam(parameters, lr=1e-4, fused=True)
        model.train()

        def run() -> None:
            for batch in self.batches:
                optimizer.zero_grad()
                with self._precision(mixed):
                    if who == "ours":
                        loss = self.model(**batch)["loss"]
                    else:
                        loss = self.plain.loss(batch["tokens"], batch["labels"][TASK])
                loss.backward()
                torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()

        return run

    def _precision(self, mixed: bool) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16) if mixed else nullcontext()

    def epoch_of_trainer(self) -> None:
        """One epoch by AllenNLP's trainer and data loader, validation left out."""
        self.trainer._train_epoch(self.trainer._epochs_completed)
        self.trainer._epochs_completed += 1
        self.trainer._batches_in_epoch_completed = 0

    @torch.no_grad()
    def tag_ours(self) -> None:
        """The best tags of all batches, on the CPU."""
        self.model.eval()
        for batch in self.batches:
            self.model(batch["tokens"])["tag_ids"][TASK].cpu()

    @torch.no_grad()
    def tag_plain(self) -> None:
        """As `tag_ours`."""
        self.plain.eval()
        for batch in self.batches:
            self.plain.tag(batch["tokens"]).cpu()


def measure(
    device: torch.device, sizes: list[int], changes: dict[str, Any], times: int
) -> Iterator[Speed]:
    """Training and tagging for each batch size, ours beside the plain network."""
    for size in sizes:
        training = Training(device, size, changes)
        for mixed in (False, True):
            what = "training, bfloat16" if mixed else "training"
            for who in ("ours", "plain"):
                yield training.speed(what, who, training.train_pass(who, mixed), times)
        yield training.speed("training, trainer", "ours", training.epoch_of_trainer, times)
        yield training.speed("tagging", "ours", training.tag_ours, times)
        yield training.speed("tagging", "plain", training.tag_plain, times)


def waits_of_step(device: torch.device, batch_size: int, changes: dict[str, Any]) -> Waits:
    """Where a training step waits: loss and gradient of the whole model."""
    training = Training(device, batch_size, changes)
    training.model.train()
    return waits_of(
        "training step", lambda: training.model(**training.batches[0])["loss"].backward()
    )


class _Recurrence(torch.nn.Module):
    """From embedded tokens to the scores of tags."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.encoder, self.scorer = model.encoder, model.tasks[TASK].scorer

    def forward(self, embedded: Tensor) -> Tensor:
        return self.scorer(self.encoder(embedded, None)[-1])


def measure_graphs(
    device: torch.device, batch_size: int, changes: dict[str, Any], times: int
) -> Iterator[Speed]:
    """Forward and backward of the BiLSTM on batches of one length, launch by launch, and as graphs
    that were recorded once for a length. On a GPU alone."""
    training = Training(device, batch_size, changes)
    size = training.model.text_field_embedder.get_output_dim()
    for length in GRAPH_LENGTHS:
        plain = _Recurrence(training.model).train()
        embedded = torch.randn(batch_size, length, size, device=device, requires_grad=True)
        graphed: Any = torch.cuda.make_graphed_callables(plain, (embedded,))
        for who, module in (("launches", plain), ("graph", graphed)):

            def run(module: Any = module, embedded: Tensor = embedded) -> None:
                for _ in range(20):
                    module(embedded).sum().backward()

            seconds = seconds_of(run, device, times)
            yield Speed(
                f"BiLSTM, length {length}", who, batch_size, 20 * batch_size / seconds, seconds
            )


def small(folder: Path) -> dict[str, Any]:
    """Overrides for a try on the fixtures."""
    return {
        "train_data_path": str(folder / "corpus/train.conll"),
        "validation_data_path": str(folder / "corpus/dev.conll"),
        "test_data_path": str(folder / "corpus/test.conll"),
        "vocabulary.pretrained_file": str(folder / "vectors/vectors.16d.txt"),
        "model.text_field_embedder.token_embedders.words": {
            "type": "word_vectors",
            "pretrained_file": str(folder / "vectors/vectors.16d.txt"),
            "embedding_dim": 16,
        },
    }
