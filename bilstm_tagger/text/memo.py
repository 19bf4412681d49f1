"""What is kept of tokens: a corpus has few distinct ones, but a stream has ever more."""

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

MAX_ENTRIES = 100_000


def remember(memo: dict[Key, Value], key: Key, value: Value) -> Value:
    """Puts a value into a dictionary, which is emptied first when it is full; returns the value."""
    if len(memo) >= MAX_ENTRIES:
        memo.clear()
    memo[key] = value
    return value


class Memo(dict[Key, Value]):
    """What a function makes of a key, made when the key is first asked for.

    # Parameters

    make : `Callable[[Key], Value]`
    """

    def __init__(self, make: Callable[[Key], Value]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Key) -> Value:
        return remember(self, key, self._make(key))
