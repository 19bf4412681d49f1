"""The parameters of the program of Reimers and Gurevych (2017), and what they are by default."""

from typing import Any

from bilstm_tagger.text.errors import UserError

Json = dict[str, Any]

# The defaults of the program.
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


def merged(defaults: Json, values: Json, where: str) -> Json:
    """The defaults, overwritten by the values; a `UserError` for a key without default."""
    if unknown := sorted(set(values) - set(defaults)):
        raise UserError(f"{where} has {unknown}; known are {sorted(defaults)}")
    return {**defaults, **values}
