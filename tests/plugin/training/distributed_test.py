"""A training of two processes, on the processor."""

import faulthandler
import json
import shutil
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).parents[3]
DEV, TEST = "fixtures/corpus/dev.conll", "fixtures/corpus/test.conll"
EPOCHS = 2
OVERRIDES = {
    "train_data_path": DEV,
    "validation_data_path": TEST,
    "evaluate_on_test": True,
    "model.tasks.chunk.per_type": True,
    "trainer.num_epochs": EPOCHS,
    "trainer.checkpointer.keep_most_recent_by_count": 2,
    "data_loader.batch_sampler.batch_size": 3,
    "distributed": {"cuda_devices": [-1, -1]},
    "trainer.callbacks": [
        {"type": "random_state"},
        {"type": "best_epochs"},
        {"type": "watch_batches"},
    ],
}
# What each process sees, and the scores that it has: a file for each.
WATCH = """
import json, torch.distributed
from allennlp.training import TrainerCallback

@TrainerCallback.register("watch_batches")
class WatchBatches(TrainerCallback):
    def write(self, **row):
        rank = torch.distributed.get_rank()
        with open(f"{self.serialization_dir}/seen_{rank}.jsonl", "a") as stream:
            print(json.dumps(row), file=stream)

    def on_batch(
        self, trainer, batch_inputs, batch_outputs, batch_metrics, epoch, batch_number, is_training,
        **kwargs
    ):
        sentences = [each["tokens"] for batch in batch_inputs for each in batch["metadata"]]
        self.write(epoch=epoch, training=is_training, sentences=sentences)

    def on_epoch(self, trainer, metrics, epoch, **kwargs):
        own = ("_MB", "_duration")
        kept = {key: value for key, value in metrics.items() if not key.endswith(own)}
        self.write(epoch=epoch, metrics=kept)
"""


def sentences(path: str) -> Counter:
    blocks = (ROOT / path).read_text().strip().split("\n\n")
    return Counter(tuple(line.split()[0] for line in block.splitlines()) for block in blocks)


@pytest.fixture(scope="module")
def train_in_two(allennlp: Callable[..., None]) -> Callable[..., str]:
    """Trains in two processes, which must not hang; returns the log. The processes come of a fork
    server, which has imported everything, and not, as otherwise, of new interpreters."""

    def train(place: Path, folder: Path, *options: str) -> str:
        (place / "watching.py").write_text(WATCH)
        arguments = ["-s", folder, *options, "-o", json.dumps(OVERRIDES)]
        arguments += ["--include-package", "watching"]
        faulthandler.dump_traceback_later(400, exit=True)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.syspath_prepend(place)
                processes = partial(
                    torch.multiprocessing.start_processes, start_method="forkserver"
                )
                patch.setattr(torch.multiprocessing, "spawn", processes)
                allennlp("train", "training_config/quickstart.jsonnet", *arguments)
        finally:
            faulthandler.cancel_dump_traceback_later()
        return "".join(log.read_text() for log in folder.glob("*.log"))

    return train


