"""Checkpoints from which a training can always go on."""

import logging
import os
import re
from pathlib import Path
from typing import Any, Optional, Union

import numpy
import torch
from allennlp.common.file_utils import hardlink_or_copy
from allennlp.training import Checkpointer
from allennlp.training.trainer import TrainerCheckpoint

from bilstm_tagger.plugin.training.moving_average import averaged
from bilstm_tagger.plugin.training.whole_files import are_whole, commit, part_of, write_part

logger = logging.getLogger(__name__)

BEST = "best.th"
# Epochs completed, and batches completed of the next.
Point = tuple[int, int]

_STATE = re.compile(r"(model|training)_state_e(\d+)_b(\d+)\.th")
# Learning rate schedulers such as "cosine" put numpy numbers into the state of the optimiser, which
# torch >= 2.6 refuses to load unless they are declared harmless.
_NUMBERS = [
    numpy._core.multiarray.scalar,  # type: ignore[attr-defined]
    numpy.dtype,
    numpy.dtypes.Float64DType,
]


@Checkpointer.register("recoverable")
class RecoverableCheckpointer(Checkpointer):
    """AllenNLP's "default", which it replaces in the commands (`compat.apply`), with the same
    parameters, for trainings that are interrupted at any moment. It writes a checkpoint under other
    names, and gives the files their own names when they are whole. `--recover` goes on from the
    last checkpoint that is whole, and says so where later ones are not.

    Registered as a `Checkpointer` with name "recoverable".
    """

    def __init__(self, serialization_dir: Union[str, os.PathLike], **settings: Any) -> None:
        super().__init__(serialization_dir, **settings)
        self._broken: set[Point] = set()

    def save_checkpoint(self, trainer: Any) -> None:
        if self._serialization_dir is not None and (self._is_primary or self.state_is_sharded):
            self._write(trainer)
        # Finds the files there; removes those of earlier checkpoints.
        super().save_checkpoint(trainer)

    def _write(self, trainer: Any) -> None:
        """Everything that needs space first; then the names. The state of the model is the last: a
        checkpoint without it is none.
        """
        best = None if self.state_is_sharded else self._best_of(trainer)
        state = trainer.get_checkpoint_state()
        point = (
            state.trainer_state["epochs_completed"],
            state.trainer_state["batches_in_epoch_completed"],
        )
        model = Path(self._model_state_path(*point))
        training = Path(self._training_state_path(*point))
        # The best before the checkpoint that says which epoch it is: AllenNLP writes it after.
        paths = [path for path in (best, training, model) if path is not None]
        try:
            write_part(state.model_state, model)
            write_part(state.trainer_state, training)
            if best is not None and trainer._moving_average is None:
                part_of(best).unlink(missing_ok=True)
                hardlink_or_copy(str(part_of(model)), str(part_of(best)))
            elif best is not None:
                with averaged(trainer):
                    write_part(trainer.model.state_dict(), best)
        except OSError:
            for path in paths:
                part_of(path).unlink(missing_ok=True)
            raise
        for path in paths:
            commit(path)
        self._broken.discard(point)

    def _best_of(self, trainer: Any) -> Optional[Path]:
        """The file of the best epoch, where that is the one that has just ended."""
        if (
            trainer._batches_in_epoch_completed != 0
            or not trainer._should_validate_this_epoch
            or not trainer._metric_tracker.is_best_so_far()
        ):
            return None
        trainer._best_model_filename = os.path.join(self._serialization_dir, BEST)
        return Path(trainer._best_model_filename)

    def load_checkpoint(self) -> Optional[TrainerCheckpoint]:
        if not self.state_is_sharded:
            self._leave_out_broken()
        with torch.serialization.safe_globals(_NUMBERS):
            state = super().load_checkpoint()
        if state is not None and self._is_primary and not self.state_is_sharded:
            self._restore_best(state.trainer_state)
        return state

    def _leave_out_broken(self) -> None:
        folder = Path(self._serialization_dir)
        points = checkpoints_in(folder)
        whole = next((point for point in points if are_whole(state_files(folder, point))), None)
        self._broken = set(points[: len(points) if whole is None else points.index(whole)])
        for point in sorted(self._broken):
            logger.warning(
                "The checkpoint of %s in %s is not whole. The training goes on from %s.",
                _name(point),
                folder,
                "the beginning: no other is whole" if whole is None else f"that of {_name(whole)}",
            )
        if self._is_primary:
            # Of a checkpoint that was being removed, one file may be left.
            for point in points:
                paths = state_files(folder, point)
                if point in self._broken or not all(path.exists() for path in paths):
                    for path in paths:
                        path.unlink(missing_ok=True)
            for path in folder.glob("*.th.part"):
                path.unlink(missing_ok=True)

    def _find_all_checkpoints(self) -> set[Point]:
        # The other processes of a distributed training may look before the first has removed them.
        return super()._find_all_checkpoints() - self._broken

    def _restore_best(self, trainer_state: dict[str, Any]) -> None:
        """AllenNLP removes the file of the best epoch before it writes the new one."""
        best = Path(self._serialization_dir, BEST)
        tracker = trainer_state["metric_tracker"]
        if (
            trainer_state["best_model_filename"] is not None
            and not best.exists()
            and tracker["best_epoch"] == tracker["epoch_number"] - 1
            and "moving_average" not in trainer_state
        ):
            latest = self.find_latest_checkpoint()
            assert latest is not None
            hardlink_or_copy(latest[0], str(best))


def checkpoints_in(folder: Path) -> list[Point]:
    """The points at which there are checkpoints, whole or not; the last first."""
    matches = (_STATE.fullmatch(path.name) for path in folder.glob("*_state_e*_b*.th"))
    return sorted({(int(match[2]), int(match[3])) for match in matches if match}, reverse=True)


def state_files(folder: Path, point: Point) -> tuple[Path, Path]:
    """The files of the model and of the training of a checkpoint."""
    name = "state_e{}_b{}.th".format(*point)
    return folder / f"model_{name}", folder / f"training_{name}"


def has_whole_checkpoint(folder: Path) -> bool:
    """Whether a training can go on from what there is in its folder."""
    return any(are_whole(state_files(folder, point)) for point in checkpoints_in(folder))


def _name(point: Point) -> str:
    epochs, batches = point
    return f"epoch {epochs}" if batches == 0 else f"epoch {epochs + 1}, batch {batches}"
