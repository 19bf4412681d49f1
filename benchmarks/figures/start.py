"""(d) From command to first batch with a large file of word vectors, and (e) the memory for it."""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.corpus import artificial_sentences, read_rows, write_rows, write_vectors
from benchmarks.plan import Plan, progress
from benchmarks.processes import Worker, cache, run_command
from benchmarks.samples import MEMORY, WALL, Figure, Sample, alternate
from benchmarks.settings import OURS, SIDES, THEIRS, Settings

DIMENSION = 100
_TAGS = ["O", "B-NP", "I-NP", "B-VP"]
_SENTENCE = 20
_FORMS = {"plain": "vectors.txt", "gzip": "vectors.txt.gz"}


# Ours keeps what it has read: each is measured with an empty cache, and with what that has left.
_TIMES = {"first": "first time", "again": "again"}


def start(side: str, config: Path, directory: Path) -> Sample:
    """Runs `allennlp train` until it has its first batch through."""
    name = f"start-{side}"
    arguments = ["train", str(config), "-s", name, "-f", "--stop-at-first-batch"]
    return run_command(["benchmarks.command", side, *arguments], directory, name)


def measured_twice(
    measure: Callable[[str], Sample], directory: Path, repetitions: int
) -> dict[str, dict[str, list[Sample]]]:
    """Measures both sides in turn, first with an empty cache, then with a full one.

    # Parameters

    measure : `Callable[[str], Sample]`
        Measures a side once.
    directory : `Path`
        Where the cache is.
    repetitions : `int`
        How often.
    """

    def emptied(side: str) -> Sample:
        shutil.rmtree(cache(directory), ignore_errors=True)
        return measure(side)

    found = {}
    for time, function in (("first", emptied), ("again", measure)):
        if time == "again":
            measure(OURS)  # theirs, measured last, has emptied the cache
        found[time] = alternate({side: partial(function, side) for side in SIDES}, repetitions)
    return found


def _figures_of_file(plan: Plan, form: str, vectors: Path, files: list[Path]) -> list[Figure]:
    """Those of one file of vectors."""
    directory = plan.directory
    words = sorted({row[0] for rows in read_rows(files[0]) for row in rows})
    train, test = map(str, files)
    settings = Settings(train, test, str(vectors), DIMENSION)
    configs = {side: directory / f"start-{side}.json" for side in SIDES}
    for side, path in configs.items():
        path.write_text(json.dumps(settings.config(side)), encoding="utf-8")

    progress(f"(d) reading {form}")
    with Worker(directory, "reading") as worker:

        def read(side: str) -> Sample:
            return worker.measure(
                "read_vectors", side=side, path=str(vectors), dimension=DIMENSION, words=words
            )

        reading = measured_twice(read, directory, plan.repetitions(5, 3))
    progress(f"(d) from command to first batch, {form}")
    starts = measured_twice(
        lambda side: start(side, configs[side], directory), directory, plan.repetitions(3, 1)
    )

    figures = []
    for time, words_for_it in _TIMES.items():
        name = f"{form}, {words_for_it}"
        ours, theirs = reading[time][OURS], reading[time][THEIRS]
        title = f"(d) reading vectors, {name}"
        figures.append(Figure(f"d_reading_{time}_{form}", title, "AllenNLP's reader", ours, theirs))
        ours, theirs = starts[time][OURS], starts[time][THEIRS]
        title = f"(d) command to first batch, {name}"
        figures.append(Figure(f"d_start_{time}_{form}", title, "crf_tagger", ours, theirs, WALL))
    ours, theirs = starts["first"][OURS], starts["first"][THEIRS]
    title = f"(e) peak memory until first batch, {form}"
    figures.append(Figure(f"e_memory_start_{form}", title, "crf_tagger", ours, theirs, MEMORY))
    return figures


def start_figures(plan: Plan) -> list[Figure]:
    """Makes the files, then measures both sides in turn."""
    number = plan.choose(400_000, 100_000)
    directory = plan.directory
    sentences = artificial_sentences(number // 10, number, _SENTENCE, _TAGS)
    files = [
        write_rows(directory / "start-train.txt", sentences),
        write_rows(directory / "start-test.txt", sentences[:10]),
    ]
    figures = []
    for form, name in _FORMS.items():
        progress(f"(d) making {number:,} vectors, {form}")
        vectors = write_vectors(directory / name, number, DIMENSION)
        figures += _figures_of_file(plan, form, vectors, files)
        vectors.unlink()
    return figures
