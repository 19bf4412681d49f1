"""What a run was and how it ended, and the table of many runs.

A run is a training of one config from one seed. Its record is the file `run.json` in its folder;
`runs.jsonl` is the table of the records of all folders below, one on each line:
`pandas.read_json("runs.jsonl", lines=True)`.
"""

import dataclasses
import glob
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bilstm_tagger.text.errors import PathLike, UserError
from bilstm_tagger.text.files import write_text
from bilstm_tagger.text.folds import FoldedPath, folded_path

RECORD = "run.json"
TABLE = "runs.jsonl"
SEEDS = ("random_seed", "numpy_seed", "pytorch_seed")
# As AllenNLP calls them in metrics.json.
DEV, TEST = "best_validation_", "test_"
# What our trainer adds to the training metrics of an epoch.
LEARNING_RATE = "learning_rate"
# What goes wrong with JSON that is no record.
NO_RECORD = (ValueError, KeyError, TypeError, AttributeError)


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """A run. Its metrics and curves are named as in AllenNLP's `metrics.json`."""

    name: str
    # Of the config without its seeds: runs of one hash differ by their seed alone.
    config_hash: str
    seed: int
    # "finished", "failed", or "pruned": a search stopped it early.
    status: str
    error: str | None = None
    # Time in UTC, as ISO 8601.
    started: str | None = None
    # Duration of the training, without what was done before an interruption.
    seconds: int | float | None = None
    # Number of epochs, and the best of them by the config's metric, counted from 1.
    epochs: int | None = None
    best_epoch: int | None = None
    # `best_validation_<metric>` and `test_<metric>`, both of the best epoch.
    metrics: dict[str, float] = dataclasses.field(default_factory=dict)
    # `validation_<metric>` and `training_<metric>`, a number for each epoch.
    curves: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    machine: dict[str, Any] = dataclasses.field(default_factory=dict)
    config: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def finished(self) -> bool:
        return self.status == "finished"

    @property
    def signed_metrics(self) -> list[Any]:
        """The metrics that the config chooses its epoch by, with + or -."""
        return signed_metrics(self.config)

    @property
    def validation_metric(self) -> str | None:
        """The first of `signed_metrics`, without its sign."""
        first = next(iter(self.signed_metrics), None)
        return first.lstrip("+-") if isinstance(first, str) else None

    @property
    def fold(self) -> FoldedPath | None:
        """The fold of its data that the run left out, and is scored on; `None`: it is of no
        cross-validation."""
        return folded_path(self.config.get("test_data_path"))

    def dev(self, metric: str) -> float | None:
        return self.metrics.get(DEV + metric)

    def test(self, metric: str) -> float | None:
        return self.metrics.get(TEST + metric)

    def row(self) -> dict[str, Any]:
        """The record for the table: a column for each metric."""
        row = dataclasses.asdict(self)
        metrics = row.pop("metrics")
        long = {key: row.pop(key) for key in ("curves", "versions", "machine", "config")}
        return {**row, **metrics, **long}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "RunRecord":
        """The record of a row; one of the errors `NO_RECORD` where it is none."""
        metrics = {
            key: value
            for key, value in row.items()
            if key.startswith((DEV, TEST)) and value is not None
        }
        return msgspec.convert({**row, "metrics": metrics}, cls)

    @classmethod
    def load(cls, path: Path) -> "RunRecord":
        """The record in a file; `OSError` or one of `NO_RECORD` where there is none."""
        return cls.from_row(json.loads(path.read_text(encoding="utf-8")))


def signed_metrics(config: Mapping[str, Any]) -> list[Any]:
    """The metrics that a config chooses its epoch by, with + or -."""
    trainer = config.get("trainer")
    signed = trainer.get("validation_metric", "-loss") if isinstance(trainer, dict) else "-loss"
    return signed if isinstance(signed, list) else [signed]


