"""The runs to be made of configs: a job for each config and seed."""

import contextlib
import dataclasses
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.common.params import parse_overrides

from bilstm_tagger.experiments.records import RECORD, SEEDS, RunRecord, hash_of


@dataclasses.dataclass(frozen=True)
class Job:
    """A run to be made. It is handed to another process, perhaps on another machine, as JSON.

    # Parameters

    name : `str`
        Of the config.
    config_hash : `str`
    seed : `int`
    config : `Dict[str, Any]`
        With its seeds.
    folder : `str`
        Of the run; an absolute path.
    working_directory : `str`
        The folder that paths of the config start from.
    include_packages : `List[str]`
    threads : `int`
        That the run may use.
    cores : `List[int]`, optional
        The run keeps to them, where the system can do that.
    memory : `int`, optional
        Bytes that the run may use.
    environment : `Dict[str, str]`
        Of the run's process, besides what it inherits.
    """

    name: str
    config_hash: str
    seed: int
    config: dict[str, Any]
    folder: str
    working_directory: str
    include_packages: list[str]
    threads: int = 1
    cores: Optional[list[int]] = None
    memory: Optional[int] = None
    environment: dict[str, str] = dataclasses.field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Job":
        return cls(**json.loads(text))

    @property
    def label(self) -> str:
        return f"{self.name} seed {self.seed}"

    @property
    def lock(self) -> Path:
        """A file that is locked as long as somebody makes this run."""
        return Path(f"{self.folder}.lock")

    @property
    def log(self) -> Path:
        """What the process of the run prints."""
        return Path(f"{self.folder}.log")

    @property
    def epochs(self) -> int:
        """The most epochs that it can take; 0 where the config does not say."""
        return int((self.config.get("trainer") or {}).get("num_epochs") or 0)

    def record(self) -> Optional[RunRecord]:
        """The record of the run, if there is one. A `ConfigurationError` where the folder holds a
        run of another config, be it half done.
        """
        path = Path(self.folder) / RECORD
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            found = RunRecord.from_row(json.loads(path.read_text(encoding="utf-8")))
            if found.config_hash != self.config_hash:
                raise self._of_another(path, found.config_hash, self.config_hash)
            return found
        path = Path(self.folder) / "config.json"
        with contextlib.suppress(OSError, ValueError, AttributeError):
            begun, mine = (
                hash_of(each)
                for each in (json.loads(path.read_text(encoding="utf-8")), self.config)
            )
            if begun != mine:
                raise self._of_another(path, begun, mine)
        return None

    def _of_another(self, path: Path, theirs: str, mine: str) -> ConfigurationError:
        return ConfigurationError(
            f"{path} is of another config of the name '{self.name}' (hash {theirs}, now {mine}): "
            "was the config, or -o, changed? Give another folder by -s, or take the old one away"
        )


def read_config(path: str, overrides: str = "") -> dict[str, Any]:
    """A config with overrides. A `ConfigurationError` where it cannot be read."""
    if not Path(path).is_file():
        raise ConfigurationError(f"{path}: no such file")
    try:
        # By itself, as AllenNLP would fall over what is no object.
        if not isinstance(Params.from_file(path).params, dict):
            raise ConfigurationError(f"{path} must hold an object, {{ ... }}")
        if not isinstance(parse_overrides(overrides), dict):
            raise ConfigurationError(f"the overrides (-o) must be an object; found {overrides}")
        config = Params.from_file(path, overrides).as_dict(quiet=True)
    except (RuntimeError, ValueError) as error:
        why = " ".join(str(error).split())
        also = ", or the overrides," if overrides else ""
        raise ConfigurationError(f"{path}{also} cannot be read: {why}") from error
    if not isinstance(config.get("trainer") or {}, dict):
        raise ConfigurationError(f"{path}: 'trainer' must be an object; found {config['trainer']}")
    return config


def folder_of_runs(path: str) -> Path:
    """The folder, made where it is missing. A `ConfigurationError` where that cannot be."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigurationError(
            f"-s {path}: there is a file of that name; give a folder"
        ) from error
    return Path(path)


def jobs_of(
    configs: Sequence[str],
    seeds: Sequence[int],
    folder: str,
    overrides: str = "",
    include_packages: Sequence[str] = (),
    name_of_all: Optional[str] = None,
) -> list[Job]:
    """A job for each config and each seed, seed by seed, so that all configs come on alike.

    # Parameters

    configs : `Sequence[str]`
        Files.
    seeds : `Sequence[int]`
    folder : `str`
        The runs are in `<folder>/<name>/seed-<seed>`.
    overrides : `str`, optional
        A jsonnet, as for `allennlp train -o`.
    include_packages : `Sequence[str]`, optional
    name_of_all : `str`, optional
        By default a config has the name of its file.

    # Errors

    `ConfigurationError` for a config that cannot be read, two configs of one name, and for runs in
    the folder, of whatever seed, that are of another config of the same name.
    """
    jobs: list[Job] = []
    names: dict[str, str] = {}
    for path in configs:
        name = re.sub(r"[^\w.-]", "_", name_of_all or Path(path).stem)
        if not name.strip("."):
            raise ConfigurationError(f"'{name}' is no name of a folder: give another --name")
        if name in names:
            raise ConfigurationError(
                f"{names[name]} and {path} would both be '{name}': give them different names"
            )
        names[name] = path
        config = read_config(path, overrides)
        config_hash = hash_of(config)
        for seed in seeds:
            job = Job(
                name=name,
                config_hash=config_hash,
                seed=seed,
                config=config | dict.fromkeys(SEEDS, seed),
                folder=str(Path(folder, name, f"seed-{seed}").absolute()),
                working_directory=os.getcwd(),
                include_packages=list(include_packages),
            )
            jobs.append(job)
        for run in sorted(Path(folder, name).glob("seed-*")):
            dataclasses.replace(jobs[-1], folder=str(run)).record()
    return sorted(jobs, key=lambda job: job.seed)
