"""What labels that are known in part are worth: CoNLL-2000 chunks with labels taken away.

Each corpus is learnt in two ways: with gaps taken for what they are (the marginal likelihood of all
taggings that agree with what is known), and with gaps taken for "O".

    python -m benchmarks.partial_labels -s RUNS [--seeds 3] [--jobs 1]

makes the corpora, trains what is missing, and prints a table. The same command goes on after an
interruption.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, stdev

from rich.console import Console
from rich.table import Table

from bilstm_tagger.experiments.records import read_records
from bilstm_tagger.text.spans import read_spans

CONFIG = "training_config/conll2000_chunking.jsonnet"
CORPUS = "data/conll2000/train.txt"
# The seed of what is taken away; the seeds of the trainings are others.
DAMAGE_SEED = 1
GAP = "_"

Row = list[str]  # token, part of speech, tag
Damage = Callable[[list[Row]], list[str]]  # the tags that are left of a sentence
Settings = dict[str, object]  # overrides of the config


def read_corpus(path: str) -> Iterator[list[Row]]:
    """The sentences of the corpus."""
    for block in Path(path).read_text(encoding="utf-8").strip().split("\n\n"):
        yield [line.split() for line in block.split("\n")]


def without_labels(share: float, mark: str) -> Damage:
    """Tags of a sentence, a share of them, by chance, with a mark in their place."""
    chance = random.Random(DAMAGE_SEED)
    return lambda rows: [mark if chance.random() < share else tag for *_, tag in rows]


def without_spans(share: float) -> Damage:
    """Tags of a sentence, a share of its spans, by chance, not marked."""
    chance = random.Random(DAMAGE_SEED)

    def tags(rows: list[Row]) -> list[str]:
        kept = [tag for *_, tag in rows]
        for span in read_spans(kept):
            if chance.random() < share:
                kept[span.start : span.end] = ["O"] * (span.end - span.start)
        return kept

    return tags


_PARTIAL: Settings = {"dataset_reader.tasks.chunk.partial": True}
_UNANNOTATED: Settings = {"dataset_reader.tasks.chunk.unannotated": "all"}
# Taken for "O", a gap within a span leaves tags that are no BIO.
_REPAIR: Settings = {"dataset_reader.invalid_tags": "repair"}
# Name of the runs to the corpus, how its tags are made, and what the config says of it.
VARIANTS: dict[str, tuple[str, Damage, Settings]] = {
    "complete": ("complete", without_labels(0.0, GAP), {}),
    "labels_50": ("labels_50", without_labels(0.5, GAP), _PARTIAL),
    "labels_50_as_O": ("labels_50_as_O", without_labels(0.5, "O"), _REPAIR),
    "labels_80": ("labels_80", without_labels(0.8, GAP), _PARTIAL),
    "labels_80_as_O": ("labels_80_as_O", without_labels(0.8, "O"), _REPAIR),
    "spans_50": ("spans_50", without_spans(0.5), _UNANNOTATED),
    "spans_50_as_O": ("spans_50", without_spans(0.5), {}),
}


def write_corpus(path: Path, damage: Damage) -> None:
    """The corpus with the tags that are left."""
    with path.open("w", encoding="utf-8") as stream:
        for rows in read_corpus(CORPUS):
            for (token, pos, _), tag in zip(rows, damage(rows), strict=True):
                stream.write(f"{token} {pos} {tag}\n")
            stream.write("\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("-s", "--serialization-dir", required=True, metavar="RUNS", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    args = parser.parse_args()
    folder: Path = args.serialization_dir
    folder.mkdir(parents=True, exist_ok=True)
    for name in args.variants:
        corpus, damage, settings = VARIANTS[name]
        path = (folder / f"{corpus}.txt").absolute()
        if not path.exists():
            write_corpus(path, damage)
        overrides = {"train_data_path": str(path), "trainer.num_epochs": args.epochs} | settings
        command = [sys.executable, "-m", "allennlp", "seeds", CONFIG, "--name", name]
        command += ["-s", str(folder), "--seeds", str(args.seeds), "--jobs", str(args.jobs)]
        command += ["-o", json.dumps(overrides), "--include-package", "bilstm_tagger"]
        subprocess.run(command, check=True)
    print_table(folder)


def print_table(folder: Path) -> None:
    """The scores of all runs that are finished."""
    records = [record for record in read_records(folder) if record.finished]
    table = Table(title="CoNLL-2000 with labels taken away, F1 on test (mean +- sd over seeds)")
    for heading in ("training data", "runs", "dev", "test"):
        table.add_column(heading, justify="left" if heading == "training data" else "right")
    for name in VARIANTS:
        runs = [record for record in records if record.name == name]
        if runs:
            scores = [[run.dev("chunk_f1") for run in runs], [run.test("chunk_f1") for run in runs]]
            cells = [_score([value for value in part if value is not None]) for part in scores]
            table.add_row(name, str(len(runs)), *cells)
    Console(width=100).print(table)


def _score(values: list[float]) -> str:
    spread = f" +- {100 * stdev(values):.2f}" if len(values) > 1 else ""
    return f"{100 * mean(values):.2f}{spread}"


if __name__ == "__main__":
    main()
