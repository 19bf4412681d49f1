"""Trainings that are interrupted while they write, and folders that were damaged since."""

import errno
import io
import itertools
import json
import os
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from allennlp.training import Checkpointer

from bilstm_tagger.plugin.training import checkpointer, whole_files
from bilstm_tagger.plugin.training.checkpointer import RecoverableCheckpointer

CONFIG = "training_config/quickstart.jsonnet"
EPOCHS = 4
OVERRIDES = {
    "dataset_reader.max_instances": 40,
    "trainer.num_epochs": EPOCHS,
    "trainer.patience": None,
    "trainer.checkpointer": {"keep_most_recent_by_count": 2},
    "evaluate_on_test": True,
}
AVERAGE = {"trainer.moving_average": {"type": "recoverable_exponential", "decay": 0.9}}


def results(folder: Path) -> dict[str, Any]:
    """What has to be the same, however often the training was interrupted."""
    metrics = json.loads((folder / "metrics.json").read_text())
    kept = ("loss", "accuracy", "f1", "best_epoch")
    found: dict[str, Any] = {key: value for key, value in metrics.items() if key.endswith(kept)}
    for name in ("best.th", "best_pos.th", "best_chunk.th"):
        weights = torch.load(folder / name)
        found[name] = {key: value.tolist() for key, value in weights.items()}
    found["results"] = (folder / "results.tsv").read_text()
    found["best_epochs"] = (folder / "best_epochs.json").read_text()
    return found


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory) -> Path:
    """A training that nothing interrupted."""
    return train(CONFIG, tmp_path_factory.mktemp("whole") / "model", OVERRIDES).parent


@pytest.fixture
def recover(allennlp):
    """Goes on with a training; its log, all parts together."""

    def recover(folder: Path, overrides: dict[str, Any] = OVERRIDES) -> str:
        allennlp("train", CONFIG, "-s", folder, "--recover", "-o", json.dumps(overrides))
        return (folder / "out.log").read_text()

    return recover


