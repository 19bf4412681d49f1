"""Makes the record of a run from what AllenNLP left in its folder."""

import json
import math
import os
import platform
import re
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Any, Optional

import torch

from bilstm_tagger.experiments.records import DEV, TEST, RunRecord
from bilstm_tagger.plugin.runs.jobs import Job

PACKAGES = ("allennlp", "bilstm-tagger", "torch", "numpy", "spacy", "transformers")
_DURATION = re.compile(r"(?:(\d+) days?, )?(\d+):(\d+):(\d+(?:\.\d+)?)")


def record_of(
    job: Job, error: Optional[str] = None, started: Optional[str] = None, status: str = "failed"
) -> RunRecord:
    """The record of a run that ended.

    # Parameters

    job : `Job`
    error : `str`, optional
        Why it is not finished.
    started : `str`, optional
        When, as ISO 8601.
    status : `str`, optional (default=`"failed"`)
        Of a run that is not finished.
    """
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
            if key.startswith((DEV, TEST)) and _is_number(value)
        },
        curves=_curves(epochs),
        versions=_versions(),
        machine=_machine(job.threads),
        config=job.config,
    )


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
        if wanted and isinstance(value, float) and all(map(_is_number, values)):
            curves[key] = [float(each or 0) for each in values]
    return curves


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # Not there, or being written.
        return {}


def _seconds(metrics: list[dict[str, Any]]) -> Optional[float]:
    """The time of training. AllenNLP counts it from the start, or from the last recovery: there the
    number of an epoch is less than that of the epoch before.
    """
    found = [_duration(each.get("training_duration")) for each in metrics]
    times = [each for each in found if each is not None]
    if not times:
        return None
    ends = [this for this, following in zip(times, times[1:], strict=False) if following < this]
    return round(sum(ends) + times[-1], 1)


def _duration(text: Any) -> Optional[float]:
    match = _DURATION.fullmatch(str(text))
    if match is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _machine(threads: int) -> dict[str, Any]:
    about: dict[str, Any] = {
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
    }
    if torch.cuda.is_available():
        about["gpu"] = torch.cuda.get_device_name()
    return about


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1].strip() if match else platform.processor() or platform.machine()
