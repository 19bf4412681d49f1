"""What a training makes of labels that are missing, and of weights of rare ones.

    python -m benchmarks.few_labels gaps -s RUNS [--seeds 3] [--jobs 1]
    python -m benchmarks.few_labels weights -s RUNS [--seeds 3] [--jobs 1]

make the corpora, train what is missing, and print a table. The same command goes on after an
interruption.

gaps: CoNLL-2000 chunks with labels taken away. Each corpus is learnt in two ways: with gaps taken
for what they are (the marginal likelihood of all taggings that agree with what is known), and with
gaps taken for "O". weights: names of WNUT-17, whose rare types have few tokens.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import NamedTuple, Optional

from rich.console import Console
from rich.table import Table

from benchmarks.corpus import Rows, read_rows, write_rows
from bilstm_tagger.experiments.records import RunRecord, read_records
from bilstm_tagger.text.spans import read_spans

# The seed of what is taken away; the seeds of the trainings are others.
DAMAGE_SEED = 1

Damage = Callable[[Rows], list[str]]  # the tags that are left of a sentence
Settings = dict[str, object]  # overrides of the config


class Variant(NamedTuple):
    """A training that is compared with others."""

    settings: Settings
    corpus: str = ""  # the name of a damaged one
    damage: Optional[Damage] = None


class Comparison(NamedTuple):
    """Trainings of one config."""

    config: str
    train: str
    epochs: int
    metrics: list[str]
    variants: dict[str, Variant]


def without_labels(share: float, mark: str) -> Damage:
    """Tags of a sentence, a share of them, by chance, with a mark in their place."""
    chance = random.Random(DAMAGE_SEED)
    return lambda rows: [mark if chance.random() < share else row[-1] for row in rows]


def without_spans(share: float) -> Damage:
    """Tags of a sentence, a share of its spans, by chance, not marked."""
    chance = random.Random(DAMAGE_SEED)

    def tags(rows: Rows) -> list[str]:
        kept = [row[-1] for row in rows]
        for span in read_spans(kept):
            if chance.random() < share:
                kept[span.start : span.end] = ["O"] * (span.end - span.start)
        return kept

    return tags


_PARTIAL: Settings = {"dataset_reader.tasks.chunk.partial": True}
_UNANNOTATED: Settings = {"dataset_reader.tasks.chunk.unannotated": "all"}
# Taken for "O", a gap within a span leaves tags that are no BIO.
_REPAIR: Settings = {"dataset_reader.invalid_tags": "repair"}
GAPS = Comparison(
    "training_config/conll2000_chunking.jsonnet",
    "data/conll2000/train.txt",
    12,
    ["chunk_f1"],
    {
        "complete": Variant({}, "complete", without_labels(0.0, "_")),
        "labels_50": Variant(_PARTIAL, "labels_50", without_labels(0.5, "_")),
        "labels_50_as_O": Variant(_REPAIR, "labels_50_as_O", without_labels(0.5, "O")),
        "labels_80": Variant(_PARTIAL, "labels_80", without_labels(0.8, "_")),
        "labels_80_as_O": Variant(_REPAIR, "labels_80_as_O", without_labels(0.8, "O")),
        "spans_50": Variant(_UNANNOTATED, "spans_50", without_spans(0.5)),
        "spans_50_as_O": Variant({}, "spans_50", without_spans(0.5)),
    },
)

# Each has under 150 spans in the training data; persons have 660.
RARE = ("product", "creative-work")


def weighted(weights: object, strategy: Optional[str] = None) -> Variant:
    """A training with weights, of a CRF or, without a strategy, by a softmax."""
    settings: Settings = {"model.tasks.ner.label_weights": weights}
    kind = {"type": "softmax"} if strategy is None else {"weight_strategy": strategy}
    return Variant(settings | {f"model.tasks.ner.{key}": value for key, value in kind.items()})


_RARE_TWICE = dict.fromkeys(RARE, 2.0)
_OUTSIDE_HALF = {"O": 0.5}
WEIGHTS = Comparison(
    "training_config/wnut17_ner.jsonnet",
    "data/wnut17/train.conll",
    20,
    ["ner_f1", "ner_recall", *(f"ner_{x}_{kind}" for kind in RARE for x in ("recall", "f1"))],
    {
        "crf": Variant({}),
        "crf_rare_2_emission": weighted(_RARE_TWICE, "emission"),
        "crf_rare_2_emission_transition": weighted(_RARE_TWICE, "emission_transition"),
        "crf_rare_2_lannoy": weighted(_RARE_TWICE, "lannoy"),
        "crf_O_half_emission": weighted(_OUTSIDE_HALF, "emission"),
        "crf_O_half_lannoy": weighted(_OUTSIDE_HALF, "lannoy"),
        "crf_balanced_lannoy": weighted("balanced", "lannoy"),
        "softmax": Variant({"model.tasks.ner.type": "softmax"}),
        "softmax_rare_2": weighted(_RARE_TWICE),
        "softmax_O_half": weighted(_OUTSIDE_HALF),
        "softmax_balanced": weighted("balanced"),
    },
)
COMPARISONS = {"gaps": GAPS, "weights": WEIGHTS}


def main() -> None:
    """Makes what is missing, and prints the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.few_labels", description=__doc__)
    add = parser.add_argument
    add("comparison", choices=COMPARISONS)
    add("-s", "--serialization-dir", required=True, metavar="RUNS", type=Path)
    add("--seeds", type=int, default=3)
    add("--jobs", type=int, default=1)
    args = parser.parse_args()
    comparison: Comparison = COMPARISONS[args.comparison]
    folder: Path = args.serialization_dir
    folder.mkdir(parents=True, exist_ok=True)
    # Seed by seed, so that all progress alike.
    for seeds in range(1, args.seeds + 1):
        for name, variant in comparison.variants.items():
            overrides = {"trainer.num_epochs": comparison.epochs, **variant.settings}
            if args.comparison == "weights":
                overrides["model.tasks.ner.per_type"] = True
            if variant.damage is not None:
                path = (folder / f"{variant.corpus}.txt").absolute()
                if not path.exists():
                    write_damaged(path, read_rows(Path(comparison.train)), variant.damage)
                overrides["train_data_path"] = str(path)
            command = [sys.executable, "-m", "allennlp", "seeds", comparison.config]
            command += ["--name", name, "-s", str(folder), "--seeds", str(seeds)]
            command += ["--jobs", str(args.jobs), "-o", json.dumps(overrides)]
            subprocess.run([*command, "--include-package", "bilstm_tagger"], check=True)
    print_table(folder, comparison)


