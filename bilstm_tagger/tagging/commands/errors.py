"""How the subcommands report what a user can fix."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from allennlp.common.util import SigTermReceived

from bilstm_tagger.tagging.archives.limits import UnsafeArchive
from bilstm_tagger.tagging.files.processes import WorkerLost
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.files import write_text

_OF_USERS = (UserError, OSError, UnsafeArchive, WorkerLost)


@contextmanager
def one_line_errors(more: Callable[[], str] = str) -> Iterator[None]:
    """Turns errors of input, config and files into a line on stderr, and exit status 1.

    # Parameters

    more : `Callable[[], str]`, optional
        What is to be said behind it.
    """
    try:
        yield
    except _OF_USERS as error:
        print(f"error: {error}{more()}", file=sys.stderr)
        sys.exit(1)


@contextmanager
def interruptible(say: Callable[[], None]) -> Iterator[None]:
    """Where the user, or the system, interrupts: says something, and ends the process with status
    130 or 143, as a shell would.
    """
    try:
        yield
    except (KeyboardInterrupt, SigTermReceived) as interrupt:
        say()
        by = signal.SIGTERM if isinstance(interrupt, SigTermReceived) else signal.SIGINT
        sys.exit(128 + by)


def write_file(path: str, text: str) -> None:
    """Writes a file that the user named. A `UserError` where that fails."""
    try:
        if Path(path).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
