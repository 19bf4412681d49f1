"""Makes a config of the settings of the program of Reimers and Gurevych (2017).

`python -m bilstm_tagger.convert params.json > config.jsonnet`

`params.json` holds the settings of a training script of that program, by their names: `params`, the
parameters of the network; `datasets`; `embeddingsPath`; and, where the script has them, `epochs`,
`frequencyThresholdUnknownTokens` and `reducePretrainedEmbeddings`. What cannot be carried over, or
works in another way here, is said on stderr and at the top of the config.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.word_vectors import vector_dimension

Json = dict[str, Any]

# The parameters of the program, and what they are by default.
PARAMS: Json = {
    "dropout": [0.5, 0.5],
    "classifier": ["Softmax"],
    "LSTM-Size": [100],
    "customClassifier": {},
    "optimizer": "adam",
    "charEmbeddings": None,
    "charEmbeddingsSize": 30,
    "charFilterSize": 30,
    "charFilterLength": 3,
    "charLSTMSize": 25,
    "maxCharLength": 25,
    "useTaskIdentifier": False,
    "clipvalue": 0,
    "clipnorm": 1,
    "earlyStopping": 5,
    "miniBatchSize": 32,
    "featureNames": ["tokens", "casing"],
    "addFeatureDimensions": 10,
}
SETTINGS: Json = {
    "params": {},
    "datasets": {},
    "embeddingsPath": None,
    "epochs": 25,
    "frequencyThresholdUnknownTokens": 50,
    "reducePretrainedEmbeddings": False,
}
# With the rates of Keras 2.2; SGD with that of the program.
OPTIMIZERS: dict[str, Json] = {
    "sgd": {"type": "sgd", "lr": 0.1},
    "adagrad": {"type": "adagrad", "lr": 0.01},
    "adadelta": {"type": "adadelta", "lr": 1.0, "rho": 0.95, "eps": 1e-7},
    "rmsprop": {"type": "rmsprop", "lr": 0.001, "alpha": 0.9, "eps": 1e-7},
    "adam": {"type": "adam", "lr": 0.001},
    "nadam": {"type": "nadam", "lr": 0.002},
}
SGD_STEPS = {"1": 0.1, "3": 0.05, "5": 0.01}
ENCODINGS = {"_BIO": "BIO", "_IOB": "IOB1", "_IOBES": "IOBES"}
DIMENSION = 300


def _merged(defaults: Json, values: Json, where: str) -> Json:
    """The defaults, overwritten by the values; a `UserError` for a key without default."""
    if unknown := sorted(set(values) - set(defaults)):
        raise UserError(f"{where} has {unknown}; known are {sorted(defaults)}")
    return {**defaults, **values}


class Converter:
    """Converts the content of `params.json`; `notes` says what is different.

    # Errors

    `UserError` for a key that the program does not have, or a value that makes no sense.
    """

    def __init__(self, content: Json) -> None:
        self.notes: list[str] = []
        self.settings = _merged(SETTINGS, content, "the file")
        self.params = _merged(PARAMS, self.settings["params"], "'params'")
        path = self.settings["embeddingsPath"]
        # Of the vocabulary and of the embedder.
        self.vectors: Json = {"type": "word_vectors", "pretrained_file": path}
        self.datasets: dict[str, Json] = self.settings["datasets"]
        if not self.datasets:
            raise UserError("'datasets' is empty: name at least one, as in the script")
        if unknown := set(self.params["customClassifier"]) - set(self.datasets):
            raise UserError(f"'customClassifier' names no data set: {sorted(unknown)}")
        about = self.datasets.items()
        self.evaluated = [name for name, dataset in about if dataset.get("evaluate", True)]
        if not self.evaluated:
            raise UserError("no data set is evaluated: there is nothing to choose an epoch by")

    def config(self) -> Json:
        """The config."""
        self.notes.clear()
        layouts = {name: self._layout(name) for name in self.datasets}
        several = len(layouts) > 1
        indexers, embedders = self._inputs()
        layout = {"datasets": layouts} if several else next(iter(layouts.values()))
        paths: dict[str, Any] = {}
        for part in ("train", "dev", "test"):
            files = {name: f"data/{name}/{part}.txt" for name in layouts}
            paths[part] = files if several else next(iter(files.values()))
        sampler: Json = {"type": "same_length", "batch_size": self.params["miniBatchSize"]}
        if several and len(self.evaluated) == 1:
            sampler["main_dataset"] = self.evaluated[0]
        tasks = {name: self._decoder(name, layouts[name]["tasks"][name]) for name in layouts}
        model: Json = {
            "type": "bilstm_tagger",
            "text_field_embedder": {"token_embedders": embedders},
            "encoder": self._encoder(self.params["LSTM-Size"]),
            "tasks": tasks,
        }
        if self.params["useTaskIdentifier"]:
            model["task_identifier"] = True
        keep = "reachable" if self.settings["reducePretrainedEmbeddings"] else "all"
        vocabulary: Json = self.vectors | {"keep": keep}
        threshold = self.settings["frequencyThresholdUnknownTokens"]
        limit = "frequent_max_words" if threshold is None else "frequent_min_count"
        vocabulary[limit] = threshold or 0
        return {
            "dataset_reader": {"type": "conll_columns", "token_indexers": indexers, **layout},
            "train_data_path": paths["train"],
            "validation_data_path": paths["dev"],
            "test_data_path": paths["test"],
            "evaluate_on_test": True,
            "vocabulary": vocabulary,
            "model": model,
            "data_loader": {"batch_sampler": sampler},
            "trainer": self._trainer(tasks),
        }

    def _layout(self, name: str) -> Json:
        """Columns and task of a data set."""
        dataset = self.datasets[name]
        # In the program an index leads to a name.
        columns = {column: int(index) for index, column in dataset["columns"].items()}
        if "tokens" not in columns:
            raise UserError(f"the data set '{name}' has no column 'tokens': {columns}")
        task = self._task(f"the data set '{name}' has the label", dataset["label"], columns)
        layout: Json = {"columns": columns, "tasks": {name: task}}
        if dataset.get("commentSymbol"):
            layout["comment_prefix"] = dataset["commentSymbol"]
            self.notes.append(
                f"{name}: a comment is left out and does not end a sentence; there it ended one."
            )
        return layout

    def _task(self, place: str, label: str, columns: dict[str, int]) -> Json:
        """The column of a label, and its encodings."""
        if label in columns and not label.endswith(tuple(ENCODINGS)):
            return {"column": label}
        base, _, suffix = label.rpartition("_")
        ending = next((ending for ending in ENCODINGS if f"{base}{ending}" in columns), None)
        if ending is None:
            raise UserError(f"{place} '{label}', but no such column: {sorted(columns)}")
        task = {"column": f"{base}{ending}", "encoding": ENCODINGS[ending]}
        if (model_encoding := ENCODINGS.get(f"_{suffix}")) is None:
            raise UserError(
                f"{place} '{label}': types without prefixes cannot be had of '{task['column']}'; "
                "write such a column into the files"
            )
        if model_encoding != task["encoding"]:
            task["model_encoding"] = model_encoding
        return task

    def _inputs(self) -> tuple[Json, Json]:
        """Token indexers and token embedders."""
        params = self.params
        indexers: Json = {"words": {"type": "word_forms"}}
        embedders: Json = {"words": self.vectors | {"embedding_dim": self._dimension()}}
        kind = str(params["charEmbeddings"]).lower()
        if kind not in ("none", "false", ""):
            filters, width = params["charFilterSize"], params["charFilterLength"]
            cnn = {"num_filters": filters, "width": width}
            sizes = {"cnn": cnn, "lstm": {"hidden_size": params["charLSTMSize"]}}
            if kind not in sizes:
                raise UserError(f"'charEmbeddings' is {kind!r}; there are CNN and LSTM")
            max_length, size = params["maxCharLength"], params["charEmbeddingsSize"]
            indexers["characters"] = {"type": "word_characters", "max_length": max_length}
            characters = {"type": f"character_{kind}", "embedding_dim": size}
            embedders["characters"] = characters | sizes[kind]
        for name in params["featureNames"]:
            if name == "tokens":
                continue
            namespace = f"{name}_feature"
            indexers[name] = {"type": "column", "column": name, "namespace": namespace}
            if name == "casing":
                namespace, indexers[name] = "casing", {"type": "casing"}
            embedders[name] = {
                "type": "embedding",
                "vocab_namespace": namespace,
                "embedding_dim": params["addFeatureDimensions"],
                "padding_index": 0,
            }
        return indexers, embedders

    def _dimension(self) -> int:
        path = self.settings["embeddingsPath"]
        if path is None:
            raise UserError("'embeddingsPath' is missing: name the file of word vectors")
        if Path(path).is_file():
            return vector_dimension(path)
        self.notes.append(
            f"{path} is not there: embedding_dim is {DIMENSION}, that of the vectors of Komninos "
            "and Manandhar (2016); set it to the dimension of the file."
        )
        return DIMENSION

    def _encoder(self, sizes: Sequence[Any]) -> Json:
        return {"hidden_sizes": list(sizes), "dropout": self.params["dropout"]}

    def _decoder(self, name: str, task: Json) -> Json:
        layers = self.params["customClassifier"].get(name) or self.params["classifier"]
        *own, kind = [layers] if isinstance(layers, str) else layers
        decoder: Json = {"type": str(kind).lower()}
        if decoder["type"] == "tanh-crf":
            decoder["type"] = "crf"
            self.notes.append(f"{name}: 'Tanh-CRF' has become 'crf', without the tanh.")
        if decoder["type"] not in ("softmax", "crf"):
            raise UserError(f"the classifier of '{name}' ends in {kind!r}: Softmax or CRF?")
        if any(layer[0] != "LSTM" for layer in own):
            raise UserError(f"the classifier of '{name}' has other layers than LSTM")
        if own:
            decoder["encoder"] = self._encoder([layer[1] for layer in own])
        if encoding := task.get("model_encoding") or task.get("encoding"):
            decoder["encoding"] = encoding
        if name not in self.evaluated:
            decoder["evaluate"] = False
        return decoder

    def _trainer(self, tasks: Json) -> Json:
        params = self.params
        name = str(params["optimizer"]).lower()
        if name not in OPTIMIZERS:
            raise UserError(f"'optimizer' is {name!r}; there are {', '.join(OPTIMIZERS)}")
        trainer: Json = {"optimizer": OPTIMIZERS[name], "num_epochs": self.settings["epochs"]}
        if name == "sgd":
            trainer["learning_rate_scheduler"] = {"type": "piecewise_constant", "steps": SGD_STEPS}
        if params["clipnorm"]:
            trainer["grad_norm"] = float(params["clipnorm"])
        if params["clipvalue"]:
            trainer["grad_clipping"] = float(params["clipvalue"])
        if params["earlyStopping"] and params["earlyStopping"] > 0:
            trainer["patience"] = params["earlyStopping"]
            self.notes.append(
                "earlyStopping has become 'patience': epochs without a gain in validation_metric; "
                "there it counted evaluations of all tasks together."
            )
        if len(tasks) > 1:
            self.notes.append(
                "There each task had an optimiser with a state of its own; here there is one for "
                "all. Where one task learns slowly, set its 'loss_weight'."
            )
        callbacks = ("random_state", "model_summary", "best_epochs")
        return trainer | {
            "validation_metric": [
                f"+{task}_{'f1' if 'encoding' in tasks[task] else 'accuracy'}"
                for task in self.evaluated
            ],
            "checkpointer": {"keep_most_recent_by_count": 1},
            "callbacks": [{"type": callback} for callback in callbacks],
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m bilstm_tagger.convert", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("file", type=Path, help="JSON: params, datasets, embeddingsPath, ...")
    path = parser.parse_args(arguments).file
    try:
        converter = Converter(json.loads(path.read_text(encoding="utf-8")))
        config = converter.config()
    except (OSError, json.JSONDecodeError, UserError) as error:
        print(f"error: {path}: {error}", file=sys.stderr)
        return 1
    for note in converter.notes:
        print(f"note: {note}", file=sys.stderr)
        print(f"// {note}")
    print(json.dumps(config, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
