"""The tables that the subcommands print."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

# Of a table that goes to a file, where no terminal has a width.
_WIDTH = 160
_ANY_WIDTH = 100_000


def print_whole(table: "Table") -> None:
    """Prints a table with all that is in it: columns that do not wrap make its lines longer than
    those of the terminal, if need be, as numbers without ends, or names of one letter a line, tell
    nothing.
    """
    from rich.console import Console
    from rich.measure import Measurement

    console = Console()
    width = console.width if console.is_terminal else _WIDTH
    if all(column.no_wrap for column in table.columns):
        options = console.options.update(max_width=_ANY_WIDTH)
        width = max(width, Measurement.get(console, options, table).maximum)
    Console(width=width).print(table)


def print_table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    names: int,
    prose: bool = False,
) -> None:
    """Prints a table.

    # Parameters

    title : `str`
        May be empty.
    header : `Sequence[str]`, rows : `Sequence[Sequence[str]]`
        Cells at the end of a row may be left out.
    names : `int`
        So many columns at the left hold names, the others numbers.
    prose : `bool`, optional (default=`False`)
        Whether the last column holds text that may be broken into lines.
    """
    from rich.table import Table
    from rich.text import Text

    # Names may have brackets, which rich would take for its own.
    table = Table(title=Text(title) if title else None, title_justify="left")
    for index, name in enumerate(header):
        table.add_column(
            Text(name),
            justify="left" if index < names else "right",
            overflow="fold",
            no_wrap=not (prose and index == len(header) - 1),
        )
    for row in rows:
        table.add_row(*map(Text, row))
    print_whole(table)
