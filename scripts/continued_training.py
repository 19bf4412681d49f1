"""What a training gains that starts from a trained model: names in tweets, from 200 sentences.

    python scripts/continued_training.py [--data data] [--out build/continued]

- The initial model learns names of web text: 2,001 sentences of UNER English EWT, its file `dev`.
- Three samples of 200 sentences of the Broad Twitter Corpus: 160 for training, 40 to choose the
  epoch. A model is trained on them alone, and one that starts from the initial model
  (`model.initial_weights`).
- All are scored on section h of the corpus. The same command goes on after an interruption.
"""

import argparse
import json
import random
import subprocess
import sys
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from bilstm_tagger.experiments.records import read_records

_CONFIG = "training_config/wnut17_ner.jsonnet"
_SAMPLES = (1, 2, 3)
_SENTENCES, _FOR_TRAINING = 200, 160
# What the config of another corpus changes to read that of names.
_READER = "dataset_reader"
_UNER = {f"{_READER}.columns": {"tokens": 1, "ner": 2}, f"{_READER}.comment_prefix": "# "}
_EVALUATED = ("validation_data_path", "test_data_path")
_BTC = {f"{_READER}.empty_tokens": "leave_out"}


def write_sample(sections: list[Path], folder: Path, number: int) -> dict[str, str]:
    """Draws a sample, with its number as seed; returns the paths of its files as overrides."""
    text = "\n\n".join(path.read_text(encoding="utf-8").strip("\n") for path in sections)
    sentences = random.Random(number).sample(text.split("\n\n"), _SENTENCES)
    paths = {}
    for part, chosen in (
        ("train", sentences[:_FOR_TRAINING]),
        ("validation", sentences[_FOR_TRAINING:]),
    ):
        path = folder / f"sample-{number}-{part}.conll"
        path.write_text("\n\n".join(chosen) + "\n", encoding="utf-8")
        paths[f"{part}_data_path"] = str(path)
    return paths


def train(folder: Path, name: str, seed: int, overrides: dict[str, Any]) -> None:
    """Makes a run, unless it is there."""
    command = [sys.executable, "-m", "allennlp", "seeds", _CONFIG, "-s", str(folder)]
    command += ["--name", name, "--seeds", "1", "--first-seed", str(seed)]
    subprocess.run([*command, "-o", json.dumps(overrides)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("build/continued"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    uner = {part: f"{args.data}/uner_ewt/en_ewt-ud-{part}.iob2" for part in ("dev", "test")}
    files = {"train_data_path": uner["dev"], **dict.fromkeys(_EVALUATED, uner["test"])}
    train(args.out, "initial", 1, {**_UNER, **files})
    settings: dict[str, dict[str, Any]] = {
        "alone": {},
        "continued": {"model.initial_weights": f"{args.out}/initial/seed-1/model.tar.gz"},
    }
    sections = [args.data / "btc" / f"{section}.conll" for section in "abefg"]
    test = {"test_data_path": f"{args.data}/btc/h.conll", "data_loader.batch_sampler.batch_size": 8}
    for number in _SAMPLES:
        sample = write_sample(sections, args.out, number)
        for name, setting in settings.items():
            train(args.out, f"{name}-{number}", number, {**_BTC, **sample, **test, **setting})
    records = read_records(args.out)
    for name in settings:
        scores = [100 * (record.test("ner_f1") or 0) for record in records if name in record.name]
        runs = ", ".join(f"{score:.2f}" for score in scores)
        print(f"{name}: F1 {mean(scores):.2f} ± {stdev(scores):.2f} ({runs})")


if __name__ == "__main__":
    main()
