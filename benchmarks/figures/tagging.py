"""(i) Tagging as a program of its own, beside an earlier version of this package.

That is a checkout, `--before FOLDER`, made for example by `git worktree add ../before 2a9ff51`.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.corpus import read_rows, write_rows
from benchmarks.figures.pipelines import pipeline_figures
from benchmarks.plan import Plan, progress
from benchmarks.processes import run_command
from benchmarks.samples import CPU, MEMORY, WALL, Figure, Sample, alternate, without_start
from benchmarks.settings import OURS, ROOT

BEFORE = "before"
# Ours, with the archive in place of the model file.
ARCHIVE = "archive"
_ONE = "The old ferry left at noon .\n"
_PLUGINS = ".allennlp_plugins"
# Sentences that are tagged one a call, and how often, besides a first time.
_CALLS, _PASSES = 300, 3


def _model(plan: Plan) -> dict[str, str]:
    """A model of two layers of 150 units and two tasks after an epoch: archive, and model file."""
    progress("(i) training a model of two tasks for an epoch")
    overrides = {
        "train_data_path": str(plan.corpus("train")),
        "validation_data_path": str(plan.corpus("test")),
        "test_data_path": None,
        "evaluate_on_test": False,
        "vocabulary.pretrained_file": str(plan.vectors),
        "model.text_field_embedder.token_embedders.words.pretrained_file": str(plan.vectors),
        "trainer.num_epochs": 1,
    }
    config = str(ROOT / "training_config" / "conll2000_pos_and_chunks.jsonnet")
    # Both sides know the plugin by this file.
    (plan.directory / _PLUGINS).write_text("bilstm_tagger.plugin\n")
    train = ["allennlp", "train", config, "-s", "tagging", "-f", "-o", json.dumps(overrides)]
    run_command(train, plan.directory, "tagging-train")
    archive = plan.directory / "tagging" / "model.tar.gz"
    file = archive.with_name("model.safetensors")
    export = ["allennlp", "export", str(archive), "-o", str(file)]
    run_command(export, plan.directory, "tagging-export")
    return {BEFORE: str(archive), ARCHIVE: str(archive), OURS: str(file)}


def _tag(plan: Plan, models: dict[str, str], side: str, *arguments: str) -> Sample:
    """Runs `tag` to its end, on a file or on one sentence."""
    given = _ONE if "-" in arguments else ""
    model, output = models[side], str(plan.directory / f"tagged-{side}")
    command = ["tag", model, *arguments, "-o", output]
    if side != BEFORE:
        return run_command(["bilstm_tagger", *command], plan.directory, "tag-ours", given=given)
    assert plan.before is not None
    # Its own line: an earlier version is known by another.
    (plan.directory / _PLUGINS).write_text((plan.before / _PLUGINS).read_text())
    return run_command(["allennlp", *command], plan.directory, "tag-before", plan.before, given)


def _calls(plan: Plan, root: Path, model: str, path: str, passes: int) -> Sample:
    """Tags sentences one by one, as often as told, after all of them were tagged once."""
    setup = f"""
from bilstm_tagger import Tagger
blocks = open({path!r}, encoding="utf-8").read().strip().split("\\n\\n")
sentences = [[line.split()[0] for line in block.splitlines()] for block in blocks]
tagger = Tagger.load({model!r})
"""
    statement = "for sentence in sentences: tagger.tag_tokens(sentence)"
    arguments = ["timeit", "-n", str(passes), "-r", "1", "-s", setup, statement]
    return run_command(arguments, plan.directory, "calls", root)


def tagging_figures(plan: Plan) -> list[Figure]:
    """Measures ours, an earlier version, if there is one, and spaCy's in turn."""
    models = _model(plan)
    sides = (OURS, BEFORE) if plan.before else (OURS,)
    if plan.before is None:
        progress("(i) ours alone: name an earlier version to compare with, --before FOLDER")
    test = plan.corpus("test")
    sentences = read_rows(plan.corpus("train")) * plan.choose(6, 1)
    large = write_rows(plan.directory / "large.txt", sentences)

    def measured(
        title: str, repetitions: int, *arguments: str, kinds: Sequence[str] = sides
    ) -> dict[str, list[Sample]]:
        progress(f"(i) {title}")
        return alternate(
            {kind: partial(_tag, plan, models, kind, *arguments) for kind in kinds}, repetitions
        )

    columns = ["--input-format", "conll"]
    chosen = [*columns, "--output-format", "json", "--probabilities", "chosen"]
    tokens = ["-", "--input-format", "tokens"]
    one = measured(
        "one sentence", plan.repetitions(7, 3), *tokens, kinds=(OURS, ARCHIVE, *sides[1:])
    )
    of_archive = {**one, OURS: one[ARCHIVE]}
    whole = measured("the test file", plan.repetitions(3, 1), str(test), *columns)
    off = measured("a large file", plan.repetitions(3, 1), str(large), *columns)
    on = measured("its probabilities", plan.repetitions(3, 1), str(large), *chosen)
    progress("(i) one sentence a call")
    few = str(plan.part("test", _CALLS))
    roots = {OURS: ROOT, BEFORE: plan.before}
    calls = {
        passes: alternate(
            {
                side: partial(_calls, plan, roots[side] or ROOT, models[side], few, passes)
                for side in sides
            },
            plan.repetitions(5, 3),
        )
        for passes in (1, 1 + _PASSES)
    }
    net = {side: without_start(calls[1 + _PASSES][side], calls[1][side]) for side in sides}
    count = len(sentences)
    return [
        _figure("start", "one sentence, start to output", one, WALL),
        _figure("start_cpu", "the same, processor time", one, CPU),
        _figure("start_memory", "peak memory, one sentence", one, MEMORY),
        _figure("start_archive", "one sentence, from model.tar.gz", of_archive, WALL),
        _figure("start_archive_memory", "its peak memory", of_archive, MEMORY),
        _figure("test_memory", "peak memory, test file", whole, MEMORY),
        _figure("large", "large file, probabilities off", off, CPU, count),
        _figure("large_probabilities", "large file, probabilities on", on, CPU, count),
        _figure("one_by_one", "one sentence a call", net, CPU, _CALLS * _PASSES),
        *pipeline_figures(plan, models[OURS]),
    ]


def _figure(
    key: str, title: str, samples: dict[str, list[Sample]], measure: str, amount: float = 0
) -> Figure:
    ours, before = samples[OURS], samples.get(BEFORE, [])
    count = amount or None
    return Figure(
        f"i_{key}",
        f"(i) {title}",
        BEFORE if before else "",
        ours,
        before,
        measure,
        count,
        "sentences",
    )
