"""(h) How training and decoding grow with the data and the settings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Optional

from benchmarks.corpus import Rows, of_length, read_rows, repeated, with_tags, write_rows
from benchmarks.plan import Plan, progress
from benchmarks.processes import Worker, cores
from benchmarks.samples import CPU, WALL, Sample, alternate, middle
from benchmarks.settings import OURS, SIDES, THEIRS, Settings

LENGTH, TAGS, BATCH, DATA, THREADS = (
    "sentence length",
    "tags",
    "batch size",
    "sentences",
    "threads",
)
# What grows, to what, in a full run and in a short one.
SCALES = {
    LENGTH: ([10, 25, 50, 100, 200], [10, 100]),
    TAGS: ([5, 10, 25, 50, 100], [5, 50]),
    BATCH: ([8, 16, 32, 64, 128, 256], [8, 128]),
    DATA: ([1_000, 3_000, 10_000, 30_000, 100_000], [1_000]),
    THREADS: ([1, 2], [1, 2]),
}


@dataclass(frozen=True)
class Point:
    """One point of one scale: what is trained on and tagged, and how."""

    dimension: str
    value: int
    sentences: list[Rows]
    batch_size: int = 32
    threads: int = 1


def _points(plan: Plan) -> Iterator[Point]:
    corpus = read_rows(plan.corpus("train"))
    usual = corpus[: plan.choose(4_000, 600)]
    tokens = plan.choose(80_000, 12_000)
    for dimension, scale in SCALES.items():
        for value in scale[plan.short]:
            point = Point(dimension, value, usual)
            if dimension == LENGTH:
                point = replace(point, sentences=of_length(corpus, value, max(tokens // value, 64)))
            elif dimension == TAGS:
                point = replace(point, sentences=with_tags(usual, value))
            elif dimension == BATCH:
                point = replace(point, batch_size=value)
            elif dimension == DATA:
                point = replace(point, sentences=repeated(corpus, value))
            elif len(cores(value)) < value:
                continue
            else:
                point = replace(point, threads=value)
            yield point


def _rates(samples: dict[str, list[Sample]], tokens: int, measure: str) -> dict[str, float]:
    return {side: tokens / middle(taken, measure) for side, taken in samples.items()}


def _build(worker: Worker, side: str, settings: Settings) -> None:
    worker.build(side, settings)
    worker.measure("train_epoch")  # the first does not count


def measure_point(
    point: Point, vectors: Path, directory: Path, repetitions: int, dimension: int = 100
) -> dict[str, Any]:
    """Tokens per second of training and decoding, of both sides in turn.

    # Parameters

    point : `Point`
        What is measured.
    vectors : `Path`
        The file of word vectors.
    directory : `Path`
        Where it may write.
    repetitions : `int`
        How often.
    dimension : `int`, optional (default = `100`)
        Of the vectors.
    """
    path = str(write_rows(directory / "growth.txt", point.sentences))
    tokens = sum(map(len, point.sentences))
    settings = Settings(path, path, str(vectors), dimension, point.batch_size)
    # What several threads compute at once counts several times as time of the processor.
    measure = CPU if point.threads == 1 else WALL
    with (
        Worker(directory, f"growth-{OURS}", point.threads) as ours,
        Worker(directory, f"growth-{THEIRS}", point.threads) as theirs,
    ):
        workers = {OURS: ours, THEIRS: theirs}
        for side, worker in workers.items():
            _build(worker, side, settings)
        training = alternate(
            {side: partial(workers[side].measure, "train_epoch") for side in SIDES}, repetitions
        )
        decoding = alternate(
            {side: partial(workers[side].measure, "decode", path=path) for side in SIDES},
            repetitions,
        )
    return {
        "dimension": point.dimension,
        "value": point.value,
        "sentences": len(point.sentences),
        "tokens": tokens,
        "measure": measure,
        "repetitions": repetitions,
        "training": _rates(training, tokens, measure),
        "decoding": _rates(decoding, tokens, measure),
    }


def growth_points(plan: Plan, only: Optional[str] = None) -> list[dict[str, Any]]:
    """All points, or those of one scale."""
    found = []
    for point in _points(plan):
        if only not in (None, point.dimension):
            continue
        progress(f"(h) {point.dimension}: {point.value:,}")
        repetitions = 1 if len(point.sentences) >= 30_000 else plan.repetitions(3, 1)
        found.append(measure_point(point, plan.vectors, plan.directory, repetitions))
    return found
