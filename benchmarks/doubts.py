"""Measures how well the command `doubts` finds labels that were changed on purpose:
`python -m benchmarks.doubts`. What is there already is not made again.

Three per cent of the spans of a corpus are changed at random. Five models are trained on four
fifths each, and one on all of it. The doubts about the predictions of the five are compared to the
labels with the largest loss of the one on its own training data, and to the rankings of cleanlab
by the same predictions of the five.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Optional

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.corpus import read_rows, write_rows
from benchmarks.doubt_scores import (
    Item,
    doubts_rankings,
    items_of_tokens,
    loss_rankings,
    score,
    token_average_precision,
)
from benchmarks.noise import Change, SpanNoise
from benchmarks.settings import CONFIGS, ROOT
from bilstm_tagger.experiments.left_out import DataFile, predict, read_folds
from bilstm_tagger.experiments.out_of_fold import (
    PREDICTIONS,
    read_out_of_fold,
    write_out_of_fold,
)
from bilstm_tagger.tagging import Tagger
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.folds import Folds

FOLDS = 5
TASK = "chunk"
SHARE = 0.03
# Files of CoNLL-2000: the ranking was developed on one part and is measured on the other.
PARTS = {"final": ["train"], "development": ["dev", "test"]}
CUTS = (20, 50, 100, 500, 1000)


def make_corpus(data: Path, folder: Path, part: str, seed: int) -> None:
    """Writes the corpus, the same with changes, and the list of the changes."""
    sentences = [rows for name in PARTS[part] for rows in read_rows(data / f"conll2000/{name}.txt")]
    bio = get_encoding("BIO")
    spans = [bio.spans([row[-1] for row in rows]) for rows in sentences]
    noise = SpanNoise(spans, list(map(len, sentences)), SHARE, seed)
    for name, versions in (("clean.txt", spans), ("noisy.txt", noise.spans)):
        tagged = []
        for rows, of_sentence in zip(sentences, versions, strict=True):
            tags = bio.spans_to_tags(of_sentence, len(rows))
            tagged.append([[*row[:-1], tag] for row, tag in zip(rows, tags, strict=True)])
        write_rows(folder / name, tagged)
    (folder / "changes.json").write_text(json.dumps(noise.changes))


def run(command: str, config: Path, *arguments: str, corpus: Path, epochs: int) -> None:
    """Runs a command of `allennlp` with a config on a file."""
    overrides = {"train_data_path": str(corpus), "trainer.num_epochs": epochs}
    call = [sys.executable, "-m", "allennlp", command, str(config), *arguments]
    call += ["--include-package", "bilstm_tagger", "-o", json.dumps(overrides)]
    subprocess.run(call, check=True, cwd=ROOT)


def make_predictions(folder: Path, epochs: int, single_epochs: int) -> tuple[Path, Path]:
    """Those of five models out of fold, and those of one model on its own training data."""
    corpus, config = folder / "noisy.txt", CONFIGS / "doubts.jsonnet"
    runs = folder / f"folds_{epochs}"
    together = runs / config.stem / PREDICTIONS
    if not together.exists():
        options = ["--folds", str(FOLDS), "--seeds", "1", "--by", "sentence", "-s", str(runs)]
        run("crossval", config, *options, corpus=corpus, epochs=epochs)
    single = folder / f"single_{single_epochs}.jsonl"
    if not single.exists():
        training = folder / f"single_{single_epochs}"
        model = training / "model.tar.gz"
        if not model.exists():
            goes_on = ["--recover"] * training.exists()
            run("train", config, "-s", str(training), *goes_on, corpus=corpus, epochs=single_epochs)
        tagger = Tagger.load(model)
        files = [DataFile("", str(corpus), str(corpus))]
        sentences = read_folds(files, Folds(1, "sentence"), tagger.specification, only=1)
        write_out_of_fold(single, predict(tagger, sentences))
    return together, single


def cleanlab_rankings(python: str, folder: Path, predictions: Path) -> dict[str, list[Item]]:
    """Those of cleanlab, by the same predictions."""
    tasks = [sentence.tasks[TASK] for sentence in read_out_of_fold(predictions)]
    # A label of the held-out fifth alone is none of the models.
    classes = {tag for task in tasks for tag in task.gold}
    classes.update(label for task in tasks for labels in task.labels for label, _ in labels)
    ids = {label: number for number, label in enumerate(sorted(classes))}
    lengths = [len(task.gold) for task in tasks]
    probabilities = np.zeros((sum(lengths), len(classes)))
    rows = [labels for task in tasks for labels in task.labels]
    for row, labels in zip(probabilities, rows, strict=True):
        for label, chance in labels:
            row[ids[label]] = chance
    # What is improbable is not in the file.
    probabilities /= probabilities.sum(1, keepdims=True)
    source, target = folder / "cleanlab_in.npz", folder / "cleanlab_out.npz"
    gold = np.array([ids[tag] for task in tasks for tag in task.gold])
    np.savez(source, labels=gold, probabilities=probabilities, lengths=lengths)
    script = Path(__file__).with_name("doubts_cleanlab.py")
    subprocess.run([python, str(script), str(source), str(target)], check=True)
    with np.load(target) as rankings:
        return {
            f"cleanlab: {name}": list(items_of_tokens(rankings[name].tolist(), lengths))
            for name in rankings.files
        }


def report(folder: Path, together: Path, single: Path, python: Optional[str]) -> None:
    """Prints a table of the rankings, and writes it as JSON."""
    changes = [
        msgspec.convert(change, Change)
        for change in json.loads((folder / "changes.json").read_text())
    ]
    clean, noisy = (
        [[row[-1] for row in rows] for rows in read_rows(folder / name)]
        for name in ("clean.txt", "noisy.txt")
    )
    places, tokens = doubts_rankings(str(together))
    rankings = {"doubts": places}
    for name, path in (("out of fold", together), ("single model", single)):
        for unit, ranking in loss_rankings(str(path), TASK).items():
            rankings[f"loss of {unit}, {name}"] = ranking
    if python is not None:
        rankings |= cleanlab_rankings(python, folder, together)
    table = Table("ranking", "items", *(f"P@{cut}" for cut in CUTS), "AP", "AP of tokens")
    content = {}
    for name, ranking in rankings.items():
        ours = name == "doubts"
        # A second find of a change counts against doubts alone, which are one for one place.
        scored = score(ranking, changes, ours, CUTS)
        of_tokens = token_average_precision(tokens if ours else ranking, clean, noisy)
        precision = [f"{scored.precision[c]:.3f}" if c in scored.precision else "" for c in CUTS]
        average = f"{scored.average_precision:.4f}"
        table.add_row(name, f"{scored.items:,}", *precision, average, f"{of_tokens:.4f}")
        content[name] = {**scored._asdict(), "token_average_precision": of_tokens}
    Console(width=140).print(f"{folder}: {len(changes):,} changes, {len(noisy):,} sentences", table)
    (folder / "scores.json").write_text(json.dumps(content, indent=2) + "\n")


def main() -> None:
    """Makes what is missing, and reports."""
    parser = argparse.ArgumentParser(prog="benchmarks.doubts", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, default=ROOT / "data", help="folder with conll2000/")
    add("--part", choices=PARTS, default="final", help="of CoNLL-2000 (default = final)")
    add("--seed", type=int, default=1, help="of the changes (default = 1)")
    add("--epochs", type=int, default=10, help="of the models of the folds (default = 10)")
    add("--single-epochs", type=int, help="of the single model (default = as many)")
    add("--directory", type=Path, default=ROOT / "build" / "doubts", help="for all that is made")
    add("--cleanlab", metavar="PYTHON", help="a Python with requirements-cleanlab.txt")
    args = parser.parse_args()
    folder = args.directory.resolve() / f"{args.part}_{args.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "changes.json").exists():
        make_corpus(args.data, folder, args.part, args.seed)
    paths = make_predictions(folder, args.epochs, args.single_epochs or args.epochs)
    report(folder, *paths, args.cleanlab)


if __name__ == "__main__":
    main()
