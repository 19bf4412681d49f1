"""Speed, start and memory of both sides, measured in turn."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.models.sides import PIPELINE, Tokens
from benchmarks.models.worker import OURS, SPACY
from benchmarks.processes import Worker, run_command
from benchmarks.samples import CPU, MEMORY, WALL, Figure, Sample, alternate

AGAINST = f"{PIPELINE}: tagger, ner"
SENTENCE = "Ada Lovelace wrote to Charles Babbage from London."
# The way to tag to what is measured.
_WAYS = {
    "tag_tokens": "tokens to tags",
    "tag_texts": "raw text to tags",
    "tag_one_by_one": "raw text to tags, a document at a time",
}


def speed_figures(
    workers: dict[str, Worker],
    sentences: Sequence[Tokens],
    texts: Sequence[str],
    repetitions: int,
) -> list[Figure]:
    """Words per second of workers that have loaded their model, and have tagged once before.

    # Parameters

    workers : `Dict[str, Worker]`
        Those of both sides.
    sentences : `Sequence[List[str]]`
        Sentences of tokens.
    texts : `Sequence[str]`
        The same words as raw text, document by document.
    repetitions : `int`
        How often all of it is tagged in each way.
    """
    words = sum(map(len, sentences))
    figures = []
    for way, title in _WAYS.items():
        inputs = sentences if way == "tag_tokens" else texts
        measures: dict[str, Callable[[], Sample]] = {
            side: partial(workers[side].measure, "measure", way=way, inputs=inputs)
            for side in (OURS, SPACY)
        }
        alternate(measures, 1)
        samples = alternate(measures, repetitions)
        figures.append(
            Figure(way, title, AGAINST, samples[OURS], samples[SPACY], CPU, words, "words")
        )
    return figures


def process_figures(
    model: str, texts: Sequence[str], directory: Path, repetitions: int
) -> list[Figure]:
    """Time and memory of processes from their start to their end, with raw text in and tags out.

    # Parameters

    model : `str`
        The name of our model, or the path of its file.
    texts : `Sequence[str]`
        What is tagged for the memory.
    directory : `Path`
        Where files may be written.
    repetitions : `int`
        How often each process is run, besides a first time.
    """
    commands = {
        OURS: ["bilstm_tagger", "tag", model, "-", "--input-format", "text"],
        SPACY: ["benchmarks.models.spacy_command"],
    }

    def measured(given: str) -> dict[str, list[Sample]]:
        runs: dict[str, Callable[[], Sample]] = {
            side: partial(run_command, command, directory, f"{side}_command", given=given)
            for side, command in commands.items()
        }
        alternate(runs, 1)  # compiles the modules
        return alternate(runs, repetitions)

    one, every = measured(SENTENCE + "\n"), measured("\n".join(texts) + "\n")
    described = (
        ("start", "start to the tags of a sentence of raw text", one, WALL),
        ("start_memory", "peak memory of that", one, MEMORY),
        ("memory", "peak memory, all of the raw text", every, MEMORY),
    )
    return [
        Figure(key, title, AGAINST, samples[OURS], samples[SPACY], measure)
        for key, title, samples, measure in described
    ]