@pytest.fixture(scope="module")
def folder(train_in_two, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("two")
    printed = train_in_two(place, place / "model")
    assert "finishing training early" not in printed
    assert "finishing validation early" not in printed
    return place / "model"


@pytest.fixture(scope="module")
def seen(folder: Path) -> list[list[dict[str, Any]]]:
    """Of each process, what it saw."""
    files = [folder / f"seen_{rank}.jsonl" for rank in range(2)]
    return [[json.loads(line) for line in file.read_text().splitlines()] for file in files]


@pytest.mark.parametrize("training, path", [(True, DEV), (False, TEST)])
def test_every_sentence_once_in_every_epoch(seen, training, path):
    for epoch in range(EPOCHS):
        batches = [
            [row for row in rows if row.get("training") is training and row["epoch"] == epoch]
            for rows in seen
        ]
        assert len(batches[0]) == len(batches[1]) > 1
        found = Counter(
            tuple(sentence) for rows in batches for row in rows for sentence in row["sentences"]
        )
        assert found == sentences(path)


def test_the_processes_have_the_same_scores(seen):
    first, second = ([row for row in rows if "metrics" in row] for rows in seen)
    assert len(first) == EPOCHS
    assert first == second
    assert "validation_chunk_f1_NP" in first[0]["metrics"]


def test_the_scores_are_those_of_one_process(folder, allennlp, tmp_path):
    allennlp("evaluate", folder / "model.tar.gz", TEST, "--output-file", tmp_path / "scores.json")
    expected = json.loads((tmp_path / "scores.json").read_text())
    metrics = json.loads((folder / "metrics.json").read_text())
    names = [name for name in expected if not name.endswith("loss")]
    assert {"pos_accuracy", "chunk_f1", "chunk_precision_NP"} <= set(names)
    for name in names:
        assert metrics[f"best_validation_{name}"] == expected[name]
        assert metrics[f"test_{name}"] == expected[name]
    best = json.loads((folder / "best_epochs.json").read_text())
    for task, metric in (("pos", "pos_accuracy"), ("chunk", "chunk_f1")):
        about = best[task]
        # The test set of the config is the validation set of this training.
        assert about["test"] == about["dev"]
        weights = folder / about["weights"]
        arguments = ("--weights-file", weights, "--output-file", tmp_path / f"{task}.json")
        allennlp("evaluate", folder / "model.tar.gz", TEST, *arguments)
        assert json.loads((tmp_path / f"{task}.json").read_text())[metric] == about["dev"]


def test_recovery_ends_as_the_whole_training(train_in_two, folder, tmp_path):
    recovered = tmp_path / "model"
    shutil.copytree(folder, recovered)
    (recovered / "metrics.json").unlink()
    (recovered / f"training_state_e{EPOCHS}_b0.th").write_bytes(b"cut short")
    printed = train_in_two(tmp_path, recovered, "--recover")
    assert f"goes on from that of epoch {EPOCHS - 1}." in printed
    expected, found = (torch.load(each / "best.th") for each in (folder, recovered))
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    for name in ("results.tsv", "best_epochs.json"):
        assert (recovered / name).read_text() == (folder / name).read_text()


def _score(rank: int, address: str, place: str) -> None:
    """A process that has labels of one task alone, and more batches than the other."""
    from bilstm_tagger.plugin.models.task_scores import TaskScores

    torch.distributed.init_process_group("gloo", init_method=address, world_size=2, rank=rank)
    decoder = _Decoder()
    scores = TaskScores({"a": decoder, "b": decoder})  # type: ignore[dict-item]
    task, right = ("a", [0, 0, 1]) if rank == 0 else ("b", [1, 1, 1])
    for _ in range(rank + 1):
        scores.add_loss(task, torch.tensor(float(rank + 1)))
        ids = torch.tensor([right])
        scores.add_tags({task: ids}, [3], [{"gold": {task: ["x", "x", "x"]}}])
        own = scores.get(with_scores=True, reset=False)
        assert own == {f"{task}_loss": rank + 1.0}
    of_all = scores.get(with_scores=True, reset=True)
    assert scores.get(with_scores=True, reset=True) == {}
    Path(place, str(rank)).write_text(json.dumps(of_all))


class _Decoder:
    labels = ["x", "y"]
    encoding = repair = None
    evaluate, per_type = True, False


def test_processes_with_different_tasks_and_numbers_of_batches(tmp_path):
    address = f"file://{tmp_path}/store"
    torch.multiprocessing.start_processes(
        _score, args=(address, str(tmp_path)), nprocs=2, start_method="forkserver"
    )
    expected = {"a_loss": 1.0, "b_loss": 2.0, "a_accuracy": 2 / 3, "b_accuracy": 0.0}
    for rank in range(2):
        assert json.loads((tmp_path / str(rank)).read_text()) == expected
