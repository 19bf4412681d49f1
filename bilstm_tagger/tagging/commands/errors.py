"""How the commands tell of what a user can fix, and of interruptions."""

import contextlib
import errno
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Optional, Union

from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.files import write_whole

# The status of a process whose reader has gone, as a shell gives it.
_CLOSED_PIPE = 141


class Terminated(BaseException):
    """The system asks the process to end."""


def users_mistake(error: Exception) -> Optional[str]:
    """What a user can fix of input, config and files; `None` for any other error."""
    return str(error) if isinstance(error, (UserError, OSError)) else None


@contextmanager
def one_line_errors(
    more: Callable[[], str] = str,
    mistake: Callable[[Exception], Optional[str]] = users_mistake,
) -> Iterator[None]:
    """Turns the mistakes of a user into a line on stderr, with more behind it, and exit status 1.
    Other errors pass. `mistake` says of an error what the user can fix, and `None` for others. A
    reader of the output that has gone, as `head` does, is no mistake."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        leave_closed_pipe()
    except Exception as error:
        if (text := mistake(error)) is None:
            raise
        print(f"error: {text}{more()}", file=sys.stderr)
        sys.exit(1)


def leave_closed_pipe() -> NoReturn:
    """Ends the process without a word, as nobody reads on."""
    # Python would complain when it empties its buffers at the end.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        with contextlib.suppress(OSError):
            os.dup2(nowhere, stream)
    sys.exit(_CLOSED_PIPE)


@contextmanager
def interruptible(say: Callable[[str], None]) -> Iterator[None]:
    """Where the user, or the system, interrupts: says "interrupted" or "terminated", and ends the
    process with status 130 or 143, as a shell would."""

    process = os.getpid()

    def terminate(number: int, frame: Any) -> None:
        if os.getpid() != process:
            os._exit(128 + number)  # A worker that was forked has inherited this.
        raise Terminated

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, terminate) if main else None
    try:
        yield
    except (KeyboardInterrupt, Terminated) as interrupt:
        by_key = isinstance(interrupt, KeyboardInterrupt)
        say("interrupted" if by_key else "terminated")
        sys.exit(128 + (signal.SIGINT if by_key else signal.SIGTERM))
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def quiet_logging(level: int) -> Iterator[None]:
    """Without messages of this level, and of those below."""
    before = logging.root.manager.disable
    logging.disable(level)
    try:
        yield
    finally:
        logging.disable(before)


def check_writable(*paths: Optional[str]) -> None:
    """Before the work: makes the folders of files that are to be written, if they are named. A
    `UserError` where that cannot be."""
    for path in filter(None, paths):
        with _writing(path):
            if Path(path).is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            Path(path).parent.mkdir(parents=True, exist_ok=True)


def write_file(path: str, content: Union[str, bytes]) -> None:
    """Writes a file that the user named, and that `check_writable` has seen. A `UserError` where
    that cannot be."""
    with _writing(path):
        write_whole(path, content.encode() if isinstance(content, str) else content)


@contextmanager
def _writing(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
