"""`allennlp crossval`: trains configs on all folds of their data but one, and scores them on it."""

import argparse
import sys
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
    """Merges the predictions, and prints a table of their scores."""
    header, rows = validation.merge().table()
    folds, seeds = validation.folds, len(validation.jobs[0])
    print_table(
        f"{validation.name}: {folds.number} folds by {folds.unit}, {seeds} "
        f"seed{'s' * (seeds > 1)}; per cent",
        header,
        rows,
        names=1,
    )
    print(f"Predictions out of fold: {validation.predictions}")
