"""A process that builds one side and then measures what it is told to.

`python -m benchmarks.worker`: commands come in on stdin, one JSON object a line, `command` and its
arguments; for each, one JSON object goes out on stdout: `result`, or `error`. Whatever else is
printed goes to stderr.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Optional, TextIO

from benchmarks.samples import Sample
from benchmarks.settings import Settings


class Commands:
    """What a worker can do; each method is a command, its result is sent."""

    def __init__(self) -> None:
        self._tagger: Any = None
        self._loops: dict[str, Any] = {}
        self._kernels: Any = None

    def build(self, side: str, settings: dict[str, Any], directory: str) -> dict[str, Any]:
        """Builds a side as `allennlp train` does."""
        from benchmarks.tagger import Tagger

        self._loops.clear()
        self._tagger = Tagger(side, Settings(**settings), directory)
        return {"sentences": self._tagger.sentences}

    def train_epoch(self) -> Sample:
        """One epoch of training."""
        sample: Sample = self._tagger.train_epoch()
        return sample

    def decode(self, path: str, labelled: bool = False, in_file_order: bool = False) -> Sample:
        """Tags a file, without its labels or with them."""
        sample: Sample = self._tagger.decode(path, labelled, in_file_order)
        return sample

    def archive(self) -> str:
        """Stores the model; the path of the archive."""
        path: str = self._tagger.archive()
        return path

    def floor(self, kind: str, what: str, path: str) -> Sample:
        """The `plain` loop or the `products`, what: `train` or `decode`."""
        from benchmarks.floors import MatrixProducts, PlainLoop

        if kind not in self._loops:
            made = {"plain": PlainLoop, "products": MatrixProducts}[kind]
            self._loops[kind] = made(self._tagger, path)
        sample: Sample = getattr(self._loops[kind], what)()
        return sample

    def kernel(self, name: str, side: str, calls: int, length: int, tags: int) -> Sample:
        """One part of the network."""
        from benchmarks.kernels import Kernels

        self._kernels = self._kernels or Kernels()
        sample: Sample = self._kernels.measure(name, side, calls, length, tags)
        return sample

    def read_vectors(self, side: str, path: str, dimension: int, words: list[str]) -> Sample:
        """Reads a file of word vectors into the module that holds them."""
        from benchmarks.reading import read_vectors

        return read_vectors(side, path, dimension, words)


def serve(commands: TextIO, results: TextIO, worker: Any) -> None:
    """Obeys until there are no more lines; the commands are the methods of the worker."""
    for line in commands:
        answer: dict[str, Any]
        try:
            request = json.loads(line)
            function: Optional[Callable[..., Any]] = None
            name = request.pop("command")
            if not name.startswith("_"):
                function = getattr(worker, name, None)
            if function is None:
                raise ValueError(f"there is no command {name!r}")
            result = function(**request)
            answer = {"result": asdict(result) if isinstance(result, Sample) else result}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        results.write(json.dumps(answer) + "\n")
        results.flush()


def main(make_worker: Callable[[], Any] = Commands) -> None:
    # Only answers go to stdout: what was stdout becomes stderr for everything else.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(sys.stdin, answers, make_worker())


if __name__ == "__main__":
    main()
