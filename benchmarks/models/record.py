"""The record of a run, from which tables are made, and its table on the terminal."""

import importlib.metadata
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Optional

from rich.console import Console
from rich.table import Table

from benchmarks.models.sides import LEFT_OUT, PIPELINE
from benchmarks.models.worker import OURS, SPACY, WHOLE
from benchmarks.report import show_ratio, surroundings
from benchmarks.samples import Figure
from bilstm_tagger.tagging.models import InstalledModel, installed_model


def _version(package: str) -> str:
    return importlib.metadata.version(package)


def make_record(
    model: InstalledModel,
    counts: dict[str, int],
    scores: dict[str, dict[str, Any]],
    figures: Sequence[Figure],
) -> dict[str, Any]:
    """All that was measured, and on what.

    # Parameters

    model : `InstalledModel`
        Our model.
    counts : `Dict[str, int]`
        Of what is tagged for speed and memory: documents, sentences and words.
    scores : `Dict[str, Dict[str, Any]]`
        Those of `score_all`.
    figures : `Sequence[Figure]`
    """
    machine = surroundings()
    versions = {name: machine.pop(name) for name in ("python", "numpy")}
    pipeline = {"name": PIPELINE, "package": f"{PIPELINE} {_version(PIPELINE)}"}
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {name: machine[name] for name in ("processor", "cores", "system")},
        "versions": {**versions, "spacy": _version("spacy")},
        "models": {
            OURS: {
                "name": model.name,
                "package": model.package,
                "bytes": model.path.stat().st_size,
            },
            SPACY: {**pipeline, "left_out": list(LEFT_OUT)},
            WHOLE: {**pipeline, "left_out": []},
        },
        "counts": counts,
        "scores": scores,
        "figures": {figure.key: figure.to_json() for figure in figures},
    }


def _show(score: Optional[float]) -> str:
    return "" if score is None else f"{score:.1f}"


def print_scores(scores: dict[str, dict[str, Any]], console: Console) -> None:
    """The table of scores."""
    table = Table(title="Scores on gold tokens, %")
    table.add_column("test")
    table.add_column("measure")
    for heading in ("ours", PIPELINE, "whole pipeline"):
        table.add_column(heading, justify="right")
    for score in scores.values():
        kinds = {"": "scores", ', a leading "the" forgiven': "leading_the_forgiven"}
        for words, key in kinds.items():
            if key in score:
                cells = (_show(score[key][side]) for side in (OURS, SPACY, WHOLE))
                table.add_row(score["title"], score["measure"] + words, *cells)
    console.print(table)


def print_speed(figures: Sequence[Figure], console: Console) -> None:
    """The table of speed, start and memory."""
    table = Table(title="Medians, measured in turn on one core")
    table.add_column("figure")
    for heading in ("ours", figures[0].against, "ratio", "n"):
        table.add_column(heading, justify="right")
    for figure in figures:
        ours, reference = figure.show(figure.ours), figure.show(figure.reference)
        ratio = show_ratio(figure.ratio())
        table.add_row(figure.title, ours, reference, ratio, str(figure.repetitions))
    console.print(table)


def our_model(name: str) -> InstalledModel:
    """The model of a name, or the file of a path.

    # Errors

    `SystemExit` where there is none.
    """
    path = Path(name).resolve()
    model = installed_model(name) or InstalledModel(str(path), path, "")
    if not model.path.is_file():
        raise SystemExit(f"error: there is no model {name!r}: --model takes a name or a file")
    return model
