"""Mixes the annotations of the corpora into what a teacher finds probable in their text.

    python scripts/english_labels.py --config training_config/best/english_teacher.jsonnet \\
        --soft build/english/soft.jsonl --out build/english/train.jsonl

The sentences of SOFT are those of the training files of the config, in the order of `CORPORA`.
Where a token is annotated, its label counts as much as the teacher. A student then learns all tasks
from each sentence, read once.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Union, cast

import msgspec
from _jsonnet import evaluate_file  # type: ignore[import-untyped]

from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.read_dataset import read_dataset

# The data sets whose text teachers tag. That of UNER is not among them: it is EWT dev, development
# data of the parts of speech.
CORPORA = ("ewt", "conll2000", "btc", "wikigold", "wnut17")
# How much an annotation counts.
_SHARE = 0.5

Soft = Union[str, dict[str, float]]


def annotated(config: Mapping[str, Any]) -> Iterator[tuple[list[str], dict[str, list[str]]]]:
    """The tokens of each sentence, and its labels, in the encodings of the model."""
    for name in CORPORA:
        layout = msgspec.convert(config["dataset_reader"]["datasets"][name], DatasetLayout)
        for sentence in read_dataset(config["train_data_path"][name], layout):
            yield sentence.tokens, cast(dict[str, list[str]], layout.labels(sentence)[0])


def mixed(soft: Soft, label: str) -> Soft:
    """The probabilities of a token whose label is known."""
    chances = {soft: 1.0} if isinstance(soft, str) else soft
    both = {name: chance * (1 - _SHARE) for name, chance in chances.items()}
    both[label] = both.get(label, 0.0) + _SHARE
    return label if len(both) == 1 else {name: round(of, 5) for name, of in both.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--soft", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    config = json.loads(evaluate_file(args.config))
    with args.soft.open(encoding="utf-8") as lines, args.out.open("w", encoding="utf-8") as out:
        for (tokens, labels), line in zip(annotated(config), lines, strict=True):
            soft = json.loads(line)
            if soft["tokens"] != tokens:
                raise SystemExit(f"{args.soft} has {soft['tokens']} in place of {tokens}")
            for task in soft.keys() & labels.keys():
                soft[task] = [mixed(*pair) for pair in zip(soft[task], labels[task], strict=True)]
            out.write(json.dumps(soft, ensure_ascii=False) + "\n")
    print(args.out)


if __name__ == "__main__":
    main()
