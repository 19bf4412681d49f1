"""(i) Tagging as a program of its own, beside an earlier version of this package.

That is a checkout, `--before FOLDER`, made for example by `git worktree add ../before 2a9ff51`.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.corpus import read_rows, write_rows
from benchmarks.plan import Plan, progress
from benchmarks.processes import run_command
from benchmarks.samples import CPU, MEMORY, WALL, Figure, Sample, alternate, middle
from benchmarks.settings import OURS, ROOT

BEFORE = "before"
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
    return {BEFORE: str(archive), OURS: str(file)}


def _tag(plan: Plan, before: Path, models: dict[str, str], side: str, *arguments: str) -> Sample:
    """Runs `tag` to its end, on a file or on one sentence."""
    given = _ONE if "-" in arguments else ""
    model, output = models[side], str(plan.directory / f"tagged-{side}")
    command = ["tag", model, *arguments, "-o", output]
    if side == OURS:
        return run_command(["bilstm_tagger", *command], plan.directory, "tag-ours", given=given)
    # Its own line: an earlier version is known by another.
    (plan.directory / _PLUGINS).write_text((before / _PLUGINS).read_text())
    return run_command(["allennlp", *command], plan.directory, "tag-before", before, given)


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


def _without_first(first: list[Sample], all_passes: list[Sample]) -> list[Sample]:
    start = Sample(middle(first, WALL), middle(first, CPU))
    return [sample.minus(start) for sample in all_passes]


def tagging_figures(plan: Plan) -> list[Figure]:
    """Measures both versions in turn. Without an earlier version there are none."""
    before = plan.before
    if before is None:
        progress("(i) is left out: name an earlier version, --before FOLDER")
        return []
    models = _model(plan)
    test = plan.corpus("test")
    sentences = read_rows(plan.corpus("train")) * plan.choose(6, 1)
    large = write_rows(plan.directory / "large.txt", sentences)

    def measured(title: str, repetitions: int, *arguments: str) -> dict[str, list[Sample]]:
        progress(f"(i) {title}")
        sides: dict[str, Callable[[], Sample]] = {
            side: partial(_tag, plan, before, models, side, *arguments) for side in (OURS, BEFORE)
        }
        return alternate(sides, repetitions)

    columns = ["--input-format", "conll"]
    chosen = [*columns, "--output-format", "json", "--probabilities", "chosen"]
    one = measured("one sentence", plan.repetitions(7, 3), "-", "--input-format", "tokens")
    whole = measured("the test file", plan.repetitions(3, 1), str(test), *columns)
    off = measured("a large file", plan.repetitions(3, 1), str(large), *columns)
    on = measured("its probabilities", plan.repetitions(3, 1), str(large), *chosen)
    progress("(i) one sentence a call")
    few = str(plan.part("test", _CALLS))
    calls = {
        passes: alternate(
            {
                side: partial(_calls, plan, root, models[side], few, passes)
                for side, root in ((OURS, ROOT), (BEFORE, before))
            },
            plan.repetitions(5, 3),
        )
        for passes in (1, 1 + _PASSES)
    }
    net = {side: _without_first(calls[1][side], calls[1 + _PASSES][side]) for side in models}
    count = len(sentences)
    return [
        _figure("start", "one sentence, start to output", one, WALL),
        _figure("start_memory", "peak memory, one sentence", one, MEMORY),
        _figure("test_memory", "peak memory, test file", whole, MEMORY),
        _figure("large", "large file, probabilities off", off, CPU, count),
        _figure("large_probabilities", "large file, probabilities on", on, CPU, count),
        _figure("one_by_one", "one sentence a call", net, CPU, _CALLS * _PASSES),
    ]


def _figure(
    key: str, title: str, samples: dict[str, list[Sample]], measure: str, amount: float = 0
) -> Figure:
    ours, before = samples[OURS], samples[BEFORE]
    count = amount or None
    return Figure(f"i_{key}", f"(i) {title}", BEFORE, ours, before, measure, count, "sentences")
