"""Cross-validation: the runs of each fold, and what their models say of it."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bilstm_tagger.experiments.fold_scores import FoldScores
from bilstm_tagger.experiments.left_out import LEFT_OUT, DataFile, predict, read_folds
from bilstm_tagger.experiments.out_of_fold import PREDICTIONS, write_out_of_fold
from bilstm_tagger.experiments.out_of_fold_merge import FoldModel, merge
from bilstm_tagger.experiments.records import NO_RECORD, RECORD
from bilstm_tagger.plugin.data.paths import local_path
from bilstm_tagger.plugin.runs.fold_data import Source, check_data
from bilstm_tagger.plugin.runs.jobs import Job, jobs_of_named
from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.models import installed_model
from bilstm_tagger.text.dataset_files import dataset_files
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.folds import FoldedPath, Folds, NoDocuments, Unit, folded_path
from bilstm_tagger.text.read_dataset import read_dataset

_READER = "conll_columns"
# A vocabulary of which the training data alone make all but words.
_SAFE_VOCABULARY = "word_vectors"


@dataclasses.dataclass(frozen=True)
class CrossValidation:
    """The cross-validation of a config: its folds, and a job for each of them and each seed."""

    name: str
    files: list[DataFile]
    folds: Folds
    # Of each fold one for each seed.
    jobs: list[list[Job]]
    # Where the runs are, and what comes of them.
    folder: Path
    # What all runs are made of.
    sources: list[Source]

    @property
    def predictions(self) -> Path:
        return self.folder / PREDICTIONS

    def merge(self) -> FoldScores:
        """Makes one file of what the models of the finished runs say of the folds that they were
        not trained on. Errors as of `check_data`, and of
        `bilstm_tagger.experiments.out_of_fold_merge.merge`."""
        # They may have changed while the runs were made.
        check_data(self.folder, self.sources)
        models = [[FoldModel(Path(job.folder), _load) for job in of_fold] for of_fold in self.jobs]
        return merge(self.predictions, models, self.files, self.folds)


def cross_validation(
    name: str,
    config: dict[str, Any],
    number: int,
    unit: Unit | None,
    seeds: Sequence[int],
    folder: str,
    include_packages: Sequence[str] = (),
) -> CrossValidation:
    """The cross-validation of a config. Its runs are in `<folder>/<name>/fold-<fold>/seed-<seed>`.

    # Parameters

    number : `int`
        Of the folds.
    unit : `str`, optional
        What stays together in a fold. `None`: documents, where all files of the training have
        them, and sentences otherwise.

    # Errors

    `UserError` for data that cannot be divided, a config that cannot be trained without a fold, and
    for runs in the folder that are of other folds, of another config, or of other data.
    """
    path = _training_path(config)
    _check_tasks(config)
    files = list(_data_files(path, config))
    division = _division(files, _layouts(config), number, unit)
    _check_folder(Path(folder, name), division)
    jobs = []
    for fold in range(1, number + 1):
        of_fold = {f"{name}/fold-{fold}": _config_of_fold(config, path, division, fold)}
        jobs.append(jobs_of_named(of_fold, seeds, folder, include_packages, predicts=True))
    sources = list(_sources(path, config))
    check_data(Path(folder, name), sources)
    return CrossValidation(name, files, division, jobs, Path(folder, name), sources)


def predict_left_out(job: Job) -> None:
    """Writes what the model of a run says of the fold that it was not trained on."""
    folded = folded_path(job.config["test_data_path"])
    assert folded is not None and folded.only is not None
    tagger = _load(Path(job.folder, "model.tar.gz"))
    files = _data_files(folded.path, job.config)
    sentences = read_folds(files, folded.division, tagger.specification, folded.only)
    write_out_of_fold(Path(job.folder, LEFT_OUT), predict(tagger, sentences))


def _load(archive: Path) -> Tagger:
    # It was made by the config of the user, who may name any component in it.
    return Tagger.load(archive, trust=True)


def _training_path(config: Mapping[str, Any]) -> str | dict[str, str]:
    """The path of the data that are divided. A `UserError` where that makes no sense."""
    reader = config.get("dataset_reader")
    if not isinstance(reader, dict) or reader.get("type") != _READER:
        raise UserError(f"cross-validation needs a dataset_reader of type '{_READER}'")
    if reader.get("max_instances") is not None:
        raise UserError("cross-validation uses all sentences: leave 'max_instances' out")
    if config.get("validation_dataset_reader", reader) not in (None, reader):
        raise UserError(
            "the fold that is left out would be read by the 'validation_dataset_reader', which is "
            "not as the dataset_reader is; leave it out"
        )
    path = config.get("train_data_path")
    if not path or not isinstance(path, (str, dict)) or folded_path(path) is not None:
        raise UserError(f"train_data_path must name whole files; found {path!r}")
    training = _paths(path)
    for file in _paths(config.get("validation_data_path")):
        if any(_is_same(file, other) for other in training):
            raise UserError(
                f"validation_data_path has {file}, which is divided into folds: the best epoch "
                "would be chosen by sentences that are left out. Name another file, or none: "
                "-o '{validation_data_path: null}'"
            )
    return path


def _check_tasks(config: Mapping[str, Any]) -> None:
    """A `UserError` for a task whose tags would have no probabilities."""
    model = config.get("model")
    tasks = model.get("tasks") if isinstance(model, dict) else None
    for name, task in (tasks if isinstance(tasks, dict) else {}).items():
        if (
            isinstance(task, dict)
            and task.get("repair") == "O"
            and task.get("constrained") is False
        ):
            raise UserError(
                f"model.tasks.{name} has repair: 'O' and constrained: false: tags that the repair "
                "makes 'O' have no probabilities of their own, which the predictions need. Leave "
                "'constrained' out, or take repair: 'B'"
            )


def _paths(path: Any) -> list[str]:
    if (folded := folded_path(path)) is not None:
        path = folded.path
    if isinstance(path, Mapping):
        return [file for value in path.values() for file in _paths(value)]
    return [path] if isinstance(path, str) else []


def _is_same(path: str, other: str) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samefile(path, other)
    return path == other


def _layouts(config: Mapping[str, Any]) -> dict[str, DatasetLayout]:
    """Of each data set; the name of a single one is ""."""
    reader = config["dataset_reader"]
    keys = DatasetLayout.__struct_fields__
    declared = reader.get("datasets") or {"": {k: v for k, v in reader.items() if k in keys}}
    try:
        return msgspec.convert(declared, dict[str, DatasetLayout])
    except msgspec.ValidationError as error:
        raise UserError(f"dataset_reader: {error}") from None


def _data_files(
    path: str | Mapping[str, str], config: Mapping[str, Any], setting: str = "train_data_path"
) -> Iterator[DataFile]:
    """The files of a data path."""
    for dataset, file in dataset_files(path, _layouts(config)):
        yield DataFile(dataset, file, local_path(file, setting))


def _sources(path: str | Mapping[str, str], config: Mapping[str, Any]) -> Iterator[Source]:
    """What the trainings of a config read of data, and the model that they start from."""
    layouts = _layouts(config)
    setting = "validation_data_path"
    files = list(_data_files(path, config))
    if validation := config.get(setting):
        folded = folded_path(validation)
        files += _data_files(validation if folded is None else folded.path, config, setting)
    for file in files:
        yield Source(file.name, file.path, layouts[file.dataset].form)
    model = config.get("model")
    initial = model.get("initial_weights") if isinstance(model, dict) else None
    if isinstance(initial, str) and installed_model(initial) is None:
        # That of the folder of a training.
        archive = os.path.join(initial, "model.tar.gz") if os.path.isdir(initial) else initial
        if os.path.isfile(archive):
            yield Source(initial, archive)


def _division(
    files: Sequence[DataFile],
    layouts: Mapping[str, DatasetLayout],
    number: int,
    unit: Unit | None,
) -> Folds:
    """How the files are divided. A `UserError` where they cannot be."""
    if unit is None:
        try:
            return _division(files, layouts, number, "document")
        except NoDocuments:
            unit = "sentence"
    folds = Folds(number, unit)
    counts = {}
    for file in files:
        sentences = read_dataset(file.path, layouts[file.dataset])
        counts[file.name] = max(fold for fold, _ in folds.assign(file.name, sentences))
    for name, count in counts.items():
        # Where there are fewer folds than wanted, there is one for each document or sentence.
        if count < number:
            fixes = ["give fewer"] * (count > 1) + ["--by sentence"] * (unit == "document")
            fix = ", or ".join(fixes) or "more are needed"
            raise UserError(f"--folds is {number}, and {folds.there_are(count)}: {fix}", name)
    return folds


def _check_folder(folder: Path, folds: Folds) -> None:
    """A `UserError` where there are runs of other folds."""
    for run in sorted(folder.glob("fold-*/seed-*")):
        for name in (RECORD, "config.json"):
            theirs = None
            with contextlib.suppress(OSError, *NO_RECORD):
                content = json.loads((run / name).read_text(encoding="utf-8"))
                theirs = folded_path(content.get("config", content)["test_data_path"])
            if theirs is not None and theirs.division != folds:
                raise UserError(
                    f"{folder} has runs of {theirs.folds} folds by {theirs.by}, not of "
                    f"{folds.number} by {folds.unit}: give another folder by -s, or another --name"
                )


def _config_of_fold(
    config: Mapping[str, Any], path: str | dict[str, str], folds: Folds, fold: int
) -> dict[str, Any]:
    """The config that trains without a fold, and is scored on it."""

    def folded(**which: int) -> Any:
        return msgspec.to_builtins(FoldedPath(path, folds.number, folds.unit, **which))

    changed = {
        **config,
        "train_data_path": folded(without=fold),
        "test_data_path": folded(only=fold),
        "evaluate_on_test": True,
    }
    trainer = config.get("trainer") or {}
    if callbacks := trainer.get("callbacks"):
        # It needs validation data, which there may be none of, and scores the fold, the test data
        # here, after every epoch.
        kept = [callback for callback in callbacks if _type_of(callback) != "best_epochs"]
        changed["trainer"] = {**trainer, "callbacks": kept}
    chosen = config.get("datasets_for_vocab_creation")
    if chosen is None and _type_of(config.get("vocabulary")) != _SAFE_VOCABULARY:
        # By default, AllenNLP counts the words and labels of the test data, too.
        chosen = ["train", *(["validation"] if config.get("validation_data_path") else [])]
    if chosen is not None:
        changed["datasets_for_vocab_creation"] = [name for name in chosen if name != "test"]
    return changed


def _type_of(component: Any) -> Any:
    return component.get("type") if isinstance(component, dict) else component
