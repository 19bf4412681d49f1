"""(c) `allennlp evaluate` and `allennlp predict` on the test file, whole processes."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks.corpus import read_rows, write_rows
from benchmarks.plan import Plan, progress
from benchmarks.processes import Worker, environment, run_command
from benchmarks.samples import WALL, Figure, Sample, alternate, without_start
from benchmarks.settings import OURS, SIDES, THEIRS

BATCH_SIZE = 32
# Command to the forms of our output, each with its title.
FORMS = {
    "evaluate": {"json": "allennlp evaluate"},
    "predict": {"json": "allennlp predict to JSON", "conll": "allennlp predict to CoNLL"},
}
_CRF_TAGGER = "crf_tagger"
_BLANK = "import spacy, sys; spacy.blank('en').to_disk(sys.argv[1])"


def blank_pipeline(directory: Path) -> Path:
    """A spaCy pipeline on disk that splits text and nothing more: their predictor wants one."""
    path = directory / "blank-en"
    if not path.is_dir():
        arguments = [sys.executable, "-c", _BLANK, str(path)]
        subprocess.run(arguments, check=True, env=environment(directory))
    return path


def predictor_arguments(kind: str, directory: Path) -> list[str]:
    """What `allennlp predict` is told of the predictor: "json" or "conll" of ours, or "theirs"."""
    if kind == THEIRS:
        language = json.dumps({"language": str(blank_pipeline(directory))})
        return ["--predictor", "sentence_tagger", "--predictor-args", language]
    return ["--predictor", f"conll_to_{kind}"]


def command(what: str, kind: str, archive: str, file: str, directory: Path) -> Sample:
    """Runs one command of `allennlp` to its end.

    # Parameters

    what : `str`
        "evaluate" or "predict".
    kind : `str`
        "theirs", or the form of our output: "json" or "conll".
    archive : `str`
        The model.
    file : `str`
        The column file that it reads.
    directory : `Path`
        Where it may write.
    """
    side = THEIRS if kind == THEIRS else OURS
    name = f"{what}-{kind}"
    arguments = [what, archive, file, "--output-file", f"{name}.out"]
    if what == "predict":
        arguments += [
            *predictor_arguments(kind, directory),
            "--use-dataset-reader",
            "--silent",
            "--batch-size",
            str(BATCH_SIZE),
        ]
    return run_command(["benchmarks.command", side, *arguments], directory, name)


def archives(plan: Plan) -> dict[str, str]:
    """A model of each side after an epoch."""
    found = {}
    for side in SIDES:
        progress(f"(c) training {side} for an epoch")
        with Worker(plan.directory, f"archive-{side}") as worker:
            worker.build(side, plan.settings())
            worker.measure("train_epoch")
            found[side] = worker.ask("archive")
    return found


def command_figures(plan: Plan) -> list[Figure]:
    """Measures the commands in turn, on the test file and on one sentence of it."""
    models = archives(plan)
    test = plan.corpus("test")
    sentences = read_rows(test)
    one = write_rows(plan.directory / "one.txt", sentences[:1])

    def run(what: str, kind: str, file: Path) -> Sample:
        model = models[THEIRS if kind == THEIRS else OURS]
        return command(what, kind, model, str(file), plan.directory)

    figures = []
    for what, forms in FORMS.items():
        progress(f"(c) allennlp {what}")
        kinds = (*forms, THEIRS)
        starts = alternate(
            {kind: partial(run, what, kind, one) for kind in kinds}, plan.repetitions(5, 2)
        )
        runs = alternate(
            {kind: partial(run, what, kind, test) for kind in kinds}, plan.repetitions(5, 2)
        )
        net = {kind: without_start(runs[kind], starts[kind]) for kind in kinds}
        for kind, title in forms.items():
            figures += [
                Figure(
                    f"c_{what}_{kind}",
                    f"(c) {title}, without start-up",
                    _CRF_TAGGER,
                    net[kind],
                    net[THEIRS],
                    WALL,
                    len(sentences),
                    "sentences",
                ),
                Figure(
                    f"c_{what}_{kind}_whole",
                    f"(c) {title}, whole",
                    _CRF_TAGGER,
                    runs[kind],
                    runs[THEIRS],
                    WALL,
                ),
            ]
    return figures
