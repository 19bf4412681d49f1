"""`allennlp crossval`: trains configs on all folds of their data but one, and scores them on it."""

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.plugin.commands.run_options import (
    add_run_options,
    check_numbers,
    configs_of,
    make_runs,
    seeds_of,
)
from bilstm_tagger.tagging.commands.errors import interruptible, one_line_errors
from bilstm_tagger.tagging.commands.tables import print_table

if TYPE_CHECKING:
    from bilstm_tagger.plugin.runs.fold_jobs import CrossValidation


@Subcommand.register("crossval")
class CrossVal(Subcommand):
    """Divides the training data of each config into folds, trains without each of them, and scores
    and predicts it: every sentence is predicted by models that were not trained on it.

    Runs are made, continued and recorded as by `seeds`.

    Registered as a `Subcommand` with name "crossval".
    """

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(
            self.name,
            description="Cross-validation: train each config without each fold of its training "
            "data, and score and predict the fold. RUNS/<config>/predictions.jsonl has every "
            "sentence, with what models say that were not trained on it. The same command goes on "
            "after an interruption.",
            help="Cross-validate configs, and predict their training data out of fold.",
        )
        add_run_options(subparser, seeds=1, folders="RUNS/<config>/fold-<fold>/seed-<seed>")
        add = subparser.add_argument
        add("--folds", type=int, default=5, help="number of folds (default = 5)")
        add(
            "--by",
            choices=("document", "sentence"),
            help="what is never divided between folds (default = document, where all files of the "
            "training have documents; sentence otherwise)",
        )
        subparser.set_defaults(func=run_crossval)
        return subparser


@one_line_errors()
def run_crossval(args: argparse.Namespace) -> None:
    """Makes the runs, merges their predictions and prints the scores; ends the process with status
    1 if a run failed, 130 or 143 if it was interrupted.
    """
    from bilstm_tagger.plugin.runs.fold_jobs import cross_validation

    check_numbers(args, "seeds", "jobs")
    check_numbers(args, "folds", least=2)
    validations = [
        cross_validation(
            name,
            config,
            args.folds,
            args.by,
            seeds_of(args),
            args.serialization_dir,
            args.include_package,
        )
        for name, config in configs_of(args).items()
    ]
    jobs = [job for validation in validations for fold in validation.jobs for job in fold]
    made = make_runs(args, sorted(jobs, key=lambda job: job.seed))
    if not any(made):
        with interruptible(lambda how: print(f"{how}: the same command goes on", file=sys.stderr)):
            for validation in validations:
                _report(validation)
    elif made.elsewhere:
        print("other processes make some runs: then the same command goes on", file=sys.stderr)
    if made.failed:
        sys.exit(1)


def _report(validation: "CrossValidation") -> None:
    """Merges the predictions, and prints a table: a row for each fold, the mean of all runs, and
    the score of all folds together."""
    from bilstm_tagger.experiments.distribution import Scale, Summary

    scale = Scale(per_cent=True)

    def show(scores: Iterable[float | None]) -> str:
        summary = Summary.of(scores)
        if summary is None:
            return ""
        spread = summary.standard_deviation
        return scale.show(summary.mean) + (f" ± {scale.show(spread)}" if spread is not None else "")

    pooled = validation.merge()
    together = pooled.scores()
    records = [[job.record() for job in of_fold] for of_fold in validation.jobs]
    tests = [
        {name: [record.test(name) for record in of_fold if record] for name in together}
        for of_fold in records
    ]
    rows = [
        [f"fold {number}", f"{pooled.sentences[number]:,}", *map(show, of_fold.values())]
        for number, of_fold in enumerate(tests, start=1)
    ]
    runs = sum(map(len, records))
    every = [[score for of_fold in tests for score in of_fold[name]] for name in together]
    rows.append([f"mean ± sd of {runs} runs", "", *map(show, every)])
    rows.append(
        ["all folds together", f"{pooled.sentences.total():,}", *map(show, together.values())]
    )
    folds, seeds = validation.folds, len(validation.jobs[0])
    print_table(
        f"{validation.name}: {folds.number} folds by {folds.unit}, {seeds} seed"
        f"{'s' * (seeds > 1)}; per cent",
        ["left out", "sentences", *together],
        rows,
        names=1,
    )
    print(f"Predictions out of fold: {validation.predictions}")
