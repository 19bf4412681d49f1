"""Recovery of an interrupted training with the same random numbers."""

from typing import Any

import torch
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

    def on_start(self, trainer: Any, is_primary: bool = True, **kwargs: Any) -> None:
        super().on_start(trainer, is_primary, **kwargs)
        # For those who train from Python, by AllenNLP's own trainer.
        tell_purposes(trainer.data_loader, trainer._validation_data_loader)

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = {"torch": torch.get_rng_state()}
        if torch.cuda.is_available():
            state["cuda"] = torch.cuda.get_rng_state_all()
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        torch.set_rng_state(state_dict["torch"])
        if "cuda" in state_dict and len(state_dict["cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(state_dict["cuda"])
