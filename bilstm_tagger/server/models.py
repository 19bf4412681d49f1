"""The models of a server."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from bilstm_tagger.server.batching import BatchTagger
from bilstm_tagger.server.messages import ModelDescription, TaskDescription
from bilstm_tagger.server.metrics import Metrics
from bilstm_tagger.server.settings import Limits
from bilstm_tagger.tagging.models import installed_model
from bilstm_tagger.tagging.results import TaggedSentence
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.tag_spelling import spelled

# A tagger that gives sentences as JSON.
ServedModel = BatchTagger[msgspec.Raw]


def model_names(models: Sequence[str]) -> dict[str, str]:
    """Name to model, for models as they are named on the command line: `NAME=PATH`, the name of an
    installed model, or a path, whose model is named as the file is, without its ending.

    # Errors

    `UserError` for two models of one name.
    """
    names: dict[str, str] = {}
    for model in models:
        name, equals, path = model.partition("=")
        if not equals or Path(model).exists():
            path = model
            name = model if installed_model(model) else _stem(model)
        if not name or name in names:
            raise UserError(
                f"two models are called '{name}': name them, as in {name}2={path}"
                if name
                else f"{model}: expected NAME=MODEL"
            )
        names[name] = path
    return names


def _stem(path: str) -> str:
    name = Path(path).name
    for ending in (".tar.gz", ".safetensors"):
        name = name.removesuffix(ending)
    # Every training calls its archive so; the folder has the name.
    return Path(path).resolve().parent.name if name == "model" else name


@contextlib.contextmanager
def served(
    taggers: Mapping[str, Tagger], limits: Limits, metrics: Metrics, wait: float
) -> Iterator[dict[str, ServedModel]]:
    """Starts what tags with each of the models; in the end, what waits is tagged."""
    with contextlib.ExitStack() as stack:
        models = {}
        for name, tagger in taggers.items():
            model = ServedModel(
                tagger,
                _as_json,
                limits.waiting,
                limits.tokens,
                wait,
                partial(metrics.count_round, name),
            )
            metrics.waiting.labels(name).set_function(partial(getattr, model, "waiting"))
            models[name] = stack.enter_context(model)
        yield models


def _as_json(sentence: TaggedSentence) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(sentence.to_json()))


def described(name: str, tagger: Tagger) -> ModelDescription:
    """What clients should know of a model."""
    specification = tagger.specification
    about = specification.about
    return ModelDescription(
        name=name,
        description=about.get("description"),
        version=about.get("version"),
        licence=about.get("licence"),
        language=tagger.language,
        tasks=[
            TaskDescription(
                name=task,
                # Not those of the network, which may have another encoding.
                labels=spelled(tagger.predictors[task].written_tags, specification.spelling(task)),
                encoding=specification.file_encoding(task),
            )
            for task in tagger.tasks
        ],
        columns=list(specification.feature_columns),
    )