def damage(folder: Path, how: str) -> None:
    model, training = (folder / f"{kind}_state_e{EPOCHS}_b0.th" for kind in ("model", "training"))
    data = {path: path.read_bytes() for path in (model, training)}
    match how:
        case "model cut short":
            # As a new file: `best.th` may be the same.
            model.unlink()
            model.write_bytes(data[model][:-200])
        case "training cut short":
            training.write_bytes(data[training][: len(data[training]) // 2])
        case "training flipped":
            middle = len(data[training]) // 2
            flipped = bytes([data[training][middle] ^ 255])
            training.write_bytes(data[training][:middle] + flipped + data[training][middle + 1 :])
        case "training empty":
            training.write_bytes(b"")
        case "training removed":
            training.unlink()
        case "model removed":
            model.unlink()


@pytest.mark.parametrize(
    "how",
    [
        "model cut short",
        "training cut short",
        "training flipped",
        "training empty",
        "training removed",
        "model removed",
    ],
)
def test_goes_on_from_the_checkpoint_before(whole, recover, tmp_path, how):
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    (folder / "metrics.json").unlink()
    damage(folder, how)
    said = recover(folder)
    assert f"The checkpoint of epoch {EPOCHS} in {folder} is not whole" in said
    assert f"goes on from that of epoch {EPOCHS - 1}." in said
    assert results(folder) == results(whole)


def test_begins_anew_where_no_checkpoint_is_whole(whole, recover, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    (folder / "metrics.json").unlink()
    for path in folder.glob("training_state_*"):
        path.write_bytes(b"")
    assert "goes on from the beginning: no other is whole" in recover(folder)
    assert results(folder) == results(whole)


class Killed(BaseException):
    """Nothing catches it, and nothing of the program runs after it, as after a signal."""


@pytest.mark.parametrize("average", [{}, AVERAGE], ids=["", "average"])
def test_killed_at_every_step_of_writing(train, recover, tmp_path, monkeypatch, average):
    """Before each change of a name while the checkpoint of the second epoch is written."""
    short = {"dataset_reader.max_instances": 6, "trainer.num_epochs": 3}
    overrides = {**OVERRIDES, **average, **short}
    expected = results(train(CONFIG, tmp_path / "whole", overrides).parent)
    rename, link, remove = os.replace, checkpointer.hardlink_or_copy, os.remove
    kills = 0
    for step in itertools.count(1):
        folder = tmp_path / str(step)
        steps = 0

        def dies(function, step=step, folder=folder):
            def dying(*arguments, **settings):
                nonlocal steps
                epochs = len(list(folder.glob("metrics_epoch_*.json")))
                if epochs == 2:
                    steps += 1
                    if steps == step:
                        raise Killed
                return function(*arguments, **settings)

            return dying

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", dies(rename))
            patch.setattr(checkpointer, "hardlink_or_copy", dies(link))
            patch.setattr("allennlp.training.gradient_descent_trainer.hardlink_or_copy", dies(link))
            patch.setattr(os, "remove", dies(remove))
            # As by a signal: what was begun stays.
            patch.setattr(Path, "unlink", lambda *_, **__: None)
            try:
                train(CONFIG, folder, overrides)
            except Killed:
                kills += 1
            else:
                break
        recover(folder, overrides)
        assert results(folder) == expected, f"killed at step {step}"
    assert kills >= 6


def test_full_disk(whole, error_of, recover, tmp_path, monkeypatch):
    save = torch.save
    full = False

    def save_until_full(state, stream):
        save(state, stream)
        if full or (isinstance(state, dict) and state.get("epochs_completed") == 3):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = tmp_path / "model"
    with monkeypatch.context() as patch:
        patch.setattr(whole_files.torch, "save", save_until_full)
        error = error_of("train", CONFIG, "-s", folder, "-o", json.dumps(OVERRIDES))
    assert re.search("training_state_e3_b0.th cannot be written: .*No space", error)
    # The folder is needed, and says more.
    assert "Traceback" in (folder / "out.log").read_text()
    assert not list(folder.glob("*.part"))
    assert (folder / "model_state_e2_b0.th").is_file()
    assert not (folder / "model_state_e3_b0.th").exists()
    assert "is not whole" not in recover(folder)
    assert results(folder) == results(whole)


def test_what_torch_says_of_a_full_disk(tmp_path, monkeypatch):
    def fails(state, stream):
        stream.write(b"some")
        raise RuntimeError("unexpected pos 102784 vs 102672")

    path = tmp_path / "best.th"
    whole_files.save_whole({"weight": torch.ones(2)}, path)
    monkeypatch.setattr(whole_files.torch, "save", fails)
    with pytest.raises(OSError, match="best.th cannot be written: unexpected pos.*--recover"):
        whole_files.save_whole({"weight": torch.zeros(2)}, path)
    assert torch.load(path)["weight"].tolist() == [1, 1]
    assert list(tmp_path.iterdir()) == [path]


def test_interrupted_while_torch_writes(tmp_path, monkeypatch):
    class Interrupted(io.BytesIO):
        def write(self, data):
            if self.tell():
                raise KeyboardInterrupt
            return super().write(data)

    save = torch.save
    monkeypatch.setattr(whole_files.torch, "save", lambda state, _: save(state, Interrupted()))
    # torch makes something else of it.
    with pytest.raises(RuntimeError):
        save({"weight": torch.ones(2)}, Interrupted())
    with pytest.raises(KeyboardInterrupt):
        whole_files.save_whole({"weight": torch.ones(2)}, tmp_path / "best.th")
    assert not list(tmp_path.iterdir())


def test_remains_of_a_kill_are_removed(tmp_path):
    (tmp_path / "model_state_e3_b0.th.part").write_bytes(b"half")
    assert RecoverableCheckpointer(tmp_path).load_checkpoint() is None
    assert not list(tmp_path.iterdir())


def test_half_of_a_checkpoint_that_was_being_removed(tmp_path):
    for point in ("e1_b0", "e2_b0", "e3_b0"):
        for kind in ("model", "training"):
            path = tmp_path / f"{kind}_state_{point}.th"
            torch.save({"best_model_filename": None, "metric_tracker": {"best_epoch": 0}}, path)
    (tmp_path / "model_state_e1_b0.th").unlink()
    RecoverableCheckpointer(tmp_path)._leave_out_broken()
    assert not (tmp_path / "training_state_e1_b0.th").exists()
    assert len(list(tmp_path.iterdir())) == 4


def test_interrupted_after_the_last_epoch(whole, recover, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    before = json.loads((folder / "metrics.json").read_text())
    for name in ("metrics.json", "model.tar.gz"):
        (folder / name).unlink()
    recover(folder)
    assert json.loads((folder / "metrics.json").read_text()).keys() == before.keys()
    assert results(folder) == results(whole)


def test_interrupted_when_its_patience_had_ended(train, recover, tmp_path):
    # No epoch is better than the first.
    overrides = {**OVERRIDES, "trainer.patience": 1, "trainer.optimizer.lr": 0.0}
    folder = train(CONFIG, tmp_path / "model", overrides).parent
    before = results(folder)
    assert len(list(folder.glob("metrics_epoch_*.json"))) == 2 < EPOCHS
    for name in ("metrics.json", "model.tar.gz"):
        (folder / name).unlink()
    recover(folder, overrides)
    assert len(list(folder.glob("metrics_epoch_*.json"))) == 2
    assert results(folder) == before


def states(folder: Path, value: Any) -> None:
    torch.save({}, folder / "model_state_e1_b0.th")
    state = {"lr": value, "best_model_filename": None, "metric_tracker": {}}
    torch.save(state, folder / "training_state_e1_b0.th")


def test_numbers_of_numpy_are_loaded(tmp_path):
    states(tmp_path, numpy.float64(0.125))
    before = set(torch.serialization.get_safe_globals())
    state = RecoverableCheckpointer(tmp_path).load_checkpoint()
    assert state is not None and state.trainer_state["lr"] == 0.125
    assert set(torch.serialization.get_safe_globals()) == before
    with pytest.raises(Exception, match="[Ww]eights.only"):
        Checkpointer(tmp_path).load_checkpoint()  # else ours need not do it


def test_other_objects_are_refused_not_taken_for_damage(tmp_path):
    states(tmp_path, Path("x"))
    with pytest.raises(Exception, match="[Ww]eights.only"):
        RecoverableCheckpointer(tmp_path).load_checkpoint()


def test_settings_of_allennlps_own(tmp_path):
    from allennlp.common import Params

    made = Checkpointer.from_params(
        Params({"keep_most_recent_by_count": 1}), serialization_dir=str(tmp_path)
    )
    assert isinstance(made, RecoverableCheckpointer)
    assert made._keep_most_recent_by_count == 1


def test_interrupted_by_the_user(start, tmp_path):
    overrides = json.dumps({**OVERRIDES, "trainer.num_epochs": 900})
    process, log = start("train", CONFIG, "-s", tmp_path / "model", "-o", overrides)
    end = time.monotonic() + 180
    while not (tmp_path / "model" / "metrics_epoch_1.json").exists():
        assert process.is_alive() and time.monotonic() < end
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    process.join(30)
    assert process.exitcode == 130
    lines = log.read_text().splitlines()
    assert not [line for line in lines if "Traceback" in line]
    assert lines[-1].startswith("interrupted: the same command with --recover goes on")
