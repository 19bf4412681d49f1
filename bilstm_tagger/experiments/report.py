"""The report of distributions: one page of HTML that needs nothing else."""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bilstm_tagger.experiments.distribution import (
    Distribution,
    LeftOut,
    Scale,
    Summary,
    by_metric,
)
from bilstm_tagger.experiments.page import render
from bilstm_tagger.experiments.plots import (
    LEAST_FOR_VIOLIN,
    plot_dev_against_test,
    plot_learning_curve,
    plot_scores,
)
from bilstm_tagger.experiments.records import RunRecord, duration_text
from bilstm_tagger.experiments.svg import WIDE, WIDTH

SCORE_COLUMNS = (
    "n",
    "mean ± sd",
    "minimum",
    "lower quartile",
    "median",
    "upper quartile",
    "maximum",
)
RUN_COLUMNS = ("left out", "test of best on dev", "Spearman's rho (n)", "best epoch", "time")


def score_cells(summary: Summary | None, scale: Scale) -> list[str]:
    """`SCORE_COLUMNS` of a row; empty where there are no scores."""
    if summary is None:
        return [""] * len(SCORE_COLUMNS)
    spread = scale.show(summary.mean)
    if summary.standard_deviation is not None:
        spread += f" ± {scale.show(summary.standard_deviation)}"
    quartiles = (summary.lower_quartile, summary.median, summary.upper_quartile)
    quantiles = (summary.minimum, *quartiles, summary.maximum)
    return [str(summary.n), spread, *map(scale.show, quantiles)]


def run_cells(config: Distribution, scale: Scale) -> list[str]:
    """`RUN_COLUMNS` of a row."""
    return [
        str(len(config.left_out) or ""),
        scale.show(config.test_of_best),
        "" if config.rho is None else f"{config.rho:.2f} ({len(config.pairs)})",
        "" if config.best_epoch is None else f"{config.best_epoch:.1f}",
        "" if config.seconds is None else duration_text(config.seconds),
    ]


def all_left_out(configs: Iterable[Distribution]) -> list[LeftOut]:
    """The runs of all configs that no number includes."""
    return [run for config in configs for run in config.left_out]


def make_report(configs: Sequence[Distribution], records: Sequence[RunRecord]) -> str:
    """The page: tables, plots, what failed and what was run. The same records, which `configs` were
    made of, make the same page.
    """
    numbers = itertools.count(1)
    return render(
        "report.html.jinja",
        sections=[_section(group, numbers) for group in by_metric(configs).values()],
        score_columns=SCORE_COLUMNS,
        run_columns=RUN_COLUMNS,
        least_for_violin=LEAST_FOR_VIOLIN,
        left_out=all_left_out(configs),
        runs=len(records),
        configs=[(config, _seeds(config)) for config in configs],
        surroundings=_surroundings(records),
    )


def _section(group: Sequence[Distribution], numbers: Iterator[int]) -> dict[str, Any]:
    """What the page shows of a metric."""
    from markupsafe import Markup

    scale = Scale.of(group)

    def figures(plot: Any) -> list[tuple[Distribution, Any]]:
        drawn = [
            (config, Markup(plot(config, scale, f"figure{next(numbers)}"))) for config in group
        ]
        return [(config, svg) for config, svg in drawn if svg]

    # For a wide and a narrow window.
    scores = {
        size: Markup(plot_scores(group, scale, f"figure{next(numbers)}", width))
        for size, width in (("wide", WIDE), ("narrow", WIDTH))
    }
    return {
        "first": group[0],
        "unit": "per cent" if scale.per_cent else "",
        "rows": [
            (
                config,
                score_cells(config.dev, scale),
                score_cells(config.test, scale),
                run_cells(config, scale),
            )
            for config in group
        ],
        "scores": scores if all(scores.values()) else {},
        "violins": any(len(config.runs) >= LEAST_FOR_VIOLIN for config in group),
        "dev_against_test": figures(plot_dev_against_test),
        "learning_curves": figures(plot_learning_curve),
    }


def _seeds(config: Distribution) -> str:
    """All seeds of a config, 1, 2, 3, 7 as `1–3, 7`."""
    seeds = [run.record.seed for run in config.runs] + [run.seed for run in config.left_out]
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1][1:] = [seed]
        else:
            parts.append([seed])
    return ", ".join("–".join(map(str, part)) for part in parts)


def _surroundings(records: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Versions and machines, and how many runs had them."""
    surroundings: dict[str, dict[str, Any]] = {}
    for record in records:
        content = {"versions": record.versions, "machine": record.machine}
        key = json.dumps(content, sort_keys=True)
        surroundings.setdefault(key, {"runs": 0, **content})["runs"] += 1
    return list(surroundings.values())
