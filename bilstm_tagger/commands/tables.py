"""The tables that the subcommands print."""

from collections.abc import Sequence

# Of a table that goes to a file, where no terminal has a width.
_WIDTH = 160


def print_table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], names: int
) -> None:
    """Prints a table.

    # Parameters

    title : `str`
        May be empty.
    header : `Sequence[str]`, rows : `Sequence[Sequence[str]]`
        Cells at the end of a row may be left out.
    names : `int`
        So many columns at the left hold names, the others numbers.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    # Names may have brackets, which rich would take for its own.
    table = Table(title=Text(title) if title else None, title_justify="left")
    for index, name in enumerate(header):
        table.add_column(Text(name), justify="left" if index < names else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
