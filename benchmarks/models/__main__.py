"""Measures the English model beside spaCy's `en_core_web_sm`, on one core: `python -m
benchmarks.models [--model MODEL] [--data DIR] [--out FILE]`, with `scripts` on the path."""

import argparse
import importlib.util
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Optional

from english_tests import TESTS
from sentence_splitting import read_documents

from benchmarks.models.figures import process_figures, speed_figures
from benchmarks.models.record import make_record, our_model, print_scores, print_speed
from benchmarks.models.scores import Predict, score_all
from benchmarks.models.sides import PIPELINE, TaskTags, Tokens
from benchmarks.models.worker import OURS, SPACY, WHOLE
from benchmarks.plan import progress
from benchmarks.processes import Worker
from benchmarks.report import make_console
from benchmarks.settings import ROOT

# The test whose words are tagged for speed and memory.
_TEST = TESTS["ewt_upos"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.models", description=__doc__)
    parser.add_argument("--model", default="english", help="its name, or the path of a file")
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="folder of the corpora")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "models" / "benchmark.json", help="the record"
    )
    parser.add_argument(
        "--repetitions", type=int, default=11, help="how often everything is measured"
    )
    return parser


def _require(data: Path) -> None:
    """Ends the program with one line where something is missing."""
    if importlib.util.find_spec(PIPELINE) is None:
        raise SystemExit(f"error: {PIPELINE} is not installed: 'make benchmark-models' does so")
    for test in TESTS.values():
        if not (data / test.path).is_file():
            raise SystemExit(f"error: there is no {data / test.path}: 'make data', or DATA=FOLDER")


def _predict(worker: Worker) -> Predict:
    def predict(sentences: Sequence[Tokens]) -> list[TaskTags]:
        tags: list[TaskTags] = worker.ask("predict", sentences=sentences)
        return tags

    return predict


def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = _parser().parse_args(arguments)
    model = our_model(options.model)
    _require(options.data)
    directory = ROOT / "build" / "benchmark"
    directory.mkdir(parents=True, exist_ok=True)
    sentences = [sentence.tokens for sentence, _ in _TEST.read(options.data)]
    texts = [document.text for document in read_documents(options.data / _TEST.path)]

    with ExitStack() as stack:
        workers = {}
        for side in (OURS, SPACY, WHOLE):
            command = ["benchmarks.models.worker", side, model.name]
            workers[side] = stack.enter_context(Worker(directory, side, arguments=command))
        progress("scores")
        scores = score_all(options.data, {side: _predict(w) for side, w in workers.items()})
        progress("speed")
        figures = speed_figures(workers, sentences, texts, options.repetitions)
    progress("start and memory")
    figures += process_figures(model.name, texts, directory, options.repetitions)

    counts = {
        "documents": len(texts),
        "sentences": len(sentences),
        "words": sum(map(len, sentences)),
    }
    record = make_record(model, counts, scores, figures)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    console = make_console()
    print_scores(scores, console)
    print_speed(figures, console)
    progress(f"All numbers are in {options.out}.")


if __name__ == "__main__":
    main()
