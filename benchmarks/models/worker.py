"""A process that holds one side: `python -m benchmarks.models.worker SIDE MODEL`, of which spaCy's
sides need no model; the protocol is that of `benchmarks.worker`."""

import sys
from collections.abc import Sequence

from benchmarks.models.sides import Ours, Side, Spacy, TaskTags, Tokens
from benchmarks.samples import Sample, timed
from benchmarks.worker import main

OURS = "ours"
SPACY = "spacy"
# spaCy's pipeline with nothing left out, for the scores alone.
WHOLE = "spacy_whole"


class Commands:
    """What the worker can do; each method is a command."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def predict(self, sentences: Sequence[Tokens]) -> list[TaskTags]:
        """The tags of sentences."""
        return self._side.predict(sentences)

    def measure(self, way: str, inputs: Sequence[Tokens] | Sequence[str]) -> Sample:
        """What a way to tag takes: `tag_tokens`, `tag_texts` or `tag_one_by_one`."""
        return timed(lambda: getattr(self._side, way)(inputs))


def make_side(name: str, model: str) -> Side:
    """Loads a side."""
    if name == OURS:
        return Ours(model)
    return Spacy(left_out=()) if name == WHOLE else Spacy()


if __name__ == "__main__":
    main(lambda: Commands(make_side(*sys.argv[1:])))
