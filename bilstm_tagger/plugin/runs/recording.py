"""Makes the record of a run from what AllenNLP left in its folder."""

import json
import os
import platform
import re
from datetime import timedelta
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from bilstm_tagger.experiments.records import DEV, TEST, RunRecord, is_number, write_record
from bilstm_tagger.plugin.runs.jobs import Job

PACKAGES = ("allennlp", "bilstm-tagger", "torch", "numpy", "spacy", "transformers")
_DURATION = re.compile(r"(?:(\d+) days?, )?(\d+):(\d+):(\d+(?:\.\d+)?)")


def record_of(
    job: Job, error: str | None = None, started: str | None = None, status: str = "failed"
) -> RunRecord:
    """The record of a run that ended; with an error, `status` is that of the unfinished run."""
    folder = Path(job.folder)
    metrics = {} if error else _json(folder / "metrics.json")
    epochs = epoch_metrics(folder)
    best = metrics.get("best_epoch")
    return RunRecord(
        name=job.name,
        config_hash=job.config_hash,
        seed=job.seed,
        status=status if error else "finished",
        error=error,
        started=started,
        seconds=_seconds([*epochs, metrics]),
        epochs=len(epochs) or None,
        best_epoch=None if best is None else best + 1,
        metrics={
            key: value
            for key, value in metrics.items()
            if key.startswith((DEV, TEST)) and is_number(value)
        },
        curves=_curves(epochs),
        versions=_versions(),
        machine=_machine(job.threads),
        config=job.config,
    )


def record_failure(job: Job, error: str) -> RunRecord:
    """Writes the record of a run whose process could not write it."""
    record = record_of(job, error)
    write_record(job.folder, record)
    return record


def in_one_line(error: BaseException) -> str:
    """An error, for a record."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500].rstrip(": ")


def epoch_metrics(folder: Path) -> list[dict[str, Any]]:
    """What AllenNLP wrote after each epoch."""
    paths = folder.glob("metrics_epoch_*.json")
    return [_json(path) for path in sorted(paths, key=lambda path: int(path.stem.split("_")[-1]))]


def _curves(epochs: list[dict[str, Any]]) -> dict[str, list[float]]:
    curves = {}
    for key, value in (epochs[-1] if epochs else {}).items():
        wanted = key.startswith(("validation_", "training_")) and not key.endswith("_memory_MB")
        values = [epoch.get(key) for epoch in epochs]
        # NaN, of a loss that grew without bounds, is no JSON for others.
        if wanted and isinstance(value, float) and all(map(is_number, values)):
            curves[key] = [float(number or 0) for number in values]
    return curves


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # Missing, or being written.
        return {}


def _seconds(metrics: list[dict[str, Any]]) -> float | None:
    """The time of training. AllenNLP counts it from the start, or from the last recovery: there the
    number of an epoch is less than that of the epoch before.
    """
    matches = [_DURATION.fullmatch(str(epoch.get("training_duration"))) for epoch in metrics]
    times = []
    for match in filter(None, matches):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        times.append(duration.total_seconds())
    if not times:
        return None
    ends = [time for time, following in pairwise(times) if following < time]
    return round(sum(ends) + times[-1], 1)


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _machine(threads: int) -> dict[str, Any]:
    machine: dict[str, Any] = {
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
    }
    if torch.cuda.is_available():
        machine["gpu"] = torch.cuda.get_device_name()
    return machine


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1].strip() if match else platform.processor() or platform.machine()
