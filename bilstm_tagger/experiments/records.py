"""What a run was and what came out of it, and the table of many.

A run is a training of one config from one seed. Its record stands in `run.json` of its folder;
`runs.jsonl` is the table of the records of all folders below, a line each:
`pandas.read_json("runs.jsonl", lines=True)`.
"""

import dataclasses
import glob
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.writing import write_text

RECORD = "run.json"
TABLE = "runs.jsonl"
SEEDS = ("random_seed", "numpy_seed", "pytorch_seed")
# As AllenNLP calls them in metrics.json.
DEV, TEST = "best_validation_", "test_"
_NUMBER = (int, float, type(None))
_TEXT = (str, type(None))
_KINDS: dict[str, Any] = (
    {"name": str, "config_hash": str, "seed": int, "status": str, "error": _TEXT, "started": _TEXT}
    | dict.fromkeys(("seconds", "epochs", "best_epoch"), _NUMBER)
    | dict.fromkeys(("curves", "versions", "machine", "config"), dict)
)

PathLike = Union[str, os.PathLike]


class RecordError(UserError):
    """Records that are missing or damaged; the message says where, and what to do."""


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """A run.

    # Parameters

    name : `str`
        Of the config.
    config_hash : `str`
        Of the config without its seeds, see `hash_of`: runs of one hash differ by their seed alone.
    seed : `int`
    status : `str`
        `"finished"`, `"failed"`, or `"pruned"`: stopped by a search, as it promised too little.
    error : `str`, optional
        Why it is not finished.
    started : `str`, optional
        When, in UTC, as ISO 8601.
    seconds : `float`, optional
        That the training took, without what was done before an interruption.
    epochs, best_epoch : `int`, optional
        Epochs that were trained, and the best of them by the config's metric, both from 1.
    metrics : `Dict[str, float]`
        As in AllenNLP's `metrics.json`: `best_validation_<metric>` and `test_<metric>`, both of the
        best epoch.
    curves : `Dict[str, List[float]]`
        `validation_<metric>` and `training_<metric>`, a number for each epoch.
    versions : `Dict[str, str]`
        Of Python and of the packages that matter.
    machine : `Dict[str, Any]`
        System, processor, cores and threads in use.
    config : `Dict[str, Any]`
        As it was trained.
    """

    name: str
    config_hash: str
    seed: int
    status: str
    error: Optional[str] = None
    started: Optional[str] = None
    seconds: Optional[float] = None
    epochs: Optional[int] = None
    best_epoch: Optional[int] = None
    metrics: dict[str, float] = dataclasses.field(default_factory=dict)
    curves: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    machine: dict[str, Any] = dataclasses.field(default_factory=dict)
    config: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def finished(self) -> bool:
        return self.status == "finished"

    @property
    def validation_metric(self) -> Optional[str]:
        """The (first) metric that the config chooses its epoch by, without + or -."""
        given = (self.config.get("trainer") or {}).get("validation_metric", "-loss")
        first = given[0] if isinstance(given, list) and given else given
        return first.lstrip("+-") if isinstance(first, str) else None

    def dev(self, metric: str) -> Optional[float]:
        return self.metrics.get(DEV + metric)

    def test(self, metric: str) -> Optional[float]:
        return self.metrics.get(TEST + metric)

    def row(self) -> dict[str, Any]:
        """The record for the table: a column for each metric."""
        row = dataclasses.asdict(self)
        metrics = row.pop("metrics")
        long = {key: row.pop(key) for key in ("curves", "versions", "machine", "config")}
        return {**row, **metrics, **long}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "RunRecord":
        """The record of a row. A `TypeError` or `AttributeError` where it is none."""
        names = {field.name for field in dataclasses.fields(cls)} - {"metrics"}
        metrics = {
            key: value
            for key, value in row.items()
            if key.startswith((DEV, TEST)) and value is not None
        }
        record = cls(metrics=metrics, **{key: value for key, value in row.items() if key in names})
        for name, kind in _KINDS.items():
            if not isinstance(getattr(record, name), kind):
                raise TypeError(f"{name} is {getattr(record, name)!r}")
        for name, curve in record.curves.items():
            if not (isinstance(curve, list) and all(isinstance(x, (int, float)) for x in curve)):
                raise TypeError(f"curves: {name} is no list of numbers")
        return record