def write_damaged(path: Path, sentences: list[Rows], damage: Damage) -> None:
    """The corpus with the tags that are left."""
    damaged = [
        [[*row[:-1], tag] for row, tag in zip(rows, damage(rows), strict=True)]
        for rows in sentences
    ]
    write_rows(path, damaged)


def print_table(folder: Path, comparison: Comparison) -> None:
    """The scores of all runs that are finished, in per cent."""
    records = [record for record in read_records(folder) if record.finished]
    table = Table("training", "runs", "dev", *comparison.metrics, title="mean +- sd, on test")
    for name in comparison.variants:
        runs = [record for record in records if record.name == name]
        if runs:
            cells = [_score(runs, metric) for metric in comparison.metrics]
            main_metric = comparison.metrics[0]
            table.add_row(name, str(len(runs)), _score(runs, main_metric, dev=True), *cells)
    Console(width=140).print(table)


def _score(runs: list[RunRecord], metric: str, dev: bool = False) -> str:
    values = [run.dev(metric) if dev else run.test(metric) for run in runs]
    scores = [100 * value for value in values if value is not None]
    spread = f" +- {stdev(scores):.2f}" if len(scores) > 1 else ""
    return f"{mean(scores):.2f}{spread}" if scores else ""


if __name__ == "__main__":
    main()
