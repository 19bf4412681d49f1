"""The parameters of the program of Reimers and Gurevych (2017), and what they are by default."""

from typing import Any

Json = dict[str, Any]

# What the program does where nothing else is said.
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
NO_CHARACTERS = {None, "none", "None", False, "False", "false", ""}


class ConversionError(ValueError):
    """The parameters are not those of the program; the message says which, and what to do."""


def merged(defaults: Json, given: Json, where: str) -> Json:
    """The defaults, overwritten by what is given; a `ConversionError` for a key without default."""
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise ConversionError(f"{where} has {unknown}; known are {sorted(defaults)}")
    return {**defaults, **given}
