"""The config that is proposed for a data set."""

from typing import Any, NamedTuple

import msgspec

from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.jsonnet_values import jsonnet_value
from bilstm_tagger.text.tag_spelling import USUAL

# The dimension of words that are learnt from the training data.
_LEARNT_DIMENSION = 100
_CASING_DIMENSION = 10
_HIDDEN_SIZE = 100
_DROPOUT = 0.25
_BATCH_SIZE = 32
_EPOCHS, _PATIENCE = 50, 10


class VectorFile(NamedTuple):
    """A file of word vectors."""

    path: str
    dimension: int


def reader_settings(layout: DatasetLayout) -> dict[str, Any]:
    """The layout as settings of the dataset reader, without those that are as usual."""
    settings = msgspec.to_builtins(layout)
    usual = msgspec.to_builtins(USUAL)
    for task in settings.get("tasks", {}).values():
        spelling = {k: v for k, v in task.pop("spelling", usual).items() if v != usual[k]}
        if spelling:
            task["spelling"] = spelling
    return {"type": "conll_columns", **settings}


def proposed_config(
    layout: DatasetLayout, train: str, validation: str, vectors: VectorFile | None
) -> str:
    """A whole config in Jsonnet, which needs no other file: all tasks of the layout, by a CRF those
    of spans; words by their vectors or learnt from the training data, characters and casing.

    # Parameters

    layout : `DatasetLayout`
    train, validation : `str`
        The files.
    vectors : `VectorFile`, optional
        `None`: vectors of words are learnt.
    """
    words: dict[str, Any] = {"type": "word_vectors"}
    if vectors is None:
        # As `inputs.trained_words` of the configs of the package.
        vocabulary = {**words, "frequent_min_count": 2, "frequent_max_words": None}
        words |= {"embedding_dim": _LEARNT_DIMENSION, "trainable": True}
    else:
        words["pretrained_file"] = vectors.path
        vocabulary = {**words, "keep": "reachable"}
        words |= {"embedding_dim": vectors.dimension, "trainable": False}
    casing = {
        "type": "embedding",
        "vocab_namespace": "casing",
        "embedding_dim": _CASING_DIMENSION,
        "padding_index": 0,
    }
    decoders: dict[str, Any] = {}
    for name, task in layout.tasks.items():
        crf = {"type": "crf", "encoding": task.model_encoding}
        decoders[name] = {"type": "softmax"} if task.encoding is None else crf
    metrics = [
        f"+{name}_{'accuracy' if task.encoding is None else 'f1'}"
        for name, task in layout.tasks.items()
    ]
    indexers = {
        "words": {"type": "word_forms"},
        "characters": {"type": "word_characters", "max_length": 25},
        "casing": {"type": "casing"},
    }
    embedders = {"words": words, "characters": {"type": "character_cnn"}, "casing": casing}
    config = {
        "dataset_reader": {**reader_settings(layout), "token_indexers": indexers},
        "train_data_path": train,
        "validation_data_path": validation,
        "vocabulary": vocabulary,
        "model": {
            "type": "bilstm_tagger",
            "text_field_embedder": {"token_embedders": embedders},
            "encoder": {"hidden_sizes": [_HIDDEN_SIZE], "dropout": [_DROPOUT, _DROPOUT]},
            "tasks": decoders,
        },
        "data_loader": {"batch_sampler": {"type": "same_length", "batch_size": _BATCH_SIZE}},
        "trainer": {
            "optimizer": {"type": "nadam", "lr": 0.002},
            "grad_norm": 1.0,
            "num_epochs": _EPOCHS,
            "patience": _PATIENCE,
            "validation_metric": metrics,
            "checkpointer": {"keep_most_recent_by_count": 1},
            "callbacks": [
                {"type": "random_state"},
                {"type": "model_summary"},
                {"type": "best_epochs"},
            ],
        },
    }
    return jsonnet_value(config) + "\n"
