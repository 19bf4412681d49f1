"""`allennlp compare`: whether the scores of configs differ, or the predictions of two runs."""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.tagging.commands.errors import check_writable, one_line_errors, write_file
from bilstm_tagger.tagging.commands.tables import print_table
from bilstm_tagger.text.errors import UserError

if TYPE_CHECKING:
    from bilstm_tagger.experiments.comparison import Comparison
    from bilstm_tagger.experiments.distribution import Distribution, Scale

# The defaults of the options that go with runs, and of those that go with predictions.
_OF_RUNS: dict[str, Any] = {"part": "test", "correction": "holm", "configs": ()}
_OF_PREDICTIONS: dict[str, Any] = {"gold": -2, "predicted": -1, "conllu": False, "rounds": 10_000}


@Subcommand.register("compare")
class Compare(Subcommand):
    """Compares the scores of configs over their seeds, each config with each other one; or, with
    `--predictions`, two single runs by what they predicted for the same sentences.

    Registered as a `Subcommand` with name "compare".
    """

    # It reads records and predictions alone: there is no package to include.
    requires_plugins = False

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(
            self.name,
            description="Compare the scores of configs over their seeds by a permutation test, or "
            "(--predictions) two runs sentence by sentence by approximate randomisation.",
            help="Compare configs over their seeds, or the predictions of two runs.",
        )
        add = subparser.add_argument
        add(
            "runs",
            nargs="+",
            metavar="RUNS",
            help="folders of runs, or their tables, runs.jsonl; with --predictions two column "
            "files",
        )
        add(
            "--metric",
            metavar="M",
            help="such as f1 or loss; --metric=+f1 or --metric=-loss says that higher or lower is "
            "better; by default the (first) validation metric of the configs; of predictions f1 "
            "(the default) or accuracy",
        )
        add("--alpha", type=_share, default=0.05, help="the accepted rate of false claims")
        add("--seed", type=_not_negative, default=13, help="of the resampling")
        add("--output-file", metavar="FILE.json", help="write everything as JSON")
        add(
            "--configs",
            nargs="+",
            metavar="NAME",
            help="names or hashes of the configs to compare (default = all)",
        )
        add("--part", choices=("test", "dev"), help="the part that is scored (default = test)")
        add(
            "--correction",
            choices=("holm", "bonferroni", "bh", "none"),
            help="for the number of comparisons: Holm, Bonferroni (the chance of any false claim), "
            "Benjamini-Hochberg (the share of false claims) or none (default = holm)",
        )
        add(
            "--predictions",
            action="store_true",
            help="compare two files of tokens, gold and predicted tags in columns",
        )
        add("--gold", type=int, metavar="COLUMN", help="from 0, or from the end (default = -2)")
        add("--predicted", type=int, metavar="COLUMN", help="likewise (default = -1)")
        add("--conllu", action="store_true", default=None, help="the files are CoNLL-U")
        add("--rounds", type=int, help="of randomisation and of the bootstrap (default = 10000)")
        subparser.set_defaults(func=run_compare)
        return subparser


