"""The report of distributions: one page of HTML that needs nothing else."""

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from bilstm_tagger.experiments.distribution import (
    Distribution,
    LeftOut,
    Scale,
    Summary,
    by_metric,
)
from bilstm_tagger.experiments.plots import (
    LEAST_FOR_VIOLIN,
    plot_dev_against_test,
    plot_learning_curve,
    plot_scores,
)
from bilstm_tagger.experiments.records import RunRecord

SCORE_COLUMNS = (
    "n",
    "mean ± sd",
    "minimum",
    "lower quartile",
    "median",
    "upper quartile",
    "maximum",
)
RUN_COLUMNS = ("left out", "test of best on dev", "Spearman's rho (n)", "best epoch", "minutes")
_TEMPLATE = Path(__file__).with_name("report.html.jinja")


def score_cells(summary: Optional[Summary], scale: Scale) -> list[str]:
    """`SCORE_COLUMNS` of a row; empty where there are no scores."""
    if summary is None:
        return [""] * len(SCORE_COLUMNS)
    mean, deviation = scale.show(summary.mean), scale.show(summary.standard_deviation)
    quantiles = (
        summary.minimum,
        summary.lower_quartile,
        summary.median,
        summary.upper_quartile,
        summary.maximum,
    )
    spread = f"{mean} ± {deviation}" if deviation else mean
    return [str(summary.n), spread, *map(scale.show, quantiles)]


def run_cells(each: Distribution, scale: Scale) -> list[str]:
    """`RUN_COLUMNS` of a row."""
    return [
        str(len(each.left_out) or ""),
        scale.show(each.test_of_best),
        "" if each.rho is None else f"{each.rho:.2f} ({len(each.pairs)})",
        "" if each.best_epoch is None else f"{each.best_epoch:.1f}",
        "" if each.minutes is None else f"{each.minutes:.1f}",
    ]


def all_left_out(found: Iterable[Distribution]) -> list[LeftOut]:
    """The runs of all configs that are in no number."""
    return [run for each in found for run in each.left_out]


def make_report(found: Sequence[Distribution], records: Sequence[RunRecord]) -> str:
    """The page: tables, plots, what failed and what was run. The same records make the same page.

    # Parameters

    found : `Sequence[Distribution]`
    records : `Sequence[RunRecord]`
        That they were made of.
    """
    # As `allennlp` imports this package at every start, and few commands need it.
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["breakable"] = _breakable
    numbers = itertools.count(1)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        sections=[_section(group, numbers) for group in by_metric(found).values()],
        score_columns=SCORE_COLUMNS,
        run_columns=RUN_COLUMNS,
        least_for_violin=LEAST_FOR_VIOLIN,
        left_out=all_left_out(found),
        runs=len(records),
        configs=[_config(each, records) for each in found],
        surroundings=_surroundings(records),
    )


def _section(group: Sequence[Distribution], numbers: Iterator[int]) -> dict[str, Any]:
    """What the page shows of a metric."""
    from markupsafe import Markup

    scale = Scale.of(group)

    def figures(plot: Any) -> list[tuple[Distribution, Any]]:
        drawn = [(each, Markup(plot(each, scale, f"figure{next(numbers)}"))) for each in group]
        return [(each, svg) for each, svg in drawn if svg]

    return {
        "metric": group[0].metric,
        "unit": "per cent" if scale.per_cent else "",
        "lower_is_better": group[0].lower_is_better,
        "rows": [
            (
                each,
                score_cells(each.dev, scale),
                score_cells(each.test, scale),
                run_cells(each, scale),
            )
            for each in group
        ],
        "scores": Markup(plot_scores(group, scale, f"figure{next(numbers)}")),
        "violins": any(len(each.runs) >= LEAST_FOR_VIOLIN for each in group),
        "dev_against_test": figures(plot_dev_against_test),
        "learning_curves": figures(plot_learning_curve),
    }


def _breakable(name: str) -> Any:
    """A name, as HTML, that may go to the next line after each of its parts."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(map(escape, re.split(r"(?<=[_./-])", name)))


def _config(each: Distribution, records: Sequence[RunRecord]) -> dict[str, Any]:
    runs = [record for record in records if record.config_hash == each.config_hash]
    name = each.name.removesuffix(f" ({each.config_hash})")
    seeds = sorted(record.seed for record in runs if record.name == name)
    return {"name": each.name, "config_hash": each.config_hash, "seeds": _ranges(seeds)}


def _ranges(seeds: Sequence[int]) -> str:
    """1, 2, 3, 7 as `1–3, 7`."""
    parts: list[list[int]] = []
    for seed in seeds:
        if parts and seed == parts[-1][-1] + 1:
            parts[-1][1:] = [seed]
        else:
            parts.append([seed])
    return ", ".join("–".join(map(str, part)) for part in parts)


def _surroundings(records: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Versions and machines, and how many runs had them."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        key = json.dumps([record.versions, record.machine], sort_keys=True)
        known = found.setdefault(
            key, {"versions": record.versions, "machine": record.machine, "runs": 0}
        )
        known["runs"] += 1
    return list(found.values())
