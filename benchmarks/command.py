"""`allennlp` for the benchmark: `python -m benchmarks.command SIDE ARGUMENTS`.

The command as users run it, with what each side's users have installed: allennlp imports
allennlp-models wherever it is there, which is no fault of ours. `--stop-at-first-batch` ends a
training behind its first batch.
"""

import os
import sys
from typing import Any

from benchmarks.settings import OURS, PACKAGES

_STOP = "--stop-at-first-batch"


def _stop_at_first_batch() -> None:
    """Ends the process as soon as the trainer has its first batch through."""
    from allennlp.training import GradientDescentTrainer

    def stop(*_: Any, **__: Any) -> None:
        sys.stderr.flush()
        os._exit(0)

    # The next thing that the trainer does with a batch is to step the optimiser.
    GradientDescentTrainer.rescale_gradients = stop


def main() -> None:
    side, *arguments = sys.argv[1:]
    if side == OURS:
        from allennlp.common import plugins

        plugins.DEFAULT_PLUGINS = ()
    if _STOP in arguments:
        arguments.remove(_STOP)
        _stop_at_first_batch()
    from allennlp.commands import main as allennlp

    sys.argv = ["allennlp", *arguments, "--include-package", PACKAGES[side]]
    allennlp(prog="allennlp")


if __name__ == "__main__":
    main()
