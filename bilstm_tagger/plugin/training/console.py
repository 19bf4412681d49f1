"""What a training shows on the console. AllenNLP's log is whole in the folder of the training."""

import functools
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from allennlp.common.tqdm import Tqdm, TqdmToLogsWriter
from allennlp.training import util

# What is for the console is logged here.
console = logging.getLogger("bilstm_tagger.console")


class _ConsoleFormatter(logging.Formatter):
    """The message; before it, the level of warnings and errors."""

    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.name == console.name else f"{record.levelname.lower()}: "
        return level + super().format(record)


def _is_shown(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name == console.name


def quieten() -> None:
    """Leaves of the log, on the console, warnings and what is for the console, unless the user has
    chosen the level of the log by a variable of AllenNLP."""
    if os.environ.get("ALLENNLP_DEBUG") or os.environ.get("ALLENNLP_LOG_LEVEL"):
        return
    for handler in logging.getLogger().handlers:
        if getattr(handler, "stream", None) in (sys.stdout, sys.stderr):
            handler.addFilter(_is_shown)
            handler.setFormatter(_ConsoleFormatter())


def quietened(prepare_logging: Callable[..., None]) -> Callable[..., None]:
    """AllenNLP's `prepare_global_logging`, and `quieten` after it."""

    @functools.wraps(prepare_logging)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        prepare_logging(*args, **kwargs)
        quieten()

    return wrapper


def fit_bars() -> None:
    """Makes progress bars as wide as the terminal. tqdm cannot tell its width from AllenNLP's
    stream: a bar that is longer than a line leaves a line at each update."""
    if not hasattr(TqdmToLogsWriter, "fileno"):
        TqdmToLogsWriter.fileno = lambda self: sys.stderr.fileno()
        Tqdm.tqdm = staticmethod(functools.partial(Tqdm.tqdm, dynamic_ncols=True))


@contextmanager
def described(title: str, names: Iterable[str]) -> Iterator[None]:
    """Progress bars have a title, the loss and these metrics before them. AllenNLP's have all."""

    def describe(metrics: Mapping[str, float]) -> str:
        shown = ["loss", *(name for name in names if name != "loss" and name in metrics)]
        return f"{title}: " + scores_of(metrics, shown)

    before, util.description_from_metrics = util.description_from_metrics, describe
    try:
        yield
    finally:
        util.description_from_metrics = before


def scores_of(metrics: Mapping[str, float], names: Iterable[str], prefix: str = "") -> str:
    """Metrics by name, for people."""
    return ", ".join(f"{name} {metrics[prefix + name]:.4f}" for name in names)