def hash_of(config: Mapping[str, Any]) -> str:
    """Twelve digits that tell configs apart, whatever the order of their keys and their seeds."""
    without = {key: value for key, value in config.items() if key not in SEEDS}
    text = json.dumps(without, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def write_record(folder: PathLike, record: RunRecord) -> None:
    """Puts the record into the folder of its run."""
    write_text(Path(folder) / RECORD, json.dumps(record.row(), indent=1) + "\n")


def write_table(folder: PathLike, strict: bool = True) -> Path:
    """Gathers the records of all folders below into `runs.jsonl`; its path.

    # Parameters

    folder : `str` or `PathLike`
    strict : `bool`, optional (default=`True`)
        Whether a record that cannot be read is a `RecordError`. Otherwise it is left out: as long
        as runs are being made, it may be of one that is to be made again.
    """
    path = Path(folder) / TABLE
    lines = [json.dumps(record.row()) + "\n" for record in _below(Path(folder), strict)]
    write_text(path, "".join(lines))
    return path


def read_records(*sources: PathLike) -> list[RunRecord]:
    """The records of runs, sorted by name and seed.

    # Parameters

    sources : `str` or `PathLike`
        Each a folder of runs, or of one run, or a `runs.jsonl`.

    # Errors

    `RecordError` where there is none, where one cannot be read, or where two of one config and
    seed differ: neither is to be lost.
    """
    records: dict[tuple[str, str, int], RunRecord] = {}
    for source in map(Path, sources):
        if source.is_dir():
            found = _below(source)
            if not found and (source / TABLE).is_file():
                found = _lines_of(source / TABLE)
        elif source.is_file():
            found = _lines_of(source)
        else:
            raise RecordError(f"{source}: no such file or folder")
        if not found:
            raise RecordError(
                f"{source}: no record of a run: give a folder that `allennlp seeds` or "
                "`allennlp search` filled (-s), or its runs.jsonl"
            )
        for record in found:
            other = records.setdefault(_order(record), record)
            # As text, in which NaN is as good as any.
            if json.dumps(other.row()) != json.dumps(record.row()):
                raise RecordError(
                    f"{source}: {record.name} ({record.config_hash}) seed {record.seed} is there "
                    "twice, with other results: take one away, or, to compare them, give each a "
                    "table or folder of its own"
                )
    return sorted(records.values(), key=_order)


def chosen(records: Iterable[RunRecord], configs: Sequence[str]) -> list[RunRecord]:
    """Those of the configs of these names, or hashes; all where none is given."""
    return [each for each in records if not configs or {each.name, each.config_hash} & {*configs}]


def check_names(records: Iterable[RunRecord], configs: Sequence[str]) -> None:
    """A `RecordError` for a config that has no record."""
    names = {name for each in records for name in (each.name, each.config_hash)}
    if missing := [name for name in configs if name not in names]:
        there_are = ", ".join(sorted({each.name for each in records}))
        raise RecordError(f"--configs: no run of {', '.join(missing)}; there are: {there_are}")


def by_config(records: Iterable[RunRecord]) -> dict[str, list[RunRecord]]:
    """The finished runs of each config, by its name (with its hash where a name has several)."""
    groups: dict[tuple[str, str], list[RunRecord]] = {}
    for record in sorted(records, key=_order):
        if record.finished:
            groups.setdefault((record.name, record.config_hash), []).append(record)
    names = [name for name, _ in groups]
    return {
        name if names.count(name) == 1 else f"{name} ({config_hash})": group
        for (name, config_hash), group in groups.items()
    }


def _order(record: RunRecord) -> tuple[str, str, int]:
    return record.name, record.config_hash, record.seed


def _below(folder: Path, strict: bool = True) -> list[RunRecord]:
    found = []
    # Unlike those of `rglob`, they may lie in folders that are links.
    paths = glob.glob(f"**/{RECORD}", root_dir=folder, recursive=True, include_hidden=True)
    for path in sorted({(folder / path).resolve(): folder / path for path in paths}.values()):
        try:
            found.append(RunRecord.from_row(json.loads(path.read_text(encoding="utf-8"))))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if strict:
                raise RecordError(
                    f"{path}: no record of a run ({error}); take the file away"
                ) from error
    return sorted(found, key=_order)


def _lines_of(path: Path) -> list[RunRecord]:
    found = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}: no text in UTF-8; expected a table, runs.jsonl") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(RunRecord.from_row(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RecordError(
                f"{path}:{number}: no record of a run ({error}); take the line out"
            ) from error
    return found
