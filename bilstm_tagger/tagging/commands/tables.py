"""The tables that the subcommands print."""

from collections.abc import Sequence

from bilstm_tagger.text.character_spans import CONTROL, UNPRINTABLE

# Of a table that goes to a file, where no terminal has a width.
_WIDTH = 160
_ANY_WIDTH = 100_000


def escaped(text: str) -> str:
    """Text of a corpus for a cell of one line: control characters and unpaired surrogates as Python
    writes them, such as "\\n"."""
    return UNPRINTABLE.sub(lambda match: ascii(match[0])[1:-1], text)


def print_table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    names: int,
    prose: bool = False,
) -> None:
    """Prints a table with all that is in it: where no column may be broken into lines, its lines
    may get longer than those of the terminal, as half a number or name tells nothing.

    # Parameters

    title : `str`
        A line above the table, which may be wider than the table. Empty for none.
    rows : `Sequence[Sequence[str]]`
        Cells at the end of a row may be left out.
    names : `int`
        The number of columns at the left that hold names; the others hold numbers.
    prose : `bool`, optional (default=`False`)
        Whether the last column holds text that may be broken into lines.
    """
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    def text(cell: str) -> Text:
        # Names may have brackets, which rich would take for its own, and those of a model from
        # anywhere could steer a terminal.
        return Text("\n".join(CONTROL.sub("?", line) for line in cell.split("\n")))

    table = Table()
    for index, name in enumerate(header):
        table.add_column(
            text(name),
            justify="left" if index < names else "right",
            overflow="fold",
            no_wrap=not (prose and index == len(header) - 1),
        )
    for row in rows:
        table.add_row(*map(text, row))
    console = Console()
    width = console.width if console.is_terminal else _WIDTH
    if not prose:
        options = console.options.update(max_width=_ANY_WIDTH)
        width = max(width, Measurement.get(console, options, table).maximum)
    console = Console(width=width)
    if title:
        # A title of the table itself would be broken into lines of the table's width.
        console.print(text(title), style="table.title", soft_wrap=True)
    console.print(table)
