"""Scores model files of the English model, and puts the one in place that is best on development
data.

    python scripts/english_scores.py --data data --runs build/english/runs/english \\
        --models build/english --out models

RUNS has a folder seed-N of each training, MODELS a file seed-N.safetensors of each. Writes
OUT/english.jsonl, a record for each seed, from which the card is made, and OUT/english.safetensors.
"""

import argparse
import gzip
import json
import shutil
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy
from english_tests import ALL, TESTS, Test, accuracy, main_score, span_scores, spans_of
from sentence_splitting import read_documents, score

from bilstm_tagger import Tagger
from bilstm_tagger.tagging import TokenizedSentence
from bilstm_tagger.tagging.calibration import calibration_of
from bilstm_tagger.tagging.input_specification import Tensors
from bilstm_tagger.tagging.model_file import read_model, write_model
from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.dataset_layout import CASINGS, DatasetLayout
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.spans import Span

# The words that the file of vectors begins with are the most frequent of GloVe; the others are
# those of the corpora.
_FREQUENT_WORDS = 30_000
_VECTORS = "glove/glove.6B.100d.trimmed.txt.gz"
# Confusions that the card shows.
_CONFUSIONS = 10
# The data sets whose words a task has seen in training.
_TRAINING = {
    "upos": ["ewt"],
    "xpos": ["ewt"],
    "chunk": ["conll2000"],
    "ner": ["uner", "btc", "wikigold"],
}
_METRICS = ("upos_accuracy", "xpos_accuracy", "chunk_f1", "ner_f1", "sentence_accuracy")

Known = Callable[[str], bool]


class Outcome(NamedTuple):
    """What a model says of a test."""

    tokens: list[list[str]]
    gold: list[list[str]]
    predicted: list[list[str]]
    chances: list[list[float]]


def tag(tagger: Tagger, test: Test, sentences: Sequence[tuple[Sentence, list[str]]]) -> Outcome:
    tagger.tasks = [test.task]
    texts = [TokenizedSentence(sentence.tokens) for sentence, _ in sentences]
    tagged = tagger.tag(texts, probabilities=True, with_spans=False)
    return Outcome(
        [sentence.tokens for sentence, _ in sentences],
        [gold for _, gold in sentences],
        [sentence.tags[test.task] for sentence in tagged],
        [sentence.probabilities[test.task] for sentence in tagged],
    )


def calibration_error(outcome: Outcome) -> float:
    """The expected calibration error of tokens."""
    pairs = zip(outcome.gold, outcome.predicted, strict=True)
    right = [g == p for gold, predicted in pairs for g, p in zip(gold, predicted, strict=True)]
    return calibration_of([chance for row in outcome.chances for chance in row], right).ece


def by_knowledge(test: Test, outcome: Outcome, known: Known) -> dict[str, float]:
    """The score of words that training has seen, and of others; of spans, those of nothing but
    such words, and those with a word that it has not."""
    if not test.of_spans:
        rows = zip(outcome.tokens, outcome.gold, outcome.predicted, strict=True)
        tokens = [token for row in rows for token in zip(*row, strict=True)]
        return {
            name: accuracy(
                [[g for t, g, _ in tokens if known(t) is wanted]],
                [[p for t, _, p in tokens if known(t) is wanted]],
            )
            for name, wanted in (("known", True), ("unknown", False))
        }

    def spans(tags: list[list[str]], wanted: bool) -> Iterable[list[Span]]:
        for tokens, of_sentence in zip(outcome.tokens, tags, strict=True):
            yield [
                span
                for span in spans_of(of_sentence)
                if all(map(known, tokens[span.start : span.end])) is wanted
            ]

    return {
        name: span_scores(spans(outcome.gold, wanted), spans(outcome.predicted, wanted))[ALL].f1
        for name, wanted in (("known", True), ("unknown", False))
    }


def _spans_of_one_token(tags: Sequence[str]) -> list[Span]:
    return [Span(tag, index, index + 1) for index, tag in enumerate(tags)]


def by_type(test: Test, outcome: Outcome) -> dict[str, Any]:
    """Of spans the scores of each type; of tags, the number of tokens of each, and how many of
    these, and of those tagged so, are right."""
    read = spans_of if test.of_spans else _spans_of_one_token
    scores = span_scores(map(read, outcome.gold), map(read, outcome.predicted))
    return {label: of_type._asdict() for label, of_type in scores.items() if label != ALL}


def confusions(outcome: Outcome) -> list[tuple[str, str, int]]:
    """The most frequent mistakes: gold tag, predicted tag, number of tokens."""
    counts: Counter[tuple[str, str]] = Counter()
    for gold, predicted in zip(outcome.gold, outcome.predicted, strict=True):
        counts.update((g, p) for g, p in zip(gold, predicted, strict=True) if g != p)
    return [(*pair, count) for pair, count in counts.most_common(_CONFUSIONS)]


