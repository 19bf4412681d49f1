"""Recovery of an interrupted training with the same random numbers."""

from typing import Any

import torch.distributed
from allennlp.common.util import is_distributed
from allennlp.training import TrainerCallback

from bilstm_tagger.plugin.data.samplers import tell_purposes


@TrainerCallback.register("random_state")
class RandomStateCallback(TrainerCallback):
    """Keeps the state of torch's random numbers in the checkpoints, so that a training that is
    interrupted and goes on with `--recover` ends as it would have ended without the interruption.

    AllenNLP starts from the seed again, and repeats the batches up to the checkpoint without the
    network: the order of the data comes out right, but the dropout masks do not.

    Registered as a `TrainerCallback` with name "random_state".
    """

    def __init__(self, serialization_dir: str) -> None:
        super().__init__(serialization_dir)
        self._of_processes: list[Any] = []

    def on_start(self, trainer: Any, is_primary: bool = True, **kwargs: Any) -> None:
        super().on_start(trainer, is_primary, **kwargs)
        # For those who train from Python, by AllenNLP's own trainer.
        tell_purposes(trainer.data_loader, trainer._validation_data_loader)

    def on_batch(self, *args: Any, **kwargs: Any) -> None:
        self._of_processes = []

    def on_epoch(self, *args: Any, **kwargs: Any) -> None:
        if is_distributed():
            # Here all processes meet; the first alone makes the checkpoint.
            self._of_processes = [None] * torch.distributed.get_world_size()
            torch.distributed.all_gather_object(self._of_processes, _state())

    def state_dict(self) -> dict[str, Any]:
        state = _state()
        return {**state, "processes": self._of_processes} if self._of_processes else state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        processes = state_dict.get("processes", ())
        if is_distributed() and len(processes) == torch.distributed.get_world_size():
            state_dict = processes[torch.distributed.get_rank()]
        torch.set_rng_state(state_dict["torch"])
        if "cuda" in state_dict and len(state_dict["cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(state_dict["cuda"])


def _state() -> dict[str, Any]:
    """The state of the random numbers of this process."""
    state: dict[str, Any] = {"torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state
