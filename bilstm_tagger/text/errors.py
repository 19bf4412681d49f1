"""The errors of a user's mistake: in data, in settings, or in an input."""

import os
from typing import Optional, Union

PathLike = Union[str, "os.PathLike[str]"]


class UserError(ValueError):
    """A mistake that a user can fix. The message says what is wrong, where, and how to fix it.

    # Parameters

    problem : `str`
        What is wrong, and the fix.
    path : `PathLike`, optional
        The file that it is in.
    line : `int`, optional
        The line of the file, from 1.
    """

    def __init__(
        self, problem: str, path: Optional[PathLike] = None, line: Optional[int] = None
    ) -> None:
        super().__init__(problem, path, line)
        self.problem = problem
        self.path = None if path is None else os.fspath(path)
        self.line = line

    def __str__(self) -> str:
        place = "" if self.path is None else f"{self.path}: "
        if self.line is not None:
            place = f"{self.path}:{self.line}: "
        return place + self.problem


class DataFormatError(UserError):
    """A data file does not hold what its declaration says.

    # Parameters

    path : `PathLike`
        The file.
    line : `int`, optional
        The line, from 1; `None` for the file as a whole.
    problem : `str`
        What was expected, what was found, and the setting to fix.
    """

    def __init__(self, path: PathLike, line: Optional[int], problem: str) -> None:
        super().__init__(problem, path, line)
        self.args = path, line, problem  # what pickle calls the constructor with
