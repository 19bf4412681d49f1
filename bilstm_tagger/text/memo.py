"""What is kept of tokens: a corpus has few distinct ones, but a stream has ever more."""

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
