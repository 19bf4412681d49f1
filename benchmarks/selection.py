"""Simulates active learning: `python -m benchmarks.selection --data data conll2000 wnut17`.

From some random sentences of a corpus on, a model chooses the sentences that are labelled next, is
trained anew on all of them, and so on. Random choice is the baseline. Each training is a line of a
file; those that are there are not made again, so that the same command goes on after an
interruption.
"""

import argparse
import itertools
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bilstm_tagger.experiments.selection.candidates import Candidates
from bilstm_tagger.experiments.selection.choice import choose
from bilstm_tagger.tagging.uncertainty import MEASURES

if TYPE_CHECKING:
    from benchmarks.selection_training import Corpus

RANDOM = "random"
# What no two trainings have in common: corpus, strategy, diversity, repetition and size.
Key = tuple[str, str, float, int, int]


class Training(msgspec.Struct, frozen=True):
    """A training, and what came of it."""

    corpus: str
    strategy: str  # the name of a measure, or `RANDOM`
    diversity: float
    repetition: int  # from 1
    chosen: list[int]  # sentences of the training file, from 0, in the order of their choice
    tokens: int  # of the chosen sentences
    dev: float  # F1 in percent
    test: float
    seconds: float

    @property
    def key(self) -> Key:
        return self.corpus, self.strategy, self.diversity, self.repetition, len(self.chosen)

    @property
    def name(self) -> str:
        """The strategy, as on the command line."""
        return f"{self.strategy}:{self.diversity:g}" if self.diversity else self.strategy


def read_trainings(path: Path) -> list[Training]:
    """The trainings of a file; none where there is no file."""
    return list(map(msgspec.json.Decoder(Training).decode, _whole_lines(path).splitlines()))


def _whole_lines(path: Path) -> bytes:
    content = path.read_bytes() if path.is_file() else b""
    # The last line may be half a line, after an interruption.
    return content[: content.rfind(b"\n") + 1]


def simulate(
    corpora: Sequence[str],
    strategies: Sequence[tuple[str, float]],
    repetitions: int,
    sizes: Sequence[int],
    data: Path,
    path: Path,
) -> None:
    """Makes all trainings that are not in a file yet, and adds them to it."""
    # It imports torch and AllenNLP, which the report does not need.
    from benchmarks.selection_training import Corpus

    trainings = {training.key: training for training in read_trainings(path)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.truncate(len(_whole_lines(path)))
    read: dict[str, Corpus] = {}
    for repetition, name in itertools.product(range(1, repetitions + 1), corpora):
        for strategy, diversity in strategies:
            chosen: list[int] = []
            for size in sizes:
                # All strategies start with the same sentences.
                how = (RANDOM, 0.0) if size == sizes[0] else (strategy, diversity)
                key = (name, *how, repetition, size)
                if key not in trainings:
                    if name not in read:
                        read[name] = Corpus(name, data)
                    trainings[key] = _make(read[name], key, chosen)
                    with path.open("ab") as file:
                        file.write(msgspec.json.encode(trainings[key]) + b"\n")
                    print(_progress(trainings[key]), flush=True)
                chosen = trainings[key].chosen


def _progress(training: Training) -> str:
    corpus, _, _, repetition, size = training.key
    return (
        f"{corpus}, repetition {repetition}, {training.name}: {size} sentences, "
        f"{training.tokens:,} tokens, F1 {training.dev:.2f} dev, {training.test:.2f} test, "
        f"{training.seconds:.0f} s"
    )


def _make(corpus: "Corpus", key: Key, before: Sequence[int]) -> Training:
    """Chooses sentences beside those that were chosen before, and trains on all of them."""
    _, strategy, diversity, repetition, size = key
    started = time.monotonic()
    chosen = [*before, *_choice(corpus, key, before)]
    tagger = corpus.train(chosen, repetition)
    dev, test = (round(corpus.f1(tagger, part), 3) for part in ("dev", "test"))
    lengths = corpus.parts["train"].lengths
    tokens = sum(lengths[number] for number in chosen)
    seconds = round(time.monotonic() - started, 1)
    return Training(
        corpus.name, strategy, diversity, repetition, chosen, tokens, dev, test, seconds
    )


def _choice(corpus: "Corpus", key: Key, before: Sequence[int]) -> list[int]:
    """The numbers of the sentences that are labelled next."""
    _, strategy, diversity, repetition, size = key
    wanted = size - len(before)
    pool = corpus.parts["train"].sentences
    distinct = {tuple(pool[number].tokens) for number in before}
    left = []
    for number, sentence in enumerate(pool):
        if tuple(sentence.tokens) not in distinct:
            distinct.add(tuple(sentence.tokens))
            left.append(number)
    if strategy == RANDOM:
        return random.Random(f"{repetition} {size}").sample(left, wanted)
    tagger = corpus.train(before, repetition)
    candidates = Candidates[int](wanted)
    scores = tagger.uncertainties(map(pool.__getitem__, left), strategy)
    for number, of_task in zip(left, scores, strict=True):
        candidates.add(of_task[corpus.task], 1, number)
    ranked = candidates.ranked()
    tokens = [pool[candidate.item].tokens for candidate in ranked]
    choice = choose(
        [candidate.score for candidate in ranked], tokens, wanted, [1] * len(ranked), diversity
    )
    return [ranked[place].item for place in choice]


def _strategy(text: str) -> tuple[str, float]:
    name, _, diversity = text.partition(":")
    if name != RANDOM and name not in MEASURES:
        raise argparse.ArgumentTypeError(f"expected {RANDOM}, {', '.join(MEASURES)}, found {name}")
    return name, float(diversity or 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("corpora", nargs="+", metavar="CORPUS", choices=("conll2000", "wnut17"))
    add("--data", type=Path, default=Path("data"), help="the folder of the corpora")
    add(
        "--strategies",
        metavar="NAME[:DIVERSITY]",
        nargs="+",
        type=_strategy,
        default=[("random", 0.0), ("errors", 0.5)],
    )
    add("--repetitions", type=int, default=5)
    add("--sizes", type=int, nargs="+", default=[100, 200, 300, 400, 600, 800])
    add("--trainings", type=Path, default=Path("docs/results/selection.jsonl"))
    add("--report", action="store_true", help="train nothing; print the tables")
    add("--part", choices=("dev", "test"), default="test", help="of the tables and the plot")
    add("--plot", type=Path, metavar="FILE.svg", help="write the learning curves")
    args = parser.parse_args()
    if not args.report:
        simulate(
            args.corpora, args.strategies, args.repetitions, args.sizes, args.data, args.trainings
        )
    from benchmarks.selection_report import plot, report

    trainings = read_trainings(args.trainings)
    print(report(trainings, args.part))
    if args.plot is not None:
        args.plot.write_bytes(plot(trainings, args.part))


if __name__ == "__main__":
    main()