def hash_of(config: Mapping[str, Any]) -> str:
    """Twelve digits that tell configs apart, whatever the order of their keys and their seeds."""
    without = {key: value for key, value in config.items() if key not in SEEDS}
    text = json.dumps(without, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_number(value: Any) -> bool:
    """Whether it is a finite number; a diverged training has NaN."""
    return isinstance(value, (int, float)) and math.isfinite(value)


def duration_text(seconds: float) -> str:
    """A duration of a training in seconds, minutes or hours."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def write_record(folder: PathLike, record: RunRecord) -> None:
    """Puts the record into the folder of its run, which is made where it is missing."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    write_text(Path(folder) / RECORD, json.dumps(record.row(), indent=1) + "\n")


def write_table(folder: PathLike, strict: bool = True) -> Path:
    """Gathers the records of all folders below into `runs.jsonl`; its path.

    # Parameters

    strict : `bool`, optional (default=`True`)
        Whether a record that cannot be read is a `UserError`. Otherwise it is left out: while runs
        are being made, it may belong to one that will be made again.
    """
    path = Path(folder) / TABLE
    lines = [json.dumps(record.row()) + "\n" for record in _below(Path(folder), strict)]
    write_text(path, "".join(lines))
    return path


def read_records(*sources: PathLike) -> list[RunRecord]:
    """The records of folders of runs, or tables of them, sorted by name and seed.

    # Errors

    `UserError` where there is none, where one cannot be read, or where two of one config and seed
    differ: neither may get lost.
    """
    records: dict[tuple[str, str, int], RunRecord] = {}
    for source in map(Path, sources):
        if not source.exists():
            raise UserError("no such file or folder", source)
        table = source / TABLE if source.is_dir() else source
        source_records = _below(source) if source.is_dir() else []
        if not source_records and table.is_file():
            source_records = _in_table(table)
        if not source_records:
            raise UserError(
                "no record of a run: give a folder that `allennlp seeds` or `allennlp search` "
                "filled (-s), or its runs.jsonl",
                source,
            )
        for record in source_records:
            other = records.setdefault(_order(record), record)
            # As text, in which NaN equals NaN.
            if json.dumps(other.row()) != json.dumps(record.row()):
                raise UserError(
                    f"{record.name} ({record.config_hash}) seed {record.seed} is there twice, with "
                    "other results: remove one, or, to compare them, put each into a table or "
                    "folder of its own",
                    source,
                )
    return sorted(records.values(), key=_order)


def select(records: Sequence[RunRecord], configs: Sequence[str]) -> list[RunRecord]:
    """The records of the configs of these names or hashes; all where `configs` is empty."""
    wanted = {*configs}
    return [
        record for record in records if not wanted or wanted & {record.name, record.config_hash}
    ]


def check_names(records: Iterable[RunRecord], configs: Sequence[str]) -> None:
    """A `UserError` for a config that has no record."""
    names = {record.name for record in records}
    known = names | {record.config_hash for record in records}
    if missing := [name for name in configs if name not in known]:
        raise UserError(
            f"--configs: no run of {', '.join(missing)}; there are: {', '.join(sorted(names))}"
        )


def _order(record: RunRecord) -> tuple[str, str, int]:
    return record.name, record.config_hash, record.seed


def _below(folder: Path, strict: bool = True) -> list[RunRecord]:
    records = []
    # Unlike those of `rglob`, they may lie in folders that are links.
    paths = glob.glob(f"**/{RECORD}", root_dir=folder, recursive=True, include_hidden=True)
    for path in sorted({(folder / path).resolve(): folder / path for path in paths}.values()):
        try:
            records.append(_parsed(path.read_bytes(), path))
        except UserError:
            if strict:
                raise
    return sorted(records, key=_order)


def _in_table(path: Path) -> list[RunRecord]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise UserError("not a text in UTF-8; expected a table, runs.jsonl", path) from error
    return [_parsed(line, path, number) for number, line in enumerate(lines, 1) if line.strip()]


def _parsed(text: str | bytes, path: Path, line: int | None = None) -> RunRecord:
    try:
        return RunRecord.from_row(json.loads(text))
    except NO_RECORD as error:
        what = "file" if line is None else "line"
        problem = f"no record of a run ({error}); remove the {what}"
        raise UserError(problem, path, line) from error
