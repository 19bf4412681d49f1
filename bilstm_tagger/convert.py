"""Makes a config of what the program of Reimers and Gurevych (2017) was told.

`python -m bilstm_tagger.convert params.json > config.jsonnet`

`params.json` holds what stands in a training script of that program, by the same names: `params`,
the parameters of the network; `datasets`; `embeddingsPath`; and, where they were given, `epochs`,
`frequencyThresholdUnknownTokens` and `reducePretrainedEmbeddings`. What cannot be carried over, or
works in another way here, is said on stderr and at the top of the config.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from bilstm_tagger.original_parameters import (
    DIMENSION,
    ENCODINGS,
    NO_CHARACTERS,
    OPTIMIZERS,
    PARAMS,
    SETTINGS,
    SGD_STEPS,
    ConversionError,
    Json,
    merged,
)
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.lines import read_raw_lines


class Converter:
    """Converts one set of parameters; `notes` tells what is different.

    # Parameters

    given : `Dict[str, Any]`
        The content of `params.json`.

    # Errors

    `ConversionError` for a key that the program does not have, or a value that makes no sense.
    """

    def __init__(self, given: Json) -> None:
        self.notes: list[str] = []
        self.settings = merged(SETTINGS, given, "the file")
        self.params = merged(PARAMS, self.settings["params"], "'params'")
        self.datasets: dict[str, Json] = self.settings["datasets"]
        if not self.datasets:
            raise ConversionError("'datasets' is empty: name at least one, as in the script")
        unknown = set(self.params["customClassifier"]) - set(self.datasets)
        if unknown:
            raise ConversionError(f"'customClassifier' names no data set: {sorted(unknown)}")

    def config(self) -> Json:
        """The config."""
        self.notes.clear()
        layouts = {name: self._layout(name, about) for name, about in self.datasets.items()}
        several = len(layouts) > 1
        evaluated = [name for name, each in self.datasets.items() if each.get("evaluate", True)]
        indexers, embedders = self._inputs()
        reader: Json = {"type": "conll_columns", "token_indexers": indexers}
        reader.update({"datasets": layouts} if several else next(iter(layouts.values())))

        def paths(part: str) -> Any:
            files = {name: f"data/{name}/{part}.txt" for name in layouts}
            return files if several else next(iter(files.values()))

        sampler: Json = {"type": "same_length", "batch_size": self.params["miniBatchSize"]}
        if several and len(evaluated) == 1:
            sampler["main_dataset"] = evaluated[0]
        model: Json = {
            "type": "bilstm_tagger",
            "text_field_embedder": {"token_embedders": embedders},
            "encoder": {
                "hidden_sizes": list(self.params["LSTM-Size"]),
                "dropout": self.params["dropout"],
            },
            "tasks": {name: self._decoder(name, layouts[name]["tasks"][name]) for name in layouts},
        }
        if self.params["useTaskIdentifier"]:
            model["task_identifier"] = True
        vocabulary: Json = {
            "type": "word_vectors",
            "pretrained_file": self.settings["embeddingsPath"],
            "keep": "reachable" if self.settings["reducePretrainedEmbeddings"] else "all",
        }
        threshold = self.settings["frequencyThresholdUnknownTokens"]
        if threshold is None:
            vocabulary["frequent_max_words"] = 0
        else:
            vocabulary["frequent_min_count"] = threshold
        return {
            "dataset_reader": reader,
            "train_data_path": paths("train"),
            "validation_data_path": paths("dev"),
            "test_data_path": paths("test"),
            "evaluate_on_test": True,
            "vocabulary": vocabulary,
            "model": model,
            "data_loader": {"batch_sampler": sampler},
            "trainer": self._trainer(model["tasks"], evaluated),
        }

    def _layout(self, name: str, about: Json) -> Json:
        """Columns and tasks of a data set."""
        # There an index leads to a name.
        columns = {column: int(index) for index, column in about["columns"].items()}
        if "tokens" not in columns:
            raise ConversionError(f"the data set '{name}' has no column 'tokens': {columns}")
        task, column = self._task(name, about["label"], columns)
        layout: Json = {"columns": columns, "tasks": {name: {"column": column, **task}}}
        if about.get("commentSymbol"):
            layout["comment_prefix"] = about["commentSymbol"]
            self.notes.append(
                f"{name}: a comment is left out and does not end a sentence; there it ended one."
            )
        return layout

    def _task(self, name: str, label: str, columns: dict[str, int]) -> tuple[Json, str]:
        """Encodings of a label, and the column that it comes from."""
        if label in columns and not label.endswith(tuple(ENCODINGS)):
            return {}, label
        base, _, suffix = label.rpartition("_")
        for ending, encoding in ENCODINGS.items():
            if f"{base}{ending}" in columns:
                wanted = ENCODINGS.get(f"_{suffix}")
                if wanted is None:
                    raise ConversionError(
                        f"the data set '{name}' has the label '{label}': types without prefixes "
                        f"cannot be had of '{base}{ending}'; write such a column into the files"
                    )
                task = {"encoding": encoding}
                return (task if wanted == encoding else task | {"model_encoding": wanted}), (
                    f"{base}{ending}"
                )
        raise ConversionError(
            f"the data set '{name}' has the label '{label}', but no such column: {sorted(columns)}"
        )

    def _inputs(self) -> tuple[Json, Json]:
        """Token indexers and token embedders."""
        indexers: Json = {"words": {"type": "word_forms"}}
        embedders: Json = {
            "words": {
                "type": "word_vectors",
                "pretrained_file": self.settings["embeddingsPath"],
                "embedding_dim": self._dimension(),
            }
        }
        kind = self.params["charEmbeddings"]
        if kind not in NO_CHARACTERS:
            kind = kind.lower()
            if kind not in ("cnn", "lstm"):
                raise ConversionError(f"'charEmbeddings' is {kind!r}; there are CNN and LSTM")
            sizes = {
                "cnn": {
                    "num_filters": self.params["charFilterSize"],
                    "width": self.params["charFilterLength"],
                },
                "lstm": {"hidden_size": self.params["charLSTMSize"]},
            }
            indexers["characters"] = {
                "type": "word_characters",
                "max_length": self.params["maxCharLength"],
            }
            embedders["characters"] = {
                "type": f"character_{kind}",
                "embedding_dim": self.params["charEmbeddingsSize"],
                **sizes[kind],
            }
        for name in self.params["featureNames"]:
            if name == "tokens":
                continue
            namespace = "casing" if name == "casing" else f"{name}_feature"
            indexers[name] = (
                {"type": "casing"}
                if name == "casing"
                else {"type": "column", "column": name, "namespace": namespace}
            )
            embedders[name] = {
                "type": "embedding",
                "vocab_namespace": namespace,
                "embedding_dim": self.params["addFeatureDimensions"],
                "padding_index": 0,
            }
        return indexers, embedders

    def _dimension(self) -> int:
        path = self.settings["embeddingsPath"]
        if path is None:
            raise ConversionError("'embeddingsPath' is missing: name the file of word vectors")
        if Path(path).is_file():
            # The second line, if there is one: the first can be a header.
            lines = [line for _, line in itertools.islice(read_raw_lines(path), 2)]
            dimension = len(lines[-1].split()) - 1 if lines else 0
            if dimension < 1:
                raise ConversionError(f"{path} holds no word vectors; check 'embeddingsPath'")
            return dimension
        self.notes.append(
            f"{path} is not there: embedding_dim is {DIMENSION}, that of the vectors of Komninos "
            "and Manandhar (2016); set it to what the file has."
        )
        return DIMENSION

    def _decoder(self, name: str, task: Json) -> Json:
        layers = self.params["customClassifier"].get(name) or self.params["classifier"]
        *own, kind = [layers] if isinstance(layers, str) else layers
        decoder: Json = {"type": str(kind).lower()}
        if decoder["type"] == "tanh-crf":
            decoder["type"] = "crf"
            self.notes.append(f"{name}: 'Tanh-CRF' has become 'crf', without the tanh.")
        if decoder["type"] not in ("softmax", "crf"):
            raise ConversionError(f"the classifier of '{name}' ends in {kind!r}: Softmax or CRF?")
        if own:
            if any(layer[0] != "LSTM" for layer in own):
                raise ConversionError(f"the classifier of '{name}' has other layers than LSTM")
            decoder["encoder"] = {
                "hidden_sizes": [layer[1] for layer in own],
                "dropout": self.params["dropout"],
            }
        encoding = task.get("model_encoding") or task.get("encoding")
        if encoding:
            decoder["encoding"] = encoding
        if not self.datasets[name].get("evaluate", True):
            decoder["evaluate"] = False
        return decoder

    def _trainer(self, tasks: Json, evaluated: list[str]) -> Json:
        name = str(self.params["optimizer"]).lower()
        if name not in OPTIMIZERS:
            raise ConversionError(f"'optimizer' is {name!r}; there are {', '.join(OPTIMIZERS)}")
        trainer: Json = {"optimizer": OPTIMIZERS[name], "num_epochs": self.settings["epochs"]}
        if name == "sgd":
            trainer["learning_rate_scheduler"] = {"type": "piecewise_constant", "steps": SGD_STEPS}
        if self.params["clipnorm"]:
            trainer["grad_norm"] = float(self.params["clipnorm"])
        if self.params["clipvalue"]:
            trainer["grad_clipping"] = float(self.params["clipvalue"])
        if self.params["earlyStopping"] and self.params["earlyStopping"] > 0:
            trainer["patience"] = self.params["earlyStopping"]
            self.notes.append(
                "earlyStopping has become 'patience': epochs without a gain in validation_metric; "
                "there it counted evaluations of all tasks together."
            )
        trainer["validation_metric"] = [
            f"+{task}_{'f1' if 'encoding' in tasks[task] else 'accuracy'}" for task in evaluated
        ]
        if not evaluated:
            raise ConversionError(
                "no data set is evaluated: there is nothing to choose an epoch by"
            )
        if len(tasks) > 1:
            self.notes.append(
                "There each task had an optimiser with a state of its own; here there is one for "
                "all. Where one task learns slowly, set its 'loss_weight'."
            )
        trainer["checkpointer"] = {"keep_most_recent_by_count": 1}
        callbacks = ("random_state", "model_summary", "best_epochs")
        trainer["callbacks"] = [{"type": each} for each in callbacks]
        return trainer


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m bilstm_tagger.convert", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("file", type=Path, help="JSON: params, datasets, embeddingsPath, ...")
    path = parser.parse_args(arguments).file
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        converter = Converter(given)
        config = converter.config()
    except (OSError, json.JSONDecodeError, ConversionError, DataFormatError) as error:
        print(f"error: {path}: {error}", file=sys.stderr)
        return 1
    for note in converter.notes:
        print(f"note: {note}", file=sys.stderr)
        print(f"// {note}")
    print(json.dumps(config, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
