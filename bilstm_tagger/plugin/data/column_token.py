"""A token that knows its other columns."""

from typing import Optional

from allennlp.data.tokenizers import Token


class ColumnToken(Token):
    """A `Token` with the values of the feature columns, by their names."""

    __slots__ = ["columns"]

    columns: dict[str, str]

    def __init__(self, text: str, columns: Optional[dict[str, str]] = None) -> None:
        super().__init__(text)
        self.columns = columns or {}
