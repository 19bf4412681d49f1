"""How much is measured, and on what."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from benchmarks.corpus import read_rows, write_rows
from benchmarks.settings import Settings


@dataclass(frozen=True)
class Plan:
    """The scope of a run.

    # Parameters

    data : `Path`
        The folder that holds `conll2000/` and `glove/`.
    directory : `Path`
        Where the benchmark writes its files.
    short : `bool`
        Parts of everything, for a quick look.
    wanted_repetitions : `int`, optional
        Instead of those that each figure has.
    before : `Path`, optional
        A checkout of an earlier version of this package.
    """

    data: Path
    directory: Path
    short: bool = False
    wanted_repetitions: Optional[int] = None
    before: Optional[Path] = None

    def repetitions(self, full: int, short: int) -> int:
        """How often a figure is measured."""
        return self.wanted_repetitions or (short if self.short else full)

    def choose(self, full: int, short: int) -> int:
        """A size."""
        return short if self.short else full

    def require_data(self) -> None:
        """Ends the program with one line where a corpus or the vectors are missing."""
        for path in (self.vectors, *(self.corpus(part) for part in ("train", "test"))):
            if not path.is_file():
                raise SystemExit(f"error: there is no {path}: 'make data', or DATA=FOLDER")

    @property
    def vectors(self) -> Path:
        """Pre-trained vectors of 100 dimensions."""
        return self.data / "glove" / "glove.6B.100d.trimmed.txt.gz"

    def corpus(self, part: str) -> Path:
        """A file of CoNLL-2000."""
        return self.data / "conll2000" / f"{part}.txt"

    def part(self, name: str, sentences: Optional[int]) -> Path:
        """The first sentences of a file of the corpus, or all."""
        if sentences is None:
            return self.corpus(name)
        path = self.directory / f"{name}-{sentences}.txt"
        return write_rows(path, read_rows(self.corpus(name))[:sentences])

    def settings(self) -> Settings:
        """Training on the corpus; a quarter of it in a short run."""
        train = self.part("train", 2000 if self.short else None)
        return Settings(str(train), str(self.corpus("test")), str(self.vectors))


def progress(message: str) -> None:
    """Says on stderr what is being done."""
    print(message, file=sys.stderr, flush=True)
