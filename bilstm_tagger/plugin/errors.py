"""Which errors of AllenNLP's commands are the mistakes of a user, and what to say of them."""

import functools
import re
import traceback
from collections.abc import Callable
from typing import Any, Optional

from allennlp.common.checks import ConfigurationError
from allennlp.data.data_loaders.multiprocess_data_loader import WorkerError
from torch.multiprocessing import ProcessRaisedException

from bilstm_tagger.tagging.commands.errors import one_line_errors, users_mistake

# What turns a config into objects.
_OF_CONFIG = {f"allennlp.common.{name}" for name in ("from_params", "lazy", "params")}
# The last line of a traceback, which is all that is left of an error of another process.
_IN_TRACEBACK = re.compile(
    r"^ *[\w.]+\.(?:UserError|DataFormatError|ConfigurationError): (.+)$", re.MULTILINE
)


def config_mistake(error: Exception) -> Optional[str]:
    """What a user can fix of a config, and of what it names, in one line; `None` for other errors.

    Those are `ConfigurationError`, what `users_mistake` knows, what AllenNLP raises itself where it
    makes objects of a config, and a `ValueError` of a constructor that gets its settings from it.
    """
    if isinstance(error, (ProcessRaisedException, WorkerError)):
        lines = _IN_TRACEBACK.findall(str(error))
        text = lines[-1] if lines else None
    elif isinstance(error, ConfigurationError):
        text = str(error)
    else:
        text = users_mistake(error) or _of_construction(error)
        if text and isinstance(error, OSError) and error.errno is None:
            # It is not about a file: transformers raises it for a model that is not there.
            text = _key_of(error) + text
    return text and " ".join(text.split())


def _key_of(error: Exception) -> str:
    """The key of the config whose object could not be made; only its end, behind "...", of what is
    made later than the rest (`Lazy`)."""
    keys: list[str] = []
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__") not in _OF_CONFIG:
            continue
        if frame.f_code.co_name == "from_params":
            keys.append("")
        elif frame.f_code.co_name == "construct_arg" and keys:
            keys[-1] = frame.f_locals["argument_name"]
        elif frame.f_code.co_name == "construct":
            keys = [".."]
    return f"{'.'.join(filter(None, keys))}: " if any(keys) else ""


def _of_construction(error: Exception) -> Optional[str]:
    component, below = "", []
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__") not in _OF_CONFIG:
            below.append(frame.f_code.co_name)
            continue
        below.clear()
        if frame.f_code.co_name == "from_params":
            component = f"{frame.f_locals['cls'].__name__}: "
    by_allennlp = isinstance(error, (TypeError, ValueError, RuntimeError)) and not below
    by_constructor = isinstance(error, ValueError) and component and set(below) == {"__init__"}
    return f"{component}{error}" if by_allennlp or by_constructor else None


def in_one_line(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a command, which ends the process with one line and status 1 at a mistake of
    the user."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with one_line_errors(mistake=config_mistake):
            return function(*args, **kwargs)

    return wrapper
