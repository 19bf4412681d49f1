"""What is seen of tagging while it goes on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional, Union

from bilstm_tagger.tagging.files.block_reader import Input
from bilstm_tagger.tagging.files.item_input import ItemInput


class TaggingProgress:
    """Lines on standard error, and a bar, if there is one: how much of the input was read,
    sentences, and sentences a second. The bar is a `rich.progress.Progress`."""

    def __init__(self, source: Union[Input, ItemInput], bar: Optional[Any] = None) -> None:
        self._source = source
        self._bar = bar
        self._task = bar and bar.add_task("tagging", total=source.size, done="")

    def say(self, text: str) -> None:
        """Writes a line."""
        if self._bar is None:
            print(text, file=sys.stderr, flush=True)
        else:
            self._bar.console.print(text, markup=False, soft_wrap=True)

    def show(self, sentences: int, seconds: float) -> None:
        """Brings the bar up to date."""
        if self._bar is not None:
            done = f"{sentences:,} sentences, {rate(sentences, seconds)}"
            self._bar.update(self._task, completed=self._source.position, done=done)


@contextmanager
def tagging_progress(source: Union[Input, ItemInput], shown: bool) -> Iterator[TaggingProgress]:
    """With a bar, if it is to be shown, which is for terminals."""
    if not shown:
        yield TaggingProgress(source)
        return
    # Takes longer to import than a sentence takes to be tagged.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    # A line number would be an emoji, `:100:` for one.
    console = Console(stderr=True, highlight=False, emoji=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield TaggingProgress(source, bar)


def rate(sentences: int, seconds: float) -> str:
    return f"{sentences / max(seconds, 1e-9):,.0f} sentences/s"
