"""A search for the settings of a config, by Optuna."""

import contextlib
import dataclasses
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from bilstm_tagger.experiments.records import SEEDS, RunRecord, hash_of
from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.search_space import SearchSpace, config_with
from bilstm_tagger.plugin.training.pruning import TRIAL
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.files import write_text

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, Trial

ERROR = "error"
_IDENTITY, _MARK = "identity", ".study"
# Attributes of a study, in words for messages.
_WORDS = {"config_hash": "config (or -o)", "settings": "space", "direction": "sign of --metric"}


@dataclasses.dataclass
class Search:
    """A study of Optuna: proposals by TPE (Bergstra et al. 2011), trials that are worse than the
    median of the others at the same epoch ended early. Each trial is a run with the same seed.

    # Errors

    `UserError` where the study of that name is of another config, space, metric or seed, the folder
    of another study, the storage cannot be opened, or the space does not fit the config.
    """

    # Of the study. If the storage has a study of this name, that one goes on.
    name: str
    # The config whose settings are varied.
    config: Mapping[str, Any]
    space: SearchSpace
    # Of the runs of the trials.
    folder: str
    # URL of the database of the study; several machines may share it.
    storage: str
    # The validation metric to optimise, without prefix.
    metric: str
    maximize: bool = True
    # Of every run; also that of the proposals.
    seed: int = 1
    # Number of first epochs in which no trial is ended.
    warmup_epochs: int = 5
    include_packages: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.config = {key: value for key, value in self.config.items() if key not in SEEDS}
        # Not above: `--include-package` imports every module, and Optuna may be missing.
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        # All overrides are tried before anything is trained.
        for key, setting in self.space.settings.items():
            for overrides in (setting.options or {key: {key: 0}}).values():
                config_with(self.config, overrides)
        direction: Literal["maximize", "minimize"] = "maximize" if self.maximize else "minimize"
        try:
            self.study = optuna.create_study(
                storage=self.storage, study_name=self.name, load_if_exists=True, direction=direction
            )
        # Of SQLAlchemy, of the driver of the database, or because that is missing.
        except Exception as error:
            # The address may hold a password.
            why = " ".join(str(error).split()).replace(self.storage, "that address")
            raise UserError(
                f"the storage of the study cannot be opened: {type(error).__name__}: {why}"
            ) from error
        # Another seed each time that it goes on: the same one would propose the same again.
        seed = self.seed + 1_000_003 * len(self.study.trials)
        self.study.sampler = optuna.samplers.TPESampler(
            seed=seed, multivariate=True, constant_liar=True
        )
        self._check_study(direction)
        self._claim_folder()

    def jobs(self, number: int) -> Iterator[Job]:
        """The runs to be made until the study has this number of trials: first those that were
        interrupted here, then new ones, each proposed when it is asked for.
        """
        from optuna.trial import Trial

        for trial in self._interrupted():
            yield self._job(Trial(self.study, trial._trial_id))
        while len(self.study.get_trials(deepcopy=False)) < number:
            yield self._job(self.study.ask())

    def to_do(self, number: int) -> int:
        """The number of runs that `jobs` will have, if no other machine works at the study."""
        trials = len(self.study.get_trials(deepcopy=False))
        return len(self._interrupted()) + max(number - trials, 0)

    def tell(self, job: Job, record: RunRecord) -> None:
        """Tells the study how a trial ended. A `UserError` for a failure, where no trial has
        succeeded so far: the others would fail alike.
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
                raise UserError(
                    f"trial {number} failed, and none has succeeded: {error} (see {job.log}). "
                    "Fix that first; with another config or space, give another folder (-s)"
                )

    def importances(self) -> dict[str, float]:
        """The part of the spread of the scores that is due to each setting (fANOVA, Hutter et al.
        2014); empty where there are too few trials to say.
        """
        from optuna import importance

        complete = [trial for trial in self.study.trials if trial.state.name == "COMPLETE"]
        if len(complete) < 4 or len({trial.value for trial in complete}) < 2:
            return {}
        evaluator = importance.FanovaImportanceEvaluator(seed=self.seed)
        return dict(importance.get_param_importances(self.study, evaluator=evaluator))

    def write_best(self, path: Path) -> "FrozenTrial":
        """Writes the config of the best trial, ready to be trained; that trial."""
        from optuna.trial import FixedTrial

        best = self.study.best_trial
        config = config_with(self.config, self.space.suggest(FixedTrial(best.params)))
        settings = ", ".join(f"{name} {value}" for name, value in best.params.items())
        write_text(
            path,
            f"// The best of {len(self.study.trials)} trials of a search: trial {best.number}, "
            f"{self.metric} {best.value:.4f} on dev\n// with seed {self.seed}. "
            f"{settings}\n{json.dumps(config, indent=2)}\n",
        )
        return best

    def _check_study(self, direction: str) -> None:
        """That the study was made with the same settings; they are its attributes."""
        settings = {
            name: dataclasses.asdict(setting) for name, setting in self.space.settings.items()
        }
        attributes = {
            "config_hash": hash_of(self.config),
            "settings": hash_of(settings),
            "metric": self.metric,
            "direction": direction,
            "seed": self.seed,
        }
        # Without trials it may be made anew, but for its direction, which Optuna keeps.
        known = {"direction": self.study.direction.name.lower()}
        if self.study.get_trials(deepcopy=False):
            known |= self.study.user_attrs
        for key, value in attributes.items():
            if known.get(key, value) != value:
                what = _WORDS.get(key, key)
                raise UserError(
                    f"the study '{self.name}' in the storage was made with another {what}: give "
                    "another folder (-s), and if you gave a storage, another one"
                )
            self.study.set_user_attr(key, value)

    def _claim_folder(self) -> None:
        """The folder takes the trials of one study: those of others have the same numbers."""
        # Set by the first of several machines.
        if _IDENTITY not in self.study.user_attrs:
            self.study.set_user_attr(_IDENTITY, uuid.uuid4().hex)
        identity = self.study.user_attrs[_IDENTITY]
        mark = Path(self.folder, _MARK)
        if not mark.is_file():
            write_text(mark, f"{identity}\n")
        elif mark.read_text(encoding="utf-8").strip() != identity:
            raise UserError(
                f"{self.folder} has the trials of another study: give another folder (-s)"
            )

    def _interrupted(self) -> list["FrozenTrial"]:
        """Trials whose run was begun in this folder, and that no process makes."""
        trials = []
        for trial in self.study.get_trials(deepcopy=False):
            lock = Path(f"{self._folder(trial.number)}.lock")
            if trial.state.name == "RUNNING" and lock.exists():
                with contextlib.suppress(Timeout), FileLock(lock, timeout=0):
                    trials.append(trial)
        return trials

    def _folder(self, number: int) -> str:
        return str(Path(self.folder, f"trial-{number:04d}").absolute())

    def _job(self, trial: "Trial") -> Job:
        # From here on the trial belongs to this folder, even if this process is killed.
        Path(f"{self._folder(trial.number)}.lock").touch()
        config = config_with(self.config, self.space.suggest(trial))
        config_hash = hash_of(config)
        trainer = config.setdefault("trainer", {})
        trainer["callbacks"] = [*(trainer.get("callbacks") or []), {"type": "optuna_pruning"}]
        for_pruning = {
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
            include_packages=list(self.include_packages),
            environment={TRIAL: json.dumps(for_pruning)},
        )
