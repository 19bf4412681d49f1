"""A search for the settings of a config, by Optuna."""

import contextlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from allennlp.common.checks import ConfigurationError
from filelock import FileLock, Timeout

from bilstm_tagger.experiments.records import SEEDS, RunRecord, hash_of
from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.search_space import SearchSpace, config_with
from bilstm_tagger.plugin.training.pruning import TRIAL
from bilstm_tagger.text.files import write_text

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, Trial

ERROR = "error"
_CONFIG = "config_hash"
_IDENTITY, _MARK = "identity", ".study"


class Search:
    """A study of Optuna: proposals by TPE (Bergstra et al. 2011), trials that are worse than the
    median of the others at the same epoch ended early. Each trial is a run with the same seed.

    # Parameters

    name : `str`
        Of the study. One of this name that the storage has goes on.
    config : `Dict[str, Any]`
        That is to be varied.
    space : `SearchSpace`
    folder : `str`
        Of the runs of the trials.
    storage : `str`
        URL of the data base of the study; several machines may share one.
    metric : `str`
        What is to be had most (or least) of: a validation metric, without prefix.
    maximize : `bool`
    seed : `int`
        Of every run; also that of the proposals.
    warmup_epochs : `int`
        Epochs at the beginning of a trial in which it is not ended.
    include_packages : `Sequence[str]`

    # Errors

    `ConfigurationError` where the study of that name is of another config, space, metric or seed,
    the folder of another study, the storage not to be opened, or the space does not fit the config.
    """

    def __init__(
        self,
        name: str,
        config: Mapping[str, Any],
        space: SearchSpace,
        folder: str,
        storage: str,
        metric: str,
        maximize: bool = True,
        seed: int = 1,
        warmup_epochs: int = 5,
        include_packages: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.config = {key: value for key, value in config.items() if key not in SEEDS}
        self.space = space
        self.folder = Path(folder).absolute()
        self.storage = storage
        self.metric = metric
        self.seed = seed
        self.warmup_epochs = warmup_epochs
        self.include_packages = list(include_packages)
        # Not above: `--include-package` imports every module, and Optuna need not be there.
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._check_space()
        try:
            self.study = optuna.create_study(
                storage=storage,
                study_name=name,
                load_if_exists=True,
                direction="maximize" if maximize else "minimize",
            )
        # Of SQLAlchemy, of the driver of the data base, or for want of one.
        except Exception as error:
            # Its address may hold a password.
            why = " ".join(str(error).split()).replace(storage, "that address")
            raise ConfigurationError(
                f"the storage of the study cannot be opened: {type(error).__name__}: {why}"
            ) from error
        # Another seed each time that it goes on: the same one would propose the same again.
        self.study.sampler = optuna.samplers.TPESampler(
            seed=seed + 1_000_003 * len(self.study.trials), multivariate=True, constant_liar=True
        )
        self._same_as_before("maximize" if maximize else "minimize")
        self._claim_folder()

    def jobs(self, number: int) -> Iterator[Job]:
        """The runs to be made until the study has so many trials: first those that were interrupted
        here, then new ones, each proposed when it is asked for.
        """
        from optuna.trial import Trial

        for trial in self._interrupted():
            yield self._job(Trial(self.study, trial._trial_id))
        while len(self.study.get_trials(deepcopy=False)) < number:
            yield self._job(self.study.ask())

    def to_do(self, number: int) -> int:
        """How many runs `jobs` will have, if no other machine works at the study."""
        trials = len(self.study.get_trials(deepcopy=False))
        return len(self._interrupted()) + max(number - trials, 0)

    def tell(self, job: Job, record: RunRecord) -> None:
        """Tells the study how a trial ended. A `ConfigurationError` for a failure, where no trial
        has succeeded so far: the others would fail alike.
        """
        from optuna.trial import Trial, TrialState

        number = int(Path(job.folder).name.removeprefix("trial-"))
        value = record.dev(self.metric)
        if record.status == "pruned":
            self.study.tell(number, state=TrialState.PRUNED)
        elif record.finished and value is not None:
            self.study.tell(number, value)
        else:
            error = record.error or f"it has no '{self.metric}'"
            trials = self.study.get_trials(deepcopy=False)
            Trial(self.study, trials[number]._trial_id).set_user_attr(ERROR, error)
            self.study.tell(number, state=TrialState.FAIL)
            if not any(trial.state.name in ("COMPLETE", "PRUNED") for trial in trials):
                raise ConfigurationError(
                    f"trial {number} failed, and none has succeeded: {error} (see {job.log}). "
                    "Mend that first; with another config or space, give another folder (-s)"
                )

    def best(self) -> Optional["FrozenTrial"]:
        """The best of the trials that were trained to the end."""
        with contextlib.suppress(ValueError):
            return self.study.best_trial
        return None

    def best_config(self) -> dict[str, Any]:
        """The config of the best trial."""
        from optuna.trial import FixedTrial

        best = FixedTrial(self.study.best_trial.params)
        return config_with(self.config, self.space.suggest(best))

    def importances(self) -> dict[str, float]:
        """How much of the spread of the scores is due to each setting (fANOVA, Hutter et al. 2014);
        empty where there are too few trials to say.
        """
        from optuna import importance

        complete = [trial for trial in self.study.trials if trial.state.name == "COMPLETE"]
        if len(complete) < 4 or len({trial.value for trial in complete}) < 2:
            return {}
        evaluator = importance.FanovaImportanceEvaluator(seed=self.seed)
        return dict(importance.get_param_importances(self.study, evaluator=evaluator))

    def write_best(self, path: Path) -> None:
        """Writes the config of the best trial, to be trained as it stands."""
        best = self.study.best_trial
        settings = ", ".join(f"{name} {value}" for name, value in best.params.items())
        write_text(
            path,
            f"// The best of {len(self.study.trials)} trials of a search: trial {best.number}, "
            f"{self.metric} {best.value:.4f} on dev\n// with seed {self.seed}. "
            f"{settings}\n{json.dumps(self.best_config(), indent=2)}\n",
        )

    def _same_as_before(self, direction: str) -> None:
        about = {
            _CONFIG: hash_of(self.config),
            "space": hash_of({name: repr(each) for name, each in self.space.settings.items()}),
            "metric": self.metric,
            "direction": direction,
            "seed": self.seed,
        }
        # Without trials it may be made anew, but for its direction, which Optuna keeps.
        before = {"direction": self.study.direction.name.lower()}
        if self.study.get_trials(deepcopy=False):
            before |= self.study.user_attrs
        for key, value in about.items():
            if before.get(key, value) != value:
                what = {_CONFIG: "config (or -o)", "direction": "sign of --metric"}.get(key, key)
                raise ConfigurationError(
                    f"the study '{self.name}' in the storage was made with another {what}: give "
                    "another folder (-s), and where you gave a storage, another one"
                )
            if key not in before:
                self.study.set_user_attr(key, value)

    def _claim_folder(self) -> None:
        """The folder takes the trials of one study: those of others have the same numbers."""
        # Given by whoever is first, of several machines.
        identity = self.study.user_attrs.get(_IDENTITY)
        if identity is None:
            self.study.set_user_attr(_IDENTITY, uuid.uuid4().hex)
            identity = self.study.user_attrs[_IDENTITY]
        mark = self.folder / _MARK
        if not mark.is_file():
            write_text(mark, f"{identity}\n")
        elif mark.read_text(encoding="utf-8").strip() != identity:
            raise ConfigurationError(
                f"{self.folder} has the trials of another study: give another folder (-s)"
            )

    def _check_space(self) -> None:
        """Tries the overrides of every option of every choice, before anything is trained."""
        for name, setting in self.space.settings.items():
            for option in getattr(setting, "options", {name: {name: 0}}).values():
                config_with(self.config, option)

    def _interrupted(self) -> list["FrozenTrial"]:
        return [
            trial
            for trial in self.study.get_trials(deepcopy=False)
            if trial.state.name == "RUNNING" and self._stopped(trial.number)
        ]

    def _stopped(self, number: int) -> bool:
        """Whether the run of a trial was begun in this folder, and nobody is at it."""
        job = Path(self._folder(number))
        lock = Path(f"{job}.lock")
        if not lock.exists():
            return False
        try:
            with FileLock(lock, timeout=0):
                return True
        except Timeout:
            return False

    def _folder(self, number: int) -> str:
        return str(self.folder / f"trial-{number:04d}")

    def _job(self, trial: "Trial") -> Job:
        # From here on it is this folder's, to be gone on with after whatever may come.
        Path(f"{self._folder(trial.number)}.lock").touch()
        config = config_with(self.config, self.space.suggest(trial))
        config_hash = hash_of(config)
        trainer = config.setdefault("trainer", {})
        trainer["callbacks"] = [*(trainer.get("callbacks") or []), {"type": "optuna_pruning"}]
        about = {
            "storage": self.storage,
            "study": self.name,
            "trial": trial.number,
            "metric": self.metric,
            "warmup_epochs": self.warmup_epochs,
        }
        return Job(
            name=f"{self.name}-trial-{trial.number:04d}",
            config_hash=config_hash,
            seed=self.seed,
            config=config | dict.fromkeys(SEEDS, self.seed),
            folder=self._folder(trial.number),
            working_directory=os.getcwd(),
            include_packages=self.include_packages,
            environment={TRIAL: json.dumps(about)},
        )
