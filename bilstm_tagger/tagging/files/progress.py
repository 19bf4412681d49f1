"""What is seen of tagging while it goes on."""

from types import TracebackType
from typing import Optional

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bilstm_tagger.tagging.files.block_reader import Input


class TaggingProgress:
    """A bar on a terminal: how much of the input was read, sentences, and sentences a second.

    Use as a context.

    # Parameters

    console : `Console`
    given : `Input`
    shown : `bool`
        Whether there is a bar at all.
    """

    def __init__(self, console: Console, given: Input, shown: bool) -> None:
        self._given = given
        self._shown = shown
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[done]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("tagging", total=given.size, done="")

    def __enter__(self) -> "TaggingProgress":
        if self._shown:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._shown:
            self._bar.stop()

    def show(self, sentences: int, seconds: float) -> None:
        """Brings the bar up to date."""
        done = f"{sentences:,} sentences, {rate(sentences, seconds)}"
        self._bar.update(self._task, completed=self._given.position, done=done)


def rate(sentences: int, seconds: float) -> str:
    return f"{sentences / max(seconds, 1e-9):,.0f} sentences/s"
