"""The types of options of several commands."""

import argparse


def positive_integer(text: str) -> int:
    """The whole number from 1 that a text is; another text is a mistake in the option."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found '{text}'")
    return int(text)