@one_line_errors()
def run_compare(args: argparse.Namespace) -> None:
    """Prints tables and verdicts and writes the file that the options name; ends the process with
    status 1 where the runs or predictions cannot be read or compared, or the file cannot be
    written."""
    used, unused = _OF_RUNS, _OF_PREDICTIONS
    only_for = "predictions, with --predictions"
    if args.predictions:
        used, unused, only_for = unused, used, "runs, without --predictions"
    for name in unused:
        if getattr(args, name) is not None:
            raise UserError(f"--{name} is for {only_for}")
    for name, default in used.items():
        if getattr(args, name) is None:
            setattr(args, name, default)
    check_writable(args.output_file)
    content = _compare_predictions(args) if args.predictions else _compare_runs(args)
    if args.output_file:
        write_file(args.output_file, json.dumps(content, indent=2) + "\n")


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _not_negative(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return value


def _compare_runs(args: argparse.Namespace) -> dict[str, Any]:
    from bilstm_tagger.experiments.comparison import compare_all, read_configs, scores_of
    from bilstm_tagger.experiments.distribution import Scale
    from bilstm_tagger.experiments.verdicts import verdict

    configs = read_configs(args.runs, args.metric, args.configs)
    first = next(iter(configs.values()))
    samples = {name: scores_of(name, config, args.part) for name, config in configs.items()}
    pairs = compare_all(samples, args.alpha, args.correction, args.seed, first.lower_is_better)
    scale = Scale.of(configs.values())
    print_runs(configs, args.part, pairs, scale)
    verdicts = [verdict(pair, scale) for pair in pairs]
    print(*verdicts, sep="\n")
    return {
        "metric": first.metric,
        "part": args.part,
        "lower_is_better": first.lower_is_better,
        "alpha": args.alpha,
        "correction": args.correction,
        "seed": args.seed,
        "configs": {name: config.to_json() for name, config in configs.items()},
        "comparisons": [
            {**asdict(pair), "verdict": text} for pair, text in zip(pairs, verdicts, strict=True)
        ],
    }


def print_runs(
    configs: Mapping[str, "Distribution"], part: str, pairs: Sequence["Comparison"], scale: "Scale"
) -> None:
    """Tables of the configs, of the comparisons, and of the runs that are in neither."""
    from bilstm_tagger.experiments.verdicts import gap_text, p_text

    first = next(iter(configs.values()))
    rows = []
    left_out = []
    for name, config in configs.items():
        summary = getattr(config, part)
        numbers = (summary.mean, summary.standard_deviation, summary.minimum, summary.maximum)
        rows.append((name, str(summary.n), *map(scale.show, numbers)))
        left_out += [(name, str(run.seed), run.reason) for run in config.left_out]
        unscored = [run.record.seed for run in config.runs if getattr(run, part) is None]
        left_out += [(name, str(seed), f"no {part} score") for seed in unscored]
    title = f"{scale.describe(first.metric)}, {part}; {first.direction}"
    print_table(title, ("config", "runs", "mean", "sd", "min", "max"), rows, 1)

    # Two tables: one of all columns is wider than most terminals.
    differences, tests = [], []
    for pair in pairs:
        names = f"{pair.a}\n- {pair.b}"
        gap, interval = gap_text(pair.difference, pair.interval, pair.alpha, scale)
        gap_cells = (gap.removesuffix(" points"), interval.partition("interval ")[2])
        differences.append((names, *gap_cells, f"{pair.superiority:.2f}"))
        ps = (pair.mann_whitney_p, pair.permutation_p, pair.corrected_p)
        needed = "" if pair.runs_needed is None else f"{pair.runs_needed:,}"
        tests.append((names, *(p_text(p).removeprefix("= ") for p in ps), needed))
    level = f"{100 * (1 - pairs[0].alpha):.4g} % interval"
    header = ("A\n- B", "difference", level, "P(A\nbeats B)")
    print_table("Differences", header, differences, 1)
    corrected = f"corrected\n({pairs[0].correction})"
    columns = ("Mann-\nWhitney p", "permu-\ntation p", corrected, "runs a\nside\nneeded")
    print_table("Tests", ("A\n- B", *columns), tests, 1)
    if left_out:
        print_table("Runs left out", ("config", "seed", "why"), left_out, 3, prose=True)


def _compare_predictions(args: argparse.Namespace) -> dict[str, Any]:
    from bilstm_tagger.experiments.sentence_test import (
        METRICS,
        check_same,
        compare_predictions,
        counts_of,
        read_predictions,
    )

    metric = args.metric or METRICS[0]
    if len(args.runs) != 2:
        raise UserError(f"--predictions compares two files, found {len(args.runs)}")
    if metric not in METRICS:
        raise UserError(f"--metric of predictions is one of {', '.join(METRICS)}, not {metric}")
    if (args.rounds + 1) * args.alpha <= 1:
        least = math.floor(1 / args.alpha)
        raise UserError(f"--rounds is {args.rounds}: p < {args.alpha:g} takes at least {least}")
    first, second = (
        read_predictions(path, args.gold, args.predicted, args.conllu) for path in args.runs
    )
    check_same(first, second)
    a, b = (counts_of(sentences, metric) for sentences in (first, second))
    result = compare_predictions(a, b, metric, args.alpha, args.rounds, args.seed)
    verdict = result.verdict(*args.runs)
    scores = (f"{100 * score:.2f}" for score in (result.a, result.b))
    title = f"{metric}, per cent; {result.differing:,} of {result.sentences:,} sentences differ"
    print_table(title, ("predictions", metric), list(zip(args.runs, scores, strict=True)), 1)
    print(verdict)
    return {"predictions": args.runs, "seed": args.seed, **asdict(result), "verdict": verdict}
