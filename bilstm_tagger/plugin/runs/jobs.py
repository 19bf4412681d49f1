"""The runs to be made of configs: a job for each config and seed."""

import contextlib
import dataclasses
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.common.params import parse_overrides, with_overrides

from bilstm_tagger.experiments.records import NO_RECORD, RECORD, SEEDS, RunRecord, hash_of
from bilstm_tagger.text.errors import UserError


@dataclasses.dataclass(frozen=True)
class Job:
    """A run to be made. It is handed to another process, perhaps on another machine."""

    name: str
    config_hash: str
    seed: int
    # With its seeds.
    config: dict[str, Any]
    # Of the run; an absolute path.
    folder: str
    # The folder that paths of the config start from.
    working_directory: str
    include_packages: list[str]
    # What the run may use; cores where the system can restrict them, memory in bytes.
    threads: int = 1
    cores: list[int] | None = None
    memory: int | None = None
    # Whether it writes what its model says of the test data, a fold that it was not trained on.
    predicts: bool = False
    # Variables for the run's process, besides those that it inherits.
    environment: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.name} seed {self.seed}"

    @property
    def lock(self) -> Path:
        """A file that is locked while a process makes this run."""
        return Path(f"{self.folder}.lock")

    @property
    def log(self) -> Path:
        """What the process of the run prints."""
        return Path(f"{self.folder}.log")

    @property
    def epochs(self) -> int:
        """The maximum number of epochs; 0 where the config does not say."""
        return int((self.config.get("trainer") or {}).get("num_epochs") or 0)

    def record(self) -> RunRecord | None:
        """The record of the run, if there is one. A `UserError` where the folder holds a run of
        another config, finished or not.
        """
        record, path = None, Path(self.folder) / RECORD
        theirs = mine = self.config_hash
        with contextlib.suppress(OSError, *NO_RECORD):
            record = RunRecord.load(path)
            theirs = record.config_hash
        if record is None:
            path = Path(self.folder) / "config.json"
            theirs = mine = hash_of(self.config)
            with contextlib.suppress(OSError, *NO_RECORD):
                theirs = hash_of(json.loads(path.read_text(encoding="utf-8")))
        if theirs != mine:
            raise UserError(
                f"{path} is of another config of the name '{self.name}' (hash {theirs}, now "
                f"{mine}): was the config, or -o, changed? Give another folder by -s, or remove "
                "the old one"
            )
        return record


def read_config(path: str, overrides: str = "") -> dict[str, Any]:
    """A config with overrides. A `UserError` where it cannot be read."""
    if not Path(path).is_file():
        raise UserError("no such file", path)
    config: dict[str, Any] = {}
    try:
        # AllenNLP expects both to be objects.
        content, changes = Params.from_file(path).params, parse_overrides(overrides)
        if isinstance(content, dict) and isinstance(changes, dict):
            config = Params(with_overrides(content, changes)).as_dict(quiet=True)
    except (RuntimeError, ValueError, ConfigurationError) as error:
        why = " ".join(str(error).split())
        also = ", or the overrides," if overrides else ""
        raise UserError(f"{path}{also} cannot be read: {why}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold an object, {{ ... }}")
    if not isinstance(changes, dict):
        raise UserError(f"the overrides (-o) must be an object; found {overrides}")
    if not isinstance(config.get("trainer") or {}, dict):
        raise UserError(f"'trainer' must be an object; found {config['trainer']}", path)
    return config


def folder_of_runs(path: str) -> Path:
    """The folder, made where it is missing. A `UserError` where that fails."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UserError(f"-s {path}: there is a file of that name; give a folder") from error
    return Path(path)


def named_configs(
    paths: Sequence[str], overrides: str = "", name_of_all: str | None = None
) -> dict[str, dict[str, Any]]:
    """The config of each file, with the overrides, which are a jsonnet, as for `allennlp train -o`,
    by its name: that of its file, or `name_of_all`.

    # Errors

    `UserError` for a config that cannot be read, and for two of one name.
    """
    configs: dict[str, dict[str, Any]] = {}
    files: dict[str, str] = {}
    for path in paths:
        name = re.sub(r"[^\w.-]", "_", name_of_all or Path(path).stem)
        if not name.strip("."):
            raise UserError(f"'{name}' is no name of a folder: give another --name")
        if name in files:
            raise UserError(
                f"{files[name]} and {path} would both be '{name}': give them different names"
            )
        files[name] = path
        configs[name] = read_config(path, overrides)
    return configs


def jobs_of(
    configs: Sequence[str],
    seeds: Sequence[int],
    folder: str,
    overrides: str = "",
    include_packages: Sequence[str] = (),
    name_of_all: str | None = None,
) -> list[Job]:
    """The jobs of config files; see `named_configs` and `jobs_of_named`."""
    named = named_configs(configs, overrides, name_of_all)
    return jobs_of_named(named, seeds, folder, include_packages)


def jobs_of_named(
    configs: Mapping[str, dict[str, Any]],
    seeds: Sequence[int],
    folder: str,
    include_packages: Sequence[str] = (),
    predicts: bool = False,
) -> list[Job]:
    """A job for each config and each seed, seed by seed, so that all configs progress alike. The
    runs are in `<folder>/<name>/seed-<seed>`.

    # Errors

    `UserError` for runs in the folder, of whatever seed, that are of another config of the same
    name.
    """
    jobs: list[Job] = []
    for name, config in configs.items():
        config_hash = hash_of(config)
        jobs += [
            Job(
                name=name,
                config_hash=config_hash,
                seed=seed,
                config=config | dict.fromkeys(SEEDS, seed),
                folder=str(Path(folder, name, f"seed-{seed}").absolute()),
                working_directory=os.getcwd(),
                include_packages=list(include_packages),
                predicts=predicts,
            )
            for seed in seeds
        ]
        for run in sorted(Path(folder, name).glob("seed-*")):
            dataclasses.replace(jobs[-1], folder=str(run)).record()
    return sorted(jobs, key=lambda job: job.seed)