def training_words(
    files: Mapping[str, str], datasets: Mapping[str, DatasetLayout], data: Path
) -> dict[str, set[str]]:
    """Task to the words of its training data: of the files of a config, whose data sets have these
    layouts."""
    words: dict[str, set[str]] = {}
    for task, names in _TRAINING.items():
        words[task] = set()
        for dataset in names:
            file = files[dataset].replace("data/", f"{data}/", 1)
            for sentence in read_dataset(file, datasets[dataset], []):
                words[task].update(sentence.tokens)
    return words


def without_rare_words(tensors: Tensors, frequent: set[str]) -> dict[str, numpy.ndarray]:
    """The tensors of a model that has lost the words outside a set: no token finds them."""
    words = bytes(tensors["inputs.words.words"]).decode().split("\n")
    kept = [word if word in frequent else f" {number}" for number, word in enumerate(words)]
    text = numpy.frombuffer("\n".join(kept).encode(), numpy.uint8)
    return {**tensors, "inputs.words.words": text}


def record_of(path: Path, run: Path, data: Path, build: Path) -> dict[str, Any]:
    """All scores of a model."""
    specification, tensors = read_model(path)
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    # The files of a distilled model are all in one; those of its corpora lie beside those of dev.
    files = {
        name: path.replace("dev", "train") for name, path in config["validation_data_path"].items()
    }
    words = training_words(files, specification.datasets, data)
    with gzip.open(data / _VECTORS, "rt", encoding="utf-8") as file:
        frequent = {line.split(" ", 1)[0] for line in islice(file, _FREQUENT_WORDS)}
    frequent.update(word.lower() for of_task in words.values() for word in of_task)
    reduced = build / "reduced.safetensors"
    write_model(reduced, specification, without_rare_words(tensors, frequent))
    tagger, uncalibrated = Tagger.load(path), Tagger.load(path, calibrated=False)
    fewer_words = Tagger.load(reduced)
    scores = {}
    for name, test in TESTS.items():
        sentences = test.read(data)
        outcome = tag(tagger, test, sentences)
        with_fewer = tag(fewer_words, test, sentences).predicted
        scores[name] = {
            "score": main_score(test, outcome.gold, outcome.predicted),
            "ece": calibration_error(outcome),
            "ece_uncalibrated": calibration_error(tag(uncalibrated, test, sentences)),
            "fewer_words": main_score(test, outcome.gold, with_fewer),
            **{
                f"{casing}_case": main_score(
                    test, outcome.gold, tag(tagger, test, test.read(data, casing)).predicted
                )
                for casing in CASINGS
            },
            **by_knowledge(test, outcome, words[test.task].__contains__),
            "types": by_type(test, outcome),
            "confusions": confusions(outcome),
        }
    reduced.unlink()
    documents = list(read_documents(data / TESTS["ewt_upos"].path))
    return {
        "seed": config["random_seed"],
        "best_epoch": metrics["best_epoch"] + 1,
        "training_duration": metrics["training_duration"],
        "dev": {name: metrics[f"best_validation_{name}"] for name in _METRICS},
        "temperatures": {name: task.temperature for name, task in specification.tasks.items()},
        "size": path.stat().st_size,
        "tests": scores,
        "sentences": score(documents, tagger.split)["sentences"]._asdict(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--runs", type=Path, default=Path("build/english/runs/english"))
    parser.add_argument("--models", type=Path, default=Path("build/english"))
    parser.add_argument("--out", type=Path, default=Path("models"))
    args = parser.parse_args()
    records = []
    paths = sorted(args.models.glob("seed-*.safetensors"))
    if not paths:
        parser.error(f"{args.models} has no seed-N.safetensors; see scripts/english.sh")
    for path in paths:
        records.append(record_of(path, args.runs / path.stem, args.data, args.models))
        scores = {name: round(100 * t["score"], 2) for name, t in records[-1]["tests"].items()}
        print(path.stem, json.dumps(scores))
    # The one whose scores on development data are best, sentences apart.
    best = max(
        range(len(records)), key=lambda i: statistics.fmean(list(records[i]["dev"].values())[:-1])
    )
    for number, record in enumerate(records):
        record["chosen"] = number == best
    lines = [msgspec.json.encode(record).decode() + "\n" for record in records]
    (args.out / "english.jsonl").write_text("".join(lines), encoding="utf-8")
    shutil.copyfile(paths[best], args.out / "english.safetensors")
    print(f"{args.out / 'english.safetensors'} is that of {paths[best].stem}")


if __name__ == "__main__":
    main()
