"""What is shown of runs while they are made."""

import threading
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bilstm_tagger.experiments.records import RECORD, RunRecord, duration_text
from bilstm_tagger.plugin.runs.jobs import Job
from bilstm_tagger.plugin.runs.recording import epoch_metrics

_EVERY = 2.0


class RunsProgress:
    """Bars on a terminal: of all runs, and the epochs of each that is being made, as seen in its
    folder, whichever machine fills that. In any case a line for each run that ended.

    Use as a context. `total` is the number of runs to be made, `metric` the one to show; `None`:
    the first that the config of a run chooses its epoch by.
    """

    def __init__(self, console: Console, total: int, metric: str | None = None) -> None:
        self.console = console
        self.total = total
        self.metric = metric
        self._ended = 0
        # Folder to the state that it was last seen in.
        self._watched: dict[str, tuple[Job, Any]] = {}
        self._rows: dict[str, Any] = {}
        self._over = threading.Event()
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[scores]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_interactive,
        )
        self._all = self._bars.add_task("runs", total=total, scores="")
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "RunsProgress":
        if not self._bars.disable:
            self._bars.start()
            self._watcher.start()
        return self

    def __exit__(self, *error: object) -> None:
        if not self._bars.disable:
            self._over.set()
            self._watcher.join()
            self._bars.stop()

    def watched(self, job: Job) -> Job:
        """Starts to watch a run that is to be made, and returns it."""
        # What an earlier process left is no sign of life.
        self._watched[job.folder] = job, _state(job)
        return job

    def ended(self, job: Job, record: RunRecord | None) -> None:
        """Says how a run ended; without record, another process makes it."""
        self._watched.pop(job.folder, None)
        if (row := self._rows.pop(job.folder, None)) is not None:
            self._bars.remove_task(row)
        self._ended += 1
        self._bars.update(self._all, advance=1)
        if record is None:
            outcome = "is made by another process"
        elif record.finished:
            outcome = _scores_of(record, self.metric or record.validation_metric or "")
        else:
            outcome = f"{record.status}: {record.error}"
        self.console.print(
            f"{self._ended}/{self.total} {job.label}: {outcome}", markup=False, soft_wrap=True
        )

    def _watch(self) -> None:
        while not self._over.wait(_EVERY):
            for folder, (job, before) in list(self._watched.items()):
                state = _state(job)
                if state != before and folder in self._watched:
                    self._watched[folder] = job, state
                    self._show(job)

    def _show(self, job: Job) -> None:
        if job.folder not in self._rows:
            total = job.epochs or None
            self._rows[job.folder] = self._bars.add_task(job.label, total=total, scores="")
        epochs = epoch_metrics(Path(job.folder))
        record = RunRecord(job.name, "", 0, "", config=job.config)
        metric = self.metric or record.validation_metric
        latest = epochs[-1].get(f"validation_{metric}") if epochs else None
        scores = "" if latest is None else f"{metric} {latest:.4f}"
        self._bars.update(self._rows[job.folder], completed=len(epochs), scores=scores)


def _state(job: Job) -> tuple[int, bool]:
    folder = Path(job.folder)
    return len(list(folder.glob("metrics_epoch_*.json"))), (folder / RECORD).is_file()


def _scores_of(record: RunRecord, metric: str) -> str:
    parts = [("dev", record.dev(metric)), ("test", record.test(metric))]
    scores = [f"{name} {value:.4f}" for name, value in parts if value is not None]
    words = [f"{metric} {', '.join(scores)}"] if scores else []
    words.append(f"best epoch {record.best_epoch} of {record.epochs}")
    if record.seconds is not None:
        words.append(duration_text(record.seconds))
    return "; ".join(words)
